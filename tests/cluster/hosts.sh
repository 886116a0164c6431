#!/bin/sh
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# hosts.sh [parity] [cut]: three hosts on one machine, network namespaces joined by a switch, between which Open MPI has
# TCP alone. Without arguments both:
#   parity  the suite's parity test across them, with files that all see, and with files that the first host alone sees
#   cut     the third host's cable is pulled in mid-run: long before TCP gives up the job ends with one message and leaves nothing behind
#
# Takes PENGINE, MPIEXEC and PYTHON (with numpy) from the environment. Exit 77: no such hosts can be made here.
# Whatever happens, namespaces and files are gone at the end; nothing is made outside of them.
set -u

here=$(cd "$(dirname "$0")" && pwd)
: "${PENGINE:?the binary under test}" "${MPIEXEC:=mpirun}" "${PYTHON:=python3}"
net=pengine$$
hosts="h1 h2 h3"
scratch=""
failures=0
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

PARITY_SECONDS=500 # bounds, for a slow and busy machine; it takes a twentieth of that
END_SECONDS=100    # from the cut to the end, and to the last process of the job: 15 to 25 on an idle machine, TCP gives up after 900

say() {
    printf 'hosts.sh: %s\n' "$*" >&2
}

fail() {
    say "FAILED: $*"
    failures=$((failures + 1))
}

skip() {
    say "skipped: $*"
    exit 77
}

# ---- the hosts ----

left_on() { # left_on HOST...: the processes there
    for host in "$@"; do
        ip netns pids "$net-$host" 2>/dev/null
    done
}

clean_up() {
    for host in $hosts; do
        left_on "$host" | xargs -r kill -9 2>/dev/null
    done
    wait
    for name in $hosts switch; do
        ip netns del "$net-$name" 2>/dev/null
    done
    if [ -n "$scratch" ]; then
        rm -rf "$scratch"
    fi
}

make_hosts() {
    ip netns add "$net-switch" && ip -n "$net-switch" link add switch type bridge &&
        ip -n "$net-switch" link set switch up || return 1
    number=0
    for host in $hosts; do
        number=$((number + 1))
        ip netns add "$net-$host" &&
            ip -n "$net-switch" link add "$host" type veth peer name eth0 netns "$net-$host" &&
            ip -n "$net-switch" link set "$host" master switch up &&
            ip -n "$net-$host" addr add "192.0.2.$number/24" dev eth0 &&
            ip -n "$net-$host" link set eth0 up &&
            ip -n "$net-$host" link set lo up || return 1
    done
}

# A host has its own name and its own shared memory; where HIDDEN names a folder, what is in it is not to be seen.
# mpirun starts its daemons through it, as through ssh.
write_agent() {
    cat >"$scratch/on" <<EOF
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
host=\$1
shift
exec ip netns exec "$net-\$host" unshare --uts --mount sh -c '
    hostname "\$0" && mount -t tmpfs tmpfs /dev/shm || exit 1
    if [ -n "\${HIDDEN:-}" ] && [ "\$0" != h1 ]; then mount -t tmpfs tmpfs "\$HIDDEN" || exit 1; fi
    eval "\$*"' "\$host" "\$@"
EOF
    chmod +x "$scratch/on"
}

# In the background, so that a signal is dealt with at once.
within() { # within SECONDS COMMAND...
    timeout --kill-after=5 "$@" &
    wait $!
}

# ---- parity ----

check_hosts() { # what the parity test cannot see: three hosts take part, and how many see a file of the first one
    seen_by=$1
    : >"$TMPDIR/mark"
    # shellcheck disable=SC2016 # for the ranks
    within 120 "$scratch/on" h1 "$MPIEXEC $MPIEXEC_ARGS -n 3 sh -c 'hostname; ls $TMPDIR/mark'" \
        >"$scratch/said" 2>/dev/null
    rm -f "$TMPDIR/mark"
    if [ "$(grep '^h[123]$' "$scratch/said" | sort | tr '\n' ' ')" != "h1 h2 h3 " ] ||
        [ "$(grep -c '/mark$' "$scratch/said")" -ne "$seen_by" ]; then
        fail "of three hosts, $seen_by of which see a file, there was: $(tr '\n' ' ' <"$scratch/said")"
    fi
}

# All modes, inputs and outputs; a few ranks, threads, schedules and chunk sizes of each.
check_parity() { # check_parity WHAT HOSTS-THAT-SEE-FILES
    say "parity, $1"
    check_hosts "$2"
    PARITY_EVERY=5 within "$PARITY_SECONDS" "$scratch/on" h1 "$PYTHON -B $here/../mpi/parity.py Parity -k map" ||
        fail "parity, $1"
}

# ---- the cut ----

