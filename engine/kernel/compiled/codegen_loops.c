/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* codegen_loops.c - codegen's loops over a batch.
 *
 * Design: the function is written into several loops over the same items. In each of the first ones, the levels, its
 *         integer arguments pass through a cast that changes no value of the level's range (21, 32 or 61 bits of 64, or
 *         those whose square fits). From the cast the compiler knows the range, proves overflow checks away and
 *         vectorises what is left: x * x is one multiplication. The last loop takes any value and keeps the checks.
 *         An expression can be tried on any value, so its loops test the range in passing and give up when a value was
 *         changed. A function may loop or read memory by its arguments, so it only ever sees the items' own values: a
 *         pass over the block's arguments, in the first-level cache, finds the level before; of a ramp its two ends do.
 *
 *         Measured for x * x on int64 (gcc 12, AVX-512, one thread), in nanoseconds an item:
 *
 *                                           first-level cache   second-level cache
 *             the wrapping loop                         0.042                0.095
 *             a function's levels                       0.097                0.125
 *             checks in every item                       0.85                 0.85
 *
 *         In a job from a range to a digest all but the last take as long as the built-in square (0.50 to 0.55 on another
 *         machine, of which the hash is the most): pengine -t 1 on the jobs of tests/bench, expr and source x*x.
 *         A loop that carries a value from step to step (3 n + 1) keeps its checks, and costs 1.35 of the wrapping one.
 *
 * Threads: no state.
 * Not here: how a block finds its loop (embedded/compiled_map.h),
 *           how a loop reads a ramp (embedded/compiled_ramps.h).
 */
#include "kernel/compiled/codegen_loops.h"

#include <stdio.h>
#include <string.h>

#include "kernel/compiled/codegen_names.h"

#define PUT(writer, ...) (void)pe_buffer_printf((writer)->out, (writer)->err, __VA_ARGS__)

#define LEVELS 4 /* with a range */
#define ROOT 2   /* the level of values whose square fits */
#define FREE 4   /* the loop for all values */
#define EXACT 5  /* the same, knowing the item that it is at */

typedef struct writer {
    const pe_codegen *spec;
    pe_buffer *out;
    pe_error *err;
} writer;

/* One width of signed integers: the levels' bits. */
typedef struct width {
    pe_dtype dtype;
    int bits;
    int level_bits[LEVELS]; /* at ROOT: of the greatest value */
    const char *root;       /* floor(sqrt(2^(bits - 1) - 1)) */
    const char *type, *unsigned_type;
} width;

static const width widths[] = {
    {PE_INT32, 32, {11, 16, 17, 29}, "46340", "int32_t", "uint32_t"},
    {PE_INT64, 64, {21, 32, 33, 61}, "INT64_C(3037000499)", "int64_t", "uint64_t"},
    {PE_INT128, 128, {42, 64, 65, 124}, "(__int128)UINT64_C(13043817825332782212)", "__int128", "unsigned __int128"},
};
#define WIDTHS (sizeof widths / sizeof *widths)

static bool is_expr(const writer *w)
{
    return w->spec->expr != NULL;
}

const char *pe_codegen_loops_expr_type(pe_dtype dtype, bool is_wide)
{
    if (dtype == PE_FLOAT32 || dtype == PE_FLOAT64 || dtype == PE_INT128)
        return pe_codegen_names_type(dtype);
    return is_wide && dtype == PE_UINT64 ? "__int128" : "int64_t";
}

bool pe_codegen_loops_has_wide(const pe_codegen *spec)
{
    for (int a = 0; a < spec->signature.arg_count; a++)
        if (spec->expr != NULL && spec->signature.args[a].dtype == PE_UINT64 && spec->signature.args[a].width == 0)
            return true;
    return false;
}

bool pe_codegen_loops_has_index(const pe_codegen *spec)
{
    bool is_taken = spec->expr == NULL || !pe_codegen_names_mentions(spec->expr, "i");
    for (int a = 0; a < spec->signature.arg_count && !is_taken; a++)
        is_taken = strcmp(spec->names[a], "i") == 0;
    for (size_t p = 0; p < spec->setup->param_count && !is_taken; p++)
        is_taken = strcmp(spec->setup->params[p].name, "i") == 0;
    return !is_taken;
}

/* The width that bounds argument a (arg_count: the index), or NULL: it is no signed integer where it is used. */
static const width *width_of(const writer *w, int a)
{
    const pe_signature *signature = &w->spec->signature;
    const bool is_index = a == signature->arg_count;
    const pe_type type = is_index ? (pe_type){PE_INT64, 0} : signature->args[a];
    if (type.width > 0 || w->spec->may_wrap || (is_index && !pe_codegen_loops_has_index(w->spec)))
        return NULL;
    const bool is_widened = is_expr(w) && (type.dtype == PE_BOOL || pe_dtype_is_int(type.dtype));
    const pe_dtype dtype = is_widened && type.dtype != PE_INT128 ? PE_INT64 : type.dtype;
    for (size_t b = 0; b < WIDTHS; b++)
        if (widths[b].dtype == dtype)
            return &widths[b];
    return NULL;
}

