/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_range.c - which items of the job this run computes.
 *
 * Design:   parts differ by one item at most, the longer ones come first; of a part, or of the job, the items that
 *           have results already (--skip) are left out. Items keep their numbers in the whole job, so that the outputs of parts
 *           can be joined.
 * Threads:  any.
 */
#include "run/prepare/item_range.h"

#include "source/source.h"

static pe_status refuse_stream(const pe_job *job, pe_error *err)
{
    if (job->part.of > 0)
        return pe_fail(
            err, PE_ECONFIG,
            "%s: an input is read as it comes, so it is unknown where its parts begin: save it to a file first",
            job->part.where);
    return pe_fail(err, PE_ECONFIG,
                   "%s: skip: an input is read as it comes: set its first to %llu, or save it to a file first",
                   job->file, (unsigned long long)job->skip);
}

static pe_block part_of(uint64_t items, uint64_t number, uint64_t of)
{
    const uint64_t before = number - 1, least = items / of, longer = items % of;
    return (pe_block){.first = before * least + (before < longer ? before : longer),
                      .count = least + (before < longer ? 1 : 0)};
}

static pe_status choose_range(const pe_job *job, uint64_t items, pe_block *out, pe_error *err)
{
    *out = (pe_block){0, items};
    if (job->part.of == 0 && job->skip == 0)
        return PE_OK;
    if (items == PE_COUNT_UNKNOWN)
        return refuse_stream(job, err);
    if (job->skip > 0 && job->order == PE_ORDER_UNORDERED)
        return pe_fail(
            err, PE_ECONFIG,
            "%s: skip: expected a mode whose results are in order, such as \"%s\", got \"%s\", of which so many "
            "results are not those of the first items",
            job->file, job->is_star ? "istarmap" : "imap", job->mode);
    if (job->part.of > 0)
        *out = part_of(items, job->part.number, job->part.of);
    if (job->skip > out->count)
        return pe_fail(err, PE_ECONFIG, "%s: skip: expected at most the %llu items that there are, got %llu", job->file,
                       (unsigned long long)out->count, (unsigned long long)job->skip);
    out->first += job->skip;
    out->count -= job->skip;
    return PE_OK;
}

static pe_status choose_listed(const pe_job *job, pe_block items, pe_item_set *todo, pe_error *err)
{
    pe_error reason = PE_ERROR_INIT;
    if (items.count == PE_COUNT_UNKNOWN)
        return pe_fail(err, PE_ECONFIG, "%s: items: an input is read as it comes: save it to a file first", job->file);
    if (pe_item_set_parse(todo, job->items, &reason) != PE_OK)
        return pe_fail(err, reason.status, "%s: items: %s", job->file, reason.text);
    const pe_block last = todo->ranges[todo->count - 1];
    if (todo->ranges[0].first >= items.first && last.first + last.count <= items.first + items.count)
        return PE_OK;
    if (items.count == 0)
        return pe_fail(err, PE_ECONFIG, "%s: items: got %s, but there are no items", job->file, job->items);
    return pe_fail(err, PE_ECONFIG, "%s: items: expected numbers from %llu to %llu, got %s", job->file,
                   (unsigned long long)items.first, (unsigned long long)(items.first + items.count - 1), job->items);
}

pe_status pe_item_range_check_list(const char *list, pe_error *err)
{
    pe_item_set items = {0};
    const pe_status status = pe_item_set_parse(&items, list, err);
    pe_item_set_fini(&items);
    return status;
}

pe_status pe_item_range_choose(const pe_job *job, uint64_t items, pe_block *out, pe_item_set *todo, pe_error *err)
{
    const pe_status status = choose_range(job, items, out, err);
    if (status != PE_OK || job->items != NULL)
        return status == PE_OK ? choose_listed(job, *out, todo, err) : status;
    const uint64_t most = UINT64_MAX - 1 - out->first; /* of a stream their number is unknown */
    return pe_item_set_add(todo, (pe_block){.first = out->first, .count = out->count < most ? out->count : most}, err);
}
