#!/bin/bash
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# LSF: one node, one process with a thread on each of its cores.
#
#     JOB=squares.toml bsub <slurm/other/lsf.sh
#
# Before its time is up the run ends in good order with code 75. Then LSF puts the job into the queue again (-Q), and the run
# goes on where it ended, at most as often as MAX_JOB_REQUEUE of the queue allows.
#
#BSUB -n 8
#BSUB -R span[hosts=1]
#BSUB -W 1:00
#BSUB -Q 75
#BSUB -o %J.log

exec pengine --resume "$JOB"