static bool has_levels(const writer *w)
{
    bool has = false;
    for (int a = 0; a <= w->spec->signature.arg_count; a++)
        has = has || width_of(w, a) != NULL;
    return has;
}

/* A function's int64_t is a long or a long long, as its declaration has it. */
static const char *column_type(const writer *w, pe_dtype dtype)
{
    if (!is_expr(w) && (dtype == PE_INT64 || dtype == PE_UINT64))
        return dtype == PE_INT64 ? "pe_int64" : "pe_uint64";
    return pe_codegen_names_type(dtype);
}

/* The types that a ramp may have (embedded/compiled_ramps.h). */
static bool can_ramp(pe_type type)
{
    return type.width == 0 && (type.dtype == PE_INT64 || type.dtype == PE_INT128);
}

static const char *word_of(pe_dtype dtype)
{
    return dtype == PE_INT128 ? "unsigned __int128" : "uint64_t";
}

static void put_lines(const writer *w)
{
    const pe_signature *signature = &w->spec->signature;
    for (int a = 0; a < signature->arg_count; a++)
        if (can_ramp(signature->args[a]))
            PUT(w, "PE_LINE(%d, %s, %s)\n", a, column_type(w, signature->args[a].dtype),
                word_of(signature->args[a].dtype));
}

static void put_columns(const writer *w)
{
    const pe_signature *signature = &w->spec->signature;
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_type type = signature->args[a];
        const char *name = column_type(w, type.dtype);
        if (can_ramp(type))
            PUT(w, "    PE_ARGUMENT(%d, %s, %s)\n", a, name, word_of(type.dtype));
        else
            PUT(w, "    const %s *restrict pe_a%d = call->args[%d];\n", name, a, a);
    }
    if (is_expr(w))
        PUT(w, "    PE_RESULT *restrict pe_r0 = call->results[0];\n");
    for (int r = 0; r < signature->result_count && !is_expr(w); r++)
        if (signature->results[r].dtype != PE_TEXT)
            PUT(w, "    %s *restrict pe_r%d = call->results[%d];\n", column_type(w, signature->results[r].dtype), r, r);
}

static void put_clamp(const writer *w, const width *b, int level, const char *value)
{
    const int shift = b->bits - b->level_bits[level];
    if (level == ROOT)
        PUT(w, "%s < -%s ? -%s : %s > %s ? %s : %s", value, b->root, b->root, value, b->root, b->root, value);
    else
        PUT(w, "(%s)((%s)%s << %d) >> %d", b->type, b->unsigned_type, value, shift, shift);
}

/* pe_x<a>: the scalar argument as the loop's level has it. */
static void put_scalar(const writer *w, int a, int level)
{
    const pe_signature *signature = &w->spec->signature;
    const bool is_index = a == signature->arg_count;
    const pe_dtype dtype = is_index ? PE_INT64 : signature->args[a].dtype;
    const width *b = width_of(w, a);
    const char *type =
        is_expr(w) ? pe_codegen_loops_expr_type(dtype, level >= FREE && !w->spec->may_wrap) : column_type(w, dtype);
    if (is_expr(w) && w->spec->may_wrap && dtype == PE_UINT64)
        type = "uint64_t";
    char column[80];
    if (!is_index && can_ramp(signature->args[a]))
        (void)snprintf(column, sizeof column, "((%s)pe_a%d[pe_k - pe_s%d] + pe_o%d)", word_of(dtype), a, a, a);
    else
        (void)snprintf(column, sizeof column, is_index ? "(call->first + pe_k)" : "pe_a%d[pe_k]", a);
    if (b == NULL || level >= FREE) {
        PUT(w, "        const %s pe_x%d = (%s)%s;\n", type, a, type, column);
        return;
    }
    PUT(w, "        const %s pe_v%d = (%s)%s;\n        const %s pe_x%d = ", b->type, a, b->type, column, b->type, a);
    char value[24];
    (void)snprintf(value, sizeof value, "pe_v%d", a);
    put_clamp(w, b, level, value);
    PUT(w, ";\n");
    if (is_expr(w))
        PUT(w, "        pe_wide |= pe_v%d ^ pe_x%d;\n", a, a);
    if (is_expr(w) && dtype == PE_UINT64)
        PUT(w, "        pe_wide |= (int64_t)(%s >> 63);\n", column);
}

