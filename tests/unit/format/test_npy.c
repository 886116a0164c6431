/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_npy.c - the npy header, read and printed.
 *
 * Design: the dicts to read and the headers to print were written by numpy 1.24 (lib.format.write_array_header_1_0);
 *         hostile headers are variations of them, and every header is also cut at every byte.
 */
#include "format/npy.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define HEADER_ROOM 70000u

typedef struct header_bytes {
    size_t size;
    unsigned char data[HEADER_ROOM];
} header_bytes;

static header_bytes made;

/* A file of the given version with this dict and some bytes of data after it. */
static const header_bytes *make(unsigned char major, const char *dict, size_t dict_size)
{
    const size_t start = major == 1 ? 10 : 12;
    const unsigned char head[12] = {0x93,
                                    'N',
                                    'U',
                                    'M',
                                    'P',
                                    'Y',
                                    major,
                                    0,
                                    (unsigned char)dict_size,
                                    (unsigned char)(dict_size >> 8),
                                    (unsigned char)(dict_size >> 16),
                                    (unsigned char)(dict_size >> 24)};
    memcpy(made.data, head, start);
    memcpy(made.data + start, dict, dict_size);
    memset(made.data + start + dict_size, 0x55, 16);
    made.size = start + dict_size + 16;
    return &made;
}

/* Parses from a block of exactly that size, so that a sanitizer sees every byte read beyond it. */
static pe_status parse_exact(const unsigned char *data, size_t size, pe_npy_header *out, pe_error *err)
{
    unsigned char *block = malloc(size > 0 ? size : 1);
    ck_assert_ptr_nonnull(block);
    memcpy(block, data, size);
    const pe_status status = pe_npy_parse(block, size, "x.npy", out, err);
    free(block);
    return status;
}

static pe_npy_header parse(unsigned char major, const char *dict)
{
    pe_error err = PE_ERROR_INIT;
    pe_npy_header out;
    const header_bytes *file = make(major, dict, strlen(dict));
    ck_ok(parse_exact(file->data, file->size, &out, &err), err);
    ck_assert_uint_eq(out.data_offset, file->size - 16);
    return out;
}

static void refused(const char *dict, const char *told)
{
    pe_error err = PE_ERROR_INIT;
    pe_npy_header out;
    const header_bytes *file = make(1, dict, strlen(dict));
    ck_assert_msg(parse_exact(file->data, file->size, &out, &err) == PE_EDATA, "accepted: %s", dict);
    ck_assert_msg(strncmp(err.text, "x.npy: ", 7) == 0 && strstr(err.text, told) != NULL, "%s: told \"%s\"", dict,
                  err.text);
}

static void refused_bytes(const char *data, size_t size, const char *told)
{
    pe_error err = PE_ERROR_INIT;
    pe_npy_header out;
    ck_assert_int_eq(parse_exact((const unsigned char *)data, size, &out, &err), PE_EDATA);
    ck_assert_msg(strstr(err.text, told) != NULL, "told \"%s\"", err.text);
}

START_TEST(parse_wrong_magic_shows_bytes)
{
    refused_bytes("PK\x03\x04zip file", 12, "\"PK\\x03\\x04zip \"");
    refused_bytes("", 0, "begins with \"\"");
    refused_bytes("\x93NUMP", 5, "\\x93NUMP");
}
END_TEST

START_TEST(parse_unknown_version_is_named)
{
    refused_bytes("\x93NUMPY\x04\x00\x00\x00\x00\x00", 12, "version 4.0 is not known");
    refused_bytes("\x93NUMPY\x01\x01\x00\x00\x00\x00", 12, "version 1.1 is not known");
    refused_bytes("\x93NUMPY\x00\x00\x00\x00\x00\x00", 12, "version 0.0 is not known");
}
END_TEST

START_TEST(parse_header_longer_than_file_is_refused)
{
    refused_bytes("\x93NUMPY\x01\x00\x76\x00{'descr'", 18,
                  "truncated: the npy header takes 128 bytes, the file has 18");
    refused_bytes("\x93NUMPY\x02\x00\xff\xff\xff\xff{", 13, "takes 4294967307 bytes");
    refused_bytes("\x93NUMPY\x02\x00\x02\x00", 10, "only 10 bytes");
}
END_TEST

