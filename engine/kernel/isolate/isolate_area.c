/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate_area.c - the memory that a worker shares with its process.
 *
 * Design:   laid out once for a number of items and bytes of texts; only pages that are used become memory.
 * Threads:  one worker's own.
 * Not here: who fills it when (isolate.c, isolate_process.c).
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "kernel/isolate/isolate_internal.h"

#define FIRST_BYTES ((size_t)32 << 20) /* of columns; addresses, not memory */
#define FIRST_ITEMS ((size_t)64 << 10)
#define FIRST_TEXT_BYTES ((size_t)16 << 20)

static size_t item_bytes(const pe_signature *signature)
{
    size_t bytes = sizeof(pe_isolate_failure) + 1;
    for (int a = 0; a < signature->arg_count; a++)
        bytes += pe_type_bytes(signature->args[a]);
    for (int r = 0; r < signature->result_count; r++)
        bytes += pe_type_bytes(signature->results[r]);
    return bytes;
}

static bool has_text(const pe_type *types, int count)
{
    int c = 0;
    while (c < count && types[c].dtype != PE_TEXT)
        c++;
    return c < count;
}

pe_isolate_room pe_isolate_first_room(const pe_signature *signature)
{
    const size_t items = FIRST_BYTES / item_bytes(signature) + 1;
    return (pe_isolate_room){.items = items < FIRST_ITEMS ? items : FIRST_ITEMS,
                             .text_in = has_text(signature->args, signature->arg_count) ? FIRST_TEXT_BYTES : 0,
                             .text_out = has_text(signature->results, signature->result_count) ? FIRST_TEXT_BYTES : 0};
}

/* Takes count * size bytes of the layout; *end becomes SIZE_MAX when they are too many. */
static size_t lay(size_t *end, size_t count, size_t size)
{
    size_t bytes = 0;
    const size_t begin = *end;
    if (!pe_mul_size(count, size, &bytes) || bytes > SIZE_MAX / 2 || begin > SIZE_MAX / 2)
        *end = SIZE_MAX;
    else
        *end = (begin + bytes + PE_CACHE_LINE - 1) / PE_CACHE_LINE * PE_CACHE_LINE;
    return begin;
}

int pe_isolate_map_area(const pe_signature *signature, pe_isolate_room room, pe_isolate_area *out)
{
    size_t args[PE_MAX_COLUMNS], results[PE_MAX_COLUMNS], end = 0;
    (void)lay(&end, 1, sizeof(pe_isolate_sheet));
    const size_t failures = lay(&end, room.items, sizeof(pe_isolate_failure));
    const size_t has_failed = lay(&end, room.items, 1);
    for (int a = 0; a < signature->arg_count; a++)
        args[a] = lay(&end, room.items, pe_type_bytes(signature->args[a]));
    for (int r = 0; r < signature->result_count; r++)
        results[r] = lay(&end, room.items, pe_type_bytes(signature->results[r]));
    const size_t text_in = lay(&end, room.text_in, 1);
    const size_t text_out = lay(&end, room.text_out, 1);
    if (end > SIZE_MAX / 2)
        return ENOMEM;
    void *const base = mmap(NULL, end, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return errno;
    unsigned char *const at = base;
    *out = (pe_isolate_area){.base = at, .size = end, .room = room, .sheet = base, .has_failed = at + has_failed};
    out->failures = (void *)(at + failures);
    for (int a = 0; a < signature->arg_count; a++)
        out->args[a] = at + args[a];
    for (int r = 0; r < signature->result_count; r++)
        out->results[r] = at + results[r];
    out->text_in = (char *)at + text_in;
    out->text_out = (char *)at + text_out;
    return 0;
}

void pe_isolate_unmap_area(pe_isolate_area *area)
{
    if (area->base != NULL)
        (void)munmap(area->base, area->size);
    *area = (pe_isolate_area){.base = NULL};
}

pe_isolate_room pe_isolate_need(const pe_signature *signature, const pe_batch *batch)
{
    pe_isolate_room need = {.items = batch->count};
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_text *texts = signature->args[a].dtype == PE_TEXT ? batch->args[a] : NULL;
        for (size_t i = 0; texts != NULL && i < batch->count; i++)
            need.text_in += texts[i].size;
    }
    return need;
}

