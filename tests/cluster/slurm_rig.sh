# shellcheck shell=bash
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# slurm_rig.sh - a SLURM of two nodes, out of Debian's packages, for one test script.
#
# Design: the script that sources this and calls slurm_rig runs again inside namespaces of its own, as their first process:
#         whatever it starts there ends with it, however it ends (Ctrl-C, SIGKILL, a failure), and all ports are free.
#         Configuration, state, key and logs are in $dir, which goes away at the end. Each node has a hostname of its own,
#         without which Open MPI takes both for one host and mixes up the shared memory of their ranks.
#         A job that is requeued waits until its credential has expired: after ten seconds here, where two minutes are the default.
#         Cores are handed out twice and more, so that jobs which mostly wait run side by side; task/affinity binds
#         the ranks to them as on a real cluster.

skip() {
    echo "skipped: $*"
    exit 77
}

# slurm_rig ARGUMENT...: returns inside, in $dir, with SLURM running.
slurm_rig() {
    export PATH="$PATH:/usr/sbin:/sbin"
    if [ -z "${SLURM_RIG:-}" ]; then
        go_inside "$@"
    fi
    dir=$SLURM_RIG
    cd "$dir" || exit 1
    make_network && start_munge && start_slurm || exit 1
}

go_inside() {
    [ "$(id -u)" -eq 0 ] || skip "slurmd and munged want root"
    for program in munged slurmctld slurmd sbatch mpirun ip unshare setpriv; do
        command -v "$program" >/dev/null || skip "no $program here; Debian's packages are slurm-wlm, munge, openmpi-bin, iproute2"
    done
    local new=(setpriv --pdeathsig KILL unshare --pid --net --uts --ipc --fork --kill-child --mount-proc)
    local why
    why=$("${new[@]}" true 2>&1) || skip "no namespaces can be made here: $why"
    unset "${!SLURM_@}" "${!SBATCH_@}" # of a job that runs this test
    dir=$(mktemp -d)
    chmod 755 "$dir" # munge wants its socket to be reached by all
    mkdir "$dir"/{munge,state,n1,n2,tmp,work}
    SLURM_RIG=$dir "${new[@]}" bash "$0" "$@" &
    inside=$!
    # unshare does not heed SIGTERM; killed, as it is when this shell is, it takes along all that is inside
    trap 'kill -KILL "$inside" 2>/dev/null; wait "$inside" 2>/dev/null; rm -rf "$dir"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    wait "$inside"
    exit
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    local tries=$(($1 * 10))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}

# SLURM and Open MPI want an address that is not loopback's; no packet leaves this namespace.
make_network() {
    hostname head
    mount -t tmpfs tmpfs /dev/shm
    ip link set lo up
    ip link add eth0 type veth peer name eth1
    ip addr add 10.0.0.1/24 dev eth0
    ip link set eth0 up
    ip link set eth1 up
}

start_munge() {
    head -c 1024 /dev/urandom >munge/key
    chmod 400 munge/key
    munged --foreground --key-file="$dir/munge/key" --socket="$dir/munge/socket" --pid-file="$dir/munge/pid" \
        --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" >munge/out 2>&1 &
    wait_for 10 test -S munge/socket || tell_of "munged did not start" munge/out
}

write_configuration() {
    cat >slurm.conf <<END
ClusterName=pengine
SlurmctldHost=head(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket,cred_expire=10
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=1,sched_min_interval=0,batch_sched_delay=0
KillWait=5
NodeName=n1 NodeAddr=127.0.0.1 Port=17001 CPUs=2
NodeName=n2 NodeAddr=127.0.0.1 Port=17002 CPUs=2
PartitionName=all Nodes=n[1-2] Default=YES OverSubscribe=FORCE:8
END
    echo "CgroupPlugin=cgroup/v1" >cgroup.conf # found beside slurm.conf: this one starts without any cgroups, and uses none
    export SLURM_CONF=$dir/slurm.conf
}

nodes_are_idle() {
    [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 2 ]
}

start_slurm() {
    write_configuration
    slurmctld -D >slurmctld.out 2>&1 &
    for node in n1 n2; do
        unshare --uts sh -c "hostname $node && exec slurmd -D -N $node" >$node.out 2>&1 &
    done
    wait_for 120 nodes_are_idle || tell_of "SLURM did not start" ./*.out ./*.log
}

# tell_of MESSAGE FILE...: fails with the ends of the files.
tell_of() {
    echo "$1"
    shift
    tail -n 20 "$@"
    return 1
}

# submit OPTION... SCRIPT ARGUMENT...: prints the job's number.
submit() {
    sbatch --parsable "$@"
}

# A controller that does not answer in time says nothing of the job.
looks_over() {
    local answer
    answer=$(scontrol -o show job "$1") && ! grep -Eq 'JobState=(PENDING|CONFIGURING|RUNNING|COMPLETING|REQUEUED)' <<<"$answer"
}

# A job that is being requeued looks over for a moment.
is_over() {
    looks_over "$1" && sleep 0.3 && looks_over "$1"
}

# ending JOB: waits for it; prints how it ended, as in "COMPLETED 0", one line for all tasks of an array that ended alike.
ending() {
    wait_for "${PATIENCE:-300}" is_over "$1" || echo "still running"
    scontrol -o show job "$1" | sed -E 's/.* JobState=([A-Z]+) .* ExitCode=([0-9]+):.*/\1 \2/' | sort -u
}
