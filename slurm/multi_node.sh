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
# The job ends with pengine's exit code. Before its time is up the run ends in good order with code 75; sbatch again, and it
# goes on. With REQUEUES=20 in the environment the job goes into the queue again by itself, at most so many times. (On
# scancel's SIGTERM mpirun kills the ranks, and the code is 1; what is done is kept all the same.)
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
if [ "${REQUEUES:-0}" -eq 0 ]; then
    exec mpirun --bind-to none pengine --resume "$@" # exec: the signal is sent to this process alone
fi
mpirun --bind-to none pengine --resume "$@" &
run=$!
trap 'kill -USR1 "$run"' USR1
wait "$run" && code=0 || code=$?
while kill -0 "$run" 2>/dev/null; do # the signal has interrupted wait
    wait "$run" && code=0 || code=$?
done
if [ "$code" -eq 75 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt "$REQUEUES" ]; then
    scontrol requeue "$SLURM_JOB_ID" # and it goes on where it ended
fi
exit "$code"
