#!/bin/bash
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# slurm.sh - every script of slurm/, submitted to a real SLURM of two nodes: results, exit codes, what an end from outside
#            leaves, and the joining of an array's parts by the commands that array.sh shows.
#
# Design: each case has a folder; all are submitted first, then looked at, since most of their time is waiting. Expected
#         values are awk's and numpy's. PENGINE is the program, PYTHON a python3 with numpy.
set -u
here=$(cd "$(dirname "$0")" && pwd)
scripts=$here/../../slurm
# shellcheck source=tests/cluster/slurm_rig.sh
. "$here/slurm_rig.sh"
slurm_rig "$@"

PATH=$(dirname "$PENGINE"):$(dirname "$PYTHON"):$PATH
export TMPDIR=$dir/tmp XDG_CACHE_HOME=$dir/tmp OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
declare -A jobs
failed=0

# same WHAT WANTED SEEN
same() {
    if [ "$2" != "$3" ]; then
        printf '%s: wanted "%s", got "%s"\n' "$case" "$2" "$3"
        tail -n 20 "$dir/work/$case"/*.log
        echo "($1)"
        failed=$((failed + 1))
    fi
}

# begin CASE COMMAND...: a folder with squares.toml in it, which is what the command prints
begin() {
    case=$1
    mkdir "$dir/work/$case"
    cd "$dir/work/$case" || exit 1
    "${@:2}" >squares.toml
}

# go OPTION... SCRIPT ARGUMENT...
# Each with a TMPDIR of its own: two mpirun that make Open MPI's session folder at the same moment can fail with "File exists".
go() {
    mkdir "$dir/tmp/$case"
    jobs[$case]=$(TMPDIR=$dir/tmp/$case submit "$@")
}

# back CASE: into the folder of a case, once its job has ended as $2 says
back() {
    case=$1
    cd "$dir/work/$case" || exit 1
    same "how it ended" "$2" "$(ending "${jobs[$case]}" | paste -sd ,)"
}

log_has() {
    same "log has $1" yes "$(grep -Eq "$1" ./*.log && echo yes || echo no)"
}

log_lacks() {
    same "log lacks $1" no "$(grep -Eq "$1" ./*.log && echo yes || echo no)"
}

squares() { # squares FIRST COUNT
    "$PYTHON" -c "print(*(x * x for x in range($1, $1 + $2)), sep='\n')"
}

job() { # job STOP [LINE...]: squares from 0, with more lines
    printf '%s\n' 'kernel.name = "square"' "input.range = [0, $1]" "${@:2}"
}

# Items of a tenth of a second each, so that a run lasts longer than the test and costs next to nothing. A C function: SLURM
# signals all processes of a job, and a program per item would be one of them.
slow() { # slow MODE [ITEMS]
    cat >slow.c <<'END'
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
int64_t slow(int64_t x)
{
    close(open("begun", O_CREAT | O_WRONLY, 0600));
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    return x;
}
END
    cat <<END
mode = "$1"
input.range = [0, ${2:-1_500}]
output.path = "numbers.txt"
pool.chunk_size = 1
[kernel]
source = "slow.c"
function = "slow"
signature = "(int64) -> int64"
END
}

# what stands in numbers.txt is a beginning of 0, 1, 2 ... of whole lines
prefix_is_correct() {
    same "prefix" yes "$(awk '$0 != NR - 1 { bad = 1 } END { print bad || NR == 0 ? "no" : "yes" }' numbers.txt)"
    same "last byte" 1 "$(tail -c 1 numbers.txt | wc -l)"
}

# ---- ends from outside: they take longest, so they are submitted first ----

submit_limited() {
    begin limited_single slow imap
    REQUEUES=0 go --time=1 -c 2 "$scripts/single_node.sh" squares.toml
    begin limited_multi slow imap
    REQUEUES=0 go --time=1 -N 2 -c 1 "$scripts/multi_node.sh" squares.toml
    begin limited_ranks slow map
    REQUEUES=0 go --time=1 -n 2 "$scripts/many_ranks.sh" squares.toml
}

# Runs that end with 75 after some seconds, and are requeued: until they are done, or as often as they may.
submit_requeued() {
    begin again_single slow map 200
    go -c 2 "$scripts/single_node.sh" squares.toml --time-limit 8s
    begin again_ranks slow imap 200
    go -n 2 "$scripts/many_ranks.sh" squares.toml --time-limit 8s
    begin again_array slow imap 200
    go -c 1 --array=1-2 "$scripts/array.sh" squares.toml --time-limit 8s
    begin again_capped slow imap
    REQUEUES=1 go -N 2 -c 1 "$scripts/multi_node.sh" squares.toml --time-limit 3s
}

# PENGINE_FULL=1: a limit of a minute, for three minutes of work.
submit_long() {
    begin long_single slow map 3600
    go --time=1 --signal=B:USR1@10 -c 2 "$scripts/single_node.sh" squares.toml
}

look_at_limited() {
    for kind in single multi; do
        back limited_"$kind" "FAILED 75"
        log_has "interrupted by SIGUSR1"
        prefix_is_correct
    done
    back limited_ranks "FAILED 75"
    same "map under its final name" "./begun ./slow.c ./squares.toml" "$(find . -type f ! -name '*.log' ! -name '*.part' ! -name '*.checkpoint' | sort | paste -sd ' ')"
}

# numbers FILE COUNT: they are all there
numbers() {
    same "numbers" "" "$(seq 0 $(($2 - 1)) | cmp - "$1" 2>&1)"
}

restarts() {
    scontrol -o show job "${jobs[$case]}" | sed -E 's/.* Restarts=([0-9]+) .*/\1/' | sort -u
}

