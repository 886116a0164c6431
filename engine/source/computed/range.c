/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* range.c - the source of evenly spaced integers or floats, computed where they are needed.
 *
 * Design:   integers are exact to int128; a block whose ends fit 64 bits is one 64-bit ramp.
 *           With floats, item i is start + i * step, product and sum each rounded, and the first item that is not before
 *           stop ends the range. So stop is never an item; numpy.arange takes the ceiling of a quotient instead, which
 *           is sometimes one item more.
 * Threads:  constant after open.
 * Not here: which integers a dtype holds (types/integer_range.c), spacing by a number of points (linspace.c).
 */
#include <math.h>
#include <string.h>

#include "source/fill.h"
#include "source/source_vtable.h"
#include "types/integer_range.h"
#include "types/number.h"
#include <pengine/clones.h>

#define MOST_ITEMS ((uint64_t)1 << 63)

typedef struct range {
    pe_source base;
    bool is_real;
    pe_integer_range integers;
    double real_start, real_step;
} range;

/* Prints at out, terminated; room for 2^128 - 1 and a sign. */
#define DIGITS_ROOM 48

static const char *print_count(pe_uint128 value, char out[DIGITS_ROOM])
{
    char *at = out + DIGITS_ROOM - 1;
    *at = '\0';
    do {
        *--at = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value > 0);
    return at;
}

static const char *print(pe_int128 value, char out[DIGITS_ROOM])
{
    *pe_print_int128(out, value) = '\0';
    return out;
}

static pe_int128 value_at(const range *r, uint64_t i)
{
    return pe_integer_range_at(&r->integers, i);
}

static bool find_misfit(const range *r, pe_block block, pe_dtype dtype, pe_int128 *misfit)
{
    return pe_integer_range_find_misfit(&r->integers, block, dtype, misfit);
}

static pe_status refuse_misfit(const range *r, pe_int128 misfit, pe_type type, pe_error *err)
{
    const pe_source_spec *const spec = r->base.spec;
    char text[5][DIGITS_ROOM], name[PE_TYPE_NAME_ROOM];
    pe_int128 low = 0, high = 0;
    (void)pe_exact_limits(type.dtype, &low, &high);
    print(r->integers.start, text[0]);
    print(spec->stop.integer, text[1]);
    print(misfit, text[2]);
    pe_type_print(type, name);
    if (pe_exact_bits(type.dtype) > 0)
        return pe_fail(err, PE_ECONFIG,
                       "%s: range [%s, %s] holds %s, which is not exact as %s (every integer is from %s to %s)",
                       spec->where, text[0], text[1], text[2], name, print(low, text[3]), print(high, text[4]));
    return pe_fail(err, PE_ECONFIG, "%s: range [%s, %s] holds %s, but %s reaches from %s to %s", spec->where, text[0],
                   text[1], text[2], name, print(low, text[3]), print(high, text[4]));
}

static pe_status judge(const range *r, pe_block block, pe_type type, pe_error *err)
{
    char name[PE_TYPE_NAME_ROOM];
    const char *const where = r->base.spec->where;
    pe_type_print(type, name);
    if (type.width != 0 || type.dtype == PE_TEXT)
        return pe_fail(err, PE_ECONFIG, "%s: a range gives numbers, not %s", where, name);
    if (r->is_real && type.dtype != PE_FLOAT64)
        return pe_fail(err, PE_ECONFIG, "%s: a range of floats is float64 and could lose value as %s", where, name);
    pe_int128 misfit = 0;
    return !r->is_real && find_misfit(r, block, type.dtype, &misfit) ? refuse_misfit(r, misfit, type, err) : PE_OK;
}

static pe_status count_integers(range *r, pe_int128 stop, pe_error *err)
{
    char text[3][DIGITS_ROOM];
    const char *const where = r->base.spec->where;
    if (r->integers.step == 0)
        return pe_fail(err, PE_ECONFIG, "%s: range: the step is 0, so it would never end", where);
    const bool is_up = r->integers.step > 0;
    if (is_up ? stop < r->integers.start : stop > r->integers.start)
        return pe_fail(err, PE_ECONFIG, "%s: range: from %s by steps of %s never reaches %s: the step must be %s",
                       where, print(r->integers.start, text[0]), print(r->integers.step, text[1]), print(stop, text[2]),
                       is_up ? "negative" : "positive");
    const pe_uint128 from = (pe_uint128)(is_up ? r->integers.start : stop);
    const pe_uint128 to = (pe_uint128)(is_up ? stop : r->integers.start);
    const pe_uint128 stride = is_up ? (pe_uint128)r->integers.step : -(pe_uint128)r->integers.step;
    const pe_uint128 count = (to - from) / stride + ((to - from) % stride != 0);
    if (count > MOST_ITEMS)
        return pe_fail(err, PE_ECONFIG, "%s: range: it would hold %s items; at most 2^63 can be counted", where,
                       print_count(count, text[0]));
    r->base.total = (uint64_t)count;
    return PE_OK;
}

