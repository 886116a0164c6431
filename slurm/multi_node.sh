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
# The job ends with pengine's exit code. A minute before its time is up it gets SIGUSR1 and ends in good order, with code 75:
# an imap leaves a correct beginning, a map leaves nothing. (On scancel's SIGTERM mpirun kills the ranks instead, and the
# code is 1.)
#
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=01:00:00
#SBATCH --signal=B:USR1@60
#SBATCH --output=%x-%j.log

export OMP_NUM_THREADS="$SLURM_CPUS_PER_TASK"
# bind-to none: mpirun would bind a rank, with all its threads, to one core. exec: the signal is sent to this process alone.
exec mpirun --bind-to none pengine "$@"
