/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_toml.c - TOML text becomes a tree with places; a path sets a value in it.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/toml/toml.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static pe_toml *parse_as(const char *text, const char *origin)
{
    pe_error err = PE_ERROR_INIT;
    pe_toml *root = NULL;
    ck_ok(pe_toml_parse(text, strlen(text), origin, &root, &err), err);
    ck_assert_ptr_nonnull(root);
    ck_assert_int_eq(root->kind, PE_TOML_TABLE);
    return root;
}

static pe_toml *parse(const char *text)
{
    return parse_as(text, "job.toml");
}

static void refuses_bytes(const char *text, size_t size, const char *message)
{
    pe_error err = PE_ERROR_INIT;
    pe_toml *root = NULL;
    ck_assert_msg(pe_toml_parse(text, size, "job.toml", &root, &err) == PE_ECONFIG, "accepted: %s", text);
    ck_assert_ptr_null(root);
    ck_assert_msg(strncmp(err.text, message, strlen(message)) == 0, "expected \"%s...\", got \"%s\"", message,
                  err.text);
    for (const char *c = err.text; *c != '\0'; c++)
        ck_assert_msg((unsigned char)*c >= 0x20, "a control byte in \"%s\"", err.text);
}

static void refuses(const char *text, const char *message)
{
    refuses_bytes(text, strlen(text), message);
}

START_TEST(parse_broken_text_names_the_place)
{
    refuses("mode\n", "job.toml:1:5: ");
    refuses("\n\n[input\n", "job.toml:3:7: ");
    refuses("a = 1\na = 2\n", "job.toml:2:5: while parsing key-value pair: cannot redefine existing integer 'a'");
    refuses("a = \"x\nb = 1\n", "job.toml:1:7: ");
    refuses("a = 9223372036854775808\n", "job.toml:1:");
    refuses("a = [1, 2\n", "job.toml:1:11: while parsing array: encountered end-of-file");
    refuses("a = 1 2\n", "job.toml:1:7: ");
    refuses("mode = map\n", "job.toml:1:8: while parsing value: not a value (text stands in quotes)");
}
END_TEST

/* Each of these met a failing assertion inside toml++ 3.3. */
START_TEST(parse_text_that_broke_the_parser_is_refused)
{
    refuses("[=]\n", "job.toml:1:");
    refuses("[=[x.y]]\n", "job.toml:1:");
    refuses("a = [,]\n", "job.toml:1:");
    refuses("t = 1979-05-27T07:32:00.Z\n", "job.toml:1:");
    refuses("a = {b = }\n", "job.toml:1:");
}
END_TEST

START_TEST(parse_bytes_that_are_not_text_are_refused)
{
    refuses_bytes("a=\0", 3, "job.toml:1:");
    refuses_bytes("\0", 1, "job.toml:1:");
    refuses("a = \"\xff\"\n", "job.toml:1:");
    refuses("a = \"\xc3\n", "job.toml:");
    refuses_bytes("\xff\xfe"
                  "a\0",
                  4, "job.toml:");
    refuses("a = \"\x01\"\n", "job.toml:1:");
}
END_TEST

/* `before`, then `unit` many times, then `after`. */
static char *repeat(const char *before, const char *unit, size_t times, const char *after)
{
    char *const out = malloc(strlen(before) + times * strlen(unit) + strlen(after) + 1);
    ck_assert_ptr_nonnull(out);
    char *end = stpcpy(out, before);
    for (size_t i = 0; i < times; i++)
        end = stpcpy(end, unit);
    stpcpy(end, after);
    return out;
}

static void refuses_repeated(const char *before, const char *unit, const char *after, const char *message)
{
    char *const text = repeat(before, unit, 200000, after);
    refuses(text, message);
    free(text);
}

