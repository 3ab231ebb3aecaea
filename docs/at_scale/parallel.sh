#!/usr/bin/env bash
# A campaign by GNU parallel, one shard a job:
#   docs/at_scale/parallel.sh redlock 1000000 found
#   docs/at_scale/parallel.sh redlock 1000000 found --sshlogin node1,node2 --jobs 4
# What stands after the folder goes to parallel. On other machines the folder must be the same one
# (NFS, say). Called again after an interruption, it goes on. The exit code is that of
# `locklab merge`: 1 if something was found, 0 if not.
set -euo pipefail

if (($# < 3)); then
  echo "usage: ${0##*/} SCENARIO RUNS DIR [OPTIONS OF PARALLEL...]" >&2
  exit 2
fi
scenario=$1 runs=$2 folder=$3
shift 3
locklab=${LOCKLAB:-locklab}
shards=${SHARDS:-4}

# One thread a shard, since parallel keeps all cores busy.
parallel --halt now,fail=1 "$@" \
  "$locklab" fuzz "$scenario" --runs "$runs" --out "$folder" --shard "{}/$shards" --resume --jobs 1 \
  ::: $(seq "$shards")
exec "$locklab" merge "$folder" --out "$folder"