START_TEST(parse_empty_dict_is_refused)
{
    refused("", "byte 0: expected a Python dict");
    refused("   \n", "expected a Python dict {...}, got the end");
    refused("{}", "the key 'descr'");
    refused("[]", "a Python dict {...}, got \"[]\"");
    refused("None", "got \"None\"");
}
END_TEST

START_TEST(parse_missing_key_is_named)
{
    refused("{'fortran_order': False, 'shape': (3,), }", "expected the key 'descr'");
    refused("{'descr': '<f8', 'shape': (3,), }", "expected the key 'fortran_order'");
    refused("{'descr': '<f8', 'fortran_order': False, }", "expected the key 'shape'");
}
END_TEST

START_TEST(parse_bad_dict_tells_the_place)
{
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': [3], }", "byte 50: expected a shape such as");
    refused("{'descr': '<f8', 'fortran_order': 0, 'shape': (3,), }", "expected True or False");
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'x': 1}", "one of the keys");
    refused("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (3,)}", "each once, got \"'descr'");
    refused("{'descr': '<f8' 'fortran_order': False, 'shape': (3,)}", "a comma or }");
    refused("{'descr', '<f8', 'fortran_order': False, 'shape': (3,)}", "a colon");
    refused("{'descr': 8, 'fortran_order': False, 'shape': (3,)}", "a descr such as '<f8'");
    refused("{'descr': '<f8, 'fortran_order': False, 'shape': (3,)}", "a comma or }");
    refused("{'descr': '<f8\n', 'fortran_order': False, 'shape': (3,)}", "closing quote");
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (3,)} x", "nothing after the dict, got \"x\"");
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (3,)", "got the end of the header");
    refused("{'descr': [('x', '<f8'), 'fortran_order': False, 'shape': (3,)}", "end of the structured descr");
    refused("{,'descr': '<f8', 'fortran_order': False, 'shape': (3,)}", "one of the keys");
}
END_TEST

START_TEST(parse_bad_shape_is_refused)
{
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (3), }", "a comma after the only dimension");
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", "a dimension (digits)");
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (3 4), }", "a comma or )");
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (,), }", "a dimension (digits)");
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (1.5,), }", "a comma or )");
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551616,), }", "below 2^64");
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "more than 2^64 elements");
    refused("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1), }", "at most 8 dimensions");
}
END_TEST

START_TEST(parse_numpy_header_gives_facts)
{
    const pe_npy_header out = parse(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (10,), }             \n");
    ck_assert_int_eq(out.major, 1);
    ck_assert_int_eq(out.minor, 0);
    ck_assert_str_eq(out.descr, "<f8");
    ck_assert(!out.is_structured && !out.is_fortran && !out.element.is_big_endian && out.element.is_ours);
    ck_assert_int_eq(out.element.dtype, PE_FLOAT64);
    ck_assert_int_eq(out.dims, 1);
    ck_assert_uint_eq(out.shape[0], 10);
    ck_assert_uint_eq(out.count, 10);
    ck_assert_ptr_null(out.element.kind);
}
END_TEST

START_TEST(parse_any_order_and_spacing_is_read)
{
    const pe_npy_header out = parse(2, "\t{\"shape\" :( 3 ,4L,) ,\n \"descr\":\">i4\",'fortran_order' : True}");
    ck_assert_int_eq(out.major, 2);
    ck_assert(out.is_fortran && out.element.is_big_endian);
    ck_assert_int_eq(out.element.dtype, PE_INT32);
    ck_assert_int_eq(out.dims, 2);
    ck_assert_uint_eq(out.shape[1], 4);
    ck_assert_uint_eq(out.count, 12);
}
END_TEST