START_TEST(parse_absurd_depth_is_refused)
{
    refuses_repeated("a = ", "[", "", "job.toml:1:");
    refuses_repeated("a = ", "[", "]", "job.toml:1:");
    refuses_repeated("a = ", "{a = ", "", "job.toml:1:");
    refuses_repeated("", "a.", "a = 1\n", "job.toml:1:66: a key with more than 32 dots");
    refuses_repeated("[", "a.", "a]\n", "job.toml:1:67: ");
    refuses_repeated("x = {", "\"a\" . ", "a = 1}\n", "job.toml:1:");
    refuses_repeated("a = \"\"\"x\n\"\"\"\"\"\n", "a.", "a = 1\n", "job.toml:3:66: ");
    refuses_repeated("a = '''x'''''\n", "a.", "a = 1\n", "job.toml:2:66: ");
    refuses_repeated("x = {b = \"\"\"x\"\"\"\", ", "a.", "a = 1}\n", "job.toml:1:85: a key with");
    refuses_repeated("# \"\n", "a.", "a = 1\n", "job.toml:2:66: ");
    refuses_repeated("a = \"\\\"#\"\n", "a.", "a = 1\n", "job.toml:2:66: ");
    refuses_repeated("#\f", "a.", "a = 1\n", "job.toml:1:");
    refuses_repeated("#\r", "a.", "a = 1\n", "job.toml:1:");
}
END_TEST

START_TEST(parse_dots_that_are_no_key_do_not_count)
{
    char *const comment = repeat("# ", ".", 1000, "\na = 1\n");
    char *const string = repeat("a = \"", "..", 1000, "\"\n");
    char *const literal = repeat("a = '", "..", 1000, "'\n");
    char *const several = repeat("a = \"\"\"\"", "..\n", 1000, "\"\"\"\n");
    char *const numbers = repeat("a = [", "1.5, ", 1000, "1.5]\n");
    char *const keys = repeat("", "# .\n[[a.b.c]]\nd.e.f = 1.5\n", 1000, "");
    const char *const texts[] = {comment, string, literal, several, numbers, keys};
    for (size_t i = 0; i < COUNT(texts); i++)
        pe_toml_free(parse(texts[i]));
    free(comment);
    free(string);
    free(literal);
    free(several);
    free(numbers);
    free(keys);
}
END_TEST

START_TEST(parse_nothing_is_an_empty_table)
{
    static const char *const texts[] = {"", "\n", "# only this", "\xef\xbb\xbf", "\r\n\r\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        pe_toml *const root = parse(texts[i]);
        ck_assert_uint_eq(root->count, 0);
        ck_assert_ptr_null(pe_toml_get(root, "a"));
        pe_toml_free(root);
    }
    pe_toml_free(NULL);
}
END_TEST

START_TEST(parse_mark_and_crlf_are_fine)
{
    pe_toml *const root = parse("\xef\xbb\xbf"
                                "a = 1\r\n[b]\r\nc = \"x\"\r\n");
    ck_assert_int_eq(pe_toml_get(root, "a")->integer, 1);
    ck_assert_uint_eq(pe_toml_get(root, "a")->column, 5);
    ck_assert_str_eq(pe_toml_get(pe_toml_get(root, "b"), "c")->string, "x");
    pe_toml_free(root);
}
END_TEST

START_TEST(parse_every_kind_of_value)
{
    pe_toml *const root = parse("i = -9223372036854775808\nh = 0xff\nu = 1_000\nf = 2.5\ne = 1e300\nn = -inf\n"
                                "t = true\nd = 1979-05-27\nc = 07:32:00\ns = \"a\\u00e9\\u0000b\"\nl = 'C:\\x'\n");
    ck_assert(pe_toml_get(root, "i")->integer == INT64_MIN);
    ck_assert_int_eq(pe_toml_get(root, "h")->integer, 255);
    ck_assert_int_eq(pe_toml_get(root, "u")->integer, 1000);
    ck_assert_int_eq(pe_toml_get(root, "u")->kind, PE_TOML_INT);
    ck_assert(pe_toml_get(root, "f")->real == 2.5);
    ck_assert_int_eq(pe_toml_get(root, "e")->kind, PE_TOML_FLOAT);
    ck_assert(pe_toml_get(root, "n")->real < 0 && isinf(pe_toml_get(root, "n")->real));
    ck_assert(pe_toml_get(root, "t")->kind == PE_TOML_BOOL && pe_toml_get(root, "t")->boolean);
    ck_assert_int_eq(pe_toml_get(root, "d")->kind, PE_TOML_DATE);
    ck_assert_int_eq(pe_toml_get(root, "c")->kind, PE_TOML_DATE);
    ck_assert_uint_eq(pe_toml_get(root, "s")->string_size, 5);
    ck_assert_mem_eq(pe_toml_get(root, "s")->string, "a\xc3\xa9\0b", 6);
    ck_assert_str_eq(pe_toml_get(root, "l")->string, "C:\\x");
    pe_toml_free(root);
}
END_TEST

