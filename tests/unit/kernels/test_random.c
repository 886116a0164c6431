/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_random.c - random numbers by (seed, item, draw): the known answers, and numbers made of them.
 *
 * The words are of Random123's kat_vectors (philox4x32 10); the rest was computed with Python's integers and floats from
 * the paper's definition.
 */
#include <check.h>
#include <math.h>
#include <stdint.h>

#include <pengine/random.h>

#include "unit.h"

typedef struct answer {
    uint64_t seed, item;
    uint32_t block, kind, word[4];
} answer;

typedef struct draw_row {
    uint64_t seed, item;
    uint32_t draw;
    double uniform, normal;
    int64_t small, large, widest; /* in [-10, 17), [-2^63, 2^62), [-2^63, 2^63 - 1) */
} draw_row;

static const answer answers[] = {
    {0, 0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {UINT64_MAX, UINT64_MAX, UINT32_MAX, UINT32_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {UINT64_C(0x299f31d0a4093822),
     UINT64_C(0x85a308d3243f6a88),
     0x13198a2e,
     0x03707344,
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static const draw_row draws[] = {
    {0, 0, 0, 0x1.c2d38b1acc4fdp-1, -1.5051760519481703, 8, 3873222955885393544, 3311729967170045203},
    {0, 0, 1, 0x1.3601b7b178af5p-1, -1.7047509018105707, 12, 2217908294083233881, 6031668404395903777},
    {7, 1000000000000, 5, 0x1.45fd260b3c934p-1, -0.6622477623163272, 4, -1660610628410054939, 860309841071518684},
    {UINT64_MAX, UINT64_MAX, UINT32_MAX, 0x1.8487efe75e000p-4, -0.6069395490129837, 11, 2004142169502709763,
     5746646904955204953},
};

START_TEST(philox_of_known_answers_gives_them)
{
    for (size_t a = 0; a < sizeof answers / sizeof *answers; a++) {
        const pe_random_words words =
            pe_random_philox(answers[a].seed, answers[a].item, answers[a].block, answers[a].kind);
        for (int w = 0; w < 4; w++)
            ck_assert_uint_eq(words.word[w], answers[a].word[w]);
    }
}
END_TEST

START_TEST(draws_are_those_of_the_definition)
{
    for (size_t d = 0; d < sizeof draws / sizeof *draws; d++) {
        const draw_row *row = &draws[d];
        ck_assert(pe_random_uniform(row->seed, row->item, row->draw) == row->uniform);
        ck_assert_double_eq_tol(pe_random_normal(row->seed, row->item, row->draw), row->normal, 1e-14);
        ck_assert_int_eq(pe_random_integer(row->seed, row->item, row->draw, -10, 17), row->small);
        ck_assert_int_eq(pe_random_integer(row->seed, row->item, row->draw, INT64_MIN, INT64_C(1) << 62), row->large);
        ck_assert_int_eq(pe_random_integer(row->seed, row->item, row->draw, INT64_MIN, INT64_MAX), row->widest);
    }
}
END_TEST

START_TEST(integer_of_no_range_is_low)
{
    ck_assert_int_eq(pe_random_integer(1, 2, 3, 5, 5), 5);
    ck_assert_int_eq(pe_random_integer(1, 2, 3, 5, 4), 5);
    ck_assert_int_eq(pe_random_integer(1, 2, 3, INT64_MAX, INT64_MIN), INT64_MAX);
    ck_assert_int_eq(pe_random_integer(1, 2, 3, 5, 6), 5);
}
END_TEST

/* A range of 3 * 2^62 is where taking the remainder would make the first third twice as likely. */
START_TEST(integer_of_many_favours_none)
{
    const int items = 30000;
    int small[3] = {0}, large[3] = {0};
    for (uint64_t i = 0; i < (uint64_t)items; i++) {
        const int64_t value = pe_random_integer(11, i, 0, INT64_MIN, INT64_C(1) << 62);
        large[value < INT64_MIN / 2 ? 0 : value < 0 ? 1 : 2]++;
        small[pe_random_integer(11, i, 1, 0, 3)]++;
    }
    for (int third = 0; third < 3; third++) { /* six standard deviations of 82 */
        ck_assert_int_lt(abs(small[third] - items / 3), 490);
        ck_assert_int_lt(abs(large[third] - items / 3), 490);
    }
}
END_TEST

static void check_moments(double (*draw)(uint64_t, uint64_t, uint32_t), double mean, double variance)
{
    const double items = 100000;
    double sum = 0, squares = 0, lag = 0, before = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        const double value = draw(3, i, (uint32_t)(i % 3)) - mean;
        sum += value;
        squares += value * value;
        lag += value * before;
        before = value;
    }
    ck_assert_double_eq_tol(sum / items, 0, 6 * sqrt(variance / items));
    ck_assert_double_eq_tol(squares / items, variance, 0.03 * variance);
    ck_assert_double_eq_tol(lag / items, 0, 0.03 * variance);
}

START_TEST(draws_of_many_items_have_their_moments)
{
    check_moments(pe_random_uniform, 0.5, 1.0 / 12);
    check_moments(pe_random_normal, 0, 1);
}
END_TEST

START_TEST(uniform_of_many_stays_below_one)
{
    double least = 1, most = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        const double value = pe_random_uniform(0, i, 0);
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    ck_assert(least >= 0 && least < 0.001 && most > 0.999 && most < 1);
}
END_TEST

UNIT_MAIN("random", philox_of_known_answers_gives_them, draws_are_those_of_the_definition, integer_of_no_range_is_low,
          integer_of_many_favours_none, draws_of_many_items_have_their_moments, uniform_of_many_stays_below_one)
