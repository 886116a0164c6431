/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "base/json_out.h"

#include <math.h>

#include "base/shell_quote.h"
#include "unit.h"

static pe_error err = PE_ERROR_INIT;

/* What stands in the buffer, as one string. */
static const char *text(pe_buffer *buffer)
{
    ck_ok(pe_buffer_append(buffer, "", 1, &err), err);
    return (const char *)buffer->data;
}

START_TEST(objects_and_arrays_are_json)
{
    pe_json json = {.err = &err};
    pe_json_open(&json, NULL, '{');
    pe_json_count(&json, "count", 18446744073709551614u);
    pe_json_count(&json, "unknown", UINT64_MAX);
    pe_json_number(&json, "number", -0.25, 3);
    pe_json_number(&json, "nan", nan(""), 3);
    pe_json_open(&json, "list", '[');
    pe_json_null(&json, NULL);
    pe_json_open(&json, NULL, '{');
    pe_json_close(&json, '}');
    pe_json_close(&json, ']');
    pe_json_text(&json, "none", NULL);
    pe_json_close(&json, '}');
    ck_assert_str_eq(text(&json.text),
                     "{\"count\":18446744073709551614,\"unknown\":null,\"number\":-0.250,\"nan\":null,"
                     "\"list\":[null,{}],\"none\":null}");
    pe_buffer_fini(&json.text);
}
END_TEST

START_TEST(strings_are_escaped_and_valid_utf8)
{
    static const struct {
        const char *value, *json;
    } rows[] = {{"", "\"\""},
                {"a\"b\\c\n", "\"a\\\"b\\\\c\\u000a\""},
                {"</script>", "\"\\u003c/script>\""},
                {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
                {"\xFFx\xC3", "\"\xEF\xBF\xBDx\xEF\xBF\xBD\""},
                {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
                {"\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pe_json json = {.err = &err};
        pe_json_text(&json, NULL, rows[i].value);
        ck_assert_str_eq(text(&json.text), rows[i].json);
        pe_buffer_fini(&json.text);
    }
}
END_TEST

START_TEST(words_are_quoted_as_shlex_quotes_them)
{
    static const struct {
        const char *word, *quoted;
    } rows[] = {{"", "''"},
                {"a-b_c.d/e:f=g,h@i%j+k", "a-b_c.d/e:f=g,h@i%j+k"},
                {"a b", "'a b'"},
                {"$x", "'$x'"},
                {"it's", "'it'\\''s'"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pe_buffer out = {0};
        ck_ok(pe_shell_quote(&out, rows[i].word, &err), err);
        ck_assert_str_eq(text(&out), rows[i].quoted);
        pe_buffer_fini(&out);
    }
}
END_TEST

UNIT_MAIN("json_out", objects_and_arrays_are_json, strings_are_escaped_and_valid_utf8,
          words_are_quoted_as_shlex_quotes_them)