START_TEST(parse_places_and_order_are_the_files)
{
    pe_toml *const root = parse("zeta = 1\n\n  alpha = \"x\"\n[pool]\nthreads =   8\n[[input]]\nrange = [0, 10]\n");
    static const char *const keys[] = {"zeta", "alpha", "pool", "input"};
    ck_assert_uint_eq(root->count, COUNT(keys));
    for (size_t i = 0; i < COUNT(keys); i++) {
        ck_assert_str_eq(root->children[i].key, keys[i]);
        ck_assert_str_eq(root->children[i].origin, "job.toml");
    }
    const pe_toml *const alpha = pe_toml_get(root, "alpha");
    ck_assert(alpha->line == 3 && alpha->column == 11 && alpha->key_line == 3 && alpha->key_column == 3);
    const pe_toml *const threads = pe_toml_get(pe_toml_get(root, "pool"), "threads");
    ck_assert(threads->line == 5 && threads->column == 13 && threads->key_line == 5 && threads->key_column == 1);
    const pe_toml *const input = pe_toml_get(root, "input");
    ck_assert(input->kind == PE_TOML_ARRAY && input->count == 1 && input->children[0].kind == PE_TOML_TABLE);
    ck_assert_ptr_null(input->children[0].key);
    const pe_toml *const range = pe_toml_get(&input->children[0], "range");
    ck_assert(range->count == 2 && range->children[1].integer == 10);
    ck_assert(range->children[1].line == 7 && range->children[1].column == 13);
    pe_toml_free(root);
}
END_TEST

START_TEST(get_of_no_table_is_nothing)
{
    pe_toml *const root = parse("a = 1\n\"\" = 2\n");
    ck_assert_ptr_null(pe_toml_get(pe_toml_get(root, "a"), "a"));
    ck_assert_ptr_null(pe_toml_get(root, "aa"));
    ck_assert_int_eq(pe_toml_get(root, "")->integer, 2);
    pe_toml_free(root);
}
END_TEST

/* One setting of "value = ..." at path. */
static pe_status set(pe_toml *root, const char *path, const char *value, pe_error *err)
{
    char text[128];
    snprintf(text, sizeof text, "value = %s\n", value);
    pe_toml *const doc = parse_as(text, "--set X");
    const pe_status status = pe_toml_set(root, path, &doc->children[0], err);
    if (status == PE_OK)
        ck_assert(doc->children[0].kind == PE_TOML_TABLE && doc->children[0].count == 0);
    pe_toml_free(doc);
    return status;
}

static void sets(pe_toml *root, const char *path, const char *value)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(set(root, path, value, &err), err);
}

static void cannot_set(pe_toml *root, const char *path, const char *message)
{
    pe_error err = PE_ERROR_INIT;
    ck_assert_msg(set(root, path, "1", &err) == PE_ECONFIG, "accepted: %s", path);
    ck_assert_msg(strstr(err.text, message) != NULL, "\"%s\" is not in \"%s\"", message, err.text);
    ck_assert_msg(strncmp(err.text, "--set X: ", 9) == 0, "%s", err.text);
}

START_TEST(set_bad_path_is_refused)
{
    pe_toml *const root = parse("a = 1\n[[input]]\n[[input]]\n");
    char *const deep = repeat("", "a.", 40, "a");
    cannot_set(root, "", "no key is named");
    cannot_set(root, ".", "empty");
    cannot_set(root, ".a", "empty");
    cannot_set(root, "b.", "empty");
    cannot_set(root, "b..c", "empty");
    cannot_set(root, "a.b", "not a table");
    cannot_set(root, "input.range", "which input? There are input.0 to input.1");
    cannot_set(root, "input.2.range", "there is no input.2: there are 2, counted from input.0");
    cannot_set(root, "input.99999999999999999999999.range", "there are 2");
    cannot_set(root, deep, "too many parts");
    free(deep);
    pe_toml_free(root);
}
END_TEST

