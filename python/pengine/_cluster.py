# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Rank 0's side of several ranks: it meets the others, starts workers there, and hands them parts of compiled maps.

Design: MPI is not started: a launcher's variables give rank and size, and ranks meet by a file that only their user can read, with
rank 0's addresses and a secret, in $PENGINE_MEET or ~/.cache/pengine, which all hosts have to see. Each other rank (_agents.py) holds one
connection; a worker that it starts gets a connection of its own to rank 0, over which it speaks as a local worker does (_frames.py).
A rank whose process died closes its connections; one that hangs answers no ping, and one whose host is gone no probe of TCP.
A connection whose other end does not prove within ANSWER_SECONDS that it has the secret is closed; no other connection waits for that.
Threads: each connection is answered by a thread of its own, and so are each agent's answers read.
"""
from __future__ import annotations

import fcntl
import itertools
import json
import os
import pathlib
import secrets
import signal
import socket
import struct
import sys
import threading
import time
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from typing import Any, Optional

MEET_SECONDS = 60.0
ANSWER_SECONDS = 20.0  # for the secret, on each new connection
PING_SECONDS, PINGS = 5.0, 3  # a rank that answers none of this many is gone
agents: list[Agent] = []  # of ranks 1, 2, ...
_listener: Optional[socket.socket] = None
_meeting: Optional[pathlib.Path] = None
_numbers = itertools.count(1)
_waiting: dict[int, RemoteProcess] = {}  # workers whose connection is to come
_joining = threading.Lock()


def place() -> tuple[int, int]:
    """This process's rank, and how many there are: 0 of 1 without a launcher."""
    for rank, size in (("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"), ("SLURM_PROCID", "SLURM_NTASKS")):
        if rank in os.environ and size in os.environ:
            return int(os.environ[rank]), int(os.environ[size])
    return 0, 1


def meeting() -> pathlib.Path:
    """The file by which the ranks of one launch meet."""
    names = ("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "PMI_ID", "SLURM_JOB_ID")
    name = "-".join(os.environ.get(one, "") for one in names) + "-" + os.environ.get("SLURM_STEP_ID", "")
    folder = os.environ.get("PENGINE_MEET") or os.path.join(os.path.expanduser("~"), ".cache", "pengine")
    return pathlib.Path(folder) / ("meet-" + "".join(c if c.isalnum() or c in "-." else "_" for c in name))


def addresses() -> list[str]:
    """Of this host, those that other hosts can reach first."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe, 0x8915, struct.pack("256s", name.encode()[:15]))  # SIOCGIFADDR
            except OSError:
                continue
            found.append(socket.inet_ntoa(answer[20:24]))
    return sorted(found, key=lambda address: address.startswith("127."))


def hang_up(link: Any) -> None:
    """Reads from the connection and writes to it end at once, as at its end."""
    try:
        with socket.socket(fileno=os.dup(link.fileno())) as one:
            one.shutdown(socket.SHUT_RDWR)
    except OSError:  # closed already
        pass


def probe(one: socket.socket) -> None:
    """Have TCP end a connection to a host that is gone within 20 s."""
    for level, option, value in ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5),
                                 (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5), (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
                                 (socket.IPPROTO_TCP, 18, 20_000)):  # TCP_USER_TIMEOUT, in ms
        one.setsockopt(level, option, value)


def limit_reads(one: socket.socket, seconds: float) -> None:
    """A read that takes longer is an OSError; 0: it may take any time."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", int(seconds), int(seconds % 1 * 1e6)))


def dial(address: tuple[str, int], key: bytes) -> Connection:
    """A connection to rank 0, where each side has shown that it knows the secret."""
    with socket.create_connection(address, 2) as one:
        one.settimeout(None)
        probe(one)
        limit_reads(one, ANSWER_SECONDS)
        link = Connection(os.dup(one.fileno()))
        answer_challenge(link, key)
        deliver_challenge(link, key)
        limit_reads(one, 0)
        return link