look_at_requeued() {
    for kind in single ranks; do
        back again_"$kind" "COMPLETED 0"
        same "restarts" 1 "$(restarts)"
        numbers numbers.txt 200
        log_has "the time limit ended the run after [0-9]+ of 200 items" # the log was appended to
        log_has "goes on after [0-9]+ of 200 items"
    done
    back again_array "COMPLETED 0"
    same "restarts" 1 "$(restarts)"
    cat squares.{00001..00002}.txt >numbers.txt
    numbers numbers.txt 200
    back again_capped "FAILED 75"
    same "restarts" 1 "$(restarts)"
    prefix_is_correct
}

look_at_long() {
    PATIENCE=400 back long_single "COMPLETED 0"
    same "restarts, at least" 3 "$(printf '%s\n' 3 "$(restarts)" | sort -n | head -n 1)"
    numbers numbers.txt 3600
}

submit_cancelled() {
    begin cancelled_single slow imap
    go -c 2 "$scripts/single_node.sh" squares.toml
    begin cancelled_multi slow imap
    go -N 2 -c 1 "$scripts/multi_node.sh" squares.toml
    begin cancelled_map slow map
    go -N 2 -c 1 "$scripts/multi_node.sh" squares.toml
}

cancel() {
    for case in cancelled_single cancelled_multi cancelled_map; do
        wait_for 120 test -e "$dir/work/$case/begun" || same "begun" yes no
    done
    for case in cancelled_single cancelled_multi; do
        wait_for 120 test -s "$dir/work/$case/numbers.txt" || same "first results" yes no
    done
    scancel "${jobs[cancelled_single]}" "${jobs[cancelled_multi]}" "${jobs[cancelled_map]}"
}

look_at_cancelled() {
    back cancelled_single "CANCELLED 75"
    prefix_is_correct
    back cancelled_multi "CANCELLED 1"
    prefix_is_correct
    back cancelled_map "CANCELLED 1"
    same "map under its final name" no "$(test -e numbers.txt && echo yes || echo no)"
}

# ---- one job: done, with a failed item, wrong ----

kinds="single multi ranks"
declare -A script=([single]="-c 2 $scripts/single_node.sh" [multi]="-N 2 -c 2 $scripts/multi_node.sh"
    [ranks]="-N 2 -n 4 $scripts/many_ranks.sh")
declare -A placed=([single]="1 rank x 2 threads" [multi]="2 ranks x 2 threads" [ranks]="4 ranks x 1 thread")

submit_plain() {
    for kind in $kinds; do
        begin done_"$kind" job 10_007 'output.path = "squares.txt"'
        # shellcheck disable=SC2086 # options and the script
        go ${script[$kind]} squares.toml
        begin item_"$kind" job 0
        # shellcheck disable=SC2086
        go ${script[$kind]} squares.toml -o - -s 'input.range=[3_037_000_498, 3_037_000_502]'
        begin wrong_"$kind" job 10 'nosuchkey = 1'
        # shellcheck disable=SC2086
        go ${script[$kind]} squares.toml
    done
}

look_at_plain() {
    for kind in $kinds; do
        back done_"$kind" "COMPLETED 0"
        same "squares" "" "$(squares 0 10007 | cmp - squares.txt 2>&1)"
        log_has "${placed[$kind]}"
        log_lacks "bound to"
        back item_"$kind" "FAILED 1"
        log_has "item 2: square\(3037000500\)"
        back wrong_"$kind" "FAILED 78"
        log_has "squares.toml:3:1: .*nosuchkey"
    done
}

# ---- arrays ----

