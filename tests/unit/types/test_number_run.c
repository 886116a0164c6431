/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_number_run.c - a run of numbers has the bits that the C library's strtod, strtof and strtoll give.
 */
#include "types/number_run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "types/decimals.h"
#include "types/number.h"
#include "unit.h"

#ifdef PENGINE_SANITIZED
enum { MOST = 10000, ROOM = MOST * 64 };
#else
enum { MOST = 200000, ROOM = MOST * 64 };
#endif

/* Numbers with a comma after each, as a csv of one column has them. */
typedef struct sample {
    char *data;
    uint32_t *ends;
    size_t size, count;
    uint64_t random;
} sample;

static sample begin(void)
{
    sample s = {.data = malloc(ROOM), .ends = malloc((MOST + 1) * sizeof *s.ends), .random = 7};
    ck_assert(s.data != NULL && s.ends != NULL);
    s.ends[0] = UINT32_MAX;
    return s;
}

static void end(sample *s)
{
    free(s->data);
    free(s->ends);
}

static uint64_t pick(sample *s, uint64_t below)
{
    s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (s->random >> 33) % below;
}

static void put(sample *s, const char *text)
{
    const size_t size = strlen(text);
    memcpy(s->data + s->size, text, size);
    s->size += size;
    s->ends[++s->count] = (uint32_t)s->size;
    s->data[s->size++] = ',';
}

static void put_digits(sample *s, char *out, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        out[i] = (char)('0' + pick(s, 10));
    out[count] = '\0';
}

/* Random decimal numbers: most with a point, some with an exponent; digits as long as a float may have and longer. */
static void put_float(sample *s)
{
    char text[64] = {0};
    if (pick(s, 3) == 0)
        strcat(text, "-");
    put_digits(s, text + strlen(text), pick(s, 9));
    if (pick(s, 8) != 0)
        strcat(text, ".");
    put_digits(s, text + strlen(text), pick(s, 20));
    if (pick(s, 10) == 0)
        sprintf(text + strlen(text), "e%d", (int)pick(s, 700) - 350);
    const char *const number = text + (text[0] == '-');
    if (number[strspn(number, "0123456789")] != '\0' && number[strspn(number, ".")] >= '0' &&
        number[strspn(number, ".")] <= '9')
        put(s, text);
}

static pe_number_run run_of(const sample *s)
{
    return (pe_number_run){.data = s->data, .size = s->size, .ends = s->ends, .stride = 1, .count = s->count};
}

static const char *text_at(const sample *s, size_t i)
{
    return s->data + (uint32_t)(s->ends[i] + 1);
}

/* The whole run, whatever it leaves to pe_parse_element; returns how much it left. */
static size_t parse_all(const sample *s, pe_dtype dtype, void *out)
{
    const pe_number_run run = run_of(s);
    const size_t bytes = pe_dtype_bytes(dtype);
    size_t left = 0;
    for (size_t at = 0; at < s->count; at++) {
        at = pe_parse_run(&run, at, dtype, out, bytes);
        if (at == s->count)
            break;
        const size_t size = s->ends[at + 1] - (uint32_t)(s->ends[at] + 1);
        if (!pe_parse_element(text_at(s, at), size, dtype, (char *)out + at * bytes))
            memset((char *)out + at * bytes, 0xFF, bytes);
        left++;
    }
    return left;
}

START_TEST(run_float64_has_the_bits_of_strtod)
{
    sample s = begin();
    while (s.count < MOST)
        put_float(&s);
    double *const got = calloc(MOST, sizeof *got);
    ck_assert_uint_lt(parse_all(&s, PE_FLOAT64, got), MOST / 50); /* those too large */
    for (size_t i = 0; i < s.count; i++) {
        const double expected = strtod(text_at(&s, i), NULL);
        if (expected - expected == 0)
            ck_assert_msg(memcmp(&got[i], &expected, sizeof expected) == 0, "%.30s: %a, not %a", text_at(&s, i), got[i],
                          expected);
    }
    free(got);
    end(&s);
}
END_TEST

