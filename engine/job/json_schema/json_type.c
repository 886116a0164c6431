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
/* A number with a unit is a string; one without a unit is a number that `bare` says. */
#define MEASURE(bare, units)                                                                                           \
    "\"anyOf\": [{" bare "}, {\"type\": \"string\", \"pattern\": \"^[0-9.]+([eE][-+]?[0-9]+)? *(" units ")$\"}]"

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

static void print_names(FILE *out, const pe_key *key)
{
    print_array(out, key, TEXT, true);
}

static void print_identifiers(FILE *out, const pe_key *key)
{
    print_array(out, key, IDENTIFIER, true);
}

static void print_strings(FILE *out, const pe_key *key)
{
    print_array(out, key, TEXT, false);
}

static void print_texts(FILE *out, const pe_key *key)
{
    print_array(out, key, "\"type\": \"string\"", false);
}

static void print_columns(FILE *out, const pe_key *key)
{
    print_array(out, key, "\"type\": [\"string\", \"integer\"], \"minLength\": 1, \"minimum\": 0", false);
}

static void print_values(FILE *out, const pe_key *key)
{
    print_array(out, key, SCALAR, false);
}

static void print_expressions(FILE *out, const pe_key *key)
{
    print_either(out, key, TEXT, print_strings);
}

static void print_fill(FILE *out, const pe_key *key)
{
    print_either(out, key, SCALAR, print_values);
}

static void print_keep(FILE *out, const pe_key *key)
{
    print_either(out, key, "\"enum\": [\"all\"]", print_columns);
}

static void print_integers(FILE *out, const pe_key *key)
{
    fprintf(out, "\"type\": \"array\", \"minItems\": 1, \"items\": {");
    print_integer(out, key);
    fprintf(out, "}");
}

static void print_shares(FILE *out, const pe_key *key)
{
    print_array(out, key, "\"type\": \"number\", \"minimum\": 0, \"maximum\": 1", false);
}

static void print_auto_integer(FILE *out, const pe_key *key)
{
    print_either(out, key, "\"enum\": [\"auto\"]", print_integer);
}

static void print_type(FILE *out, const pe_key *key)
{
    print_dtype(out, key->type != PE_KEY_DTYPE);
}

static void print_types(FILE *out, const pe_key *key)
{
    fprintf(out, "\"anyOf\": [{");
    print_type(out, key);
    fprintf(out, "}, {\"type\": \"object\", \"minProperties\": 1, \"additionalProperties\": {");
    print_dtype(out, false);
    fprintf(out, "}}]");
}

/* How the values of a type are described: a function, or a text that is the same for all keys of the type. */
static const struct {
    void (*print)(FILE *out, const pe_key *key);
    const char *text;
} TYPES[] = {
    [PE_KEY_WORD] = {print_words, NULL},
    [PE_KEY_EITHER] = {print_words, NULL},
    [PE_KEY_WORDS] = {print_one_or_several_words, NULL},
    [PE_KEY_CHAR] = {print_character, NULL},
    [PE_KEY_STRING] = {NULL, TEXT},
    [PE_KEY_FUNCTION] = {NULL, TEXT},
    [PE_KEY_TEXT] = {NULL, "\"type\": \"string\""},
    [PE_KEY_INTEGER] = {print_integer, NULL},
    [PE_KEY_AUTO_INTEGER] = {print_auto_integer, NULL},
    [PE_KEY_BOOL] = {NULL, "\"type\": \"boolean\""},
    [PE_KEY_BYTES] = {NULL, MEASURE("\"type\": \"integer\", \"minimum\": 1", "|B|[kKMGT]B|[kKMGT]iB")},
    [PE_KEY_TIME] = {NULL, MEASURE("\"type\": \"number\", \"exclusiveMinimum\": 0", "|ns|us|ms|s|min|h")},
    [PE_KEY_LIMIT] = {NULL, "\"anyOf\": [{\"enum\": [\"auto\", \"none\"]}, {" MEASURE(
                                "\"type\": \"number\", \"exclusiveMinimum\": 0", "|ns|us|ms|s|min|h") "}]"},
    [PE_KEY_PORTION] = {NULL, MEASURE("\"type\": \"integer\", \"minimum\": 0", "%")},
    [PE_KEY_PART] = {NULL, "\"type\": \"string\", \"pattern\": \"^[1-9][0-9]*/[1-9][0-9]*$\""},
    [PE_KEY_TYPE] = {print_type, NULL},
    [PE_KEY_TYPES] = {print_types, NULL},
    [PE_KEY_DTYPE] = {print_type, NULL},
    [PE_KEY_SCALAR] = {NULL, SCALAR},
    [PE_KEY_PARAMS] = {NULL, "\"type\": \"object\", \"additionalProperties\": {" SCALAR
                             "}, \"propertyNames\": {" IDENTIFIER "}"},
    [PE_KEY_NAMES] = {print_names, NULL},
    [PE_KEY_IDENTIFIERS] = {print_identifiers, NULL},
    [PE_KEY_STRINGS] = {print_strings, NULL},
    [PE_KEY_COMMAND] = {print_texts, NULL},
    [PE_KEY_TEXTS] = {print_texts, NULL},
    [PE_KEY_COLUMNS] = {print_columns, NULL},
    [PE_KEY_VALUES] = {print_values, NULL},
    [PE_KEY_EXPRESSIONS] = {print_expressions, NULL},
    [PE_KEY_FILL] = {print_fill, NULL},
    [PE_KEY_KEEP] = {print_keep, NULL},
    [PE_KEY_FLOAT_FORMAT] = {NULL, "\"type\": \"string\", \"pattern\": "
                                   "\"^%[-+ #0]*[0-9]{0,2}([.][0-9]{0,2})?[eEfFgGaA]$\""},
    [PE_KEY_INTEGERS] = {print_integers, NULL},
    [PE_KEY_SHARES] = {print_shares, NULL},
    [PE_KEY_HISTOGRAM] = {NULL, "\"type\": \"array\", \"items\": [{" NUMBER "}, {" NUMBER
                                "}, {\"type\": \"integer\", \"minimum\": 1}], \"minItems\": 3, "
                                "\"maxItems\": 3"},
    [PE_KEY_RANGE] = {NULL,
                      "\"type\": \"array\", \"items\": {\"anyOf\": [{" NUMBER
                      "}, {\"type\": \"string\", \"pattern\": \"^[-+]?[0-9]+$\"}]}, \"minItems\": 2, \"maxItems\": 3"},
    [PE_KEY_LINSPACE] = {NULL, "\"type\": \"array\", \"items\": [{" NUMBER "}, {" NUMBER
                               "}, {\"type\": \"integer\", \"minimum\": 0}], \"minItems\": 3, \"maxItems\": 3"},
};

void pe_json_type(FILE *out, const pe_key *key)
{
    if ((size_t)key->type >= sizeof TYPES / sizeof *TYPES)
        return; /* a test finds a key without a type */
    if (TYPES[key->type].print != NULL) {
        fprintf(out, ", ");
        TYPES[key->type].print(out, key);
    } else if (TYPES[key->type].text != NULL) {
        fprintf(out, ", %s", TYPES[key->type].text);
    }
}
