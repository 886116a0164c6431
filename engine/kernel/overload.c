/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* overload.c - overload resolution: picks the descriptor of a name that fits the input columns.
 *
 * Design: each overload that fits gets a score. Scores are compared field by field, in the order of the rules in the
 *         header; of equal scores the earlier row wins. So the choice depends on the request and the rows alone.
 * Threads: the main thread.
 * Not here: the rows (registry.c, plugin_form.c).
 */
#include "kernel/overload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define LIST_ROOM 640u /* of a list of signatures or types in a message */

/* The descriptors of one name, in the order of the rows. */
typedef struct overloads {
    const pe_kernel **rows;
    pe_signature *signatures;
    size_t count;
} overloads;

typedef struct score {
    bool has_output_dtype;
    int same;    /* columns of the very same type */
    int checked; /* columns whose values must be checked one by one */
} score;

typedef struct list {
    char text[LIST_ROOM];
    size_t count;
} list;

static void append(list *out, const char *separator, const char *text)
{
    const size_t used = strlen(out->text);
    (void)snprintf(out->text + used, sizeof out->text - used, "%s%s", out->count == 0 ? "" : separator, text);
    out->count++;
}

static list list_signatures(const overloads *of)
{
    list out = {.count = 0};
    for (size_t k = 0; k < of->count; k++)
        append(&out, "; ", of->rows[k]->signature);
    return out;
}

static list list_columns(const pe_kernel_request *request)
{
    list out = {.count = 0};
    for (int c = 0; c < request->column_count; c++) {
        char name[PE_TYPE_NAME_ROOM];
        append(&out, ", ", request->untyped[c] ? "text or number" : pe_type_print(request->columns[c], name));
    }
    return out;
}

static pe_status gather(const pe_kernel_request *request, const pe_kernel *const *rows, size_t count, overloads *out,
                        pe_error *err)
{
    pe_status status = pe_make_array(&out->rows, count, sizeof *out->rows, err);
    if (status == PE_OK)
        status = pe_make_array(&out->signatures, count, sizeof *out->signatures, err);
    for (size_t k = 0; k < count && status == PE_OK; k++) {
        if (strcmp(rows[k]->name, request->name) != 0)
            continue;
        pe_error wrong = PE_ERROR_INIT;
        if (pe_signature_parse(rows[k]->signature, &out->signatures[out->count], &wrong) != PE_OK)
            status = pe_fail(err, PE_EKERNEL, "%s: kernel \"%s\": its signature: %s", request->where, request->name,
                             wrong.text);
        out->rows[out->count++] = rows[k];
    }
    return status;
}

/* Keeps only the overload that [kernel] signature names. */
static pe_status keep_signature(const pe_kernel_request *request, overloads *of, pe_error *err)
{
    pe_error wrong = PE_ERROR_INIT;
    pe_signature wanted;
    if (pe_signature_parse(request->signature, &wanted, &wrong) != PE_OK)
        return pe_fail(err, PE_ECONFIG, "%s: signature: %s", request->where, wrong.text);
    for (size_t k = 0; k < of->count; k++) {
        if (pe_signature_equal(&of->signatures[k], &wanted)) {
            of->rows[0] = of->rows[k];
            of->signatures[0] = wanted;
            of->count = 1;
            return PE_OK;
        }
    }
    const list have = list_signatures(of);
    char text[PE_SIGNATURE_ROOM];
    return pe_fail(err, PE_ECONFIG, "%s: kernel \"%s\" has no signature %s; it has %s", request->where, request->name,
                   pe_signature_print(&wanted, text), have.text);
}

static bool has_arity(const overloads *of, int columns)
{
    size_t k = 0;
    while (k < of->count && of->signatures[k].arg_count != columns)
        k++;
    return k < of->count;
}

