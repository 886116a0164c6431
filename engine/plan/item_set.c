/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_set.c - a set of item numbers, stored as sorted ranges.
 *
 * Design:  two parallel arrays, the ranges and the positions of their first items, so that item to position and position
 *          to item are one binary search each. A block that is added is merged with all ranges that it overlaps or touches.
 * Threads: item_set.h.
 */
#include "plan/item_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define LEAST_ROOM 16u

void pe_item_set_fini(pe_item_set *set)
{
    free(set->ranges);
    free(set->positions);
    *set = (pe_item_set){0};
}

static uint64_t end_of(pe_block block)
{
    return block.first + block.count;
}

static pe_status grow(pe_item_set *set, pe_error *err)
{
    pe_block *ranges = NULL;
    uint64_t *positions = NULL;
    if (set->count < set->room)
        return PE_OK;
    const size_t room = set->room < LEAST_ROOM ? LEAST_ROOM : 2 * set->room;
    pe_status status = pe_make_array(&ranges, room, sizeof *ranges, err);
    if (status == PE_OK)
        status = pe_make_array(&positions, room, sizeof *positions, err);
    if (status != PE_OK) {
        free(ranges);
        return status;
    }
    if (set->count > 0) {
        memcpy(ranges, set->ranges, set->count * sizeof *ranges);
        memcpy(positions, set->positions, set->count * sizeof *positions);
    }
    free(set->ranges);
    free(set->positions);
    set->ranges = ranges;
    set->positions = positions;
    set->room = room;
    return PE_OK;
}

/* The first range whose end is not below item. A block that begins at item overlaps or touches this one first. */
static size_t find_end(const pe_item_set *set, uint64_t item)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (end_of(set->ranges[middle]) < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void number_from(pe_item_set *set, size_t from)
{
    uint64_t position = from == 0 ? 0 : set->positions[from - 1] + set->ranges[from - 1].count;
    for (size_t r = from; r < set->count; r++) {
        set->positions[r] = position;
        position += set->ranges[r].count;
    }
    set->items = position;
}

pe_status pe_item_set_add(pe_item_set *set, pe_block block, pe_error *err)
{
    if (block.count == 0)
        return PE_OK;
    if (block.first >= UINT64_MAX - block.count)
        return pe_fail(err, PE_EDATA, "items %llu and %llu more: beyond the numbers of items",
                       (unsigned long long)block.first, (unsigned long long)block.count);
    const pe_status status = grow(set, err);
    if (status != PE_OK)
        return status;
    const size_t begin = find_end(set, block.first);
    size_t end = begin;
    uint64_t first = block.first, last = end_of(block);
    for (; end < set->count && set->ranges[end].first <= last; end++) {
        first = set->ranges[end].first < first ? set->ranges[end].first : first;
        last = end_of(set->ranges[end]) > last ? end_of(set->ranges[end]) : last;
    }
    memmove(set->ranges + begin + 1, set->ranges + end, (set->count - end) * sizeof *set->ranges);
    set->ranges[begin] = (pe_block){.first = first, .count = last - first};
    set->count = set->count - (end - begin) + 1;
    number_from(set, begin);
    return PE_OK;
}

pe_status pe_item_set_add_all(pe_item_set *set, const pe_item_set *other, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t r = 0; r < other->count && status == PE_OK; r++)
        status = pe_item_set_add(set, other->ranges[r], err);
    return status;
}

bool pe_item_set_has(const pe_item_set *set, uint64_t item)
{
    const size_t at = item == UINT64_MAX ? set->count : find_end(set, item + 1);
    return at < set->count && set->ranges[at].first <= item;
}

