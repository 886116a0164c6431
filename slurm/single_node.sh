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
# The job ends with pengine's exit code. A minute before its time is up it gets SIGUSR1 and ends in good order, with code 75:
# an imap leaves a correct beginning, a map leaves nothing.
#
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --time=01:00:00
#SBATCH --signal=B:USR1@60
#SBATCH --output=%x-%j.log

export OMP_NUM_THREADS="$SLURM_CPUS_PER_TASK"
exec pengine "$@" # exec: the signal is sent to this process alone
