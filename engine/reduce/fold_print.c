/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold_print.c - prints a fold: one line per operation.
 *
 * Threads:  fold.h.
 * Not here: the header line (sink/encode/columns.c).
 */
#include <math.h>
#include <string.h>

#include "reduce/fold_internal.h"
#include "types/half.h"
#include "types/number.h"

typedef struct fold_element {
    const pe_fold *fold;
    int result;
    size_t index;
} fold_element;

static pe_dtype dtype_at(const fold_element *at)
{
    return at->fold->results[at->result].dtype;
}

static char *print_key(char *out, pe_dtype dtype, int64_t key)
{
    const bool is_nan = key > PE_KEY_INF || key < PE_KEY_MINUS_INF;
    const int64_t bits = pe_key_of_float64(key);
    double value = NAN;
    if (!is_nan)
        memcpy(&value, &bits, sizeof value);
    const uint16_t half = pe_half_round(value);
    if (dtype == PE_FLOAT16)
        return pe_print_element(out, PE_FLOAT16, &half);
    return dtype == PE_FLOAT32 ? pe_print_float32(out, (float)value) : pe_print_float64(out, value);
}

/* If any item was nan, one of the bounds is beyond the infinities; then both print as nan. */
static char *print_bound(char *out, const fold_element *at, bool is_most)
{
    const pe_bounds *const bounds = pe_fold_bounds(at->fold, at->result, at->index);
    const pe_int128 bound = is_most ? bounds->most : bounds->least;
    const uint8_t truth = bound != 0;
    if (dtype_at(at) == PE_BOOL)
        return pe_print_element(out, PE_BOOL, &truth);
    if (!pe_dtype_is_float(dtype_at(at)))
        return pe_print_int128(out, bound);
    const bool has_nan = bounds->most > PE_KEY_INF || bounds->least < PE_KEY_MINUS_INF;
    return print_key(out, dtype_at(at), has_nan ? INT64_MAX : (int64_t)bound);
}

static char *print_mean(char *out, const fold_element *at, uint64_t items)
{
    if (items == 0)
        return pe_print_float64(out, NAN);
    if (pe_dtype_is_float(dtype_at(at)))
        return pe_print_float64(out, pe_exact_float_quotient(pe_fold_float(at->fold, at->result, at->index), items));
    return pe_print_float64(out, pe_exact_int_quotient(pe_fold_int(at->fold, at->result, at->index), items));
}

static char *print_sum(char *out, const fold_element *at, pe_error *err)
{
    pe_int128 value = 0;
    if (pe_dtype_is_float(dtype_at(at)))
        return pe_print_float64(out, pe_exact_float_quotient(pe_fold_float(at->fold, at->result, at->index), 1));
    if (pe_exact_int_value(pe_fold_int(at->fold, at->result, at->index), &value))
        return pe_print_int128(out, value);
    (void)pe_fail(err, PE_EDATA, "the sum of result %d does not fit int128", at->result);
    return out;
}

/* The sum or mean of a complex number: those of its parts. */
static char *print_complex(char *out, const fold_element *at, uint64_t divisor)
{
    double parts[2];
    for (size_t p = 0; p < 2; p++)
        parts[p] = divisor == 0 ? (double)NAN
                                : pe_exact_float_quotient(pe_fold_float(at->fold, at->result, at->index + p), divisor);
    return pe_print_element(out, PE_COMPLEX128, parts);
}

static char *print_variance(char *out, const fold_element *at, uint64_t items, bool is_root)
{
    const pe_exact_float *const reals = pe_fold_float(at->fold, at->result, at->index);
    const pe_exact_int *const integers = pe_fold_int(at->fold, at->result, at->index);
    return pe_print_float64(out, pe_exact_variance(reals, integers, pe_fold_square(at->fold, at->result, at->index),
                                                   items, at->fold->spec.ddof, is_root));
}

static char *print_value(char *out, const fold_element *at, pe_reduce_op op, pe_error *err)
{
    const uint64_t items = *pe_fold_items(at->fold);
    if (at->fold->is_complex[at->result] && (op == PE_REDUCE_SUM || op == PE_REDUCE_MEAN))
        return print_complex(out, at, op == PE_REDUCE_SUM ? 1 : items);
    switch (op) {
    case PE_REDUCE_SUM:
        return print_sum(out, at, err);
    case PE_REDUCE_MIN:
    case PE_REDUCE_MAX:
        return print_bound(out, at, op == PE_REDUCE_MAX);
    case PE_REDUCE_MEAN:
        return print_mean(out, at, items);
    case PE_REDUCE_VAR:
    case PE_REDUCE_STD:
        return print_variance(out, at, items, op == PE_REDUCE_STD);
    case PE_REDUCE_ARGMIN:
    case PE_REDUCE_ARGMAX:
        return pe_print_uint64(out, pe_fold_place(at->fold, at->result, at->index, op == PE_REDUCE_ARGMAX)->item);
    case PE_REDUCE_COUNT:
    default:
        return pe_print_uint64(out, items);
    }
}

static pe_status append_value(const fold_element *at, pe_reduce_op op, char separator, pe_buffer *out, pe_error *err)
{
    char text[PE_NUMBER_ROOM + 1] = {separator};
    const char *const end = print_value(text + 1, at, op, err);
    return err->status == PE_OK ? pe_buffer_append(out, text, (size_t)(end - text), err) : err->status;
}

