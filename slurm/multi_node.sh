#!/bin/bash
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# Several nodes, one rank on each with a thread on each of its cores.
#
#     sbatch slurm/multi_node.sh JOB.toml [OPTION...]
#
# To edit: the lines below; options of sbatch before the script's name win over them. Where pengine and mpirun are not in
# your PATH, add the line that puts them there, such as `module load openmpi`.
#
# Before its time is up the run ends in good order with code 75. Then the job goes into the queue again, and the run goes on
# where it ended, at most 20 times; sbatch --export=ALL,REQUEUES=0 does so never. Otherwise the job ends with pengine's exit
# code. On scancel's SIGTERM mpirun kills the ranks, and the code is 1; what is done is kept all the same. sbatch again, and
# it goes on.
#
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=01:00:00
#SBATCH --signal=B:USR1@60
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append

export OMP_NUM_THREADS="$SLURM_CPUS_PER_TASK"
# bind-to none: mpirun would bind a rank, with all its threads, to one core.
mpirun --bind-to none pengine --resume "$@" &
run=$!
again=1
trap 'again=1; kill -USR1 "$run"' USR1
trap 'again=1; REQUEUES=0; kill -USR1 "$run" 2>/dev/null' TERM # scancel: not again; a second SIGTERM would end mpirun at once
while [ "$again" -eq 1 ]; do # a signal interrupts wait
    again=0
    wait "$run" && code=0 || code=$?
done
if [ "$code" -eq 75 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt "${REQUEUES:-20}" ]; then
    scontrol requeue "$SLURM_JOB_ID" # and it goes on where it ended
fi
exit "$code"
