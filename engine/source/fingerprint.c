/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fingerprint.c - shows whether two ranks, or two runs, see the same content of an input file.
 *
 * Design:   on one machine a file is identified by device and inode; the machine's boot id says whether it is one machine.
 *           Of two machines, size, modification time and a sample of the content have to agree. The sample is 64 pieces
 *           at equal distances from the first byte to the last, or all of a file that is no larger.
 * Threads:  no state.
 * Not here: what is done with a file that is another (source.c: rank 0 sends its content).
 */
#include "source/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/errno_text.h"

#define PIECES 64
#define PIECE_BYTES (PE_SAMPLE_BYTES / PIECES)

/* The kernel's random number of this boot, hashed; 0 where there is none. */
static uint64_t boot_number(void)
{
    char text[64];
    const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd); /* only read from */
    return got > 0 ? XXH3_64bits(text, (size_t)got) : 0;
}

/* Read, not mapped: a page fault may map 2 MiB for a piece of 4 KiB. What cannot be read has no part in the hash, and
 * *has_failed is set. */
static uint64_t hash_read(int fd, uint64_t at, size_t size, uint64_t seed, bool *has_failed)
{
    unsigned char bytes[PIECE_BYTES];
    const ssize_t got = pread(fd, bytes, size, (off_t)at);
    *has_failed = *has_failed || got < 0;
    return XXH3_64bits_withSeed(bytes, got > 0 ? (size_t)got : 0, seed);
}

static uint64_t sample_hash(int fd, uint64_t size, bool *has_failed)
{
    uint64_t hash = 0;
    if (size <= PE_SAMPLE_BYTES) {
        for (uint64_t at = 0; at < size; at += PIECE_BYTES)
            hash = hash_read(fd, at, size - at < PIECE_BYTES ? (size_t)(size - at) : PIECE_BYTES, hash, has_failed);
        return hash;
    }
    const uint64_t last = size - PIECE_BYTES;
    for (uint64_t i = 0; i < PIECES; i++)
        hash = hash_read(fd, last / (PIECES - 1) * i + last % (PIECES - 1) * i / (PIECES - 1), PIECE_BYTES, hash,
                         has_failed);
    return hash;
}

/* -1: err says why. */
static int open_file(const char *path, struct stat *facts, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, facts) == 0)
        return fd;
    (void)pe_fail(err, PE_ENOINPUT, "%s: %s", path, pe_errno_text(errno, reason));
    if (fd >= 0)
        close(fd); /* only read from */
    return -1;
}

pe_status pe_fingerprint_take(const char *path, const pe_map *map, pe_fingerprint *out, pe_error *err)
{
    struct stat facts;
    const int fd = open_file(path, &facts, err);
    if (fd < 0)
        return err->status;
    bool has_failed = false; /* then the ranks do not agree, and rank 0 sends the content */
    const uint64_t sample = (uint64_t)facts.st_size == map->size ? sample_hash(fd, map->size, &has_failed) : 0;
    close(fd); /* only read from */
    if ((uint64_t)facts.st_size != map->size)
        return pe_fail(err, PE_ENOINPUT, "%s: was written to while it was opened", path);
    *out = (pe_fingerprint){.size = map->size,
                            .mtime_ns = (int64_t)facts.st_mtim.tv_sec * 1000000000 + facts.st_mtim.tv_nsec,
                            .boot = boot_number(),
                            .device = facts.st_dev,
                            .inode = facts.st_ino,
                            .sample = sample};
    return PE_OK;
}

bool pe_fingerprint_is_same(const pe_fingerprint *a, const pe_fingerprint *b)
{
    const bool is_one_machine = a->boot != 0 && a->boot == b->boot;
    if (is_one_machine && (a->device != b->device || a->inode != b->inode))
        return false;
    return a->size == b->size && a->mtime_ns == b->mtime_ns && a->sample == b->sample;
}

/* ---- as text ---- */

static pe_status whole_hash(int fd, const char *path, uint64_t size, uint64_t *out, pe_error *err)
{
    unsigned char bytes[PIECE_BYTES];
    char reason[PE_ERRNO_TEXT_SIZE];
    XXH3_state_t *const state = XXH3_createState();
    if (state == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: the hash of %s", path);
    (void)XXH3_64bits_reset(state);
    ssize_t got = 1;
    for (uint64_t at = 0; at < size && got > 0; at += (uint64_t)got) {
        const uint64_t left = size - at;
        got = pread(fd, bytes, left < sizeof bytes ? (size_t)left : sizeof bytes, (off_t)at);
        if (got > 0)
            (void)XXH3_64bits_update(state, bytes, (size_t)got);
    }
    *out = XXH3_64bits_digest(state);
    (void)XXH3_freeState(state);
    return got > 0 || size == 0
               ? PE_OK
               : pe_fail(err, PE_ENOINPUT, "%s: %s", path, pe_errno_text(got < 0 ? errno : EIO, reason));
}

static pe_status describe(int fd, const char *path, pe_verify verify, uint64_t size, pe_buffer *out, pe_error *err)
{
    uint64_t hash = 0;
    bool has_failed = false;
    char reason[PE_ERRNO_TEXT_SIZE];
    pe_status status = pe_buffer_printf(out, err, "%llu bytes", (unsigned long long)size);
    if (status != PE_OK || verify == PE_VERIFY_SIZE)
        return status;
    if (verify == PE_VERIFY_CONTENT)
        status = whole_hash(fd, path, size, &hash, err);
    else
        hash = sample_hash(fd, size, &has_failed);
    if (has_failed)
        return pe_fail(err, PE_ENOINPUT, "%s: %s", path, pe_errno_text(errno, reason));
    return status == PE_OK ? pe_buffer_printf(out, err, ", %s %016llx", verify == PE_VERIFY_CONTENT ? "xxh3" : "sample",
                                              (unsigned long long)hash)
                           : status;
}

pe_status pe_fingerprint_describe(const char *path, pe_verify verify, uint64_t most, pe_buffer *out, pe_error *err)
{
    struct stat facts;
    const int fd = open_file(path, &facts, err);
    if (fd < 0)
        return err->status;
    const uint64_t size = (uint64_t)facts.st_size < most ? (uint64_t)facts.st_size : most;
    const pe_status status =
        S_ISREG(facts.st_mode) ? describe(fd, path, verify, size, out, err) : pe_buffer_printf(out, err, "a stream");
    close(fd); /* only read from */
    return status;
}
