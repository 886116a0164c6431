/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* registry.c - the table of built-in kernels, with the choice among the overloads of a name.
 *
 * Design: one row a descriptor; descriptors of one name stand together, the default first. A choice is a score for each
 *         overload that fits, compared field by field as the header's rules list them, and the earlier row wins a tie.
 *         So what is picked depends on the request alone.
 * Threads: constant data.
 * Not here: kernels of a user's own.
 */
#include "kernel/registry.h"

#include <assert.h>
#include <string.h>

#include "base/nearest.h"

#define KERNEL_TABLE(X)                                                                                                \
    X(square_int64)                                                                                                    \
    X(square_int128)                                                                                                   \
    X(square_float64)                                                                                                  \
    X(cube_int64)                                                                                                      \
    X(cube_int128)                                                                                                     \
    X(cube_float64)                                                                                                    \
    X(sum_of_squares_int64)                                                                                            \
    X(sum_of_squares_int128)                                                                                           \
    X(sum_of_squares_float64)                                                                                          \
    X(divmod_int64)                                                                                                    \
    X(hypot_float64)                                                                                                   \
    X(norm3_float64)                                                                                                   \
    X(is_prime_int64)                                                                                                  \
    X(collatz_steps_int64)                                                                                             \
    X(mandelbrot_float64)                                                                                              \
    X(black_scholes_float64)                                                                                           \
    X(text_length_text)                                                                                                \
    X(text_upper_text)

#define X(id) extern const pe_kernel pe_kernel_##id;
KERNEL_TABLE(X)
#undef X

static const pe_kernel *const kernels[] = {
#define X(id) &pe_kernel_##id,
    KERNEL_TABLE(X)
#undef X
};

#define KERNEL_COUNT (sizeof kernels / sizeof *kernels)
#define LIST_ROOM 640u /* of a list of signatures or types in a message */

/* The descriptors of one name. */
typedef struct overloads {
    const pe_kernel *const *rows;
    pe_signature signatures[KERNEL_COUNT];
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

const pe_kernel *const *pe_registry_all(size_t *count)
{
    *count = KERNEL_COUNT;
    return kernels;
}

void pe_registry_print(FILE *out)
{
    size_t name = 0;
    size_t signature = 0;
    for (size_t k = 0; k < KERNEL_COUNT; k++) {
        const size_t name_size = strlen(kernels[k]->name);
        const size_t signature_size = strlen(kernels[k]->signature);
        name = name_size > name ? name_size : name;
        signature = signature_size > signature ? signature_size : signature;
    }
    for (size_t k = 0; k < KERNEL_COUNT; k++) {
        (void)fprintf(out, "%-*s  %-*s  %s\n", (int)name, kernels[k]->name, (int)signature, kernels[k]->signature,
                      kernels[k]->summary);
    }
}

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
        append(&out, ", ", request->untyped[c] ? "untyped" : pe_type_print(request->columns[c], name));
    }
    return out;
}

static pe_status refuse_name(const pe_kernel_request *request, pe_error *err)
{
    const char *names[KERNEL_COUNT];
    for (size_t k = 0; k < KERNEL_COUNT; k++)
        names[k] = kernels[k]->name;
    const char *const meant = pe_nearest(request->name, names, KERNEL_COUNT);
    if (meant == NULL) {
        return pe_fail(err, PE_EKERNEL, "%s: there is no kernel \"%s\"; pengine --kernels lists them", request->where,
                       request->name);
    }
    return pe_fail(err, PE_EKERNEL, "%s: there is no kernel \"%s\"; did you mean \"%s\"?", request->where,
                   request->name, meant);
}

static pe_status find_overloads(const pe_kernel_request *request, overloads *out, pe_error *err)
{
    size_t first = 0;
    while (first < KERNEL_COUNT && strcmp(kernels[first]->name, request->name) != 0)
        first++;
    if (first == KERNEL_COUNT)
        return refuse_name(request, err);
    out->rows = kernels + first;
    out->count = 0;
    do {
        const size_t k = out->count++;
        const pe_status status = pe_signature_parse(out->rows[k]->signature, &out->signatures[k], err);
        assert(status == PE_OK); /* the table is ours */
        (void)status;
    } while (first + out->count < KERNEL_COUNT && strcmp(out->rows[out->count]->name, request->name) == 0);
    return PE_OK;
}

/* Leaves the one overload that [kernel] signature names. */
static pe_status keep_signature(const pe_kernel_request *request, overloads *of, pe_error *err)
{
    pe_error wrong = PE_ERROR_INIT;
    pe_signature wanted;
    if (pe_signature_parse(request->signature, &wanted, &wrong) != PE_OK)
        return pe_fail(err, PE_ECONFIG, "%s: signature: %s", request->where, wrong.text);
    for (size_t k = 0; k < of->count; k++) {
        if (pe_signature_equal(&of->signatures[k], &wanted)) {
            of->rows += k;
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

/* Does one column fit one argument? Adds to the score how well. */
static bool column_fits(pe_type column, bool is_untyped, pe_type argument, score *sum)
{
    if (is_untyped)
        return argument.width == 0;
    const pe_cast cast = pe_dtype_cast(column.dtype, argument.dtype);
    if (cast == PE_CAST_REFUSED || column.width != argument.width)
        return false;
    sum->same += cast == PE_CAST_SAME ? 1 : 0;
    sum->checked += cast == PE_CAST_CHECKED ? 1 : 0;
    return true;
}

/* Several scalar columns as the elements of one vector: untyped ones and ones of the vector's own dtype. */
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
    return pe_fail(err, PE_ECONFIG, "%s: kernel \"%s\" takes %d argument%s, %s, but the input gives %d: (%s)",
                   request->where, request->name, takes, takes == 1 ? "" : "s", have.text, request->column_count,
                   given.text);
}

pe_status pe_registry_pick(const pe_kernel_request *request, const pe_kernel **out, pe_signature *signature,
                           pe_error *err)
{
    overloads of;
    pe_status status = find_overloads(request, &of, err);
    if (status == PE_OK && request->signature != NULL)
        status = keep_signature(request, &of, err);
    if (status != PE_OK)
        return status;
    const bool as_elements = !has_arity(&of, request->column_count);
    size_t best = of.count;
    score best_score = {.same = 0};
    for (size_t k = 0; k < of.count; k++) {
        score here;
        if (rate(request, &of.signatures[k], as_elements, &here) &&
            (best == of.count || is_better(&here, &best_score))) {
            best = k;
            best_score = here;
        }
    }
    if (best == of.count)
        return refuse_columns(request, &of, as_elements, err);
    *out = of.rows[best];
    *signature = of.signatures[best];
    return PE_OK;
}
