/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* digest.c - XXH3-128 of a stream whose partial digests are made in parallel and merged in order.
 *
 * Design:  the arithmetic is xxHash's own, taken from its header with XXH_INLINE_ALL; this file decides the order of
 *          the calls. On x86-64 the widest vector instructions that the processor has are chosen at run time. XXH3
 *          treats the last block of a stream differently, so at least one stripe at the end of the stream, and of every
 *          partial digest, stays unsummed.
 * Format:  a partial digest is a header, the bytes before the first block, the sums of the whole blocks, the bytes
 *          after them; or, when it has no whole block, a header and its bytes. Native byte order: the ranks of a job
 *          have one architecture.
 * Threads: digest.h.
 */
#include "sink/digest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define XXH_X86DISPATCH
#define XXH_DISPATCH_AVX2 1
#define XXH_DISPATCH_AVX512 1
#define XXH_TARGET_AVX2 __attribute__((target("avx2")))
#define XXH_TARGET_AVX512 __attribute__((target("avx512f")))
#endif
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/alloc.h"
#include "base/attr.h"

#define LANES XXH_ACC_NB
#define MERGED_AT_ONCE 64 /* blocks */
#define SUM_BYTES (LANES * sizeof(uint64_t))
#define STRIPES (PE_DIGEST_BLOCK / PE_DIGEST_STRIPE)
#define SCRAMBLE_KEY (XXH3_kSecret + XXH_SECRET_DEFAULT_SIZE - XXH_STRIPE_LEN)
#define LAST_KEY (SCRAMBLE_KEY - XXH_SECRET_LASTACC_START)
#define HIGH_KEY (XXH3_kSecret + XXH_SECRET_DEFAULT_SIZE - SUM_BYTES - XXH_SECRET_MERGEACCS_START)
#define LOW_KEY (XXH3_kSecret + XXH_SECRET_MERGEACCS_START)

_Static_assert(PE_DIGEST_STRIPE == XXH_STRIPE_LEN, "PE_DIGEST_STRIPE is xxHash's stripe");
_Static_assert(STRIPES == (XXH_SECRET_DEFAULT_SIZE - XXH_STRIPE_LEN) / XXH_SECRET_CONSUME_RATE,
               "PE_DIGEST_BLOCK is xxHash's block");

typedef struct header {
    uint64_t offset, bytes;
} header;

/* The parts of a partial digest, in bytes and in blocks. */
typedef struct layout {
    size_t head, blocks, tail;
} layout;

struct pe_digest {
    _Alignas(PE_CACHE_LINE) uint64_t acc[LANES];
    uint64_t bytes;
    size_t unsummed_bytes;                      /* at least PE_DIGEST_STRIPE once the stream is that long */
    unsigned char unsummed[PE_DIGEST_UNSUMMED]; /* the end of the stream */
};

static layout divide(uint64_t offset, uint64_t bytes)
{
    const size_t head = (size_t)(-offset % PE_DIGEST_BLOCK);
    if (bytes < head + PE_DIGEST_STRIPE)
        return (layout){.head = (size_t)bytes};
    const uint64_t blocks = (bytes - head - PE_DIGEST_STRIPE) / PE_DIGEST_BLOCK;
    return (layout){.head = head, .blocks = (size_t)blocks, .tail = (size_t)(bytes - head - blocks * PE_DIGEST_BLOCK)};
}

/* ---- blocks ---- */

/* Types of xxHash's inner loops. xxHash's names for these types changed within version 0.8. */
typedef void (*add_stripe)(void *restrict acc, const void *restrict stripe, const void *restrict key);
typedef void (*scramble_acc)(void *restrict acc, const void *restrict key);

XXH_FORCE_INLINE void accumulate(add_stripe add, uint64_t *acc, const unsigned char *data, size_t stripes)
{
    PE_UNROLL_8
    for (size_t n = 0; n < stripes; n++)
        add(acc, data + n * PE_DIGEST_STRIPE, XXH3_kSecret + n * XXH_SECRET_CONSUME_RATE);
}

XXH_FORCE_INLINE void sum_each(add_stripe add, const unsigned char *data, size_t blocks, unsigned char *sums)
{
    for (size_t b = 0; b < blocks; b++) {
        _Alignas(PE_CACHE_LINE) uint64_t acc[LANES] = {0};
        accumulate(add, acc, data + b * PE_DIGEST_BLOCK, STRIPES);
        memcpy(sums + b * SUM_BYTES, acc, SUM_BYTES);
    }
}

XXH_FORCE_INLINE void merge_each(scramble_acc scramble, uint64_t *to, const unsigned char *sums, size_t blocks)
{
    _Alignas(PE_CACHE_LINE) uint64_t acc[LANES];
    memcpy(acc, to, sizeof acc); /* a local copy stays in registers */
    for (size_t b = 0; b < blocks; b++) {
        for (size_t lane = 0; lane < LANES; lane++) {
            uint64_t more; /* a copy of all lanes would be loaded in other pieces than it is stored: that stalls */
            memcpy(&more, sums + b * SUM_BYTES + lane * sizeof more, sizeof more);
            acc[lane] += more;
        }
        scramble(acc, SCRAMBLE_KEY);
    }
    memcpy(to, acc, sizeof acc);
}

