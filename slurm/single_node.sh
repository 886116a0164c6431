#!/bin/bash
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# One node, one process with a thread on each of its cores; no MPI.
#
#     sbatch slurm/single_node.sh JOB.toml [OPTION...]
#
# To edit: the lines below; options of sbatch before the script's name win over them. Where pengine is not in your PATH,
# add the line that puts it there, such as `module load pengine`.
#
# Before its time is up the run ends in good order with code 75. Then the job goes into the queue again, and the run goes on
# where it ended, at most 20 times; sbatch --export=ALL,REQUEUES=0 does so never. Otherwise the job ends with pengine's exit
# code. After scancel the code is 75; sbatch again, and it goes on.
#
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --time=01:00:00
#SBATCH --signal=B:USR1@60
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append

export OMP_NUM_THREADS="$SLURM_CPUS_PER_TASK"
pengine --resume "$@" &
run=$!
again=1
trap 'again=1; kill -USR1 "$run"' USR1
trap 'again=1; REQUEUES=0; kill -USR1 "$run" 2>/dev/null' TERM # scancel: not again; a second SIGTERM would end the run at once
while [ "$again" -eq 1 ]; do # a signal interrupts wait
    again=0
    wait "$run" && code=0 || code=$?
done
if [ "$code" -eq 75 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt "${REQUEUES:-20}" ]; then
    scontrol requeue "$SLURM_JOB_ID" # and it goes on where it ended
fi
exit "$code"
