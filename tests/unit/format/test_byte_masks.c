/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_byte_masks.c - every way to make byte masks sets the bits of the bytes that a loop finds.
 */
#include "format/masks/byte_masks.h"

#include "unit.h"

enum { BLOCKS = 5 };

static const unsigned char wanted[PE_MASK_KINDS] = {',', '\n', '"', 0xFF};

static uint64_t expected(const unsigned char *data, unsigned char byte)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < PE_MASK_BLOCK; i++)
        mask |= (uint64_t)(data[i] == byte) << i;
    return mask;
}

static void check(const pe_mask_way *way, const unsigned char *data, size_t blocks, unsigned kinds)
{
    uint64_t masks[(BLOCKS + 1) * PE_MASK_KINDS];
    memset(masks, 0xAB, sizeof masks);
    way->make(data, blocks, wanted, kinds, masks);
    for (size_t b = 0; b < blocks; b++)
        for (unsigned k = 0; k < kinds; k++)
            ck_assert_msg(masks[b * kinds + k] == expected(data + b * PE_MASK_BLOCK, wanted[k]),
                          "%s: block %zu, kind %u", way->name, b, k);
    ck_assert_uint_eq(masks[blocks * kinds], UINT64_C(0xABABABABABABABAB));
}

/* Bytes that are equal to a wanted one, next to it, or differ in the sign bit alone. */
START_TEST(masks_of_every_way_are_those_of_a_loop)
{
    static const unsigned char bytes[] = {',', ',' + 1,    ',' - 1, ',' | 0x80, '\n', '\n' + 1,
                                          '"', '"' | 0x80, 0,       0xFF,       0xFE, 0x7F};
    unsigned char data[BLOCKS * PE_MASK_BLOCK + 1];
    uint64_t random = 3;
    size_t count;
    const pe_mask_way *const ways = pe_mask_ways(&count);
    for (int turn = 0; turn < 200; turn++) {
        for (size_t i = 0; i < sizeof data; i++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            data[i] = bytes[(random >> 33) % sizeof bytes];
        }
        for (size_t w = 0; w < count; w++)
            for (size_t blocks = 0; blocks <= BLOCKS; blocks++)
                for (unsigned kinds = 1; kinds <= PE_MASK_KINDS; kinds++)
                    check(&ways[w], data + turn % 2, blocks, kinds);
    }
}
END_TEST

START_TEST(masks_plain_c_is_the_last_way)
{
    size_t count;
    const pe_mask_way *const ways = pe_mask_ways(&count);
    ck_assert_uint_ge(count, 1);
    ck_assert_str_eq(ways[count - 1].name, "plain C");
}
END_TEST

UNIT_MAIN("byte masks", masks_of_every_way_are_those_of_a_loop, masks_plain_c_is_the_last_way)
