#!/usr/bin/env bash
# Runs the files of docs/at_scale as their readers would, and compares what they give with a campaign
# of one process:
#   tests/tools/check_at_scale.sh PROGRAM parallel|slurm|kubernetes
# Slurm is a cluster of this machine alone, in a temporary folder and on ports of its own; it is
# stopped by its process ids, and nothing of it stays. Exit code: 0 the same bytes, 1 not, 77 it
# cannot run here (the last line says why).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

program=$(realpath "$1")
scratch=$(mktemp -d "${TMPDIR:-/tmp}/locklab-scale-XXXXXX")
started=()
# The program by the name that the files use, and first of that name.
mkdir "$scratch/bin"
ln -s "$program" "$scratch/bin/locklab"
export PATH="$scratch/bin:$PATH"

clean_up() {
  local pid
  for pid in "${started[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$scratch"
}
trap clean_up EXIT

cannot() {
  echo "$*"
  exit 77
}

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

scenario=naive_redis_lock
runs=4000

one_process() {
  (
    cd "$scratch"
    mkdir one
    cd one
    locklab fuzz "$scenario" --runs "$runs" --out found --json >result.json || [[ $? == 1 ]]
  )
}

# compare FOLDER: its merged journals, and the files that a merge left in FOLDER/found.
compare() {
  local file
  (
    cd "$1"
    locklab merge found --out found --json >result.json || [[ $? == 1 ]]
  )
  cmp "$scratch/one/result.json" "$1/result.json" || fail "another result"
  for file in "$scratch"/one/found/*.json; do
    cmp "$file" "$1/found/${file##*/}" || fail "another counterexample"
  done
  [[ $(find "$1/found" -name '*.json' | wc -l) == $(find "$scratch/one/found" -name '*.json' | wc -l) ]] ||
    fail "counterexamples that one process does not have"
  echo "$(find "$1/found" -name '*.journal' | wc -l) shards, $runs schedules: the bytes of one process"
}

check_parallel() {
  command -v parallel >/dev/null || cannot "no parallel found"
  parallel --version 2>/dev/null | grep -q 'GNU parallel' || cannot "this parallel is not GNU's"
  local code=0 root=$PWD
  mkdir "$scratch/parallel"
  one_process
  (cd "$scratch/parallel" && HOME="$scratch" "$root/docs/at_scale/parallel.sh" "$scenario" "$runs" found \
    --jobs 2 >out.txt 2>err.txt) || code=$?
  [[ $code == 1 ]] || {
    cat "$scratch/parallel/err.txt" >&2
    fail "the exit code is $code, where merge gives 1"
  }
  compare "$scratch/parallel"
}

# A port that nobody listens on.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
  local left=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    if ((--left <= 0)); then return 1; fi
    sleep 0.1
  done
}

start_munge() {
  local user=$1
  dd if=/dev/urandom of="$scratch/munge/key" bs=128 count=1 status=none
  chmod 400 "$scratch/munge/key"
  munged --foreground --force --key-file="$scratch/munge/key" --socket="$scratch/munge/socket" \
    --pid-file="$scratch/munge/pid" --log-file="$scratch/munge/log" --seed-file="$scratch/munge/seed" \
    >"$scratch/munge/out" 2>&1 &
  started+=($!)
  wait_for 10 test -S "$scratch/munge/socket" || {
    cat "$scratch/munge/out" >&2
    cannot "munged does not start for $user"
  }
}

slurm_configuration() {
  local host=$1 user=$2
  cat <<CONF
ClusterName=locklab
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
AuthType=auth/munge
AuthInfo=socket=$scratch/munge/socket
CredType=cred/munge
StateSaveLocation=$scratch/slurm/state
SlurmdSpoolDir=$scratch/slurm/spool
SlurmctldPidFile=$scratch/slurm/slurmctld.pid
SlurmdPidFile=$scratch/slurm/slurmd.pid
SlurmctldLogFile=$scratch/slurm/slurmctld.log
SlurmdLogFile=$scratch/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmctldParameters=enable_configless
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=local Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

start_slurm() {
  local host user
  host=$(hostname -s)
  user=$(id -un)
  mkdir -p "$scratch/slurm/state" "$scratch/slurm/spool" "$scratch/munge"
  chmod 755 "$scratch" "$scratch/munge"
  start_munge "$user"
  slurm_configuration "$host" "$user" >"$scratch/slurm/slurm.conf"
  export SLURM_CONF="$scratch/slurm/slurm.conf"
  slurmctld -D -i >"$scratch/slurm/slurmctld.out" 2>&1 &
  started+=($!)
  slurmd -D -N "$host" -f "$SLURM_CONF" >"$scratch/slurm/slurmd.out" 2>&1 &
  started+=($!)
  wait_for 30 node_is_idle || {
    tail -n 15 "$scratch"/slurm/*.out "$scratch"/slurm/*.log >&2
    cannot "Slurm does not start here"
  }
}

node_is_idle() { sinfo -h -o %T | grep -q '^idle$'; }
queue_is_empty() { [[ -z $(squeue -h -a) ]]; }

check_slurm() {
  local tool root=$PWD
  for tool in slurmctld slurmd sbatch munged python3; do
    command -v "$tool" >/dev/null || cannot "no $tool found"
  done
  [[ $(id -u) == 0 ]] || cannot "a node of Slurm has to be root"
  mkdir "$scratch/array"
  one_process
  start_slurm
  (cd "$scratch/array" && SCENARIO=$scenario RUNS=$runs FOLDER=found \
    sbatch --chdir "$scratch/array" "$root/docs/at_scale/slurm.sbatch")
  wait_for 120 queue_is_empty || {
    squeue -a >&2
    fail "the array does not come to an end"
  }
  compare "$scratch/array"
}

# There is no cluster here; the file is read, and its command run with the index of each pod.
check_kubernetes() {
  local index command
  python3 -c 'import yaml' 2>/dev/null || cannot "no python3-yaml found"
  command=$(python3 - docs/at_scale/kubernetes.yaml <<'READ'
import sys
import yaml

job = yaml.safe_load(open(sys.argv[1]))
spec, pod = job["spec"], job["spec"]["template"]["spec"]
assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job") and spec["completionMode"] == "Indexed"
container = pod["containers"][0]
shards = {one["name"]: one["value"] for one in container["env"]}["SHARDS"]
assert spec["completions"] == spec["parallelism"] == int(shards) == 4
assert pod["restartPolicy"] == "Never" and container["command"][:2] == ["/bin/sh", "-c"]
assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
print(container["command"][2])
READ
  ) || fail "the file is not what it should be"
  mkdir "$scratch/pods"
  one_process
  command=${command//redlock/$scenario}
  command=${command//10000000/$runs}
  command=${command//\/campaign\//}
  for index in 0 1 2 3; do
    (cd "$scratch/pods" && JOB_COMPLETION_INDEX=$index SHARDS=4 /bin/sh -c "$command")
  done
  compare "$scratch/pods"
}

case ${2-} in
  parallel | slurm | kubernetes) "check_$2" ;;
  *)
    echo "usage: ${0##*/} PROGRAM parallel|slurm|kubernetes" >&2
    exit 2
    ;;
esac