pe_status pe_item_set_missing(const pe_item_set *set, pe_block whole, pe_item_set *out, pe_error *err)
{
    uint64_t from = whole.first;
    const uint64_t end = end_of(whole);
    pe_status status = PE_OK;
    for (size_t r = find_end(set, from); r < set->count && set->ranges[r].first < end && status == PE_OK; r++) {
        if (set->ranges[r].first > from)
            status = pe_item_set_add(out, (pe_block){.first = from, .count = set->ranges[r].first - from}, err);
        from = end_of(set->ranges[r]) > from ? end_of(set->ranges[r]) : from;
    }
    if (status == PE_OK && from < end)
        status = pe_item_set_add(out, (pe_block){.first = from, .count = end - from}, err);
    return status;
}

/* The last range whose position is at most `position`; the set is not empty. */
static size_t find_position(const pe_item_set *set, uint64_t position)
{
    size_t low = 0, high = set->count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (set->positions[middle] <= position)
            low = middle;
        else
            high = middle;
    }
    return low;
}

pe_block pe_item_set_from(const pe_item_set *set, uint64_t position)
{
    if (position >= set->items)
        return (pe_block){0, 0};
    const size_t at = find_position(set, position);
    const uint64_t before = position - set->positions[at];
    return (pe_block){.first = set->ranges[at].first + before, .count = set->ranges[at].count - before};
}

uint64_t pe_item_set_position(const pe_item_set *set, uint64_t item)
{
    const size_t at = find_end(set, item);
    if (at == set->count)
        return set->items;
    return set->positions[at] + (item > set->ranges[at].first ? item - set->ranges[at].first : 0);
}

pe_status pe_item_set_save(const pe_item_set *set, pe_buffer *out, pe_error *err)
{
    return set->count == 0 ? PE_OK : pe_buffer_append(out, set->ranges, set->count * sizeof *set->ranges, err);
}

pe_status pe_item_set_load(pe_item_set *set, const void *data, size_t size, pe_error *err)
{
    pe_status status = size % sizeof(pe_block) == 0 ? PE_OK : pe_fail(err, PE_EDATA, "%zu bytes are no ranges", size);
    uint64_t least = 0; /* the next range's first item */
    assert(set->count == 0);
    for (size_t at = 0; at < size && status == PE_OK; at += sizeof(pe_block)) {
        pe_block range;
        memcpy(&range, (const unsigned char *)data + at, sizeof range);
        if (range.count == 0 || range.first < least || range.first >= UINT64_MAX - range.count)
            status = pe_fail(err, PE_EDATA, "the ranges of items are not in order");
        else
            status = pe_item_set_add(set, range, err);
        least = end_of(range) + 1;
    }
    if (status != PE_OK)
        pe_item_set_fini(set);
    return status;
}

/* Reads digits at *at; false when there are none or the number exceeds 64 bits. */
static bool read_number(const char **at, uint64_t *out)
{
    uint64_t value = 0;
    const char *const begin = *at;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        const uint64_t digit = (uint64_t)(**at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return *at > begin;
}

pe_status pe_item_set_parse(pe_item_set *set, const char *text, pe_error *err)
{
    const char *at = text;
    uint64_t least = 0;
    for (bool is_first = true; is_first || *at != '\0'; is_first = false) {
        const char *const part = at;
        uint64_t first = 0, last = 0;
        bool is_right = read_number(&at, &first);
        last = first;
        if (is_right && *at == '-') {
            at++;
            is_right = read_number(&at, &last);
        }
        is_right = is_right && first >= least && last >= first && last < UINT64_MAX - 1;
        const bool has_more = is_right && *at == ',' && at[1] != '\0';
        if (!is_right || (*at != '\0' && !has_more))
            return pe_fail(err, PE_ECONFIG,
                           "expected ascending item numbers such as 17 or 17,40-60, got \"%.60s\" at \"%.30s\"", text,
                           part);
        const pe_status status = pe_item_set_add(set, (pe_block){.first = first, .count = last - first + 1}, err);
        if (status != PE_OK)
            return status;
        least = last + 1;
        at += has_more ? 1 : 0;
    }
    return PE_OK;
}
