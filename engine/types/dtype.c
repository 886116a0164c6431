/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* dtype.c - the name, the size and the allowed casts of each dtype.
 *
 * Design:   one table with a row per dtype. A cast is safe when the target has at least the source's value bits, and a
 *           sign if the source has one, so no table of pairs is needed.
 * Threads:  no state.
 * Not here: values (convert.c), text (number.h).
 */
#include "types/dtype.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"

#define MOST_WIDTH (1u << 20)

typedef enum family { FAMILY_BOOL, FAMILY_INT, FAMILY_FLOAT, FAMILY_COMPLEX, FAMILY_TEXT } family;

typedef struct fact {
    const char *name;
    size_t bytes;
    family family;
    int bits; /* integers: value bits without the sign; floats and parts: every integer of this many bits is exact */
    bool is_signed; /* floats are */
} fact;

static const fact facts[] = {
    [PE_BOOL] = {"bool", 1, FAMILY_BOOL, 1, false},
    [PE_INT8] = {"int8", 1, FAMILY_INT, 7, true},
    [PE_INT16] = {"int16", 2, FAMILY_INT, 15, true},
    [PE_INT32] = {"int32", 4, FAMILY_INT, 31, true},
    [PE_INT64] = {"int64", 8, FAMILY_INT, 63, true},
    [PE_UINT8] = {"uint8", 1, FAMILY_INT, 8, false},
    [PE_UINT16] = {"uint16", 2, FAMILY_INT, 16, false},
    [PE_UINT32] = {"uint32", 4, FAMILY_INT, 32, false},
    [PE_UINT64] = {"uint64", 8, FAMILY_INT, 64, false},
    [PE_INT128] = {"int128", sizeof(pe_int128), FAMILY_INT, 127, true},
    [PE_FLOAT32] = {"float32", 4, FAMILY_FLOAT, 24, true},
    [PE_FLOAT64] = {"float64", 8, FAMILY_FLOAT, 53, true},
    [PE_TEXT] = {"text", sizeof(pe_text), FAMILY_TEXT, 0, false},
    [PE_FLOAT16] = {"float16", 2, FAMILY_FLOAT, 11, true},
    [PE_COMPLEX64] = {"complex64", 8, FAMILY_COMPLEX, 24, true},
    [PE_COMPLEX128] = {"complex128", 16, FAMILY_COMPLEX, 53, true},
};

static const fact *fact_of(pe_dtype dtype)
{
    assert(dtype >= PE_BOOL && dtype <= PE_DTYPE_LAST);
    return &facts[dtype];
}

size_t pe_dtype_bytes(pe_dtype dtype)
{
    return fact_of(dtype)->bytes;
}

size_t pe_type_bytes(pe_type type)
{
    return pe_dtype_bytes(type.dtype) * pe_type_elements(type); /* at most 16 * 2^20 */
}

uint32_t pe_type_elements(pe_type type)
{
    return type.width == 0 ? 1 : type.width;
}

bool pe_type_equal(pe_type a, pe_type b)
{
    return a.dtype == b.dtype && a.width == b.width;
}

const char *pe_dtype_name(pe_dtype dtype)
{
    return fact_of(dtype)->name;
}

int pe_dtype_count(void)
{
    return (int)(sizeof facts / sizeof *facts) - 1;
}

bool pe_dtype_is_int(pe_dtype dtype)
{
    return fact_of(dtype)->family == FAMILY_INT;
}

bool pe_dtype_is_float(pe_dtype dtype)
{
    return fact_of(dtype)->family == FAMILY_FLOAT;
}

bool pe_dtype_is_complex(pe_dtype dtype)
{
    return fact_of(dtype)->family == FAMILY_COMPLEX;
}

pe_dtype pe_dtype_part(pe_dtype dtype)
{
    if (!pe_dtype_is_complex(dtype))
        return dtype;
    return dtype == PE_COMPLEX64 ? PE_FLOAT32 : PE_FLOAT64;
}

