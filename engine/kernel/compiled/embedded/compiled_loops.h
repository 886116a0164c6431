/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_loops.h - the loops of a compiled kernel over one block of items.
 *
 * Design: every loop computes the same items. The loops of levels 0 to 3 know that the integer arguments lie in a range:
 *         each argument passes through a cast that changes no value of that range, so the compiler proves the overflow
 *         checks away and vectorises what is left: x * x is one multiplication. The range of a level is 21, 32 or 61 bits
 *         of 64; that of level 2 is the numbers whose square fits. Level 4 takes any value and keeps the checks. pe_exact
 *         is level 4 too, and records the item that it computes.
 *         An expression may be computed for any value, so its loops test the range as they go and report PE_IS_WIDE when
 *         a value lay outside. A function may loop, or read memory by its arguments, so it must only see the items' own
 *         values: pe_level_of reads the block's arguments first, in the first-level cache (of a ramp, its two ends).
 *
 *         The job's own text (codegen_loops.c) defines before this file:
 *           PE_IS_EXPR              1 for an expression, 0 for a function
 *           PE_IS_TEXT              1 for a function that gives a text
 *           PE_HAS_LEVELS           1 where an argument is a signed integer whose arithmetic is checked
 *           PE_TEST                 an expression: the type that holds the bits outside of the range
 *           PE_COLUMNS              the declarations of the columns: pe_a<argument>, pe_r<result>
 *           PE_BOUNDED_SCALARS(l)   the scalar arguments pe_x<argument> of item pe_k, at level l
 *           PE_SCALARS              the same for any value
 *           PE_CALL, PE_CALL_WIDE   computes item pe_k; PE_CALL_WIDE at level 4
 *           PE_BOUNDED_COLUMNS(DO)  a function: DO(argument, bits, type) for each column that has levels
 *
 *         Measured for x * x on int64 (gcc 12, AVX-512, one thread), in nanoseconds an item:
 *
 *                                           first-level cache   second-level cache
 *             the wrapping loop                         0.042                0.095
 *             a function's levels                       0.097                0.125
 *             checks in every item                       0.85                 0.85
 *
 *         In a job from a range to a digest, all but the last take as long as the built-in square (0.50 to 0.55 on
 *         another machine; most of it is the hash): pengine -t 1 on the jobs of tests/bench, expr and source x*x.
 *         A loop that carries a value from step to step (3 n + 1) keeps its checks, and costs 1.35 of the wrapping one.
 * Threads: no state.
 * Not here: which loop a block gets (compiled_map.h), how an argument is read from a ramp (compiled_ramps.h).
 */
/* clang-format off */
/* ---- one argument ---- */

#define PE_INT_32 int32_t
#define PE_INT_64 int64_t
#define PE_INT_128 __int128
#define PE_UINT_32 uint32_t
#define PE_UINT_64 uint64_t
#define PE_UINT_128 unsigned __int128

/* floor(sqrt(2^(bits - 1) - 1)) */
#define PE_ROOT_32 46340
#define PE_ROOT_64 INT64_C(3037000499)
#define PE_ROOT_128 ((__int128)UINT64_C(13043817825332782212))

/* v as a level has it: sign-extended from 11, 17 and 29 bits of 32, and as many of 64 and 128 in proportion. */
#define PE_EXTEND(bits, kept, v) ((PE_INT_##bits)((PE_UINT_##bits)(v) << (bits - kept)) >> (bits - kept))
#define PE_NARROW_0_32(v) PE_EXTEND(32, 11, v)
#define PE_NARROW_0_64(v) PE_EXTEND(64, 21, v)
#define PE_NARROW_0_128(v) PE_EXTEND(128, 42, v)
#define PE_NARROW_1_32(v) PE_EXTEND(32, 16, v)
#define PE_NARROW_1_64(v) PE_EXTEND(64, 32, v)
#define PE_NARROW_1_128(v) PE_EXTEND(128, 64, v)
#define PE_CLAMP(bits, v) ((v) < -PE_ROOT_##bits ? -PE_ROOT_##bits : (v) > PE_ROOT_##bits ? PE_ROOT_##bits : (v))
#define PE_NARROW_2_32(v) PE_CLAMP(32, v)
#define PE_NARROW_2_64(v) PE_CLAMP(64, v)
#define PE_NARROW_2_128(v) PE_CLAMP(128, v)
#define PE_NARROW_3_32(v) PE_EXTEND(32, 29, v)
#define PE_NARROW_3_64(v) PE_EXTEND(64, 61, v)
#define PE_NARROW_3_128(v) PE_EXTEND(128, 124, v)

/* Item pe_k of argument a: a column's, a ramp's, or the item's index. */
#define PE_ITEM(a) pe_a##a[pe_k]
#define PE_RAMP_ITEM(a, word) ((word)pe_a##a[pe_k - pe_s##a] + pe_o##a)
#define PE_INDEX (call->first + pe_k)

#define PE_TEXT_ITEM(a) (pe_a##a[pe_k].data == NULL ? "" : pe_a##a[pe_k].data), pe_a##a[pe_k].size