START_TEST(parse_shape_boundaries_are_read)
{
    pe_npy_header out = parse(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (), }");
    ck_assert_int_eq(out.dims, 0);
    ck_assert_uint_eq(out.count, 1);
    out = parse(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (0,), }");
    ck_assert_uint_eq(out.count, 0);
    out = parse(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (18446744073709551615,), }");
    ck_assert_uint_eq(out.count, UINT64_MAX);
    out = parse(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296, 0), }");
    ck_assert_uint_eq(out.count, 0);
    out = parse(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 1, 2, 1, 2, 1, 2)}");
    ck_assert_int_eq(out.dims, 8);
    ck_assert_uint_eq(out.count, 16);
}
END_TEST

START_TEST(parse_every_dtype_is_known)
{
    static const struct {
        const char *descr;
        pe_dtype dtype;
        bool is_big_endian;
    } cases[] = {{"|b1", PE_BOOL, false},      {"|i1", PE_INT8, false},     {"<i2", PE_INT16, false},
                 {"<i4", PE_INT32, false},     {"<i8", PE_INT64, false},    {"|u1", PE_UINT8, false},
                 {"<u2", PE_UINT16, false},    {"<u4", PE_UINT32, false},   {"<u8", PE_UINT64, false},
                 {"<f4", PE_FLOAT32, false},   {"<f8", PE_FLOAT64, false},  {">i2", PE_INT16, true},
                 {">u8", PE_UINT64, true},     {">f8", PE_FLOAT64, true},   {">i1", PE_INT8, false},
                 {"=i8", PE_INT64, false},     {"f4", PE_FLOAT32, false},   {">f4", PE_FLOAT32, true},
                 {"<f2", PE_FLOAT16, false},   {">c8", PE_COMPLEX64, true}, {"<c16", PE_COMPLEX128, false},
                 {"<M8[ns]", PE_INT64, false}, {">m8", PE_INT64, true},     {"|S12", PE_TEXT, false},
                 {">U5", PE_TEXT, true}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char dict[100];
        snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }", cases[c].descr);
        const pe_npy_header out = parse(1, dict);
        ck_assert_msg(out.element.is_ours && out.element.dtype == cases[c].dtype &&
                          out.element.is_big_endian == cases[c].is_big_endian,
                      "%s", cases[c].descr);
    }
}
END_TEST

START_TEST(parse_foreign_dtype_is_named)
{
    static const char *const cases[][2] = {{"|O", "Python objects"},
                                           {"<U0", "a text without a length"},
                                           {"|S", "a text without a length"},
                                           {"<c32", "complex numbers of another size"},
                                           {"<M4", "an unknown dtype"},
                                           {"|V7", "raw bytes"},
                                           {"<f16", "a float of another size"},
                                           {"", "an unknown dtype"},
                                           {"<", "an unknown dtype"},
                                           {"<i16", "an unknown dtype"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char dict[100];
        snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }", cases[c][0]);
        const pe_npy_header out = parse(1, dict);
        ck_assert(!out.element.is_ours && !out.is_structured);
        ck_assert_str_eq(out.descr, cases[c][0]);
        ck_assert_str_eq(out.element.kind, cases[c][1]);
    }
}
END_TEST

START_TEST(parse_structured_descr_is_recognised)
{
    pe_npy_header out = parse(1, "{'descr': [('f0', '<f8'), ('f1', '<i8', (3,))], 'fortran_order': False, "
                                 "'shape': (5,), }");
    ck_assert(out.is_structured && !out.element.is_ours);
    ck_assert_str_eq(out.descr, "[('f0', '<f8'), ('f1', '<i8', (3,))]");
    ck_assert_str_eq(out.element.kind, "structured");
    ck_assert_uint_eq(out.count, 5);
    out = parse(3, "{'descr': [(\"it's ])\", '<i2'), ('b\\'(', '<u8')], 'fortran_order': False, 'shape': (2,), }");
    ck_assert_str_eq(out.descr, "[(\"it's ])\", '<i2'), ('b\\'(', '<u8')]");
}
END_TEST

START_TEST(parse_long_descr_is_cut)
{
    char dict[600];
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    snprintf(dict, sizeof dict, "{'descr': [('%s', '<f8')], 'fortran_order': False, 'shape': (2,), }", name);
    const pe_npy_header out = parse(1, dict);
    ck_assert_uint_eq(strlen(out.descr), PE_NPY_DESCR_ROOM - 1);
    ck_assert_str_eq(out.descr + PE_NPY_DESCR_ROOM - 8, "nnnn...");
}
END_TEST