typedef struct vectors {
    void (*sum)(const unsigned char *data, size_t blocks, unsigned char *sums);
    void (*merge)(uint64_t *acc, const unsigned char *sums, size_t blocks);
} vectors;

#define VECTORS(name, target, add, scramble)                                                                           \
    /* NOLINTNEXTLINE(bugprone-macro-parentheses): an attribute */                                                     \
    target static void sum_by_##name(const unsigned char *data, size_t blocks, unsigned char *sums)                    \
    {                                                                                                                  \
        sum_each(add, data, blocks, sums);                                                                             \
    }                                                                                                                  \
    /* NOLINTNEXTLINE(bugprone-macro-parentheses): an attribute */                                                     \
    target static void merge_by_##name(uint64_t *acc, const unsigned char *sums, size_t blocks)                        \
    {                                                                                                                  \
        merge_each(scramble, acc, sums, blocks);                                                                       \
    }                                                                                                                  \
    static const vectors name = {.sum = sum_by_##name, .merge = merge_by_##name};

VECTORS(common, , XXH3_accumulate_512, XXH3_scrambleAcc)
#if defined(__x86_64__)
VECTORS(avx2, XXH_TARGET_AVX2, XXH3_accumulate_512_avx2, XXH3_scrambleAcc_avx2)
VECTORS(avx512, XXH_TARGET_AVX512, XXH3_accumulate_512_avx512, XXH3_scrambleAcc_avx512)
#endif

static const vectors *widest(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return &avx512;
    if (__builtin_cpu_supports("avx2"))
        return &avx2;
#endif
    return &common;
}

/* ---- a partial digest ---- */

size_t pe_digest_partial_most(size_t bytes)
{
    const size_t ends = 2 * PE_DIGEST_BLOCK + PE_DIGEST_STRIPE;
    const size_t summed = bytes / STRIPES + ends;
    return sizeof(header) + (bytes < summed ? bytes : summed);
}

pe_status pe_digest_partial_begin(pe_digest_partial *partial, uint64_t offset, pe_buffer *out, pe_error *err)
{
    const header empty = {.offset = offset};
    *partial = (pe_digest_partial){.offset = offset, .header = out->size};
    return pe_buffer_append(out, &empty, sizeof empty, err);
}

pe_status pe_digest_partial_take(pe_digest_partial *partial, pe_buffer *rows, pe_buffer *out, pe_error *err)
{
    const layout parts = divide(partial->offset + partial->bytes, rows->size);
    if (parts.tail == 0)
        return PE_OK;
    const size_t taken = rows->size - parts.tail;
    const size_t sums = parts.blocks * SUM_BYTES;
    pe_status status = pe_buffer_append(out, rows->data, parts.head, err);
    if (status == PE_OK)
        status = pe_buffer_reserve(out, sums, err);
    if (status != PE_OK)
        return status;
    widest()->sum(rows->data + parts.head, parts.blocks, out->data + out->size);
    out->size += sums;
    partial->bytes += taken;
    memmove(rows->data, rows->data + taken, parts.tail);
    rows->size = parts.tail;
    return PE_OK;
}

pe_status pe_digest_partial_end(pe_digest_partial *partial, pe_buffer *rows, pe_buffer *out, pe_error *err)
{
    pe_status status = pe_digest_partial_take(partial, rows, out, err);
    if (status == PE_OK)
        status = pe_buffer_append(out, rows->data, rows->size, err);
    if (status != PE_OK)
        return status;
    partial->bytes += rows->size;
    rows->size = 0;
    const header whole = {.offset = partial->offset, .bytes = partial->bytes};
    memcpy(out->data + partial->header, &whole, sizeof whole);
    return PE_OK;
}

/* ---- merging ---- */

pe_status pe_digest_make(pe_digest **out, pe_error *err)
{
    static const uint64_t begin[LANES] = XXH3_INIT_ACC;
    pe_digest *digest = aligned_alloc(PE_CACHE_LINE, sizeof *digest);
    if (digest == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: the digest's state");
    *digest = (pe_digest){.bytes = 0};
    memcpy(digest->acc, begin, sizeof begin);
    *out = digest;
    return PE_OK;
}

void pe_digest_free(pe_digest *digest)
{
    free(digest);
}

/* Sums and merges the first block of the unsummed bytes. */
static void merge_unsummed_block(pe_digest *digest)
{
    unsigned char sums[SUM_BYTES];
    assert(digest->unsummed_bytes >= PE_DIGEST_BLOCK);
    widest()->sum(digest->unsummed, 1, sums);
    widest()->merge(digest->acc, sums, 1);
    digest->unsummed_bytes -= PE_DIGEST_BLOCK;
    memmove(digest->unsummed, digest->unsummed + PE_DIGEST_BLOCK, digest->unsummed_bytes);
}

static void merge_blocks(pe_digest *digest, const unsigned char *data, size_t blocks)
{
    unsigned char sums[MERGED_AT_ONCE * SUM_BYTES];
    const vectors *by = widest();
    for (size_t done = 0, now = 0; done < blocks; done += now) {
        now = blocks - done < MERGED_AT_ONCE ? blocks - done : MERGED_AT_ONCE;
        by->sum(data + done * PE_DIGEST_BLOCK, now, sums);
        by->merge(digest->acc, sums, now);
    }
}

static void append_unsummed(pe_digest *digest, const unsigned char *data, size_t bytes)
{
    assert(bytes <= sizeof digest->unsummed - digest->unsummed_bytes);
    if (bytes > 0)
        memcpy(digest->unsummed + digest->unsummed_bytes, data, bytes);
    digest->unsummed_bytes += bytes;
}

void pe_digest_add(pe_digest *digest, const void *data, size_t bytes)
{
    const unsigned char *from = data;
    digest->bytes += bytes;
    while (bytes >= PE_DIGEST_UNSUMMED - digest->unsummed_bytes) { /* while there is a block and a stripe after it */
        const bool is_split = digest->unsummed_bytes > 0;
        const size_t missing = digest->unsummed_bytes < PE_DIGEST_BLOCK ? PE_DIGEST_BLOCK - digest->unsummed_bytes : 0;
        const size_t blocks = is_split ? 0 : (bytes - PE_DIGEST_STRIPE) / PE_DIGEST_BLOCK;
        const size_t taken = is_split ? missing : blocks * PE_DIGEST_BLOCK;
        if (is_split) {
            append_unsummed(digest, from, missing);
            merge_unsummed_block(digest);
        } else {
            merge_blocks(digest, from, blocks);
        }
        from += taken;
        bytes -= taken;
    }
    append_unsummed(digest, from, bytes);
}

static void merge_one(pe_digest *digest, const layout *parts, const unsigned char *data)
{
    pe_digest_add(digest, data, parts->head);
    if (parts->blocks > 0) {
        if (digest->unsummed_bytes > 0) /* exactly one block: the sums begin at a block */
            merge_unsummed_block(digest);
        assert(digest->unsummed_bytes == 0);
        widest()->merge(digest->acc, data + parts->head, parts->blocks);
        digest->bytes += parts->blocks * PE_DIGEST_BLOCK;
    }
    pe_digest_add(digest, data + parts->head + parts->blocks * SUM_BYTES, parts->tail);
}

pe_status pe_digest_merge(pe_digest *digest, const void *partials, size_t size, pe_error *err)
{
    const unsigned char *at = partials;
    while (size > 0) {
        header found = {0};
        layout parts = {0};
        if (size >= sizeof found) {
            memcpy(&found, at, sizeof found);
            parts = divide(found.offset, found.bytes);
        }
        const size_t whole = sizeof found + parts.head + parts.blocks * SUM_BYTES + parts.tail;
        if (size < whole || found.offset != digest->bytes)
            return pe_fail(err, PE_EBUG, "digest: got a partial digest of %llu bytes at %llu, expected one at %llu",
                           (unsigned long long)found.bytes, (unsigned long long)found.offset,
                           (unsigned long long)digest->bytes);
        merge_one(digest, &parts, at + sizeof found);
        at += whole;
        size -= whole;
    }
    return PE_OK;
}

pe_status pe_digest_save(const pe_digest *digest, pe_buffer *out, pe_error *err)
{
    return pe_buffer_append(out, digest, sizeof *digest, err);
}

pe_status pe_digest_load(pe_digest *digest, const void *data, size_t size, pe_error *err)
{
    if (size != sizeof *digest)
        return pe_fail(err, PE_EDATA, "digest: got a state of %zu bytes, expected %zu", size, sizeof *digest);
    memcpy(digest, data, size);
    if (digest->unsummed_bytes > sizeof digest->unsummed)
        return pe_fail(err, PE_EDATA, "digest: the state is damaged");
    return PE_OK;
}

uint64_t pe_digest_bytes(const pe_digest *digest)
{
    return digest->bytes;
}

static void hash_long(const pe_digest *digest, uint64_t out[2])
{
    pe_digest last = *digest;
    const unsigned char *const end = digest->unsummed + digest->unsummed_bytes;
    if (last.unsummed_bytes > PE_DIGEST_BLOCK)
        merge_unsummed_block(&last);
    accumulate(XXH3_accumulate_512, last.acc, last.unsummed, (last.unsummed_bytes - 1) / PE_DIGEST_STRIPE);
    XXH3_accumulate_512(last.acc, end - PE_DIGEST_STRIPE, LAST_KEY);
    out[0] = XXH3_mergeAccs(last.acc, HIGH_KEY, ~(digest->bytes * XXH_PRIME64_2));
    out[1] = XXH3_mergeAccs(last.acc, LOW_KEY, digest->bytes * XXH_PRIME64_1);
}

void pe_digest_hash(const pe_digest *digest, uint64_t out[2])
{
    if (digest->bytes > XXH3_MIDSIZE_MAX) {
        hash_long(digest, out);
        return;
    }
    const XXH128_hash_t hash = XXH3_128bits(digest->unsummed, (size_t)digest->bytes);
    out[0] = hash.high64;
    out[1] = hash.low64;
}
