/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_registry.c - the table of built-ins is sound, and the pick among overloads follows registry.h.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "kernel/registry.h"
#include "unit.h"

#define WHERE "job.toml:3:8: kernel.name"

/* A request as words: columns as a signature's arguments, "?" for one that is untyped. */
typedef struct asked {
    const char *name, *columns, *signature;
    pe_dtype output; /* 0: none */
} asked;

typedef struct answer {
    pe_status status;
    const pe_kernel *kernel;
    pe_signature signature;
    pe_error err;
} answer;

static answer pick(asked a)
{
    pe_type columns[PE_MAX_COLUMNS];
    bool untyped[PE_MAX_COLUMNS];
    char words[256];
    answer out = {.err = PE_ERROR_INIT};
    pe_kernel_request request = {.name = a.name,
                                 .where = WHERE,
                                 .signature = a.signature,
                                 .columns = columns,
                                 .untyped = untyped,
                                 .has_output_dtype = a.output != 0,
                                 .output_dtype = a.output};
    snprintf(words, sizeof words, "%s", a.columns);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
        const int c = request.column_count++;
        untyped[c] = strcmp(word, "?") == 0;
        ck_ok(pe_type_parse(untyped[c] ? "text" : word, &columns[c], &out.err), out.err);
    }
    out.status = pe_registry_pick(&request, &out.kernel, &out.signature, &out.err);
    return out;
}

static void picks(asked a, const char *signature)
{
    char printed[PE_SIGNATURE_ROOM];
    const answer got = pick(a);
    ck_assert_msg(got.status == PE_OK, "%s", got.err.text);
    ck_assert_str_eq(got.kernel->name, a.name);
    ck_assert_str_eq(got.kernel->signature, signature);
    ck_assert_str_eq(pe_signature_print(&got.signature, printed), signature);
}

static void refuses(asked a, pe_status status, const char *text)
{
    const answer got = pick(a);
    ck_assert_int_eq(got.status, status);
    ck_assert_str_eq(got.err.text, text);
}

START_TEST(registry_unknown_name_suggests_the_nearest)
{
    refuses((asked){"sqare", "int64", NULL, 0}, PE_EKERNEL,
            WHERE ": there is no kernel \"sqare\"; did you mean \"square\"?");
    refuses((asked){"colatz_steps", "int64", NULL, 0}, PE_EKERNEL,
            WHERE ": there is no kernel \"colatz_steps\"; did you mean \"collatz_steps\"?");
    refuses((asked){"zzz", "int64", NULL, 0}, PE_EKERNEL,
            WHERE ": there is no kernel \"zzz\"; pengine --kernels lists them");
    refuses((asked){"", "int64", NULL, 0}, PE_EKERNEL, WHERE ": there is no kernel \"\"; pengine --kernels lists them");
}
END_TEST

START_TEST(registry_wrong_signature_is_refused)
{
    refuses((asked){"is_prime", "int64", "(int64) -> int64", 0}, PE_ECONFIG,
            WHERE ": kernel \"is_prime\" has no signature (int64) -> int64; it has (int64) -> bool");
    refuses((asked){"square", "int64", "(int32) -> int64", 0}, PE_ECONFIG,
            WHERE ": kernel \"square\" has no signature (int32) -> int64; it has (int64) -> int64; (int128) -> "
                  "int128; (float64) -> float64");
    refuses((asked){"square", "int64", "(flaot64) -> int64", 0}, PE_ECONFIG,
            WHERE ": signature: expected a dtype at character 2, got \"flaot64\"; did you mean \"float64\"?");
}
END_TEST

START_TEST(registry_wrong_arity_names_both)
{
    refuses((asked){"hypot", "int64", NULL, 0}, PE_ECONFIG,
            WHERE
            ": kernel \"hypot\" takes 2 arguments, (float64, float64) -> float64, but the input gives 1: (int64)");
    refuses((asked){"is_prime", "int64 ?", NULL, 0}, PE_ECONFIG,
            WHERE
            ": kernel \"is_prime\" takes 1 argument, (int64) -> bool, but the input gives 2: (int64, text or number)");
    refuses((asked){"norm3", "? ?", NULL, 0}, PE_ECONFIG,
            WHERE ": kernel \"norm3\" takes 1 argument, (float64[3]) -> float64, but the input gives 2: (text or "
                  "number, text or number)");
}
END_TEST

START_TEST(registry_types_that_lose_value_are_refused)
{
    refuses((asked){"is_prime", "float64", NULL, 0}, PE_ECONFIG,
            WHERE ": kernel \"is_prime\" takes no (float64); it has (int64) -> bool");
    refuses((asked){"is_prime", "text", NULL, 0}, PE_ECONFIG,
            WHERE ": kernel \"is_prime\" takes no (text); it has (int64) -> bool");
    refuses((asked){"is_prime", "int64[3]", NULL, 0}, PE_ECONFIG,
            WHERE ": kernel \"is_prime\" takes no (int64[3]); it has (int64) -> bool");
    refuses((asked){"square", "float64", "(int64) -> int64", 0}, PE_ECONFIG,
            WHERE ": kernel \"square\" takes no (float64); it has (int64) -> int64");
    refuses((asked){"norm3", "float64[2]", NULL, 0}, PE_ECONFIG,
            WHERE ": kernel \"norm3\" takes no (float64[2]); it has (float64[3]) -> float64");
    refuses((asked){"norm3", "?", NULL, 0}, PE_ECONFIG,
            WHERE ": kernel \"norm3\" takes no (text or number); it has (float64[3]) -> float64");
}
END_TEST

