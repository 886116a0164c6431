/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_ramps.h - how a compiled kernel reads an integer argument that may be a ramp.
 *
 * Design: item k is line[k - skip] + offset. For a column, line is the column and skip and offset are 0. For a ramp
 *         (pengine/kernel.h), line holds 0, step, 2 step and so on for one block, skip is the block's first item and
 *         offset its first value. The line is the same for all blocks, so it is written once and stays in the
 *         first-level cache. A block of one item needs no line. So one loop takes any mixture of columns and ramps;
 *         separate loops would double the text and the time that the compiler takes.
 * Threads: each has its own lines.
 */
#define PE_BLOCK 512u /* items: a block's columns stay in the first-level cache between the test and the loop */

static inline __attribute__((unused)) int64_t pe_ramp_at(const pe_object_call *call, int a, size_t k)
{
    return (int64_t)((uint64_t)call->ramps[a].first + k * (uint64_t)call->ramps[a].step);
}

/* clang-format off */
/* pe_line_of_<a>: argument a's line, of a type whose unsigned type is word; pe_zero_<a>: that of one item. */
#define PE_LINE(a, type, word)                                                                                         \
    static const type pe_zero_##a = 0;                                                                                 \
    static __attribute__((noinline, cold)) const type *pe_line_of_##a(int64_t step)                                    \
    {                                                                                                                  \
        static __thread type line[PE_BLOCK];                                                                           \
        static __thread int64_t made; /* for this step; the line of 0 is there from the start */                       \
        for (size_t k = 0; k < PE_BLOCK && made != step; k++)                                                          \
            line[k] = (type)(k * (word)step);                                                                          \
        made = step;                                                                                                   \
        return line;                                                                                                   \
    }

/* pe_a<a>, pe_s<a> and pe_o<a>: line, skip and offset of the block at from. */
#define PE_ARGUMENT(a, type, word)                                                                                     \
    const type *restrict pe_a##a = call->args[a] != NULL ? call->args[a]                                               \
                                   : to - from == 1      ? &pe_zero_##a                                                \
                                                         : pe_line_of_##a(call->ramps[a].step);                        \
    const size_t pe_s##a = call->args[a] != NULL ? 0 : from;                                                           \
    const word pe_o##a = call->args[a] != NULL ? 0 : (word)pe_ramp_at(call, a, from);

/* pe_values[pe_begin] to pe_values[pe_end - 1]: those of the block that are furthest from 0 are among them. */
#define PE_EXTREMES(a, type)                                                                                           \
    const type pe_ends[] = {call->args[a] != NULL ? 0 : (type)pe_ramp_at(call, a, from),                               \
                            call->args[a] != NULL ? 0 : (type)pe_ramp_at(call, a, to - 1)};                            \
    const type *const pe_values = call->args[a] != NULL ? call->args[a] : pe_ends;                                     \
    const size_t pe_begin = call->args[a] != NULL ? from : 0, pe_end = call->args[a] != NULL ? to : 2;
/* clang-format on */
