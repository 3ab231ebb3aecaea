#!/usr/bin/env bash
# Compares files of lines "scenario digest" and names the first scenario on which they differ:
#   tests/tools/compare_digests.sh gcc-O2.txt gcc-O0.txt clang-O2.txt wasm.txt
# The first file is what the others are measured against. Exit code: 0 all alike, 1 a difference.
set -euo pipefail

if (($# < 2)); then
  echo "usage: ${0##*/} reference.txt other.txt..." >&2
  exit 2
fi

reference=$1
if ! [[ -s $reference ]]; then
  echo "$reference holds no digests"
  exit 1
fi

different=0
for other in "${@:2}"; do
  if cmp -s "$reference" "$other"; then
    echo "$(basename "$other" .txt): all $(wc -l <"$reference") digests as in $(basename "$reference" .txt)"
    continue
  fi
  different=1
  # Line by line, so that a missing, an additional and a differing scenario are told alike.
  { diff "$reference" "$other" || true; } | awk -v reference="$(basename "$reference" .txt)" \
    -v other="$(basename "$other" .txt)" '
      /^[<>]/ {
        if (first == "") first = $2
        if ($2 == first) digest[$1] = $3
      }
      END {
        printf "%s differs from %s, first at scenario \"%s\":\n", other, reference, first
        printf "  %-12s %s\n", reference, ("<" in digest) ? digest["<"] : "(no such line)"
        printf "  %-12s %s\n", other, (">" in digest) ? digest[">"] : "(no such line)"
      }'
done
exit "$different"