START_TEST(parse_cut_anywhere_is_refused)
{
    static const char *const dicts[] = {"{'descr': '<f8', 'fortran_order': False, 'shape': (10, 3), }",
                                        "{'descr': [('a\\'', '<f8'), (\"b\", '<i8', (3,))], 'fortran_order': True, "
                                        "'shape': (5,), }"};
    for (size_t d = 0; d < 2; d++) {
        for (size_t size = 0; size < strlen(dicts[d]); size++) {
            pe_error err = PE_ERROR_INIT;
            pe_npy_header out;
            const header_bytes *file = make(1, dicts[d], size); /* a header that ends early */
            ck_assert_int_eq(parse_exact(file->data, file->size - 16, &out, &err), PE_EDATA);
            err = (pe_error)PE_ERROR_INIT;
            file = make(2, dicts[d], strlen(dicts[d])); /* a file that does */
            ck_assert_int_eq(parse_exact(file->data, 12 + size, &out, &err), PE_EDATA);
        }
    }
}
END_TEST

/* Any byte in any place must be taken or refused, never followed out of bounds. */
START_TEST(parse_any_byte_anywhere_stays_inside)
{
    static const char dict[] = "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (10, 3), }";
    for (size_t at = 0; at < sizeof dict - 1 + 10; at++) {
        size_t wrong = 0;
        for (unsigned byte = 0; byte < 256; byte++) {
            pe_error err = PE_ERROR_INIT;
            pe_npy_header out;
            const header_bytes *file = make(1, dict, sizeof dict - 1);
            made.data[at] = (unsigned char)byte;
            const pe_status status = pe_npy_parse(file->data, file->size - 16, "x.npy", &out, &err);
            wrong += status != PE_OK && (status != PE_EDATA || err.text[0] == '\0');
            wrong += out.dims < 0 || out.dims > PE_NPY_MAX_DIMS;
        }
        ck_assert_msg(wrong == 0, "at %zu: %zu bytes", at, wrong);
    }
}
END_TEST

static void prints(const char *descr, const uint64_t *shape, int dims, size_t total, const char *expected)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer out = {NULL, 0, 0};
    ck_ok(pe_npy_print(descr, shape, dims, &out, &err), err);
    ck_assert_uint_eq(out.size, total);
    ck_assert_mem_eq(out.data, "\x93NUMPY\x01\x00", 8);
    ck_assert_uint_eq(out.data[8] + 256u * out.data[9], total - 10);
    ck_assert_mem_eq(out.data + 10, expected, strlen(expected));
    for (size_t i = 10 + strlen(expected); i < total - 1; i++)
        ck_assert_uint_eq(out.data[i], ' ');
    ck_assert_uint_eq(out.data[total - 1], '\n');
    pe_buffer_fini(&out);
}

START_TEST(print_dims_out_of_range_is_a_bug)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer out = {NULL, 0, 0};
    const uint64_t shape[PE_NPY_PRINT_DIMS + 1] = {0};
    ck_assert_int_eq(pe_npy_print("'<f8'", shape, 0, &out, &err), PE_EBUG);
    err = (pe_error)PE_ERROR_INIT;
    ck_assert_int_eq(pe_npy_print("'<f8'", shape, PE_NPY_PRINT_DIMS + 1, &out, &err), PE_EBUG);
    ck_assert_uint_eq(out.size, 0);
}
END_TEST

