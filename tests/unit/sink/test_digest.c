/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_digest.c - however a stream is cut, its hash is what xxHash itself has of the whole.
 */
#include "sink/digest.h"

#include <xxhash.h>

#include "unit.h"

#define MANY ((size_t)400 * 1000)
#define ROUNDS 60

static unsigned char stream[MANY];

static uint64_t dice(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static void fill(uint64_t seed)
{
    for (size_t i = 0; i < MANY; i++)
        stream[i] = (unsigned char)dice(&seed);
}

static pe_digest *make(void)
{
    pe_digest *digest = NULL;
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_digest_make(&digest, &err), err);
    return digest;
}

static void ck_hash(pe_digest *digest, size_t bytes)
{
    const XXH128_hash_t expected = XXH3_128bits(stream, bytes);
    uint64_t hash[2];
    pe_digest_hash(digest, hash);
    ck_assert_uint_eq(pe_digest_bytes(digest), bytes);
    ck_assert_msg(hash[0] == expected.high64 && hash[1] == expected.low64, "the hash of %zu bytes is another", bytes);
    pe_digest_free(digest);
}

/* A piece of the stream, whose rows come `at_once` bytes at a time. */
static void append_piece(pe_buffer *out, size_t first, size_t bytes, size_t at_once)
{
    pe_error err = PE_ERROR_INIT;
    pe_digest_partial piece;
    pe_buffer rows = {0};
    const size_t before = out->size;
    ck_ok(pe_digest_partial_begin(&piece, first, out, &err), err);
    for (size_t done = 0, now = 0; done < bytes; done += now) {
        now = bytes - done < at_once ? bytes - done : at_once;
        ck_ok(pe_buffer_append(&rows, stream + first + done, now, &err), err);
        ck_ok(pe_digest_partial_take(&piece, &rows, out, &err), err);
        ck_assert_uint_lt(rows.size, PE_DIGEST_UNSUMMED);
    }
    ck_ok(pe_digest_partial_end(&piece, &rows, out, &err), err);
    ck_assert_uint_le(out->size - before, pe_digest_partial_most(bytes));
    pe_buffer_fini(&rows);
}

static void join(pe_digest *digest, const pe_buffer *pieces)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_digest_merge(digest, pieces->data, pieces->size, &err), err);
}

/* Around every length where XXH3 does something else: 16, 128, 240, whole stripes and blocks. */
START_TEST(short_streams_whole_and_as_a_piece)
{
    fill(1);
    for (size_t bytes = 0; bytes < 3500; bytes += bytes < 1300 || bytes % 64 == 0 || bytes % 64 == 63 ? 1 : 3) {
        pe_buffer piece = {0};
        pe_digest *added = make(), *joined = make();
        pe_digest_add(added, stream, bytes);
        append_piece(&piece, 0, bytes, 1000);
        join(joined, &piece);
        ck_hash(added, bytes);
        ck_hash(joined, bytes);
        pe_buffer_fini(&piece);
    }
}
END_TEST

START_TEST(two_pieces_cut_anywhere)
{
    fill(2);
    for (size_t cut = 0; cut <= 3300; cut += cut % 1024 < 70 || cut % 1024 > 950 ? 1 : 5) {
        pe_buffer pieces = {0};
        pe_digest *digest = make();
        append_piece(&pieces, 0, cut, 4096);
        append_piece(&pieces, cut, 3300 - cut, 4096);
        join(digest, &pieces);
        ck_hash(digest, 3300);
        pe_buffer_fini(&pieces);
    }
}
END_TEST

START_TEST(bytes_in_any_cut)
{
    uint64_t seed = 3;
    fill(3);
    for (int round = 0; round < ROUNDS; round++) {
        const size_t bytes = dice(&seed) % MANY, longest = 1 + dice(&seed) % 5000;
        pe_digest *digest = make();
        for (size_t done = 0, now = 0; done < bytes; done += now) {
            now = dice(&seed) % (longest + 1);
            now = bytes - done < now ? bytes - done : now;
            pe_digest_add(digest, stream + done, now);
        }
        ck_hash(digest, bytes);
    }
}
END_TEST

/* As chunks come together: several in one buffer, and buffers after one another. */
START_TEST(pieces_in_any_cut)
{
    uint64_t seed = 4;
    fill(4);
    for (int round = 0; round < ROUNDS; round++) {
        const size_t bytes = dice(&seed) % MANY, longest = 1 + dice(&seed) % 50000;
        pe_buffer pieces = {0};
        pe_digest *digest = make();
        for (size_t done = 0, now = 0; done < bytes; done += now) {
            now = dice(&seed) % longest;
            now = bytes - done < now ? bytes - done : now;
            append_piece(&pieces, done, now, 1 + dice(&seed) % 9000);
            if (dice(&seed) % 3 == 0) {
                join(digest, &pieces);
                pieces.size = 0;
            }
        }
        join(digest, &pieces);
        ck_hash(digest, bytes);
        pe_buffer_fini(&pieces);
    }
}
END_TEST

START_TEST(large_pieces_keep_a_sixteenth)
{
    pe_buffer piece = {0};
    fill(5);
    append_piece(&piece, 0, MANY, 32768);
    ck_assert_uint_lt(piece.size, MANY / 16 + 2500);
    pe_buffer_fini(&piece);
}
END_TEST

/* Nothing is hashed in the wrong place, and nothing is read beyond what came. */
START_TEST(torn_or_misplaced_pieces_are_refused)
{
    pe_buffer piece = {0};
    fill(6);
    append_piece(&piece, 0, 5000, 4096);
    for (size_t size = 1; size < piece.size; size++) {
        pe_digest *digest = make();
        pe_error err = PE_ERROR_INIT;
        unsigned char *exact = malloc(size); /* so that a sanitizer sees what is read beyond */
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, piece.data, size);
        ck_assert_int_eq(pe_digest_merge(digest, exact, size, &err), PE_EBUG);
        free(exact);
        pe_digest_free(digest);
    }
    pe_digest *digest = make();
    pe_error err = PE_ERROR_INIT;
    pe_digest_add(digest, stream, 1);
    ck_assert_int_eq(pe_digest_merge(digest, piece.data, piece.size, &err), PE_EBUG);
    ck_assert_str_eq(err.text, "digest: got a partial digest of 5000 bytes at 0, expected one at 1");
    pe_digest_free(digest);
    pe_buffer_fini(&piece);
}
END_TEST

UNIT_MAIN("digest", short_streams_whole_and_as_a_piece, two_pieces_cut_anywhere, bytes_in_any_cut, pieces_in_any_cut,
          large_pieces_keep_a_sixteenth, torn_or_misplaced_pieces_are_refused)