/* Does a column fit an argument? Updates the score. */
static bool column_fits(pe_type column, bool is_untyped, pe_type argument, score *sum)
{
    if (is_untyped) {
        sum->same += column.dtype == argument.dtype ? 1 : 0;
        return argument.width == 0;
    }
    const pe_cast cast = pe_dtype_cast(column.dtype, argument.dtype);
    if (cast == PE_CAST_REFUSED || pe_type_elements(column) != pe_type_elements(argument))
        return false;
    sum->same += cast == PE_CAST_SAME ? 1 : 0;
    sum->checked += cast == PE_CAST_CHECKED ? 1 : 0;
    return true;
}

/* Do several scalar columns fit as the elements of one vector? Each must be untyped or have the vector's dtype. */
static bool elements_fit(const pe_kernel_request *request, const pe_signature *signature, score *sum)
{
    const pe_type vector = signature->args[0];
    if (signature->arg_count != 1 || vector.width != (uint32_t)request->column_count)
        return false;
    for (int c = 0; c < request->column_count; c++) {
        const bool is_same = request->columns[c].width == 0 && request->columns[c].dtype == vector.dtype;
        if (!request->untyped[c] && !is_same)
            return false;
        sum->same += request->untyped[c] ? 0 : 1;
    }
    return true;
}

static bool columns_fit(const pe_kernel_request *request, const pe_signature *signature, score *sum)
{
    if (signature->arg_count != request->column_count)
        return false;
    for (int c = 0; c < request->column_count; c++)
        if (!column_fits(request->columns[c], request->untyped[c], signature->args[c], sum))
            return false;
    return true;
}

static bool is_better(const score *a, const score *b)
{
    if (a->has_output_dtype != b->has_output_dtype)
        return a->has_output_dtype;
    if (a->same != b->same)
        return a->same > b->same;
    return a->checked < b->checked;
}

static bool rate(const pe_kernel_request *request, const pe_signature *signature, bool as_elements, score *out)
{
    *out =
        (score){.has_output_dtype = request->has_output_dtype && signature->results[0].dtype == request->output_dtype};
    return as_elements ? elements_fit(request, signature, out) : columns_fit(request, signature, out);
}

static pe_status refuse_columns(const pe_kernel_request *request, const overloads *of, bool is_arity, pe_error *err)
{
    const list have = list_signatures(of);
    const list given = list_columns(request);
    if (!is_arity) {
        return pe_fail(err, PE_ECONFIG, "%s: kernel \"%s\" takes no (%s); it has %s", request->where, request->name,
                       given.text, have.text);
    }
    const int takes = of->signatures[0].arg_count;
    const bool is_lines = request->column_count == 1 && request->untyped[0];
    return pe_fail(err, PE_ECONFIG, "%s: kernel \"%s\" takes %d argument%s, %s, but the input gives %d: (%s)%s",
                   request->where, request->name, takes, takes == 1 ? "" : "s", have.text, request->column_count,
                   given.text,
                   is_lines ? "; csv is cut at commas, tsv at tabs, txt not at all, and stdin is txt unless "
                              "input.format says otherwise"
                            : "");
}

static pe_status pick(const pe_kernel_request *request, const overloads *of, const pe_kernel **out,
                      pe_signature *signature, pe_error *err)
{
    const bool as_elements = !has_arity(of, request->column_count);
    size_t best = of->count;
    score best_score = {.same = 0};
    for (size_t k = 0; k < of->count; k++) {
        score here;
        if (rate(request, &of->signatures[k], as_elements, &here) &&
            (best == of->count || is_better(&here, &best_score))) {
            best = k;
            best_score = here;
        }
    }
    if (best == of->count)
        return refuse_columns(request, of, as_elements, err);
    *out = of->rows[best];
    *signature = of->signatures[best];
    return PE_OK;
}

pe_status pe_overload_pick(const pe_kernel_request *request, const pe_kernel *const *rows, size_t count,
                           const pe_kernel **out, pe_signature *signature, pe_error *err)
{
    overloads of = {.count = 0};
    pe_status status = gather(request, rows, count, &of, err);
    if (status == PE_OK && request->signature != NULL)
        status = keep_signature(request, &of, err);
    if (status == PE_OK)
        status = pick(request, &of, out, signature, err);
    free(of.rows);
    free(of.signatures);
    return status;
}
