#!/bin/bash
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# One job file in slices: every task of an array computes one slice of the input, on one node, into a file of its own.
#
#     sbatch --wait slurm/array.sh squares.toml && cat squares.{00000..00015}.txt >squares.txt
#
# waits for all 16 slices and joins them in order; a part that is missing is named. Raw is joined as txt is; the others by
#
#     csv, tsv   awk 'FNR > 1 || NR == 1' squares.{00000..00015}.csv >squares.csv
#     npy        python3 -c 'import numpy, sys; numpy.save(sys.argv[1], numpy.concatenate([numpy.load(p) for p in sys.argv[2:]]))' squares.npy squares.{00000..00015}.npy
#
# To edit: the lines below; options of sbatch before the script's name win over them. To run one slice again:
#
#     sbatch --array=7 slurm/array.sh squares.toml
#
# Each part counts its items from 0: the index that a kernel or a column of the output shows begins anew, and so would random
# numbers, which is why every part gets a seed of its own.
#
#SBATCH --array=0-15
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --time=01:00:00
#SBATCH --signal=B:USR1@60
#SBATCH --output=%x-%A_%a.log

set -eu
slices=16      # as many as --array has
inputs=(input) # with several: those that are sliced, such as (input.0 input.1); of a product (input.0) alone
seed=0         # of the first part, the next one's is 1 more

refuse() {
    echo "array.sh: $*" >&2
    exit 64
}

part=$SLURM_ARRAY_TASK_ID
[ "$part" -lt "$slices" ] || refuse "task $part of --array, but slices=$slices"
plan=$(pengine --plan "$@")
job=$(pengine --print-config "$@")
items=$(sed -n 's/^input  .*: \([0-9,]*\) items.*/\1/p' <<<"$plan" | tr -d ,)
[ -n "$items" ] || refuse "the input of $1 is a stream: nobody knows its length"
! grep -Eq '^(first|count) = ' <<<"$job" || refuse "$1 has a first or count of its own; leave them to the slices"

format=$(sed -n 's/^format = "\(.*\)"/\1/p' <<<"$job" | tail -n 1)
output=$(basename "$1" .toml).$(printf %05d "$part")
options=(-o "$output.$format" -s "kernel.seed=$((seed + part))")
if grep -q '^log = ' <<<"$job"; then
    options+=(-s "errors.log=\"$output.failed.csv\"")
fi
least=$((items / slices))
rest=$((items % slices)) # the first slices have one item more
first=$((part * least + (part < rest ? part : rest)))
count=$((least + (part < rest)))
for input in "${inputs[@]}"; do
    options+=(-s "$input.first=$first" -s "$input.count=$count")
done

export OMP_NUM_THREADS="$SLURM_CPUS_PER_TASK"
exec pengine "$@" "${options[@]}" # exec: the signal is sent to this process alone
