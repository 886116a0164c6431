/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_npy_fields.c - the fields of structured npy headers.
 *
 * Design: sizes and offsets are those that numpy 1.24 gives for the same descr.
 */
#include "format/npy.h"

#include <string.h>

#include "unit.h"

/* numpy.dtype(...).descr with names, shapes, titles, padding and layers, and the offsets that numpy gives. */
START_TEST(fields_of_numpy_have_their_sizes)
{
    pe_error err = PE_ERROR_INIT;
    static const char dict[] = "{'descr': [('x', '<f8'), ('', '|V4'), (('a title', 'it\\'s'), '>i4'), ('v', '<c8', (2, "
                               "3)), ('s', '|S5', 2), ('n', "
                               "[('a', '|i1'), ('b', '<U2')])], 'fortran_order': False, 'shape': (0,), }";
    static const struct {
        const char *name;
        size_t bytes;
        uint64_t elements;
        bool is_ours;
    } expected[] = {{"x", 8, 1, true},  {"", 4, 1, false},  {"it's", 4, 1, true},
                    {"v", 48, 6, true}, {"s", 10, 2, true}, {"n", 9, 1, false}};
    unsigned char block[400] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, sizeof dict - 1};
    memcpy(block + 10, dict, sizeof dict - 1);
    pe_npy_header header;
    ck_ok(pe_npy_parse(block, 10 + sizeof dict - 1, "x.npy", &header, &err), err);
    size_t at = 0;
    bool is_there = true;
    pe_npy_field field;
    for (size_t f = 0; f < 6; f++) {
        ck_ok(pe_npy_next_field(&header, "x.npy", &at, &field, &is_there, &err), err);
        ck_assert(is_there);
        ck_assert_str_eq(field.name, expected[f].name);
        ck_assert_uint_eq(field.bytes, expected[f].bytes);
        ck_assert_uint_eq(field.elements, expected[f].elements);
        ck_assert_int_eq(field.element.is_ours, expected[f].is_ours);
    }
    ck_ok(pe_npy_next_field(&header, "x.npy", &at, &field, &is_there, &err), err);
    ck_assert(!is_there);
}
END_TEST

START_TEST(fields_that_are_no_list_are_refused)
{
    static const char *const lists[] = {"[('x', '<f8'), 5]",   "[('x')]",
                                        "[('x', '<f8', (2,)]", "[('x', '<f8') ('y', '<f8')]",
                                        "[('x', 'O')]",        "[('x', '<f8', (18446744073709551615, 2))]"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        pe_error err = PE_ERROR_INIT;
        pe_npy_header header = {.fields = (const unsigned char *)lists[i], .fields_size = strlen(lists[i])};
        pe_npy_field field;
        size_t at = 0;
        bool is_there = true;
        while (is_there)
            (void)pe_npy_next_field(&header, "x.npy", &at, &field, &is_there, &err);
        ck_assert_msg(err.status == PE_EDATA && strncmp(err.text, "x.npy: npy header, byte ", 24) == 0, "%s: %s",
                      lists[i], err.text);
    }
}
END_TEST

UNIT_MAIN("npy_fields", fields_of_numpy_have_their_sizes, fields_that_are_no_list_are_refused)
