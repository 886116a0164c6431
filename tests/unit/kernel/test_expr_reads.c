/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_expr_reads.c - what an expression reads beside numbers: texts, and whether it reads what the job gives it.
 */
#include <check.h>

#include "compiled_helpers.h"

static void open_expr(const char *expr)
{
    form_spec.expr = expr;
    compiled_open();
}

START_TEST(expr_of_texts_compares_bytes)
{
    static const pe_text texts[] = {{"DE", 2}, {"DEN", 3}, {NULL, 0}, {"XDE", 3}};
    static const pe_param country = {.name = "country", .dtype = PE_TEXT, .text = {.data = "DE", .size = 2}};
    static const struct {
        const char *expr;
        int64_t wanted[4];
    } rows[] = {{"equals(x, \"DE\")", {1, 0, 0, 0}},       {"equals(x, \"\")", {0, 0, 1, 0}},
                {"starts_with(x, country)", {1, 1, 0, 0}}, {"ends_with(x, country)", {1, 0, 0, 1}},
                {"contains(x, country)", {1, 1, 0, 1}},    {"length(x) + length(country)", {4, 5, 2, 5}},
                {"!equals(country, x)", {0, 1, 1, 1}},     {"contains(x, \"\")", {1, 1, 1, 1}}};
    compiled_enter(PE_FORM_EXPR);
    form_columns[0] = TEXT;
    form_args[0] = texts;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        form_spec.setup =
            (pe_setup){.params = &country, .param_count = strstr(rows[r].expr, "country") != NULL ? 1 : 0};
        open_expr(rows[r].expr);
        ck_assert_uint_eq(run_items(4), 0);
        for (size_t t = 0; t < 4; t++)
            ck_assert_msg(form_out[0].integers[t] == rows[r].wanted[t], "%s of text %zu", rows[r].expr, t);
        compiled_close();
    }
    compiled_leave();
}
END_TEST

START_TEST(expr_that_reads_less_than_is_given_is_refused)
{
    static const pe_param params[] = {{.name = "n", .dtype = PE_INT64, .integer = 1}};
    compiled_enter(PE_FORM_EXPR);
    form_spec.expr = "x + 1";
    form_spec.setup = (pe_setup){.params = params, .param_count = 1};
    compiled_refused(PE_EKERNEL, "job.toml:3:1: kernel.params.n: the expression \"x + 1\" does not read \"n\"");
    form_spec.setup = (pe_setup){.seed = 7};
    compiled_refused(PE_EKERNEL, "job.toml:3:1: kernel.seed: the expression \"x + 1\" draws no random number: it calls "
                                 "none of uniform, normal and integer");
    compiled_leave();
}
END_TEST

UNIT_MAIN("expr_reads", expr_of_texts_compares_bytes, expr_that_reads_less_than_is_given_is_refused)
