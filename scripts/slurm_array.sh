#!/usr/bin/env bash
# Runs a sweep as a Slurm job array, a shard per task, and merges the results when all are done.
# usage: scripts/slurm_array.sh [-n SHARDS] [-o DIR] SWEEP.yaml [option of sbatch]...
#        e.g. scripts/slurm_array.sh -n 16 experiments/studies/bandwidth.yaml --partition=short --cpus-per-task=4
# Prints the ids of the array and of the merge job. A task that is killed or loses its node is requeued and goes
# on where it was; submitting the same sweep again runs only what is missing. Needs a folder that all nodes see.
#
# Any other scheduler: run `edgeflow sweep SWEEP.yaml --shard K/N -o DIR` for K = 1..N, then `edgeflow merge DIR`.
set -euo pipefail
shards=8
results=
while getopts 'n:o:h' option; do
  case "$option" in
    n) shards=$OPTARG ;;
    o) results=$OPTARG ;;
    *) sed -n '2,4s/^# //p' "$0" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
if (($# == 0)) || [[ ! $shards =~ ^[1-9][0-9]*$ ]]; then
  sed -n '2,4s/^# //p' "$0" >&2
  exit 2
fi
sweep=$(realpath "$1")
shift
results=$(realpath -m "${results:-results/$(basename "$sweep" .yaml)}")
edgeflow=${EDGEFLOW:-$(cd "$(dirname "$0")/.." && pwd)/build/release/edgeflow}

"$edgeflow" validate "$sweep"  # a mistake is better found here than in every task
logs=$results-slurm  # beside the results, which are the program's own
mkdir -p "$logs"
quote() { printf ' %q' "$@"; }
array=$(sbatch --parsable --job-name=edgeflow --requeue --open-mode=append \
  --array="1-$shards" --output="$logs/%a.log" "$@" <<END
#!/bin/sh
# Status 1: a run did not end ok. That is a result, not a reason to hold the merge back.
$(quote "$edgeflow" sweep "$sweep" -o "$results") --shard "\$SLURM_ARRAY_TASK_ID/$shards" -j "\${SLURM_CPUS_PER_TASK:-1}"
status=\$?
# Killed, by the kernel for its memory or by whom ever: once more, but not for ever.
if [ \$status -gt 128 ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt 3 ]; then
  scontrol requeue "\$SLURM_JOB_ID" && sleep 60
fi
[ \$status -le 1 ] && exit 0
exit \$status
END
)
merge=$(sbatch --parsable --job-name=edgeflow-merge --dependency="afterok:${array%%;*}" --requeue \
  --open-mode=append --output="$logs/merge.log" "$@" <<END
#!/bin/sh
$(quote "$edgeflow" merge "$results") >/dev/null
status=\$?
[ \$status -le 1 ] && exit 0
exit \$status
END
)
echo "array ${array%%;*} of $shards tasks, merge ${merge%%;*}, results in $results, logs in $logs"