class Agent:
    """Another rank."""

    def __init__(self, link: Connection, rank: int, host: str, cores: list[int]) -> None:
        self.link, self.rank, self.host, self.cores = link, rank, host, cores
        self.lock = threading.Lock()
        self.processes: dict[int, RemoteProcess] = {}
        self.answers: dict[int, Answer] = {}
        self.gone = False
        threading.Thread(target=self._read, name=f"pengine-rank-{rank}", daemon=True).start()

    def send(self, *message: Any) -> None:
        with self.lock:
            try:
                self.link.send(message)
            except OSError:
                pass  # the reader notices

    def _read(self) -> None:
        try:
            while self._is_heard():
                what, number, *rest = self.link.recv()
                if what == "answer":
                    self.answers.pop(number).set(*rest)
                elif number in self.processes:
                    getattr(self.processes[number], "on_" + what)(*rest)
        except (EOFError, OSError):
            pass
        self.gone = True
        hang_up(self.link)
        for process in list(self.processes.values()):
            process.on_ended(-signal.SIGKILL, (2**64 - 1, 2**64 - 1, 0))
            if process.socket is not None:
                hang_up(process.socket)
        for answer in list(self.answers.values()):
            answer.set(None, self.loss())

    def _is_heard(self) -> bool:
        """Waits for a message; False where the rank answers no ping. While much is sent to it, it has no time to answer."""
        pings = 0
        while not self.link.poll(PING_SECONDS):
            if pings == PINGS:
                return False
            if self.lock.acquire(blocking=False):
                self.lock.release()
                self.send("ping", 0)
                pings += 1
        return True

    def loss(self) -> RuntimeError:
        return RuntimeError(f"rank {self.rank} on {self.host} is gone")

    def ask(self, *request: Any) -> Answer:
        """Have something computed there."""
        number, answer = next(_numbers), Answer()
        self.answers[number] = answer
        self.send("compute", number, *request)
        if self.gone:
            answer.set(None, self.loss())
        return answer


class Answer:
    """What an agent will answer."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.value: Any = None
        self.error: Optional[Exception] = None

    def set(self, value: Any, error: Optional[Exception]) -> None:
        self.value, self.error = value, error
        self.event.set()

    def get(self) -> Any:
        self.event.wait()
        if self.error is not None:
            raise self.error
        return self.value


class RemoteProcess:
    """A worker process of another rank, with what the pool needs of subprocess.Popen."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.number = next(_numbers)
        self.pid = 0
        self.returncode: Optional[int] = None
        self.slot: tuple[int, ...] = (0, 2**64 - 1, 0)
        self.ended, self.connected = threading.Event(), threading.Event()
        self.socket: Optional[socket.socket] = None
        agent.processes[self.number] = self

    def start(self) -> socket.socket:
        """The connection to the worker, which was started."""
        if self.agent.gone:
            raise self.agent.loss()
        _waiting[self.number] = self
        self.agent.send("start", self.number)
        self.connected.wait(MEET_SECONDS)
        _waiting.pop(self.number, None)
        if self.socket is None:
            raise RuntimeError(f"rank {self.agent.rank} on {self.agent.host} could not start a worker process")
        return self.socket

    def on_connected(self, pid: int, link: Connection) -> None:
        self.pid = pid
        self.socket = socket.socket(fileno=os.dup(link.fileno()))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.close()
        self.connected.set()

    def on_slot(self, slot: tuple[int, ...]) -> None:
        self.slot = slot

    def on_ended(self, code: int, slot: tuple[int, ...]) -> None:
        self.slot, self.returncode = slot, code
        self.agent.processes.pop(self.number, None)
        self.ended.set()
        self.connected.set()

    def ask_slot(self) -> tuple[int, ...]:
        """What is known of the item that runs; newer news is asked for."""
        self.agent.send("slot", self.number)
        return self.slot

    def poll(self) -> Optional[int]:
        return self.returncode

    def wait(self, timeout: Optional[float] = None) -> int:
        if not self.ended.wait(timeout):
            import subprocess

            raise subprocess.TimeoutExpired("worker", timeout or 0)
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        self.agent.send("signal", self.number, number)


