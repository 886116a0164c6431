/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_type.c - prints which values a key takes, in the words of JSON Schema.
 *
 * Invariant: a value that the job reader takes is valid here. The converse holds as far as JSON Schema can say it.
 * Threads:  no state.
 * Not here: the tables around the keys (json_schema.c); the same for people (schema/schema_valid.c).
 */
#include <inttypes.h>
#include <stdbool.h>

#include "job/json_schema/json_schema_internal.h"
#include "types/dtype.h"

#define TEXT "\"type\": \"string\", \"minLength\": 1"
#define SCALAR "\"type\": [\"string\", \"number\", \"boolean\"]"
#define IDENTIFIER "\"type\": \"string\", \"pattern\": \"^[A-Za-z_][A-Za-z0-9_]*$\""
#define NUMBER "\"type\": \"number\""
#define COLUMN "\"type\": [\"string\", \"integer\"], \"minLength\": 1, \"minimum\": 0"
#define NUMBER_TEXT "[0-9.]+([eE][-+]?[0-9]+)?"

void pe_json_string(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else if ((unsigned char)*at < 0x20)
            fprintf(out, "\\u%04x", (unsigned)*at);
        else
            (void)fputc(*at, out);
    }
    (void)fputc('"', out);
}

static void print_words(FILE *out, const pe_key *key)
{
    fprintf(out, "\"enum\": [");
    for (const pe_word *word = key->words; word->name != NULL; word++) {
        fprintf(out, "%s", word == key->words ? "" : ", ");
        pe_json_string(out, word->name);
    }
    fprintf(out, "]");
}

static void print_integer(FILE *out, const pe_key *key)
{
    fprintf(out, "\"type\": \"integer\", \"minimum\": %" PRId64, key->least);
    if (key->most != INT64_MAX)
        fprintf(out, ", \"maximum\": %" PRId64, key->most);
}

/* An array whose size has the key's bounds, of elements of one type. */
static void print_array(FILE *out, const pe_key *key, const char *element, bool is_once)
{
    fprintf(out, "\"type\": \"array\", \"items\": {%s}", element);
    if (key->least > 0)
        fprintf(out, ", \"minItems\": %" PRId64, key->least);
    if (key->most > 0)
        fprintf(out, ", \"maxItems\": %" PRId64, key->most);
    if (is_once)
        fprintf(out, ", \"uniqueItems\": true");
}

/* The names of all dtypes, and where a width is allowed, a number in brackets. */
static void print_dtype(FILE *out, bool has_width)
{
    fprintf(out, "\"type\": \"string\", \"pattern\": \"^ *(");
    for (int dtype = 1; dtype <= pe_dtype_count(); dtype++)
        fprintf(out, "%s%s", dtype == 1 ? "" : "|", pe_dtype_name((pe_dtype)dtype));
    fprintf(out, ")%s *$\"", has_width ? "(\\\\[ *[0-9]+ *\\\\])?" : "");
}

static void print_either(FILE *out, const pe_key *key, const char *other, void (*print)(FILE *, const pe_key *))
{
    fprintf(out, "\"anyOf\": [{%s}, {", other);
    print(out, key);
    fprintf(out, "}]");
}

static void print_character(FILE *out, const pe_key *key)
{
    static const char one[] = "\"type\": \"string\", \"minLength\": 1, \"maxLength\": 1";
    if (key->words != NULL)
        print_either(out, key, one, print_words);
    else
        fprintf(out, "%s", one);
}

static void print_one_or_several_words(FILE *out, const pe_key *key)
{
    fprintf(out, "\"anyOf\": [{");
    print_words(out, key);
    fprintf(out, "}, {\"type\": \"array\", \"minItems\": 1, \"uniqueItems\": true, \"items\": {");
    print_words(out, key);
    fprintf(out, "}}]");
}

/* A number with a unit is a string; one without a unit is a number that says `bare`. */
static void print_measure(FILE *out, const char *bare, const char *units)
{
    fprintf(out, "\"anyOf\": [{%s}, {\"type\": \"string\", \"pattern\": \"^" NUMBER_TEXT " *(%s)$\"}]", bare, units);
}

static void print_columns(FILE *out, const pe_key *key)
{
    print_array(out, key, COLUMN, false);
}