const char *pe_type_print(pe_type type, char out[PE_TYPE_NAME_ROOM])
{
    if (type.width == 0)
        snprintf(out, PE_TYPE_NAME_ROOM, "%s", pe_dtype_name(type.dtype));
    else
        snprintf(out, PE_TYPE_NAME_ROOM, "%s[%u]", pe_dtype_name(type.dtype), (unsigned)type.width);
    return out;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool find_dtype(const char *name, size_t size, pe_dtype *out)
{
    for (int i = PE_BOOL; i <= PE_DTYPE_LAST; i++) {
        if (strlen(facts[i].name) == size && memcmp(facts[i].name, name, size) == 0) {
            *out = (pe_dtype)i;
            return true;
        }
    }
    return false;
}

/* Parses "[3]" as a width; an empty text is a scalar. */
static bool parse_width(const char *text, size_t size, uint32_t *out)
{
    *out = 0;
    if (size == 0)
        return true;
    if (size < 3 || text[0] != '[' || text[size - 1] != ']')
        return false;
    uint32_t width = 0;
    for (size_t i = 1; i < size - 1; i++) {
        if (text[i] < '0' || text[i] > '9' || width > MOST_WIDTH)
            return false;
        width = width * 10 + (uint32_t)(text[i] - '0');
    }
    *out = width;
    return width >= 1 && width <= MOST_WIDTH;
}

static pe_status refuse_name(const char *text, size_t size, size_t name_size, pe_error *err)
{
    const char *names[PE_DTYPE_LAST];
    for (int i = PE_BOOL; i <= PE_DTYPE_LAST; i++)
        names[i - PE_BOOL] = facts[i].name;
    char typed[PE_TYPE_NAME_ROOM];
    snprintf(typed, sizeof typed, "%.*s", (int)(name_size < sizeof typed ? name_size : sizeof typed), text);
    const char *const meant = pe_suggest(typed, names, PE_DTYPE_LAST);
    const int shown = (int)(size < 60 ? size : 60);
    if (meant != NULL)
        return pe_fail(err, PE_ECONFIG, "no such type: \"%.*s\" (did you mean \"%s\"?)", shown, text, meant);
    return pe_fail(err, PE_ECONFIG,
                   "no such type: \"%.*s\" (valid: bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, "
                   "int128, float16, float32, float64, complex64, complex128, text; a vector is float64[3])",
                   shown, text);
}

pe_status pe_type_parse(const char *text, pe_type *out, pe_error *err)
{
    while (is_space(*text))
        text++;
    size_t size = strlen(text);
    while (size > 0 && is_space(text[size - 1]))
        size--;
    const char *const bracket = memchr(text, '[', size);
    const size_t name_size = bracket == NULL ? size : (size_t)(bracket - text);
    pe_type type = {PE_BOOL, 0};
    if (!find_dtype(text, name_size, &type.dtype))
        return refuse_name(text, size, name_size, err);
    const int shown = (int)(size < 60 ? size : 60);
    if (!parse_width(text + name_size, size - name_size, &type.width))
        return pe_fail(err, PE_ECONFIG, "not a type: \"%.*s\" (a vector is %s[n] with n from 1 to %u)", shown, text,
                       pe_dtype_name(type.dtype), MOST_WIDTH);
    if (type.dtype == PE_TEXT && type.width > 0)
        return pe_fail(err, PE_ECONFIG, "not a type: \"%.*s\" (text has no vectors)", shown, text);
    *out = type;
    return PE_OK;
}

pe_cast pe_dtype_cast(pe_dtype from, pe_dtype to)
{
    const fact *const a = fact_of(from), *const b = fact_of(to);
    if (from == to)
        return PE_CAST_SAME;
    if (a->family == FAMILY_TEXT || b->family == FAMILY_TEXT || b->family == FAMILY_BOOL)
        return PE_CAST_REFUSED;
    if (a->family > b->family) /* float to integer, complex to either */
        return PE_CAST_REFUSED;
    if (a->bits <= b->bits && a->is_signed <= b->is_signed)
        return PE_CAST_SAFE;
    return a->family == FAMILY_INT && b->family > FAMILY_INT ? PE_CAST_CHECKED : PE_CAST_REFUSED;
}
