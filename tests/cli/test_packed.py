# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Texts packed as .gz and .zst, in and out.

Expected values: Python's gzip and zlib, and the zstd program (without it its tests are skipped).
"""
import gzip
import random
import shutil
import subprocess
import unittest
import zlib

from harness import Case, HAS_MPI, lines, main, toml

HAS_ZSTD = shutil.which("zstd") is not None
MEMBER = 65536


def pack(data, suffix):
    if suffix == "gz":
        return gzip.compress(data)
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def unpack(data, suffix):
    if suffix == "gz":
        return gzip.decompress(data)
    return subprocess.run(["zstd", "-q", "-d", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def members(data):
    """The bytes in each gzip member."""
    out = []
    while data:
        one = zlib.decompressobj(31)
        out.append(one.decompress(data))
        data = one.unused_data
    return out


SUFFIXES = ["gz", "zst"] if HAS_ZSTD else ["gz"]
LAYOUTS = [(0, {"threads": 2}), (0, {"threads": 1, "chunk_size": 777})] + ([(3, {"threads": 1})] if HAS_MPI else [])


def reading(name, **more):
    return toml(mode="istarmap", input={"path": name}, kernel={"expr": "x - 2 * y"}, **more)


def writing(name, count, mode="imap", **more):
    return toml(mode=mode, input={"range": [0, count]}, kernel={"expr": "x * x"}, output={"path": name}, **more)


class Reading(Case):
    def setUp(self):
        super().setUp()
        draw = random.Random(8)
        self.rows = [(draw.randrange(10**6), draw.randrange(10**6)) for _ in range(60_000)]
        self.text = ("x,y\n" + "".join(f"{x},{y}\n" for x, y in self.rows)).encode()

    def test_members_and_frames_are_one_text_on_any_number_of_ranks(self):
        expected = lines(x - 2 * y for x, y in self.rows)
        cut = self.text.index(b"\n", 300_000) - 3  # within a record
        for suffix in SUFFIXES:
            parts = [self.text[:1000], b"", self.text[1000:cut], self.text[cut:]]
            self.write(f"in.csv.{suffix}", b"".join(pack(part, suffix) for part in parts))
            for ranks in (0, 3) if HAS_MPI else (0,):
                with self.subTest(suffix=suffix, ranks=ranks):
                    self.prints(reading(f"in.csv.{suffix}"), expected, ranks=ranks)
        self.write("in.csv.gz", pack(self.text, "gz") + bytes(600))  # as tar and dd pad
        self.prints(reading("in.csv.gz"), expected)

    def test_members_unpacked_ahead_are_those_of_the_file(self):
        """A few MiB, so that threads unpack members ahead of the reader, in whatever sizes they come."""
        draw = random.Random(3)
        texts = ["".join(f"{draw.random()!r} {k}\n" for k in range(count)).encode() for count in (3, 40_000, 900, 150_000, 1, 2000, 90_000)]
        whole = b"".join(texts)
        fake = {"gz": b"\x1f\x8b\x08\0", "zst": b"\x28\xb5\x2f\xfd"}
        for suffix in SUFFIXES:
            # bytes within a member that look like the beginning of another, stored as they are
            plain = b"".join(fake[suffix] + b" %d\n" % k for k in range(60_000))
            stored = zlib.compressobj(0, wbits=31) if suffix == "gz" else None
            odd = stored.compress(plain) + stored.flush() if stored else pack(plain, suffix)
            small = [line + b"\n" for line in texts[5].split(b"\n")[:500]]
            one = [pack(text, suffix) for text in texts + [plain] + small]
            data = b"".join(one[:len(texts)]) + odd + b"".join(one[len(texts) + 1:]) + b"".join(one[:len(texts)])
            self.assertGreater(len(data), 3 << 20)
            self.write(f"in.txt.{suffix}", data)
            job = toml(mode="imap", input={"path": f"in.txt.{suffix}"}, kernel={"expr": "length(x)"}, output={"path": "o.txt"}, pool={"threads": 2})
            expected = lines(len(line) for line in (whole + plain + b"".join(small) + whole).split(b"\n")[:-1]).encode()
            for ranks, memory in ((0, "256 MiB"), (0, "16 MiB"), (2, "256 MiB"))[:3 if HAS_MPI else 2]:
                with self.subTest(suffix=suffix, ranks=ranks, memory=memory):
                    self.assertEqual(self.saves(job, "o.txt", "-s", f'pool.memory="{memory}"', ranks=ranks), expected)
            for bad in (data[:-9], data[:2_500_000] + b"\xff" * 40 + data[2_500_040:]):
                self.write(f"in.txt.{suffix}", bad)
                count = toml(mode="imap", input={"path": f"in.txt.{suffix}"}, kernel={"expr": "length(x)"}, reduce={"op": "count"})
                self.refuse(count, 65, "cut short|damaged|checksum", f"in.txt.{suffix}", "at byte")

    def test_txt_and_first_and_count_work_as_in_a_plain_file(self):
        self.write("in.txt.gz", pack(lines(range(1000)).encode(), "gz"))
        self.prints(toml(mode="imap", input={"path": "in.txt.gz", "first": 700, "count": 2}, kernel={"name": "square"}),
                    lines([490_000, 491_401]))
        self.write("in.log.GZ", pack(b"ab\nc", "gz"))
        self.prints(toml(mode="imap", input={"path": "in.log.GZ", "format": "txt"}, kernel={"name": "text_length"}), "2\n1\n")

    def test_header_of_a_member_may_have_every_part_and_its_checksum_is_checked(self):
        extra, name, comment = b"\3\0abc", b"a name\0", b"a comment\0"
        for flags in range(0, 32, 2):
            header = b"\x1f\x8b\x08" + bytes([flags]) + bytes(6)
            header += (extra if flags & 4 else b"") + (name if flags & 8 else b"") + (comment if flags & 16 else b"")
            checksum = (zlib.crc32(header) & 0xFFFF).to_bytes(2, "little") if flags & 2 else b""
            deflate = zlib.compressobj(wbits=-15)
            body = deflate.compress(b"7\n") + deflate.flush() + zlib.crc32(b"7\n").to_bytes(4, "little") + (2).to_bytes(4, "little")
            with self.subTest(flags=flags):
                job = toml(mode="imap", input={"path": "in.txt.gz"}, kernel={"name": "square"})
                self.write("in.txt.gz", header + checksum + body)
                self.prints(job, "49\n")
                if checksum:
                    self.write("in.txt.gz", header + bytes([checksum[0] ^ 1, checksum[1]]) + body)
                    self.refuse(job, 65, "in.txt.gz: the checksum of a gzip member's header is wrong, at byte")

    def test_files_that_are_cut_short_or_damaged_end_with_65_file_and_offset(self):
        for suffix in SUFFIXES:
            whole = pack(self.text, suffix)
            half = len(whole) // 2
            damaged = bytearray(whole)
            damaged[-6] ^= 0x40  # in the checksum of gzip, in the last block of zstd
            name = f"in.csv.{suffix}"
            for what, data, words in (("cut", whole[:half], f"{name}: the packed data are cut short: the file ends at byte {half}"),
                                      ("empty", b"", f"{name}: the packed data are cut short: the file ends at byte 0"),
                                      ("plain", self.text, f"{name}: "), ("damaged", bytes(damaged), "of the file")):
                with self.subTest(suffix=suffix, what=what):
                    self.write(name, data)
                    result = self.run_job(reading(name, errors={"on_error": "skip"}))
                    self.assertEqual(result.code, 65, result)
                    self.assertIn(words, result.err)
                    self.assertIn("at byte", result.err)

    def test_formats_that_are_not_text_are_refused(self):
        self.write("in.npy.gz", pack(b"x", "gz"))
        result = self.run_job(toml(mode="imap", input={"path": "in.npy.gz"}, kernel={"name": "square"}))
        self.assertEqual(result.code, 78, result)
        self.assertIn("unpack the file", result.err)
        result = self.run_job(writing("out.npy.gz", 3))
        self.assertEqual(result.code, 78, result)
        self.assertIn("format npy cannot be packed", result.err)


class Writing(Case):
    COUNT = 2 * MEMBER + 1000

    def test_bytes_are_the_same_for_any_layout_and_others_read_them(self):
        rows = [str(x * x) for x in range(self.COUNT)]
        expected = ("result\n" + lines(rows)).encode()
        for suffix in SUFFIXES:
            packed = set()
            for mode, (ranks, pool) in zip(("map", "imap", "map"), LAYOUTS):
                with self.subTest(suffix=suffix, ranks=ranks, pool=pool):
                    packed.add(self.saves(writing(f"out.csv.{suffix}", self.COUNT, mode, pool=pool), f"out.csv.{suffix}",
                                          ranks=ranks))
            self.assertEqual(len(packed), 1)
            self.assertEqual(unpack(packed.pop(), suffix), expected)
        data = (self.dir / "out.csv.gz").read_bytes()
        self.assertEqual(data[:8], b"\x1f\x8b\x08\x00\x00\x00\x00\x00")  # deflate, no name, mtime 0
        self.assertEqual([part.count(b"\n") for part in members(data)], [MEMBER + 1, MEMBER, 1000])

    def test_text_with_newlines_is_one_record_of_a_csv_and_rows_may_be_long(self):
        draw = random.Random(3)
        texts = [draw.choice(["a\nb", 'q"q', "x" * 40_000, ""]) for _ in range(300)]
        self.write("k.py", f"texts = {texts!r}\ndef f(i):\n    return texts[i]\n")
        job = toml(mode="map", input={"range": [0, 300]}, kernel={"python": "k.py:f", "signature": "(int64) -> text"},
                   output={"path": "out.csv.gz"})
        data = gzip.decompress(self.saves(job, "out.csv.gz")).decode()
        quoted = ['"' + text.replace('"', '""') + '"' if not text or set(text) & set('\n"') else text for text in texts]
        self.assertEqual(data, "result\n" + lines(quoted))

    def test_no_items_are_an_empty_file_that_others_read(self):
        self.write("in.txt", "")
        for suffix in SUFFIXES:
            job = toml(mode="map", input={"path": "in.txt"}, kernel={"name": "text_upper"}, output={"path": f"out.txt.{suffix}"})
            self.assertEqual(unpack(self.saves(job, f"out.txt.{suffix}"), suffix), b"")

    def test_a_growing_file_of_a_failed_run_is_whole_up_to_its_last_row(self):
        job = toml(mode="imap", input={"range": [0, 100_000]}, kernel={"expr": "1000000 / (70000 - x)"},
                   output={"path": "out.txt.gz"}, pool={"threads": 1})
        result = self.run_job(job)
        self.assertEqual(result.code, 1, result)
        got = gzip.decompress((self.dir / "out.txt.gz").read_bytes()).decode().splitlines()
        self.assertLessEqual(len(got), 70_000)
        self.assertGreater(len(got), 65_536)
        self.assertEqual(got, [str(1000000 // (70000 - x)) for x in range(len(got))])


if __name__ == "__main__":
    main()