static void put_scalars(const writer *w, int level)
{
    const pe_signature *signature = &w->spec->signature;
    for (int a = 0; a < signature->arg_count; a++)
        if (signature->args[a].width == 0 && signature->args[a].dtype != PE_TEXT)
            put_scalar(w, a, level);
    if (pe_codegen_loops_has_index(w->spec))
        put_scalar(w, signature->arg_count, level);
}

/* The arguments of the call, each after a comma but the first. */
static void put_arguments(const writer *w)
{
    const pe_signature *signature = &w->spec->signature;
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_type type = signature->args[a];
        const char *comma = a == 0 ? "" : ", ";
        if (type.dtype == PE_TEXT)
            PUT(w, "%spe_a%d[pe_k].data == NULL ? \"\" : pe_a%d[pe_k].data, pe_a%d[pe_k].size", comma, a, a, a);
        else if (type.width > 0 && is_expr(w))
            PUT(w, "%s(const %s(*)[%u])pe_a%d + pe_k", comma, pe_codegen_names_type(type.dtype), type.width, a);
        else if (type.width > 0)
            PUT(w, "%spe_a%d + pe_k * %u", comma, a, type.width);
        else
            PUT(w, "%spe_x%d", comma, a);
    }
    if (pe_codegen_loops_has_index(w->spec))
        PUT(w, ", pe_x%d", signature->arg_count);
}

static void put_pointers(const writer *w)
{
    const pe_signature *signature = &w->spec->signature;
    for (int r = 0; r < signature->result_count; r++)
        PUT(w, ", pe_r%d + pe_k * %u", r, pe_type_elements(signature->results[r]));
}

/* A text's length may be the room's, as snprintf has it: then the last byte was lost. */
static void put_text_call(const writer *w)
{
    const char *name = w->spec->function;
    PUT(w, "        char pe_room[256];\n        const size_t pe_size = %s(", name);
    put_arguments(w);
    PUT(w,
        ", pe_room, sizeof pe_room);\n"
        "        if (pe_size < sizeof pe_room) {\n"
        "            char *pe_text = call->text(call->host, 0, pe_k, pe_size);\n"
        "            if (pe_text == NULL)\n"
        "                return PE_IS_BROKEN;\n"
        "            memcpy(pe_text, pe_room, pe_size);\n"
        "            continue;\n"
        "        }\n"
        "        if (pe_size > (size_t)1 << 40) {\n"
        "            call->fail(call->host, pe_k, \"a text of more than 2^40 bytes was asked for\");\n"
        "            continue;\n"
        "        }\n"
        "        char *pe_large = call->text(call->host, 0, pe_k, pe_size + 1);\n"
        "        if (pe_large == NULL)\n"
        "            return PE_IS_BROKEN;\n"
        "        const size_t pe_again = %s(",
        name);
    put_arguments(w);
    PUT(w, ", pe_large, pe_size + 1);\n"
           "        if (pe_again > pe_size)\n"
           "            call->fail(call->host, pe_k, \"the text is longer than the call before said\");\n"
           "        else\n"
           "            pe_shorten(call, pe_k, pe_large, pe_again);\n");
}

static void put_function_call(const writer *w)
{
    const pe_signature *signature = &w->spec->signature;
    const char *name = w->spec->function;
    const bool is_returned = signature->result_count == 1 && signature->results[0].width == 0 && !signature->or_error;
    PUT(w,
        is_returned           ? "        pe_r0[pe_k] = %s("
        : signature->or_error ? "        const int pe_error = %s("
                              : "        %s(",
        name);
    put_arguments(w);
    if (!is_returned)
        put_pointers(w);
    PUT(w, ");\n");
    if (signature->or_error)
        PUT(w, "        if (pe_error != 0)\n            pe_fail_returned(call, pe_k, \"%.40s\", pe_error);\n", name);
}

static void put_call(const writer *w, int level)
{
    if (!is_expr(w)) {
        if (w->spec->signature.results[0].dtype == PE_TEXT)
            put_text_call(w);
        else
            put_function_call(w);
        return;
    }
    const bool is_wide = level >= FREE && !w->spec->may_wrap && pe_codegen_loops_has_wide(w->spec);
    PUT(w, "        pe_r0[pe_k] = pe_expr%s(call->seed, call->first + pe_k, ", is_wide ? "_wide" : "");
    put_arguments(w);
    PUT(w, ");\n");
}