START_TEST(run_float32_has_the_bits_of_strtof)
{
    sample s = begin();
    while (s.count < MOST)
        put_float(&s);
    float *const got = calloc(MOST, sizeof *got);
    ck_assert_uint_lt(parse_all(&s, PE_FLOAT32, got), MOST / 10);
    for (size_t i = 0; i < s.count; i++) {
        const float expected = strtof(text_at(&s, i), NULL);
        if (expected - expected == 0)
            ck_assert_msg(memcmp(&got[i], &expected, sizeof expected) == 0, "%.30s: %a, not %a", text_at(&s, i),
                          (double)got[i], (double)expected);
    }
    free(got);
    end(&s);
}
END_TEST

START_TEST(run_int64_is_strtoll)
{
    sample s = begin();
    char text[32];
    for (size_t i = 0; i < MOST; i++) {
        strcpy(text, pick(&s, 2) == 0 ? "-" : "");
        put_digits(&s, text + strlen(text), 1 + pick(&s, 18));
        put(&s, text);
    }
    int64_t *const got = calloc(MOST, sizeof *got);
    ck_assert_uint_eq(parse_all(&s, PE_INT64, got), 0);
    for (size_t i = 0; i < s.count; i++)
        ck_assert_int_eq(got[i], strtoll(text_at(&s, i), NULL, 10));
    free(got);
    end(&s);
}
END_TEST

/* The text between commas, in front of it enough for the fast way, is refused or has the value of pe_parse_element. */
static void agrees(const char *text, pe_dtype dtype)
{
    sample s = begin();
    put(&s, "1234567890123456789012345678.5");
    put(&s, text);
    put(&s, "9999999999");
    pe_number_run run = run_of(&s);
    run.count = 2;
    unsigned char got[2 * sizeof(pe_int128)] = {0}, expected[sizeof(pe_int128)] = {0};
    const size_t bytes = pe_dtype_bytes(dtype);
    const bool is_taken = pe_parse_run(&run, 1, dtype, got, bytes) == 2;
    const bool is_number = pe_parse_element(text, strlen(text), dtype, expected);
    ck_assert_msg(!is_taken || is_number, "\"%s\" is no %s", text, pe_dtype_name(dtype));
    ck_assert_msg(!is_taken || memcmp(got + bytes, expected, bytes) == 0, "\"%s\" as %s", text, pe_dtype_name(dtype));
    end(&s);
}

START_TEST(run_takes_nothing_that_an_element_is_not)
{
    static const char *const texts[] = {"",
                                        "-",
                                        "+",
                                        ".",
                                        "-.",
                                        "1.",
                                        ".5",
                                        "-.5",
                                        "1..2",
                                        "1.2.3",
                                        "--1",
                                        "1-2",
                                        "1e",
                                        "1e+",
                                        "1e5",
                                        "1E-5",
                                        "nan",
                                        "-nan",
                                        "inf",
                                        "-inf",
                                        "nan(1)",
                                        "infinity",
                                        "0x10",
                                        "1_000",
                                        "1,5",
                                        "1;5",
                                        "12a",
                                        "a12",
                                        "12345678a",
                                        "1234567.a",
                                        "/1",
                                        ":1",
                                        "1/",
                                        "1:",
                                        "1.0:",
                                        "1.0/",
                                        " 1",
                                        "1 ",
                                        "\t1.5 ",
                                        "- 1",
                                        "1 2",
                                        "1\r",
                                        "00",
                                        "-0",
                                        "-0.0",
                                        "000.5",
                                        "1.5\r",
                                        "16777217",
                                        "9007199254740992",
                                        "9007199254740993",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "-9223372036854775808",
                                        "99999999",
                                        "123456789",
                                        "0.1234567890123456789",
                                        "1234567.123456789012",
                                        "12345678.5",
                                        "1234567.1234567890123",
                                        "9.999999999999999999",
                                        "1e400",
                                        "1e-400",
                                        "16777217.000000000931322574615478515625",
                                        "\xB1\xB2",
                                        "1\xB2",
                                        "1.\xB2",
                                        "1.0\n",
                                        "0.000000000000000000"};
    static const pe_dtype dtypes[] = {PE_FLOAT64, PE_FLOAT32, PE_INT64};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t d = 0; d < 3; d++)
            agrees(texts[i], dtypes[d]);
}
END_TEST