#define PE_COLUMN(a, type) const type *restrict pe_a##a = call->args[a];
#define PE_RESULT_COLUMN(r, type) type *restrict pe_r##r = call->results[r];
#define PE_SCALAR(a, type, item) const type pe_x##a = (type)item;
#define PE_BOUNDED_SCALAR(level, bits, a, item)                                                                        \
    const PE_INT_##bits pe_v##a = (PE_INT_##bits)item;                                                                 \
    const PE_INT_##bits pe_x##a = PE_NARROW_##level##_##bits(pe_v##a);                                                 \
    PE_NOTE(pe_v##a ^ pe_x##a)
/* A uint64 beyond int64 is outside of every level. */
#define PE_BOUNDED_UINT64(level, a, item)                                                                              \
    PE_BOUNDED_SCALAR(level, 64, a, item)                                                                              \
    PE_NOTE((int64_t)(item >> 63))

/* ---- the loops ---- */

#if PE_IS_EXPR
#define PE_NOTE(bits) pe_wide |= bits;
#define PE_BEGIN PE_TEST pe_wide = 0;
#define PE_SEEN (pe_wide != 0 ? PE_IS_WIDE : PE_IS_DONE)
#else
#define PE_NOTE(bits)
#define PE_BEGIN int pe_seen = PE_IS_DONE;
#define PE_SEEN pe_seen
#endif

/* Only a function that includes <pengine/random.h> reads the seed and the item's index. */
#ifdef PE_HAS_RANDOM
#define PE_DRAW pe_seed = call->seed, pe_item = call->first + pe_k;
#else
#define PE_DRAW
#endif

/* Only a function that gives a text can change pe_seen. */
#if PE_IS_TEXT
#define PE_ITEMS for (size_t pe_k = from; pe_k < to && pe_seen == PE_IS_DONE; pe_k++)
#else
#define PE_ITEMS for (size_t pe_k = from; pe_k < to; pe_k++)
#endif

#define PE_LOOP static __attribute__((noinline)) int

#if PE_HAS_LEVELS
PE_LOOP pe_loop_0(const pe_object_call *call, size_t from, size_t to)
{
    PE_COLUMNS
    PE_BEGIN
    PE_ITEMS { PE_DRAW PE_BOUNDED_SCALARS(0) PE_CALL }
    return PE_SEEN;
}

PE_LOOP pe_loop_1(const pe_object_call *call, size_t from, size_t to)
{
    PE_COLUMNS
    PE_BEGIN
    PE_ITEMS { PE_DRAW PE_BOUNDED_SCALARS(1) PE_CALL }
    return PE_SEEN;
}

PE_LOOP pe_loop_2(const pe_object_call *call, size_t from, size_t to)
{
    PE_COLUMNS
    PE_BEGIN
    PE_ITEMS { PE_DRAW PE_BOUNDED_SCALARS(2) PE_CALL }
    return PE_SEEN;
}

PE_LOOP pe_loop_3(const pe_object_call *call, size_t from, size_t to)
{
    PE_COLUMNS
    PE_BEGIN
    PE_ITEMS { PE_DRAW PE_BOUNDED_SCALARS(3) PE_CALL }
    return PE_SEEN;
}
#endif

PE_LOOP pe_loop_4(const pe_object_call *call, size_t from, size_t to)
{
    PE_COLUMNS
    PE_BEGIN
    PE_ITEMS { PE_DRAW PE_SCALARS PE_CALL_WIDE }
    return PE_SEEN;
}

PE_LOOP pe_exact(const pe_object_call *call, size_t from, size_t to, struct pe_where *here)
{
    PE_COLUMNS
    PE_BEGIN
    PE_ITEMS { here->at = pe_k; PE_DRAW PE_SCALARS PE_CALL_WIDE }
    return PE_SEEN;
}

static int (*const pe_levels[])(const pe_object_call *, size_t, size_t) = {
#if PE_HAS_LEVELS
    pe_loop_0, pe_loop_1, pe_loop_2, pe_loop_3,
#endif
    pe_loop_4};

/* ---- the first level to try ---- */

#if PE_HAS_LEVELS && !PE_IS_EXPR

/* The bits of the block's values of one width, and whether the square of one of them does not fit. */
#define PE_MAGNITUDE(a, bits, type)                                                                                    \
    {                                                                                                                  \
        PE_EXTREMES(a, type)                                                                                           \
        for (size_t k = pe_begin; k < pe_end; k++) {                                                                   \
            const PE_INT_##bits v = pe_values[k];                                                                      \
            m##bits |= (PE_UINT_##bits)(v ^ (v >> (bits - 1)));                                                        \
        }                                                                                                              \
    }
#define PE_BEYOND_ROOT(a, bits, type)                                                                                  \
    {                                                                                                                  \
        PE_EXTREMES(a, type)                                                                                           \
        for (size_t k = pe_begin; k < pe_end; k++) {                                                                   \
            const PE_INT_##bits v = pe_values[k];                                                                      \
            beyond |= v < -PE_ROOT_##bits || v > PE_ROOT_##bits;                                                       \
        }                                                                                                              \
    }
#define PE_FITS(kept32, kept64, kept128) (m32 >> (kept32 - 1) == 0 && m64 >> (kept64 - 1) == 0 && m128 >> (kept128 - 1) == 0)

static __attribute__((noinline)) int pe_has_squares(const pe_object_call *call, size_t from, size_t to)
{
    int beyond = 0;
    PE_BOUNDED_COLUMNS(PE_BEYOND_ROOT)
    return !beyond;
}

static int pe_level_of(const pe_object_call *call, size_t from, size_t to, int hint)
{
    (void)hint;
    uint32_t m32 = 0;
    uint64_t m64 = 0;
    unsigned __int128 m128 = 0;
    PE_BOUNDED_COLUMNS(PE_MAGNITUDE)
    if (PE_FITS(11, 21, 42))
        return 0;
    if (PE_FITS(16, 32, 64))
        return 1;
    if (PE_FITS(17, 33, 65) && pe_has_squares(call, from, to))
        return 2;
    return PE_FITS(29, 61, 124) ? 3 : 4;
}

#else

/* An expression's loops find out themselves; without levels there is one loop. */
static int pe_level_of(const pe_object_call *call, size_t from, size_t to, int hint)
{
    (void)call, (void)from, (void)to;
    return hint;
}

#endif
/* clang-format on */
