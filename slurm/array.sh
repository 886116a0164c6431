#!/bin/bash
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# One job file in parts: every task of an array runs one part of the items, on one node, into a file of its own.
#
#     sbatch --wait slurm/array.sh squares.toml && cat squares.{00001..00016}.txt >squares.txt
#
# waits for all 16 parts and joins them in order; a part that is missing is named. Raw is joined as txt is; the others by
#
#     csv, tsv   awk 'FNR > 1 || NR == 1' squares.{00001..00016}.csv >squares.csv
#     npy        python3 -c 'import numpy, sys; numpy.save(sys.argv[1], numpy.concatenate([numpy.load(p) for p in sys.argv[2:]]))' squares.npy squares.{00001..00016}.npy
#
# and the lists of failed items, squares.*.failed.csv, as csv. A digest is of its part alone: there is none of the whole.
# What is joined is what one run of the whole job writes: items have the same numbers, in the index column and for a kernel that
# draws random numbers.
#
# To edit: the lines below; options of sbatch before the script's name win over them. To run one part again:
#
#     sbatch --array=7 slurm/array.sh squares.toml
#
#SBATCH --array=1-16
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --time=01:00:00
#SBATCH --signal=B:USR1@60
#SBATCH --output=%x-%A_%a.log

set -eu
parts=16 # as many as --array has

job=$(pengine --print-config "$@")
format=$(sed -n 's/^format = "\(.*\)"/\1/p' <<<"$job" | tail -n 1)
output=$(basename "$1" .toml).$(printf %05d "$SLURM_ARRAY_TASK_ID")
options=(--part "$SLURM_ARRAY_TASK_ID/$parts" -o "$output.$format")
if grep -q '^log = ' <<<"$job"; then
    options+=(-s "errors.log=\"$output.failed.csv\"")
fi

export OMP_NUM_THREADS="$SLURM_CPUS_PER_TASK"
exec pengine "$@" "${options[@]}" # exec: the signal is sent to this process alone