START_TEST(registry_picks_the_very_same_type_first)
{
    picks((asked){"square", "int64", NULL, 0}, "(int64) -> int64");
    picks((asked){"square", "int128", NULL, 0}, "(int128) -> int128");
    picks((asked){"square", "float64", NULL, 0}, "(float64) -> float64");
    picks((asked){"sum_of_squares", "int64 int128", NULL, 0}, "(int128, int128) -> int128");
    picks((asked){"sum_of_squares", "float64 int64", NULL, 0}, "(float64, float64) -> float64");
    picks((asked){"hypot", "float64 float64", NULL, 0}, "(float64, float64) -> float64");
    picks((asked){"text_upper", "text", NULL, 0}, "(text) -> text");
}
END_TEST

START_TEST(registry_picks_safe_casts_before_checked_ones)
{
    picks((asked){"square", "int32", NULL, 0}, "(int64) -> int64");       /* all are safe: the first */
    picks((asked){"square", "uint64", NULL, 0}, "(int128) -> int128");    /* int64 refused, float64 checked */
    picks((asked){"square", "float32", NULL, 0}, "(float64) -> float64"); /* the others refused */
    picks((asked){"hypot", "int64 uint8", NULL, 0}, "(float64, float64) -> float64");
}
END_TEST

START_TEST(registry_untyped_columns_take_the_default)
{
    picks((asked){"square", "?", NULL, 0}, "(int64) -> int64");
    picks((asked){"sum_of_squares", "? float64", NULL, 0}, "(float64, float64) -> float64");
    picks((asked){"text_length", "?", NULL, 0}, "(text) -> int64");
    picks((asked){"black_scholes", "? ? ? ? ?", NULL, 0}, "(float64, float64, float64, float64, float64) -> float64");
}
END_TEST

START_TEST(registry_output_dtype_comes_before_all)
{
    picks((asked){"square", "int64", NULL, PE_INT128}, "(int128) -> int128");
    picks((asked){"square", "int64", NULL, PE_FLOAT64}, "(float64) -> float64");
    picks((asked){"square", "?", NULL, PE_FLOAT64}, "(float64) -> float64");
    picks((asked){"square", "int64", NULL, PE_TEXT}, "(int64) -> int64");         /* no such overload */
    picks((asked){"square", "float64", NULL, PE_INT128}, "(float64) -> float64"); /* it does not fit */
}
END_TEST

START_TEST(registry_given_signature_is_taken)
{
    picks((asked){"square", "int64", "(int128)->int128", 0}, "(int128) -> int128");
    picks((asked){"square", "?", " ( float64 ) -> float64 ", PE_INT64}, "(float64) -> float64");
}
END_TEST

START_TEST(registry_vector_takes_scalar_columns)
{
    picks((asked){"norm3", "float64[3]", NULL, 0}, "(float64[3]) -> float64");
    picks((asked){"norm3", "? ? ?", NULL, 0}, "(float64[3]) -> float64");
    picks((asked){"norm3", "float64 ? float64", "(float64[3]) -> float64", 0}, "(float64[3]) -> float64");
    refuses((asked){"norm3", "float64 float32 float64", NULL, 0}, PE_ECONFIG,
            WHERE ": kernel \"norm3\" takes 1 argument, (float64[3]) -> float64, but the input gives 3: (float64, "
                  "float32, float64)");
}
END_TEST

START_TEST(registry_table_is_sound)
{
    size_t count = 0, squares = 0;
    const pe_kernel *const *all = pe_registry_all(&count);
    for (size_t k = 0; k < count; k++) {
        pe_signature signature;
        char printed[PE_SIGNATURE_ROOM];
        pe_error err = PE_ERROR_INIT;
        squares += strcmp(all[k]->name, "square") == 0;
        for (size_t other = 0; other + 1 < k; other++) /* overloads stand together */
            ck_assert(strcmp(all[k]->name, all[k - 1]->name) == 0 || strcmp(all[k]->name, all[other]->name) != 0);
        ck_assert_uint_eq(all[k]->abi, PE_KERNEL_ABI);
        ck_assert_uint_eq(all[k]->size, sizeof(pe_kernel));
        ck_assert(all[k]->map != NULL);
        ck_assert_ptr_null(strchr(all[k]->summary, '\n'));
        ck_ok(pe_signature_parse(all[k]->signature, &signature, &err), err);
        ck_assert_str_eq(pe_signature_print(&signature, printed), all[k]->signature);
    }
    ck_assert_uint_eq(squares, 3);
}
END_TEST

START_TEST(registry_print_aligns_columns)
{
    char *text = NULL;
    size_t size = 0, lines = 0, count = 0;
    (void)pe_registry_all(&count);
    FILE *out = open_memstream(&text, &size);
    pe_registry_print(out);
    fclose(out);
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1, lines++) {
        ck_assert_int_ne(line[0], ' ');
        ck_assert(line[14] == ' ' && line[15] == ' ' && line[16] == '('); /* "sum_of_squares" is 14 */
        ck_assert_int_ne(line[16 + strlen("(float64, float64, float64, float64, float64) -> float64") + 2], ' ');
        ck_assert_int_ne(strchr(line, '\n')[-1], ' ');
    }
    ck_assert_uint_eq(lines, count);
    free(text);
}
END_TEST

UNIT_MAIN("registry", registry_unknown_name_suggests_the_nearest, registry_wrong_signature_is_refused,
          registry_wrong_arity_names_both, registry_types_that_lose_value_are_refused,
          registry_picks_the_very_same_type_first, registry_picks_safe_casts_before_checked_ones,
          registry_untyped_columns_take_the_default, registry_output_dtype_comes_before_all,
          registry_given_signature_is_taken, registry_vector_takes_scalar_columns, registry_table_is_sound,
          registry_print_aligns_columns)
