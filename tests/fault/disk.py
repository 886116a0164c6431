# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Disks as faults leave them: files with given inodes and contents, and what a log of calls allows after a power cut.

Design: a checkpoint knows its output by the inode. So every inode has a second name in a pool beside the folder, and making the
folder again means to write the contents in place and to link the names. The log is that of disk_log.c.

What a power cut may leave: what was synced before is there. Of everything later each single piece is there or not, names (a
rename, a removal) and data (sectors of 512 bytes, old or new; where the file grew also zeros), as POSIX has it. Real file systems
leave less: ext4 and XFS keep the order of names.
"""
import os
import pathlib
import struct

CREATE, WRITE, TRUNCATE, SYNC_BEGIN, SYNC_END, SYNCFS_BEGIN, SYNCFS_END, RENAME, LINK, UNLINK, MKDIR = range(1, 12)
HEAD = struct.Struct("<IIIIQQ")
SECTOR = 512
NEVER = 1 << 60


class Pool:
    """A folder whose files have second names, so that their inodes stay."""

    def __init__(self, folder, pool):
        self.folder, self.pool = pathlib.Path(folder), pathlib.Path(pool)
        self.pool.mkdir(exist_ok=True)
        self.fixed = set()

    def fix(self):
        """The files that are there now are never touched."""
        self.fixed = set(os.listdir(self.folder))

    def clear(self):
        for name in set(os.listdir(self.folder)) - self.fixed:
            path = self.folder / name
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()

    def take(self):
        """{name: (inode, content)} of the files that are not fixed."""
        taken = {}
        for name in sorted(set(os.listdir(self.folder)) - self.fixed):
            path = self.folder / name
            inode = path.stat().st_ino
            kept = self.pool / str(inode)
            if not kept.exists():
                os.link(path, kept)
            taken[name] = (inode, path.read_bytes())
        return taken

    def make(self, files):
        self.clear()
        for name, (inode, content) in files.items():
            kept = self.pool / str(inode)
            with open(kept, "r+b" if kept.exists() else "wb") as file:
                file.truncate(0)
                file.write(content)
            os.link(kept, self.folder / name)


class Call:
    def __init__(self, kind, inode, number, name, other, data):
        self.kind, self.inode, self.number, self.name, self.other, self.data = kind, inode, number, name, other, data
        self.durable = NEVER  # the index of the call after which it is on stable storage

    def names(self):
        """[(name, inode or None)] that it makes of the folder; empty for data."""
        if self.kind in (CREATE, LINK):
            return [(self.name, self.inode)]
        if self.kind == RENAME:
            return [(self.name, None), (self.other, self.inode)]
        return [(self.name, None)] if self.kind == UNLINK else []


class Log:
    """What was called, in order; names are those in the folder, and calls elsewhere are left out."""

    def __init__(self, path, folder, before):
        self.before = before  # as Pool.take gives it: on stable storage when the log begins
        self.calls = list(self.read(path.read_bytes(), os.path.realpath(folder)))
        known = {call.inode for call in self.calls if call.kind in (CREATE, LINK)} | {inode for inode, _ in before.values()}
        folder_inode = os.stat(folder).st_ino
        self.calls = [call for call in self.calls if call.inode in known or call.inode == folder_inode or call.kind in (SYNCFS_BEGIN, SYNCFS_END)]
        self.find_durable(folder_inode)

    @staticmethod
    def read(data, folder):
        def here(name):
            path = os.path.normpath(os.path.join(folder, name.decode()))
            return os.path.basename(path) if os.path.dirname(path) == folder else None
        at = 0
        while at + HEAD.size <= len(data):
            kind, name, other, size, inode, number = HEAD.unpack_from(data, at)
            at += HEAD.size
            texts = data[at:at + name], data[at + name:at + name + other]
            at += name + other
            call = Call(kind, inode, number, *(here(text) if text else "" for text in texts), data[at:at + size])
            at += size
            if call.name is not None and call.other is not None:
                yield call

    def find_durable(self, folder_inode):
        """A sync that has ended covers what was called before it began. Of syncs at once the first to begin counts as first to end."""
        begun = {}
        waiting = {}  # inode, or 0 for names: calls that no sync has covered
        for index, call in enumerate(self.calls):
            if call.kind in (SYNC_BEGIN, SYNCFS_BEGIN):
                begun.setdefault((call.kind, call.inode), []).append(index)
            elif call.kind in (SYNC_END, SYNCFS_END):
                begin = begun[(call.kind - 1, call.inode)].pop(0)
                places = list(waiting) if call.kind == SYNCFS_END else [0 if call.inode == folder_inode else call.inode]
                for place in places:
                    for earlier in waiting.get(place, []):
                        if earlier < begin:
                            self.calls[earlier].durable = index
                    waiting[place] = [earlier for earlier in waiting.get(place, []) if earlier >= begin]
            else:
                waiting.setdefault(0 if call.names() else call.inode, []).append(index)

    def cuts(self):
        """Indices before which the power may go, those after a change of names or a sync first."""
        marks = [index + 1 for index, call in enumerate(self.calls) if call.kind not in (WRITE, TRUNCATE)]
        return marks, [index + 1 for index, call in enumerate(self.calls) if call.kind in (WRITE, TRUNCATE)]

    def disk(self, cut, chance, which_names, which_data):
        """The folder after a power cut. which_names: "none", "all", "first" (a prefix), "some"; which_data: "none", "all", "zeros", "torn"."""
        pending = [index for index, call in enumerate(self.calls[:cut]) if call.names() and call.durable >= cut]
        chosen = {"none": [], "all": pending, "first": pending[:chance.randint(0, len(pending))],
                  "some": [index for index in pending if chance.random() < 0.5]}[which_names]
        names = {name: inode for name, (inode, _) in self.before.items()}
        for index, call in enumerate(self.calls[:cut]):
            if call.durable < cut or index in chosen:
                names.update(call.names())
        contents = {inode: bytearray(content) for inode, content in self.before.values()}
        for call in self.calls[:cut]:
            content = contents.setdefault(call.inode, bytearray())
            if call.kind == TRUNCATE and (call.durable < cut or which_data in ("all", "zeros") or (which_data == "torn" and chance.random() < 0.5)):
                del content[call.number:]
                content.extend(bytes(call.number - len(content)))
            elif call.kind == WRITE:
                write(content, call, chance, "all" if call.durable < cut else which_data)
        return {name: (inode, bytes(contents[inode])) for name, inode in names.items() if inode is not None}


def write(content, call, chance, how):
    """Puts a write into a content, whole or in pieces."""
    if how == "none":
        return
    end = call.number + len(call.data)
    before = len(content)
    if how == "torn":
        end = chance.choice([end, end, min(end, call.number // SECTOR * SECTOR + SECTOR * chance.randint(0, 3)), call.number])
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    at = call.number
    while at < end:
        stop = min(end, at // SECTOR * SECTOR + SECTOR)
        if how == "all" or (how == "zeros" and stop <= before) or (how == "torn" and chance.random() < 0.6):
            content[at:stop] = call.data[at - call.number:stop - call.number]
        at = stop
