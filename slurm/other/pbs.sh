#!/bin/bash
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# PBS: one node, one process with a thread on each of its cores.
#
#     qsub -v JOB=squares.toml slurm/other/pbs.sh
#
# Before its time is up the run ends in good order with code 75. Then this script submits itself again, and the run goes on
# where it ended, at most 20 times.
#
#PBS -l select=1:ncpus=8
#PBS -l walltime=01:00:00
#PBS -j oe

cd "$PBS_O_WORKDIR" || exit 1
pengine --resume "$JOB" && code=0 || code=$?
if [ "$code" -eq 75 ] && [ "${AGAIN:-0}" -lt 20 ]; then
    qsub -v "JOB=$JOB,AGAIN=$((${AGAIN:-0} + 1))" "$0"
fi
exit "$code"