START_TEST(set_replaces_and_creates)
{
    pe_toml *const root = parse("mode = \"map\"\n[pool]\nthreads = 2\n");
    sets(root, "mode", "\"imap\"");
    sets(root, "pool.threads", "8");
    sets(root, "pool.memory", "\"1 GiB\"");
    sets(root, "output.deep.path", "\"x.npy\"");
    ck_assert_str_eq(pe_toml_get(root, "mode")->string, "imap");
    pe_toml *const pool = pe_toml_get(root, "pool");
    ck_assert_uint_eq(pool->count, 2);
    ck_assert_int_eq(pe_toml_get(pool, "threads")->integer, 8);
    ck_assert_str_eq(pe_toml_get(pool, "threads")->key, "threads");
    ck_assert_str_eq(pe_toml_get(pool, "threads")->origin, "--set X");
    ck_assert_str_eq(pe_toml_get(pool, "memory")->string, "1 GiB");
    pe_toml *const output = pe_toml_get(root, "output");
    ck_assert_str_eq(pe_toml_get(pe_toml_get(output, "deep"), "path")->string, "x.npy");
    sets(root, "pool", "{chunk_size = 5}");
    ck_assert_uint_eq(pe_toml_get(root, "pool")->count, 1);
    ck_assert_int_eq(pe_toml_get(pe_toml_get(root, "pool"), "chunk_size")->integer, 5);
    sets(root, "pool", "3");
    ck_assert_int_eq(pe_toml_get(root, "pool")->kind, PE_TOML_INT);
    pe_toml_free(root);
}
END_TEST

START_TEST(set_reaches_inputs_by_number_or_the_single_one)
{
    pe_toml *const two = parse("[[input]]\nrange = [0, 1]\n[[input]]\nrange = [0, 1]\n");
    sets(two, "input.1.range", "[5, 7]");
    sets(two, "input.0.count", "3");
    const pe_toml *const inputs = pe_toml_get(two, "input");
    ck_assert_int_eq(pe_toml_get(&inputs->children[1], "range")->children[1].integer, 7);
    ck_assert_int_eq(pe_toml_get(&inputs->children[0], "range")->children[1].integer, 1);
    ck_assert_int_eq(pe_toml_get(&inputs->children[0], "count")->integer, 3);
    sets(two, "input.0", "{value = 1}");
    ck_assert_int_eq(pe_toml_get(&inputs->children[0], "value")->integer, 1);
    pe_toml_free(two);

    pe_toml *const one = parse("[[input]]\nrange = [0, 1]\n");
    sets(one, "input.range", "[2, 3]");
    ck_assert_int_eq(pe_toml_get(&pe_toml_get(one, "input")->children[0], "range")->children[0].integer, 2);
    pe_toml_free(one);

    pe_toml *const none = parse("");
    sets(none, "input.range", "[2, 3]");
    ck_assert_int_eq(pe_toml_get(none, "input")->kind, PE_TOML_TABLE);
    ck_assert_int_eq(pe_toml_get(pe_toml_get(none, "input"), "range")->children[0].integer, 2);
    pe_toml_free(none);
}
END_TEST

UNIT_MAIN("toml", parse_broken_text_names_the_place, parse_text_that_broke_the_parser_is_refused,
          parse_bytes_that_are_not_text_are_refused, parse_absurd_depth_is_refused,
          parse_dots_that_are_no_key_do_not_count, parse_nothing_is_an_empty_table, parse_mark_and_crlf_are_fine,
          parse_every_kind_of_value, parse_places_and_order_are_the_files, get_of_no_table_is_nothing,
          set_bad_path_is_refused, set_replaces_and_creates, set_reaches_inputs_by_number_or_the_single_one)