static void put_loop(const writer *w, int level)
{
    const bool tests = is_expr(w) && level < FREE;
    bool has_int128 = false;
    for (int a = 0; a < w->spec->signature.arg_count; a++)
        has_int128 = has_int128 || w->spec->signature.args[a].dtype == PE_INT128;
    if (level == EXACT)
        PUT(w,
            "static __attribute__((noinline)) int pe_exact(const pe_object_call *call, size_t from, size_t to, struct "
            "pe_where *here)\n{\n");
    else
        PUT(w,
            "static __attribute__((noinline)) int pe_loop_%d(const pe_object_call *call, size_t from, size_t to)\n{\n",
            level);
    put_columns(w);
    if (tests)
        PUT(w, "    %s pe_wide = 0;\n", has_int128 ? "__int128" : "int64_t");
    PUT(w, "    for (size_t pe_k = from; pe_k < to; pe_k++) {\n%s", level == EXACT ? "        here->at = pe_k;\n" : "");
    put_scalars(w, level);
    put_call(w, level);
    PUT(w, "    }\n    return %s;\n}\n", tests ? "pe_wide != 0 ? PE_IS_WIDE : PE_IS_DONE" : "PE_IS_DONE");
}

/* Opens a loop over v, the values of argument a that tell the block's level. */
static void put_extremes(const writer *w, const width *b, int a)
{
    const char *type = column_type(w, w->spec->signature.args[a].dtype);
    PUT(w, "    {\n    PE_EXTREMES(%d, %s)\n    for (size_t k = pe_begin; k < pe_end; k++) {\n", a, type);
    PUT(w, "        const %s v = pe_values[k];\n", b->type);
}

/* The bits of the block's arguments of one width, in m<bits>. */
static void put_magnitudes(const writer *w, const width *b)
{
    PUT(w, "    %s m%d = 0;\n", b->unsigned_type, b->bits);
    for (int a = 0; a < w->spec->signature.arg_count; a++) {
        if (width_of(w, a) != b)
            continue;
        put_extremes(w, b, a);
        PUT(w, "        m%d |= (%s)(v ^ (v >> %d));\n    }\n    }\n", b->bits, b->unsigned_type, b->bits - 1);
    }
}

static void put_root_test(const writer *w)
{
    PUT(w,
        "static __attribute__((noinline)) int pe_has_squares(const pe_object_call *call, size_t from, size_t to)\n{\n"
        "    int beyond = 0;\n");
    for (int a = 0; a < w->spec->signature.arg_count; a++) {
        const width *b = width_of(w, a);
        if (b == NULL)
            continue;
        put_extremes(w, b, a);
        PUT(w, "        beyond |= v < -%s || v > %s;\n    }\n    }\n", b->root, b->root);
    }
    PUT(w, "    return !beyond;\n}\n");
}

static bool is_used(const writer *w, const width *b)
{
    bool is = false;
    for (int a = 0; a < w->spec->signature.arg_count; a++)
        is = is || width_of(w, a) == b;
    return is;
}

static void put_level_search(const writer *w)
{
    put_root_test(w);
    PUT(w,
        "static int pe_level_of(const pe_object_call *call, size_t from, size_t to, int hint)\n{\n    (void)hint;\n");
    for (size_t b = 0; b < WIDTHS; b++)
        if (is_used(w, &widths[b]))
            put_magnitudes(w, &widths[b]);
    for (int level = 0; level < LEVELS; level++) {
        PUT(w, "    if (1");
        for (size_t b = 0; b < WIDTHS; b++)
            if (is_used(w, &widths[b]))
                PUT(w, " && m%d >> %d == 0", widths[b].bits, widths[b].level_bits[level] - 1);
        PUT(w, "%s)\n        return %d;\n", level == ROOT ? " && pe_has_squares(call, from, to)" : "", level);
    }
    PUT(w, "    return %d;\n}\n", FREE);
}

void pe_codegen_loops_write(const pe_codegen *spec, pe_buffer *out, pe_error *err)
{
    const writer w = {.spec = spec, .out = out, .err = err};
    const bool levels = has_levels(&w);
    PUT(&w, "enum { PE_IS_DONE, PE_IS_WIDE, PE_IS_BROKEN };\n");
    put_lines(&w);
    for (int level = levels ? 0 : FREE; level <= EXACT; level++)
        put_loop(&w, level);
    PUT(&w, "static int (*const pe_levels[])(const pe_object_call *, size_t, size_t) = {");
    for (int level = levels ? 0 : FREE; level <= FREE; level++)
        PUT(&w, "pe_loop_%d, ", level);
    PUT(&w, "};\n");
    if (levels && !is_expr(&w)) {
        put_level_search(&w);
        return;
    }
    PUT(&w, "static int pe_level_of(const pe_object_call *call, size_t from, size_t to, int hint)\n"
            "{\n    (void)call, (void)from, (void)to;\n    return hint;\n}\n");
}