static bool has_passed(double value, double stop, bool is_up)
{
    return is_up ? value >= stop : value <= stop;
}

/* The first n whose item, start + n * step as it will be made, is not before stop; MOST_ITEMS where there is none. Items
 * never turn back as n grows, since products and sums are rounded monotonically, so halving finds it. */
static uint64_t first_past(double start, double step, double stop)
{
    uint64_t low = 0, high = MOST_ITEMS;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        const double shift = (double)middle * step;
        if (has_passed(start + shift, stop, step > 0))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static pe_status count_reals(range *r, double stop, pe_error *err)
{
    const char *const where = r->base.spec->where;
    const double start = r->real_start, step = r->real_step;
    const double width = stop - start;
    if (!isfinite(start) || !isfinite(stop) || !isfinite(step) || !isfinite(width))
        return pe_fail(err, PE_ECONFIG, "%s: range: [%.17g, %.17g, %.17g] is not finite", where, start, stop, step);
    if (step == 0)
        return pe_fail(err, PE_ECONFIG, "%s: range: the step is 0, so it would never end", where);
    if (step > 0 ? width < 0 : width > 0)
        return pe_fail(err, PE_ECONFIG,
                       "%s: range: from %.17g by steps of %.17g never reaches %.17g: the step must be %s", where, start,
                       step, stop, step > 0 ? "negative" : "positive");
    if (!(ceil(width / step) <= (double)MOST_ITEMS))
        return pe_fail(err, PE_ECONFIG, "%s: range: it would hold %.17g items; at most 2^63 can be counted", where,
                       ceil(width / step));
    r->base.total = first_past(start, step, stop);
    return PE_OK;
}

/* The items that first and count leave; whether they are there is source.c's question. */
static pe_block chosen(const range *r)
{
    const pe_source_spec *const spec = r->base.spec;
    pe_block block = {.first = spec->has_first ? spec->first : 0};
    if (block.first < r->base.total)
        block.count = r->base.total - block.first;
    if (spec->has_count && spec->count < block.count)
        block.count = spec->count;
    return block;
}

static bool is_real(const pe_scalar *scalar)
{
    return scalar->dtype == PE_FLOAT64;
}

static double real_of(const pe_scalar *scalar)
{
    return is_real(scalar) ? scalar->real : (double)scalar->integer; /* a step left at its default of 1 */
}

static pe_status range_open(pe_source *source, pe_error *err)
{
    range *const r = (range *)source;
    const pe_source_spec *const spec = source->spec;
    r->is_real = is_real(&spec->start) || is_real(&spec->stop) || is_real(&spec->step);
    r->integers.start = spec->start.integer;
    r->integers.step = spec->step.integer;
    r->real_start = real_of(&spec->start);
    r->real_step = real_of(&spec->step);
    const pe_status status =
        r->is_real ? count_reals(r, real_of(&spec->stop), err) : count_integers(r, spec->stop.integer, err);
    if (status != PE_OK)
        return status;
    pe_int128 misfit = 0;
    const pe_block block = chosen(r);
    source->info.columns = 1;
    source->info.types[0].dtype = r->is_real                                 ? PE_FLOAT64
                                  : find_misfit(r, block, PE_INT64, &misfit) ? PE_INT128
                                                                             : PE_INT64;
    if (!spec->has_dtype)
        return PE_OK;
    source->info.types[0] = spec->dtype;
    return judge(r, block, spec->dtype, err);
}

static pe_status range_load(pe_source *source, const unsigned char *data, size_t size, pe_error *err)
{
    (void)data;
    (void)size;
    return range_open(source, err); /* cheaper than a form of its own */
}

static pe_status range_bind(pe_source *source, const pe_type *want, pe_error *err)
{
    return judge((const range *)source, (pe_block){source->first, source->info.count}, want[0], err);
}

/* One loop per dtype: to[k] = base + k * step modulo 2^64, which is right since the ends fit. */
#define DEFINE_RAMP(name, type, through)                                                                               \
    PE_CLONES static void name(void *out, size_t count, uint64_t base, uint64_t step)                                  \
    {                                                                                                                  \
        type *const to = out; /* NOLINT(bugprone-macro-parentheses): a type */                                         \
        for (size_t k = 0; k < count; k++)                                                                             \
            to[k] = (type)(through)(base + k * step);                                                                  \
    }

DEFINE_RAMP(ramp8, uint8_t, uint64_t)
DEFINE_RAMP(ramp16, uint16_t, uint64_t)
DEFINE_RAMP(ramp32, uint32_t, uint64_t)
DEFINE_RAMP(ramp64, uint64_t, uint64_t)
DEFINE_RAMP(ramp_float32, float, int64_t)
DEFINE_RAMP(ramp_float64, double, int64_t)

typedef uint64_t __attribute__((may_alias)) word;

/* Word by word, low and sign, by addition: the compiler vectorises that, and no loop over int128. */
PE_CLONES static void ramp_int128(void *out, size_t count, uint64_t base, uint64_t step)
{
    word *const to = out;
    for (size_t k = 0; k < count; k++) {
        to[2 * k] = base;
        to[2 * k + 1] = (uint64_t)((int64_t)base >> 63);
        base += step;
    }
}

static void ramp_wide(pe_int128 *out, size_t count, pe_int128 base, pe_int128 step)
{
    for (size_t k = 0; k < count; k++)
        out[k] = (pe_int128)((pe_uint128)base + (pe_uint128)k * (pe_uint128)step);
}

/* Beyond int64; the items were found to be exact. */
static void ramp_wide_float(void *out, pe_dtype dtype, size_t count, pe_int128 base, pe_int128 step)
{
    float *const singles = out;
    double *const doubles = out;
    for (size_t k = 0; k < count; k++) {
        const pe_int128 value = (pe_int128)((pe_uint128)base + (pe_uint128)k * (pe_uint128)step);
        if (dtype == PE_FLOAT32)
            singles[k] = (float)value;
        else
            doubles[k] = (double)value;
    }
}

/* The items were found to be exact. */
static pe_status ramp_converted(const range *r, pe_block block, pe_dtype want, unsigned char *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (uint64_t k = 0; k < block.count && status == PE_OK; k++) {
        const pe_int128 value = value_at(r, block.first + k);
        size_t bad = 0;
        status = pe_convert(PE_INT128, &value, want, out + k * pe_dtype_bytes(want), 1, &bad, err);
    }
    return status;
}

static pe_status range_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range,
                            const unsigned char *bytes, void *const *columns, pe_error *err)
{
    static void (*const ramps[])(void *, size_t, uint64_t, uint64_t) = {
        [PE_BOOL] = ramp8,    [PE_INT8] = ramp8,         [PE_INT16] = ramp16,         [PE_INT32] = ramp32,
        [PE_INT64] = ramp64,  [PE_UINT8] = ramp8,        [PE_UINT16] = ramp16,        [PE_UINT32] = ramp32,
        [PE_UINT64] = ramp64, [PE_INT128] = ramp_int128, [PE_FLOAT32] = ramp_float32, [PE_FLOAT64] = ramp_float64,
    };
    (void)byte_range;
    (void)bytes;
    const range *const r = (const range *)reader->source;
    const pe_dtype want = r->base.want[0].dtype;
    const size_t count = (size_t)block.count;
    pe_int128 misfit = 0;
    if (want == PE_FLOAT16 || pe_dtype_is_complex(want))
        return ramp_converted(r, block, want, columns[0], err);
    if (r->is_real)
        pe_fill_line(columns[0], block.first, count, r->real_start, r->real_step);
    else if (want == PE_INT128 && find_misfit(r, block, PE_INT64, &misfit))
        ramp_wide(columns[0], count, value_at(r, block.first), r->integers.step);
    else if (pe_dtype_is_float(want) && find_misfit(r, block, PE_INT64, &misfit))
        ramp_wide_float(columns[0], want, count, value_at(r, block.first), r->integers.step);
    else
        ramps[want](columns[0], count, (uint64_t)value_at(r, block.first), (uint64_t)r->integers.step);
    return PE_OK;
}

static bool range_ramp(const pe_source *source, pe_block block, int64_t *first, int64_t *step)
{
    const range *const r = (const range *)source;
    const pe_dtype want = source->want[0].dtype;
    pe_int128 misfit = 0;
    if (r->is_real || (want != PE_INT64 && want != PE_INT128) || find_misfit(r, block, PE_INT64, &misfit))
        return false;
    *first = (int64_t)value_at(r, block.first);
    *step = (int64_t)r->integers.step;
    return r->integers.step == *step;
}

const pe_source_vtable pe_kind_range = {
    .name = "range",
    .source_bytes = sizeof(range),
    .reader_bytes = sizeof(pe_reader),
    .open = range_open,
    .load = range_load,
    .bind = range_bind,
    .read = range_read,
    .ramp = range_ramp,
};
