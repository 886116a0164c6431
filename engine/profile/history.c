/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* history.c - what was recorded of the runs of a job so far, as bytes for its checkpoint.
 *
 * Design:  a head, the buckets that have items, the slowest items with as much text as they have; numbers as this machine
 *          has them, as in all of a checkpoint.
 * Threads: no state.
 */
#include "profile/history.h"

#include <math.h>
#include <string.h>

typedef struct head {
    uint64_t phases, runs, items;
    uint64_t worker_ns[PE_PHASES];
    uint64_t buckets, slowest;
} head;

typedef struct bucket {
    uint64_t number, items;
    double ns;
} bucket;

typedef struct slow_head {
    uint64_t item, count, ns;
    double each_ns;
    uint64_t text_bytes;
} slow_head;

/* ---- encode ---- */

static head head_of(const pe_history *history)
{
    head out = {.phases = PE_PHASES,
                .runs = history->runs,
                .items = history->items,
                .slowest = (uint64_t)history->costs.slow_count};
    memcpy(out.worker_ns, history->worker_ns, sizeof out.worker_ns);
    for (int b = 0; b < PE_COST_BUCKETS; b++)
        out.buckets += history->costs.items[b] > 0 ? 1 : 0;
    return out;
}

static pe_status encode_slow(const pe_slow_item *item, pe_buffer *out, pe_error *err)
{
    const slow_head own = {.item = item->item,
                           .count = item->count,
                           .ns = item->ns,
                           .each_ns = item->each_ns,
                           .text_bytes = strnlen(item->text, sizeof item->text - 1)};
    const pe_status status = pe_buffer_append(out, &own, sizeof own, err);
    return status == PE_OK ? pe_buffer_append(out, item->text, (size_t)own.text_bytes, err) : status;
}

pe_status pe_history_encode(const pe_history *history, pe_buffer *out, pe_error *err)
{
    const pe_costs *const costs = &history->costs;
    const head first = head_of(history);
    pe_status status = pe_buffer_append(out, &first, sizeof first, err);
    for (uint64_t b = 0; b < PE_COST_BUCKETS && status == PE_OK; b++) {
        const bucket own = {.number = b, .items = costs->items[b], .ns = costs->ns[b]};
        if (own.items > 0)
            status = pe_buffer_append(out, &own, sizeof own, err);
    }
    for (int i = 0; i < costs->slow_count && status == PE_OK; i++)
        status = encode_slow(&costs->slowest[i], out, err);
    return status;
}

/* ---- decode ---- */

typedef struct reading {
    const unsigned char *at;
    size_t left;
} reading;

static bool take(reading *from, void *into, size_t size)
{
    if (size > from->left)
        return false;
    if (size > 0)
        memcpy(into, from->at, size);
    from->at += size;
    from->left -= size;
    return true;
}

static bool is_time(double ns)
{
    return isfinite(ns) && ns >= 0;
}

static bool decode_bucket(pe_costs *costs, reading *from)
{
    bucket own;
    if (!take(from, &own, sizeof own) || own.number >= PE_COST_BUCKETS || !is_time(own.ns))
        return false;
    costs->items[own.number] = own.items;
    costs->ns[own.number] = own.ns;
    return true;
}

static bool decode_slow(pe_costs *costs, reading *from)
{
    slow_head own;
    if (!take(from, &own, sizeof own) || !is_time(own.each_ns) || own.text_bytes >= PE_COST_TEXT_ROOM)
        return false;
    pe_slow_item item = {.item = own.item, .count = own.count, .ns = own.ns, .each_ns = own.each_ns};
    if (!take(from, item.text, (size_t)own.text_bytes))
        return false;
    pe_costs_keep(costs, &item);
    return true;
}

bool pe_history_decode(pe_history *history, const void *data, size_t size)
{
    reading from = {.at = data, .left = size};
    head first;
    *history = (pe_history){.runs = 0};
    bool is_right = take(&from, &first, sizeof first) && first.phases == PE_PHASES &&
                    first.buckets <= PE_COST_BUCKETS && first.slowest <= PE_COST_SLOWEST;
    for (uint64_t b = 0; is_right && b < first.buckets; b++)
        is_right = decode_bucket(&history->costs, &from);
    for (uint64_t i = 0; is_right && i < first.slowest; i++)
        is_right = decode_slow(&history->costs, &from);
    if (!is_right || from.left > 0) {
        *history = (pe_history){.runs = 0};
        return false;
    }
    history->runs = first.runs;
    history->items = first.items;
    memcpy(history->worker_ns, first.worker_ns, sizeof history->worker_ns);
    return true;
}