START_TEST(run_takes_any_byte_in_place_of_a_digit_as_an_element_does)
{
    for (size_t at = 0; at < 12; at++)
        for (int byte = 1; byte < 256; byte++) {
            char text[] = "1234.5678901";
            text[at] = (char)byte;
            agrees(text, PE_FLOAT64);
            agrees(text, PE_INT64);
        }
}
END_TEST

START_TEST(run_empty_text_is_nan_of_floats_where_it_may_be)
{
    static const char *const texts[] = {"1.5", "", "2.5", "3.5", "", ""};
    enum { COUNT = sizeof texts / sizeof *texts };
    sample s = begin();
    for (size_t i = 0; i < COUNT; i++)
        put(&s, texts[i]);
    pe_number_run run = run_of(&s);
    double wide[COUNT] = {0};
    float narrow[COUNT] = {0};
    int64_t whole[COUNT];
    ck_assert_uint_eq(pe_parse_run(&run, 0, PE_FLOAT64, wide, sizeof *wide), 1);
    run.empty_is_nan = 1;
    ck_assert_uint_eq(pe_parse_run(&run, 0, PE_FLOAT64, wide, sizeof *wide), COUNT);
    ck_assert_uint_eq(pe_parse_run(&run, 0, PE_FLOAT32, narrow, sizeof *narrow), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_int_eq(isnan(wide[i]) != 0, *texts[i] == '\0');
        ck_assert_int_eq(isnan(narrow[i]) != 0, *texts[i] == '\0');
        ck_assert(*texts[i] == '\0' || wide[i] == strtod(texts[i], NULL));
    }
    ck_assert_uint_eq(pe_parse_run(&run, 1, PE_INT64, whole, sizeof *whole), 1);
    end(&s);
}
END_TEST

/* What plain C takes, AVX2 takes too, with the same digits. */
START_TEST(run_digits_are_the_same_in_every_way)
{
    sample s = begin();
    while (s.count < MOST)
        put_float(&s);
    const pe_number_run run = run_of(&s);
    size_t count;
    const pe_decimals_way *const ways = pe_decimals_ways(&count);
    ck_assert_str_eq(ways[count - 1].name, "plain C");
    pe_decimal expected, got;
    size_t common = 0;
    for (size_t i = 0; i < s.count; i++) {
        ways[count - 1].read(&run, i, 1, &expected);
        common += expected.is_common;
        for (size_t w = 0; w < count && expected.is_common; w++) {
            ways[w].read(&run, i, 1, &got);
            ck_assert_msg(got.is_common && got.mantissa == expected.mantissa && got.places == expected.places &&
                              got.is_negative == expected.is_negative && got.has_point == expected.has_point,
                          "%s: %.40s", ways[w].name, text_at(&s, i));
        }
    }
    ck_assert_uint_gt(common, MOST / 2);
    end(&s);
}
END_TEST

UNIT_MAIN("number run", run_digits_are_the_same_in_every_way, run_float64_has_the_bits_of_strtod,
          run_float32_has_the_bits_of_strtof, run_int64_is_strtoll, run_takes_nothing_that_an_element_is_not,
          run_takes_any_byte_in_place_of_a_digit_as_an_element_does, run_empty_text_is_nan_of_floats_where_it_may_be)