static void print_array_type(FILE *out, const pe_key *key)
{
    switch ((int)key->type) {
    case PE_KEY_NAMES:
        print_array(out, key, TEXT, true);
        break;
    case PE_KEY_IDENTIFIERS:
        print_array(out, key, IDENTIFIER, true);
        break;
    case PE_KEY_STRINGS:
        print_array(out, key, TEXT, false);
        break;
    case PE_KEY_COMMAND:
    case PE_KEY_TEXTS:
        print_array(out, key, "\"type\": \"string\"", false);
        break;
    case PE_KEY_COLUMNS:
        print_columns(out, key);
        break;
    case PE_KEY_VALUES:
        print_array(out, key, SCALAR, false);
        break;
    case PE_KEY_INTEGERS:
        fprintf(out, "\"type\": \"array\", \"items\": {\"type\": \"integer\"}");
        break;
    case PE_KEY_LINSPACE:
        fprintf(out, "\"type\": \"array\", \"items\": [{" NUMBER "}, {" NUMBER
                     "}, {\"type\": \"integer\", \"minimum\": 0}], "
                     "\"minItems\": 3, \"maxItems\": 3");
        break;
    default: /* a range: numbers, or integers beyond 64 bits as strings */
        fprintf(out, "\"type\": \"array\", \"items\": {\"anyOf\": [{" NUMBER "}, {\"type\": \"string\", \"pattern\": "
                     "\"^[-+]?[0-9]+$\"}]}, \"minItems\": 2, \"maxItems\": 3");
    }
}

static void print_strings(FILE *out, const pe_key *key)
{
    print_array(out, key, TEXT, false);
}

static void print_scalars(FILE *out, const pe_key *key)
{
    print_array(out, key, SCALAR, false);
}

void pe_json_type(FILE *out, const pe_key *key)
{
    switch (key->type) {
    case PE_KEY_EXPRESSIONS:
        print_either(out, key, TEXT, print_strings);
        break;
    case PE_KEY_FILL:
        print_either(out, key, SCALAR, print_scalars);
        break;
    case PE_KEY_KEEP:
        print_either(out, key, "\"enum\": [\"all\"]", print_columns);
        break;
    case PE_KEY_FLOAT_FORMAT:
        fprintf(out, "\"type\": \"string\", \"pattern\": \"^%%[-+ #0]*[0-9]{0,2}([.][0-9]{0,2})?[eEfFgGaA]$\"");
        break;
    case PE_KEY_WORD:
    case PE_KEY_EITHER:
        print_words(out, key);
        break;
    case PE_KEY_WORDS:
        print_one_or_several_words(out, key);
        break;
    case PE_KEY_STRING:
    case PE_KEY_FUNCTION:
        fprintf(out, TEXT);
        break;
    case PE_KEY_CHAR:
        print_character(out, key);
        break;
    case PE_KEY_INTEGER:
        print_integer(out, key);
        break;
    case PE_KEY_AUTO_INTEGER:
        print_either(out, key, "\"enum\": [\"auto\"]", print_integer);
        break;
    case PE_KEY_TEXT:
        fprintf(out, "\"type\": \"string\"");
        break;
    case PE_KEY_BOOL:
        fprintf(out, "\"type\": \"boolean\"");
        break;
    case PE_KEY_BYTES:
        print_measure(out, "\"type\": \"integer\", \"minimum\": 1", "|B|[kKMGT]B|[kKMGT]iB");
        break;
    case PE_KEY_TIME:
        print_measure(out, "\"type\": \"number\", \"exclusiveMinimum\": 0", "|ns|us|ms|s|min|h");
        break;
    case PE_KEY_PORTION:
        print_measure(out, "\"type\": \"integer\", \"minimum\": 0", "%");
        break;
    case PE_KEY_TYPE:
    case PE_KEY_DTYPE:
        print_dtype(out, key->type == PE_KEY_TYPE);
        break;
    case PE_KEY_SCALAR:
        fprintf(out, SCALAR);
        break;
    case PE_KEY_PARAMS:
        fprintf(out,
                "\"type\": \"object\", \"additionalProperties\": {" SCALAR "}, \"propertyNames\": {" IDENTIFIER "}");
        break;
    case PE_KEY_PART:
        fprintf(out, "\"type\": \"string\", \"pattern\": \"^[0-9]+/[0-9]+$\"");
        break;
    case PE_KEY_NAMES:
    case PE_KEY_IDENTIFIERS:
    case PE_KEY_STRINGS:
    case PE_KEY_COMMAND:
    case PE_KEY_TEXTS:
    case PE_KEY_COLUMNS:
    case PE_KEY_INTEGERS:
    case PE_KEY_RANGE:
    case PE_KEY_LINSPACE:
    case PE_KEY_VALUES:
        print_array_type(out, key);
        break;
    }
}