START_TEST(print_shapes_equal_numpy)
{
    prints("'<f8'", (const uint64_t[]){10}, 1, 128, "{'descr': '<f8', 'fortran_order': False, 'shape': (10,), }");
    prints("'<i8'", (const uint64_t[]){0}, 1, 128, "{'descr': '<i8', 'fortran_order': False, 'shape': (0,), }");
    prints("'|b1'", (const uint64_t[]){UINT64_MAX}, 1, 128,
           "{'descr': '|b1', 'fortran_order': False, 'shape': (18446744073709551615,), }");
    prints("'<f4'", (const uint64_t[]){7, 3}, 2, 128, "{'descr': '<f4', 'fortran_order': False, 'shape': (7, 3), }");
    prints("'|i1'", (const uint64_t[]){3, 4, 2}, 3, 128,
           "{'descr': '|i1', 'fortran_order': False, 'shape': (3, 4, 2), }");
    prints("[('f0', '<f8'), ('f1', '<i8', (3,))]", (const uint64_t[]){5}, 1, 128,
           "{'descr': [('f0', '<f8'), ('f1', '<i8', (3,))], 'fortran_order': False, 'shape': (5,), }");
}
END_TEST

/* The lengths that numpy 1.24 gave for a field's name of 1 to 130 letters: where the padding goes over to the next 64.
 */
START_TEST(print_length_equals_numpy_and_ignores_the_count)
{
    for (size_t letters = 1; letters <= 130; letters++) {
        char descr[200];
        pe_error err = PE_ERROR_INIT;
        pe_buffer few = {NULL, 0, 0}, many = {NULL, 0, 0};
        snprintf(descr, sizeof descr, "[('%0*d', '<f8')]", (int)letters, 0);
        ck_ok(pe_npy_print(descr, (const uint64_t[]){0}, 1, &few, &err), err);
        ck_ok(pe_npy_print(descr, (const uint64_t[]){UINT64_MAX}, 1, &many, &err), err);
        ck_assert_uint_eq(few.size, letters < 32 ? 128 : letters < 96 ? 192 : 256);
        ck_assert_uint_eq(many.size, few.size);
        pe_buffer_fini(&few);
        pe_buffer_fini(&many);
    }
}
END_TEST

START_TEST(print_long_descr_is_version_2)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer out = {NULL, 0, 0};
    pe_npy_header header;
    char *descr = malloc(66001);
    ck_assert_ptr_nonnull(descr);
    memset(descr, ' ', 66000);
    memcpy(descr, "[('x', '<f8')", 13);
    descr[65999] = ']';
    descr[66000] = '\0';
    ck_ok(pe_npy_print(descr, (const uint64_t[]){4}, 1, &out, &err), err);
    ck_assert_uint_eq(out.data[6], 2);
    ck_assert_uint_eq(out.size % 64, 0);
    ck_ok(pe_npy_parse(out.data, out.size, "x.npy", &header, &err), err);
    ck_assert_uint_eq(header.data_offset, out.size);
    ck_assert_uint_eq(header.count, 4);
    pe_buffer_fini(&out);
    free(descr);
}
END_TEST

START_TEST(print_unicode_descr_is_version_3)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer out = {NULL, 0, 0};
    pe_npy_header header;
    ck_ok(pe_npy_print("[('\xce\xb1', '<f8')]", (const uint64_t[]){4}, 1, &out, &err), err);
    ck_assert_uint_eq(out.data[6], 3);
    ck_assert_uint_eq(out.size, 128);
    ck_ok(pe_npy_parse(out.data, out.size, "x.npy", &header, &err), err);
    ck_assert_str_eq(header.descr, "[('\xce\xb1', '<f8')]");
    pe_buffer_fini(&out);
}
END_TEST

UNIT_MAIN("npy", parse_wrong_magic_shows_bytes, parse_unknown_version_is_named,
          parse_header_longer_than_file_is_refused, parse_empty_dict_is_refused, parse_missing_key_is_named,
          parse_bad_dict_tells_the_place, parse_bad_shape_is_refused, parse_numpy_header_gives_facts,
          parse_any_order_and_spacing_is_read, parse_shape_boundaries_are_read, parse_every_dtype_is_known,
          parse_foreign_dtype_is_named, parse_structured_descr_is_recognised, parse_long_descr_is_cut,
          parse_cut_anywhere_is_refused, parse_any_byte_anywhere_stays_inside, print_dims_out_of_range_is_a_bug,
          print_shapes_equal_numpy, print_length_equals_numpy_and_ignores_the_count, print_long_descr_is_version_2,
          print_unicode_descr_is_version_3)