/* Their bytes behind one another, so that the pointers mean the same on both sides. */
static char *put_texts(pe_text *out, const pe_text *in, size_t count, char *bytes)
{
    for (size_t i = 0; i < count; i++) {
        if (in[i].size > 0)
            memcpy(bytes, in[i].data, in[i].size);
        out[i] = (pe_text){.data = bytes, .size = in[i].size};
        bytes += in[i].size;
    }
    return bytes;
}

void pe_isolate_put(const pe_isolate_area *area, const pe_signature *signature, const pe_batch *batch)
{
    char *bytes = area->text_in;
    for (int a = 0; a < signature->arg_count; a++) {
        if (signature->args[a].dtype == PE_TEXT)
            bytes = put_texts((void *)area->args[a], batch->args[a], batch->count, bytes);
        else
            memcpy(area->args[a], batch->args[a], batch->count * pe_type_bytes(signature->args[a]));
    }
}

static size_t outside(const pe_batch *batch, size_t item)
{
    return item < batch->count ? batch->count : item;
}

static int take_failures(const pe_isolate_area *area, pe_batch *batch, pe_isolate_span span)
{
    const pe_isolate_sheet *sheet = area->sheet;
    const size_t failed = sheet->failed < span.count ? sheet->failed : span.count;
    for (size_t f = 0; f < failed; f++) {
        pe_isolate_failure failure = area->failures[f];
        failure.reason[sizeof failure.reason - 1] = '\0';
        batch->fail(batch, failure.item < span.count ? span.begin + failure.item : outside(batch, failure.item),
                    failure.reason);
    }
    if (sheet->has_stray_item) /* what is to say of it the engine says */
        batch->fail(batch, outside(batch, sheet->stray_item), NULL);
    if (sheet->has_stray_text)
        (void)batch->text(batch, sheet->stray_result, outside(batch, sheet->stray_text), 0);
    return sheet->stopped;
}

static bool is_ours(const pe_isolate_area *area, const pe_text *text)
{
    const uintptr_t begin = (uintptr_t)area->text_out, at = (uintptr_t)text->data;
    return text->size == 0 ||
           (at >= begin && at - begin <= area->room.text_out && text->size <= area->room.text_out - (at - begin));
}

static int take_texts(const pe_isolate_area *area, pe_batch *batch, pe_isolate_span span, int result)
{
    const pe_text *texts = (const void *)area->results[result];
    for (size_t i = span.begin; i < span.begin + span.count; i++) {
        const pe_text text = texts[i];
        if (!is_ours(area, &text)) {
            batch->fail(batch, i, "its text is not in memory that batch->text gave");
            continue;
        }
        char *const bytes = text.size > 0 ? batch->text(batch, result, i, text.size) : NULL;
        if (text.size > 0 && bytes == NULL)
            return ENOMEM;
        if (text.size > 0)
            memcpy(bytes, text.data, text.size);
    }
    return 0;
}

int pe_isolate_take(const pe_isolate_area *area, const pe_signature *signature, pe_batch *batch, pe_isolate_span span)
{
    int stopped = take_failures(area, batch, span);
    for (int r = 0; r < signature->result_count && stopped == 0; r++) {
        const size_t bytes = pe_type_bytes(signature->results[r]);
        if (signature->results[r].dtype == PE_TEXT)
            stopped = take_texts(area, batch, span, r);
        else
            memcpy((unsigned char *)batch->results[r] + span.begin * bytes, area->results[r] + span.begin * bytes,
                   span.count * bytes);
    }
    return stopped;
}
