#!/bin/bash
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# One rank of one thread on each core, wherever SLURM finds one free: for kernels that do not bear threads, or when whole
# nodes are long to wait for. Each rank has buffers of its own (pool.memory); on whole nodes multi_node.sh needs less.
#
#     sbatch slurm/many_ranks.sh JOB.toml [OPTION...]
#
# To edit: the lines below; options of sbatch before the script's name win over them. Where pengine and mpirun are not in
# your PATH, add the line that puts them there, such as `module load openmpi`.
#
# The job ends with pengine's exit code. A minute before its time is up it gets SIGUSR1 and ends in good order, with code 75:
# an imap leaves a correct beginning, a map leaves nothing. (On scancel's SIGTERM mpirun kills the ranks instead, and the
# code is 1.)
#
#SBATCH --ntasks=32
#SBATCH --cpus-per-task=1
#SBATCH --time=01:00:00
#SBATCH --signal=B:USR1@60
#SBATCH --output=%x-%j.log

export OMP_NUM_THREADS=1
exec mpirun pengine "$@" # exec: the signal is sent to this process alone