/* The line of an operation, or its further line for one argument. */
typedef struct fold_line {
    pe_reduce_op op;
    int arg; /* -1: the operation itself */
    char separator;
} fold_line;

/* A text as a field: in quotes where it holds the separator, a quote or a newline. */
static pe_status append_field(const char *text, size_t size, char separator, pe_buffer *out, pe_error *err)
{
    bool is_quoted = false;
    for (size_t i = 0; i < size; i++)
        is_quoted = is_quoted || text[i] == separator || strchr("\"\n\r", text[i]) != NULL;
    pe_status status = is_quoted ? pe_buffer_append(out, "\"", 1, err) : PE_OK;
    for (size_t i = 0; i < size && status == PE_OK; i++)
        status = pe_buffer_append(out, text[i] == '"' && is_quoted ? "\"\"" : &text[i],
                                  text[i] == '"' && is_quoted ? 2 : 1, err);
    return status == PE_OK && is_quoted ? pe_buffer_append(out, "\"", 1, err) : status;
}

static pe_status append_text(const pe_place_text *text, char separator, pe_buffer *out, pe_error *err)
{
    const size_t size = text->size < sizeof text->bytes ? (size_t)text->size : sizeof text->bytes;
    return append_field(text->bytes, size, separator, out, err);
}

/* "argmin price": the name is the file's, of any characters. */
static pe_status append_label(const fold_line *line, const char *arg_name, pe_buffer *out, pe_error *err)
{
    if (line->arg < 0)
        return pe_buffer_printf(out, err, "%s", pe_reduce_op_name(line->op));
    pe_buffer label = {0};
    pe_status status = pe_buffer_printf(&label, err, "%s %s", pe_reduce_op_name(line->op), arg_name);
    if (status == PE_OK)
        status = append_field((const char *)label.data, label.size, line->separator, out, err);
    pe_buffer_fini(&label);
    return status;
}

/* "[1.0, 2.0]", in quotes where commas separate. */
static pe_status append_vector(pe_type type, const unsigned char *at, char separator, pe_buffer *out, pe_error *err)
{
    const char *const quote = separator == ',' ? "\"" : "";
    pe_status status = pe_buffer_printf(out, err, "%s[", quote);
    for (uint32_t e = 0; e < type.width && status == PE_OK; e++) {
        char text[PE_NUMBER_ROOM];
        const char *const end = pe_print_element(text, type.dtype, at + e * pe_dtype_bytes(type.dtype));
        status = pe_buffer_printf(out, err, "%s%.*s", e == 0 ? "" : ", ", (int)(end - text), text);
    }
    return status == PE_OK ? pe_buffer_printf(out, err, "]%s", quote) : status;
}

static pe_status append_argument(const fold_element *at, const fold_line *line, pe_buffer *out, pe_error *err)
{
    const pe_place *const place = pe_fold_place(at->fold, at->result, at->index, line->op == PE_REDUCE_ARGMAX);
    const pe_type type = at->fold->args[line->arg];
    const unsigned char *const value = (const unsigned char *)place + pe_place_arg_offset(at->fold->args, line->arg);
    char text[PE_NUMBER_ROOM + 1] = {line->separator};
    if (type.dtype != PE_TEXT && type.width == 0) {
        const char *const end = pe_print_element(text + 1, type.dtype, value);
        return pe_buffer_append(out, text, (size_t)(end - text), err);
    }
    const pe_status status = pe_buffer_append(out, text, 1, err);
    if (status != PE_OK)
        return status;
    return type.dtype == PE_TEXT ? append_text((const void *)value, line->separator, out, err)
                                 : append_vector(type, value, line->separator, out, err);
}

static pe_status append_line(const pe_fold *fold, const fold_line *line, const char *arg_name, pe_buffer *out,
                             pe_error *err)
{
    pe_status status = append_label(line, arg_name, out, err);
    for (int r = 0; r < fold->result_count; r++) {
        const size_t elements = pe_type_elements(fold->results[r]);
        for (size_t e = 0; e < elements && status == PE_OK; e += fold->is_complex[r] ? 2 : 1) {
            const fold_element at = {.fold = fold, .result = r, .index = e};
            status = line->arg < 0 ? append_value(&at, line->op, line->separator, out, err)
                                   : append_argument(&at, line, out, err);
        }
    }
    return status == PE_OK ? pe_buffer_append(out, "\n", 1, err) : status;
}

pe_status pe_fold_print(pe_fold *fold, pe_reduce_op op, char separator, const char *const *arg_names, pe_buffer *out,
                        pe_error *err)
{
    fold_line line = {.op = op, .arg = -1, .separator = separator};
    const bool has_args = op == PE_REDUCE_ARGMIN || op == PE_REDUCE_ARGMAX;
    const bool needs_items = has_args || op == PE_REDUCE_MIN || op == PE_REDUCE_MAX;
    if (needs_items && *pe_fold_items(fold) == 0)
        return pe_fail(err, PE_EDATA, "no item was counted, and there is no %s of none", pe_reduce_op_name(op));
    pe_status status = append_line(fold, &line, NULL, out, err);
    for (line.arg = 0; has_args && line.arg < fold->spec.arg_count && status == PE_OK; line.arg++)
        status = append_line(fold, &line, arg_names[line.arg], out, err);
    return status;
}