# The kernels sleep, so that little is written until the end. $1 is "map" or "imap".
write_job() {
    if [ "$1" = map ]; then
        kernel='source = "slow.c"
function = "slow"
signature = "(int64) -> int64"'
        output=map.npy
    else
        kernel='python = "slow.py:slow"'
        output=imap.csv
    fi
    cat >"$1.toml" <<EOF
mode = "$1"
input.range = [0, 1_000_000_000]
pool.threads = 1
output = { path = "$output", index = $([ "$1" = imap ] && echo true || echo false) }
[kernel]
$kernel
EOF
    printf '#include <stdint.h>\n#include <unistd.h>\nint64_t slow(int64_t x)\n{\n    usleep(500);\n    return x * x;\n}\n' >slow.c
    printf 'import time\n\n\ndef slow(x):\n    time.sleep(0.0005)\n    return x * x\n' >slow.py
}

start_job() { # start_job MODE: its exit code goes to MODE.code
    write_job "$1"
    mkdir "$1.tmp" # launchers with one folder for their files race for it
    (
        env "TMPDIR=$PWD/$1.tmp" timeout --kill-after=5 300 "$scratch/on" h1 \
            "cd $PWD && $MPIEXEC $MPIEXEC_ARGS --oversubscribe -n 3 $PENGINE --progress never $1.toml" \
            >"$1.out" 2>"$1.err"
        echo $? >"$1.code"
    ) &
}

wait_for() { # wait_for SECONDS CONDITION...: polls
    tries=$(($1 * 5))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.2
    done
}

are_at_work() {
    [ -s map.npy.part ] && [ -s imap.csv ] && [ "$(wc -l <imap.csv)" -gt 1000 ]
}

have_ended() {
    [ -s map.code ] && [ -s imap.code ]
}

is_empty() {
    # shellcheck disable=SC2086 # a list of words
    [ -z "$(left_on $hosts)" ]
}

check_end() { # check_end MODE: one message, a code that tells of failure
    [ "$(cat "$1.code")" -ne 0 ] || fail "$1: exit code 0"
    # Open MPI's daemons are started by several threads of it that now and then get into each other's way.
    if [ "$(grep -vc 'plm:rsh: Warning: setpgid' "$1.err")" -ne 1 ] ||
        ! grep -q '^pengine: rank 2 on host h3: nothing heard for [12][0-9] s' "$1.err"; then
        fail "$1: not one message: $(cat "$1.err")"
    fi
}

check_cut() {
    say "a cable is pulled"
    mkdir "$TMPDIR/cut" && cd "$TMPDIR/cut" || exit 1
    start_job map
    start_job imap
    wait_for 120 are_at_work || fail "the jobs did not begin: $(cat map.err imap.err)"
    sleep 3 # by then each rank has sent its hostname: it does so every two seconds
    ip -n "$net-switch" link set h3 down
    cut_at=$(date +%s)
    wait_for "$END_SECONDS" have_ended || fail "mpirun runs $END_SECONDS s after the cut: $(cat map.err imap.err)"
    say "the jobs ended after $(($(date +%s) - cut_at)) s"
    wait_for $((END_SECONDS - $(date +%s) + cut_at)) is_empty ||
        fail "processes are left $END_SECONDS s after the cut: $(ps -o args= -p "$(left_on h1 h2 h3 | paste -sd, -)")"
    say "their last process ended after $(($(date +%s) - cut_at)) s"
    if ! have_ended; then
        return
    fi
    check_end map
    check_end imap
    for name in map.npy map.npy.part; do
        [ ! -e "$name" ] || fail "map: $name is left"
    done
    if [ -n "$(tail -c 1 imap.csv)" ] || # no newline: a line that was cut
        ! awk -F, 'NR == 1 ? $0 != "index,result" : $1 != NR - 2 || $2 != $1 * $1 { exit 1 }' imap.csv; then
        fail "imap: what is there is not a beginning of the result: $(tail -n 2 imap.csv)"
    fi
}

# ---- all of it ----

[ "$(id -u)" -eq 0 ] || skip "it takes root to make network namespaces"
for tool in ip unshare timeout; do
    command -v "$tool" >/dev/null || skip "there is no '$tool'"
done
unshare --uts --mount true 2>/dev/null || skip "no name and no mounts of one's own can be had here"
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
scratch=$(mktemp -d) || exit 1
make_hosts 2>"$scratch/why" || skip "no network namespaces can be had here: $(cat "$scratch/why")"
write_agent
mkdir "$scratch/tmp"
export TMPDIR="$scratch/tmp" # Open MPI's files too
export PENGINE MPIEXEC
export MPIEXEC_ARGS="--mca plm_rsh_agent $scratch/on --host h1:9,h2:9,h3:9 --map-by node"

if [ $# -eq 0 ]; then
    set -- parity cut
fi
for part in "$@"; do
    case $part in
    parity)
        check_parity "files that all see" 3
        export HIDDEN="$TMPDIR"
        check_parity "files that the first host alone sees" 1
        unset HIDDEN
        ;;
    cut) check_cut ;;
    *) fail "there is no part '$part'" ;;
    esac
done
[ "$failures" -eq 0 ]