def gather(size: int) -> None:
    """Meet the other ranks; RuntimeError where one does not come."""
    global _listener, _meeting
    key = secrets.token_bytes(32)
    _listener = socket.create_server(("", 0), backlog=256)
    _meeting = meeting()
    _meeting.parent.mkdir(parents=True, exist_ok=True)
    port = _listener.getsockname()[1]
    text = json.dumps({"addresses": addresses(), "host": socket.gethostname(), "port": port, "key": key.hex()})
    part = _meeting.with_suffix(f".{os.getpid()}")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    os.replace(part, _meeting)
    met = threading.Event()
    threading.Thread(target=_accept, args=(_listener, size, key, met), name="pengine-ranks", daemon=True).start()
    if not met.wait(MEET_SECONDS):
        missing = sorted(set(range(1, size)) - {agent.rank for agent in agents})
        raise RuntimeError(f"ranks {missing} did not come within {MEET_SECONDS:g} s: all hosts have to see {_meeting} "
                           "(the folder can be set by PENGINE_MEET) and reach this host by TCP")
    agents.sort(key=lambda agent: agent.rank)
    _meeting.unlink(missing_ok=True)


def _accept(listener: socket.socket, size: int, key: bytes, met: threading.Event) -> None:
    while _listener is not None:
        try:
            one = listener.accept()[0]
        except OSError:  # closed, or no descriptor is free
            time.sleep(0.01)
            continue
        threading.Thread(target=_welcome, args=(one, size, key, met), name="pengine-ranks", daemon=True).start()


def _welcome(one: socket.socket, size: int, key: bytes, met: threading.Event) -> None:
    """Take a new connection: of an agent or of a worker. One without the secret is closed."""
    with one:
        try:
            probe(one)
            limit_reads(one, ANSWER_SECONDS)
            link = Connection(os.dup(one.fileno()))
            deliver_challenge(link, key)
            answer_challenge(link, key)
            what, *rest = link.recv()
            limit_reads(one, 0)
        except Exception:
            return
    if what == "agent":
        with _joining:
            agents.append(Agent(link, *rest))
            if len(agents) == size - 1:
                met.set()
    elif what == "worker" and rest[0] in _waiting:
        _waiting[rest[0]].on_connected(rest[1], link)


def release() -> None:
    """Let the other ranks end."""
    global _listener
    listener, _listener = _listener, None
    for agent in agents:
        agent.send("end", 0)
        hang_up(agent.link)
        agent.link.close()
    agents.clear()
    if listener is not None:
        hang_up(listener)
        listener.close()
    if _meeting is not None:
        _meeting.unlink(missing_ok=True)


def cores() -> int:
    """Of all ranks together; ranks of one host share its cores."""
    hosts: dict[str, set[int]] = {socket.gethostname(): set(os.sched_getaffinity(0))}
    for agent in agents:
        hosts.setdefault(agent.host, set()).update(agent.cores)
    return sum(map(len, hosts.values()))


def connect(rank: int) -> tuple[Any, bytes]:
    """An agent's way to rank 0: its address and the secret."""
    end = time.monotonic() + MEET_SECONDS
    path = meeting()
    while time.monotonic() < end:
        try:
            info = json.loads(path.read_text())
        except (OSError, ValueError):
            time.sleep(0.02)
            continue
        for address in info["addresses"]:
            try:
                link = dial((address, info["port"]), bytes.fromhex(info["key"]))
                link.send(("agent", rank, socket.gethostname(), sorted(os.sched_getaffinity(0))))
                return (link, (address, info["port"])), bytes.fromhex(info["key"])
            except Exception:  # the file of a run that was killed, or an address that leads elsewhere
                continue
        time.sleep(0.1)
    print(f"pengine: rank {rank} found no rank 0 within {MEET_SECONDS:g} s: all hosts have to see {path} (the folder can be set by "
          "PENGINE_MEET)", file=sys.stderr)
    sys.exit(69)