submit_arrays() {
    begin array_txt job 1_003 'output.path = "a.txt"' # 1,003 = 16 * 62 + 11
    go -c 1 "$scripts/array.sh" squares.toml
    begin array_csv job 52 'output.path = "a.csv"'
    go -c 1 --array=1-5 "$scripts/array.sh" squares.toml
    begin array_raw job 52 'output.path = "a.raw"'
    go -c 1 --array=1-5 "$scripts/array.sh" squares.toml
    begin array_npy job 3 'output.path = "a.npy"' # fewer than parts
    go -c 1 --array=1-5 "$scripts/array.sh" squares.toml
    begin array_zip printf '%s\n' 'mode = "starmap"' 'kernel.expr = "x * 100 + y"' '[[input]]' 'range = [0, 13]' \
        '[[input]]' 'range = [1, 14]'
    go -c 1 --array=1-5 "$scripts/array.sh" squares.toml
    begin array_product printf '%s\n' 'mode = "starmap"' 'combine = "product"' 'kernel.expr = "x * 100 + y"' \
        '[[input]]' 'range = [0, 7]' '[[input]]' 'range = [0, 3]'
    go -c 1 --array=1-5 "$scripts/array.sh" squares.toml
    begin array_numbered printf '%s\n' 'kernel.expr = "x * 1000 + i"' 'output.index = true' '[input]' \
        'range = [0, 50]' 'first = 7'
    go -c 1 --array=1-5 "$scripts/array.sh" squares.toml
    begin array_log printf '%s\n' 'kernel.name = "square"' 'input.range = [3_037_000_495, 3_037_000_505]' \
        '[errors]' 'on_error = "skip"' 'log = "failed.csv"'
    go -c 1 --array=1-5 "$scripts/array.sh" squares.toml
}

# What array.sh refuses, by one task each.
submit_refused() {
    begin refused_task job 10
    PARTS=16 go -c 1 --array=17 "$scripts/array.sh" squares.toml
    begin refused_reduction job 10 'reduce.op = "sum"'
    PARTS=16 go -c 1 --array=1 "$scripts/array.sh" squares.toml
    begin refused_stream printf '%s\n' 'kernel.name = "text_upper"' 'input.path = "-"'
    PARTS=16 go -c 1 --array=1 "$scripts/array.sh" squares.toml
    begin refused_job job 10 'nosuchkey = 1'
    PARTS=16 go -c 1 --array=1 "$scripts/array.sh" squares.toml
}

# join FORMAT: by the very command that array.sh shows, for five parts where $1 is not txt
join() {
    case $1 in
    txt) command=$(sed -n 's/^#  .* && \(cat .*\)/\1/p' "$scripts/array.sh") ;;
    raw) command=$(sed -n 's/^#  .* && \(cat .*\)/\1/p' "$scripts/array.sh" | sed 's/txt/raw/g') ;;
    csv) command=$(sed -n 's/^#  *csv, tsv  *//p' "$scripts/array.sh") ;;
    npy) command=$(sed -n 's/^#  *npy  *//p' "$scripts/array.sh") ;;
    esac
    [ "$case" = array_txt ] || command=${command//00016/00005}
    bash -c "${command:-false}" >join.log 2>&1
    echo $?
}

look_at_arrays() {
    back array_txt "COMPLETED 0"
    same "join" 0 "$(join txt)"
    same "squares" "" "$(squares 0 1003 | cmp - squares.txt 2>&1)"
    rm squares.00007.txt
    same "join without a part" 1 "$(join txt)"
    log_has "squares.00007.txt"
    back array_csv "COMPLETED 0"
    same "join" 0 "$(join csv)"
    same "squares" "" "$({ echo result && squares 0 52; } | cmp - squares.csv 2>&1)"
    back array_raw "COMPLETED 0"
    same "join" 0 "$(join raw)"
    same "squares" True "$("$PYTHON" -c 'import numpy; x = numpy.fromfile("squares.raw", "<i8"); print((x == numpy.arange(52)**2).all())')"
    back array_npy "COMPLETED 0"
    same "join" 0 "$(join npy)"
    same "squares" "[0, 1, 4]" "$("$PYTHON" -c 'import numpy; print(numpy.load("squares.npy").tolist())')"
    back array_zip "COMPLETED 0"
    same "sums" "$(seq 0 12 | awk '{ print $1 * 100 + $1 + 1 }')" "$(cat squares.{00001..00005}.txt)"
    back array_numbered "COMPLETED 0"
    same "numbers" "$(seq 0 42 | awk '{ print $1, ($1 + 7) * 1000 + $1 }')" "$(cat squares.{00001..00005}.txt)"
    back array_product "COMPLETED 0"
    same "pairs" "$(seq 0 20 | awk '{ print int($1 / 3) * 100 + $1 % 3 }')" "$(cat squares.{00001..00005}.txt)"
    back array_log "COMPLETED 0,FAILED 1"
    same "squares" "$(squares 3037000495 5)" "$(cat squares.{00001..00005}.txt)"
    same "failed items" 5 "$(cat squares.{00001..00005}.failed.csv | grep -c 'does not fit')"
}

look_at_refused() {
    back refused_task "FAILED 64"
    log_has "17/16: part: expected"
    back refused_reduction "FAILED 78"
    log_has "a reduction is of all items"
    back refused_stream "FAILED 78"
    log_has "read as it comes"
    back refused_job "FAILED 78"
    log_has "nosuchkey"
}

submit_limited
submit_requeued
[ -z "${PENGINE_FULL:-}" ] || submit_long
submit_cancelled
submit_plain
submit_arrays
submit_refused
cancel
look_at_cancelled
look_at_plain
look_at_arrays
look_at_refused
look_at_limited
look_at_requeued
[ -z "${PENGINE_FULL:-}" ] || look_at_long
[ "$failed" -eq 0 ] && echo "${#jobs[@]} jobs of SLURM ended as they should"
