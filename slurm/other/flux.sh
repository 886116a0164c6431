#!/bin/bash
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# Flux: one node, one process with a thread on each of its cores.
#
#     flux submit -N1 -n1 -c8 -t 60m --output={{id}}.log slurm/other/flux.sh squares.toml
#
# Before its time is up the run ends in good order with code 75. Then this script submits itself again, and the run goes on
# where it ended, at most 20 times.

pengine --resume "$@" && code=0 || code=$?
if [ "$code" -eq 75 ] && [ "${AGAIN:-0}" -lt 20 ]; then
    AGAIN=$((${AGAIN:-0} + 1)) flux submit -N1 -n1 -c8 -t 60m --output='{{id}}.log' "$0" "$@"
fi
exit "$code"
