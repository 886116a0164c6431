/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plan_internal.h - what plan.c and plan_memory.c have in common.
 */
#ifndef PE_PLAN_INTERNAL_H
#define PE_PLAN_INTERNAL_H

#include "plan/plan.h"

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

static inline uint64_t pe_at_least(uint64_t value, uint64_t least)
{
    return value > least ? value : least;
}

static inline uint64_t pe_at_most(uint64_t value, uint64_t most)
{
    return value < most ? value : most;
}

static inline uint64_t pe_divide_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0 ? 1 : 0);
}

size_t pe_plan_wanted_bytes(size_t memory, int ranks);  /* of the buffers of a rank, where pool.memory allows it */
size_t pe_plan_slice_out_bytes(const pe_plan *plan);    /* results of a slice */
size_t pe_plan_dispatch_out_bytes(const pe_plan *plan); /* results of a run of slices */

/* pe_plan_buffer_bytes - the bytes of all buffers of one rank; sets result_bytes and part_bytes. SIZE_MAX: beyond 64 bits. */
size_t pe_plan_buffer_bytes(const pe_plan_request *request, pe_plan *plan, size_t memory);
/* pe_plan_peak_bytes - the peak memory of the whole process, once buffer_bytes is set. SIZE_MAX: beyond 64 bits. */
size_t pe_plan_peak_bytes(const pe_plan_request *request, const pe_plan *plan);

/* pe_plan_refuse_memory, pe_plan_refuse_overflow, pe_plan_refuse_peak - PE_ECONFIG with the numbers that are too large:
 * for pool.memory, for 64 bits in the buffers, for 64 bits in the peak. */
pe_status pe_plan_refuse_memory(const pe_plan *plan, size_t most, pe_error *err);
pe_status pe_plan_refuse_overflow(const pe_plan_request *request, const pe_plan *plan, pe_error *err);
pe_status pe_plan_refuse_peak(const pe_plan_request *request, const pe_plan *plan, pe_error *err);

#endif
