/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate_memory.c - the memory that a worker shares with its child process.
 *
 * Design:   laid out for a number of items and bytes of texts; the system gives memory only to pages that are used.
 * Threads:  belongs to one worker.
 * Not here: who fills it when (isolate.c, isolate_child.c).
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "kernel/isolate/isolate_internal.h"

#define FIRST_BYTES ((size_t)32 << 20) /* of columns: address space, not memory */
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

pe_isolate_capacity pe_isolate_first_capacity(const pe_signature *signature)
{
    const size_t items = FIRST_BYTES / item_bytes(signature) + 1;
    return (pe_isolate_capacity){.items = items < FIRST_ITEMS ? items : FIRST_ITEMS,
                                 .text_in = has_text(signature->args, signature->arg_count) ? FIRST_TEXT_BYTES : 0,
                                 .text_out =
                                     has_text(signature->results, signature->result_count) ? FIRST_TEXT_BYTES : 0};
}

/* Adds count * size bytes to a layout that ends at *end, and returns where they begin; *end is SIZE_MAX when they are too
 * many. */
static size_t reserve(size_t *end, size_t count, size_t size)
{
    size_t bytes = 0;
    const size_t begin = *end;
    if (!pe_mul_size(count, size, &bytes) || bytes > SIZE_MAX / 2 || begin > SIZE_MAX / 2)
        *end = SIZE_MAX;
    else
        *end = (begin + bytes + PE_CACHE_LINE - 1) / PE_CACHE_LINE * PE_CACHE_LINE;
    return begin;
}

int pe_isolate_memory_map(const pe_signature *signature, pe_isolate_capacity capacity, pe_isolate_memory *out)
{
    size_t args[PE_MAX_COLUMNS], results[PE_MAX_COLUMNS], end = 0;
    (void)reserve(&end, 1, sizeof(pe_isolate_header));
    const size_t failures = reserve(&end, capacity.items, sizeof(pe_isolate_failure));
    const size_t has_failed = reserve(&end, capacity.items, 1);
    for (int a = 0; a < signature->arg_count; a++)
        args[a] = reserve(&end, capacity.items, pe_type_bytes(signature->args[a]));
    for (int r = 0; r < signature->result_count; r++)
        results[r] = reserve(&end, capacity.items, pe_type_bytes(signature->results[r]));
    const size_t text_in = reserve(&end, capacity.text_in, 1);
    const size_t text_out = reserve(&end, capacity.text_out, 1);
    if (end > SIZE_MAX / 2)
        return ENOMEM;
    void *const base = mmap(NULL, end, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return errno;
    unsigned char *const at = base;
    *out = (pe_isolate_memory){
        .base = at, .size = end, .capacity = capacity, .header = base, .has_failed = at + has_failed};
    out->failures = (void *)(at + failures);
    for (int a = 0; a < signature->arg_count; a++)
        out->args[a] = at + args[a];
    for (int r = 0; r < signature->result_count; r++)
        out->results[r] = at + results[r];
    out->text_in = (char *)at + text_in;
    out->text_out = (char *)at + text_out;
    return 0;
}

void pe_isolate_memory_unmap(pe_isolate_memory *memory)
{
    if (memory->base != NULL)
        (void)munmap(memory->base, memory->size);
    *memory = (pe_isolate_memory){.base = NULL};
}

pe_isolate_capacity pe_isolate_need(const pe_signature *signature, const pe_batch *batch)
{
    pe_isolate_capacity need = {.items = batch->count};
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_text *texts = signature->args[a].dtype == PE_TEXT ? batch->args[a] : NULL;
        for (size_t i = 0; texts != NULL && i < batch->count; i++)
            need.text_in += texts[i].size;
    }
    return need;
}

/* Copies texts and their bytes; parent and child have the memory at the same address, so the pointers hold in both. */
static char *write_texts(pe_text *out, const pe_text *in, size_t count, char *bytes)
{
    for (size_t i = 0; i < count; i++) {
        if (in[i].size > 0)
            memcpy(bytes, in[i].data, in[i].size);
        out[i] = (pe_text){.data = bytes, .size = in[i].size};
        bytes += in[i].size;
    }
    return bytes;
}

void pe_isolate_write_args(const pe_isolate_memory *memory, const pe_signature *signature, const pe_batch *batch)
{
    char *bytes = memory->text_in;
    for (int a = 0; a < signature->arg_count; a++) {
        if (signature->args[a].dtype == PE_TEXT)
            bytes = write_texts((void *)memory->args[a], batch->args[a], batch->count, bytes);
        else
            memcpy(memory->args[a], batch->args[a], batch->count * pe_type_bytes(signature->args[a]));
    }
}

static size_t invalid_or_end(const pe_batch *batch, size_t item)
{
    return item < batch->count ? batch->count : item;
}

static int read_failures(const pe_isolate_memory *memory, pe_batch *batch, pe_isolate_items items)
{
    const pe_isolate_header *header = memory->header;
    const size_t failed = header->failed < items.count ? header->failed : items.count;
    for (size_t f = 0; f < failed; f++) {
        pe_isolate_failure failure = memory->failures[f];
        failure.reason[sizeof failure.reason - 1] = '\0';
        batch->fail(batch,
                    failure.item < items.count ? items.begin + failure.item : invalid_or_end(batch, failure.item),
                    failure.reason);
    }
    if (header->has_invalid_item) /* call.c has the message for it */
        batch->fail(batch, invalid_or_end(batch, header->invalid_item), NULL);
    if (header->has_invalid_text)
        (void)batch->text(batch, header->invalid_result, invalid_or_end(batch, header->invalid_text), 0);
    return header->stopped;
}

static bool is_inside(const pe_isolate_memory *memory, const pe_text *text)
{
    const uintptr_t begin = (uintptr_t)memory->text_out, at = (uintptr_t)text->data;
    return text->size == 0 || (at >= begin && at - begin <= memory->capacity.text_out &&
                               text->size <= memory->capacity.text_out - (at - begin));
}

void pe_isolate_free_texts(const pe_isolate_memory *memory)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t begin = ((uintptr_t)memory->text_out + page - 1) / page * page;
    const uintptr_t end = ((uintptr_t)memory->text_out + memory->capacity.text_out) / page * page;
    if (begin < end)
        (void)madvise(memory->text_out + (begin - (uintptr_t)memory->text_out), end - begin,
                      MADV_REMOVE); /* else they stay */
}

static int read_texts(const pe_isolate_memory *memory, pe_batch *batch, pe_isolate_items items, int result)
{
    const pe_text *texts = (const void *)memory->results[result];
    for (size_t i = items.begin; i < items.begin + items.count; i++) {
        const pe_text text = texts[i];
        if (!is_inside(memory, &text)) {
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

int pe_isolate_read_answer(const pe_isolate_memory *memory, const pe_signature *signature, pe_batch *batch,
                           pe_isolate_items items)
{
    int stopped = read_failures(memory, batch, items);
    for (int r = 0; r < signature->result_count && stopped == 0; r++) {
        const size_t bytes = pe_type_bytes(signature->results[r]);
        if (signature->results[r].dtype == PE_TEXT)
            stopped = read_texts(memory, batch, items, r);
        else
            memcpy((unsigned char *)batch->results[r] + items.begin * bytes, memory->results[r] + items.begin * bytes,
                   items.count * bytes);
    }
    return stopped;
}
