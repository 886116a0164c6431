#!/bin/bash
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# One job file in parts: each task of an array runs one part of the items, on one node, into a file of its own.
#
#     sbatch --wait slurm/array.sh squares.toml && cat squares.{00001..00016}.txt >squares.txt
#
# waits for all 16 parts and joins them in order; cat names a part that is missing. raw is joined as txt is; the others by
#
#     csv, tsv   awk 'FNR > 1 || NR == 1' squares.{00001..00016}.csv >squares.csv
#     npy        python3 -c 'import numpy, sys; numpy.save(sys.argv[1], numpy.concatenate([numpy.load(p) for p in sys.argv[2:]]))' squares.npy squares.{00001..00016}.npy
#
# and the logs of failed items, squares.*.failed.csv, as csv. A digest is of its part alone; there is none of the whole.
# The joined file is what one run of the whole job writes: an item has the same number in its part as in the whole, in the
# index column and for a kernel that draws random numbers.
#
# Before its time is up a task ends in good order with code 75. Then it goes into the queue again, and its run goes on where it
# ended, at most 20 times; sbatch --export=ALL,REQUEUES=0 does so never.
#
# To edit: the lines below; options of sbatch before the script's name win over them. There are as many parts as the array
# has tasks: sbatch --array=1-100 makes 100. To run part 7 of 16 again:
#
#     PARTS=16 sbatch --array=7 slurm/array.sh squares.toml
#
#SBATCH --array=1-16
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --time=01:00:00
#SBATCH --signal=B:USR1@60
#SBATCH --output=%x-%A_%a.log
#SBATCH --open-mode=append

set -eu
parts=${PARTS:-$SLURM_ARRAY_TASK_COUNT}
if [ "${PARTS+set}" != set ] && [ "$SLURM_ARRAY_TASK_MIN-$SLURM_ARRAY_TASK_MAX" != "1-$parts" ]; then
    echo "array.sh: the $parts tasks of --array go from $SLURM_ARRAY_TASK_MIN to $SLURM_ARRAY_TASK_MAX, expected 1 to $parts;" \
        "to run some parts again, say how many parts there are: PARTS=16 sbatch --array=7 ..." >&2
    exit 64
fi

job=$(pengine --print-config "$@")
format=$(sed -n 's/^format = "\(.*\)"/\1/p' <<<"$job" | tail -n 1)
output=$(basename "$1" .toml).$(printf %05d "$SLURM_ARRAY_TASK_ID")
options=(--part "$SLURM_ARRAY_TASK_ID/$parts" -o "$output.$format")
if grep -q '^log = ' <<<"$job"; then
    options+=(-s "errors.log=\"$output.failed.csv\"")
fi

export OMP_NUM_THREADS="$SLURM_CPUS_PER_TASK"
pengine --resume "$@" "${options[@]}" &
run=$!
again=1
trap 'again=1; kill -USR1 "$run"' USR1
trap 'again=1; REQUEUES=0; kill -USR1 "$run" 2>/dev/null' TERM # scancel: not again; a second SIGTERM would end the run at once
while [ "$again" -eq 1 ]; do # a signal interrupts wait
    again=0
    wait "$run" && code=0 || code=$?
done
if [ "$code" -eq 75 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt "${REQUEUES:-20}" ]; then
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" # and it goes on where it ended
fi
exit "$code"
