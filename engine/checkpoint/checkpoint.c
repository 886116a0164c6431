/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* checkpoint.c - encodes and decodes the checkpoint.
 *
 * Invariant: no item is in two records of a decoded checkpoint, since an item may be delivered only once.
 * Design:   the text of the manifest ends with a line that holds its checksum. A record of an unknown
 *           kind counts as damaged. A run writes no overlapping records; if damage that the checksum misses produces
 *           one, the later record is dropped.
 * Threads:  one.
 * Not here: the file (checkpoint_file.c), when it is written (run).
 */
#include "checkpoint/checkpoint.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/alloc.h"
#include "checkpoint/record.h"

#define OPENING                                                                                                        \
    PE_CHECKPOINT_MAGIC "1\n# What decides the bytes of the output. Records of what is done follow: pengine --status " \
                        "FILE prints them.\n"
#define LEAST_SPILLED 16 /* room of the first list */
#define SUM_KEY "manifest_xxh3 = "
#define SUM_LINE (sizeof SUM_KEY - 1 + 16 + 1)

typedef enum record_kind { RECORD_PROGRESS = 1, RECORD_SPILLED = 2, RECORD_HISTORY = 4 } record_kind;

/* The numbers of a progress record, in their order in the file: where each is in pe_checkpoint_progress. */
static const size_t number_offsets[] = {
    offsetof(pe_checkpoint_progress, output_bytes), offsetof(pe_checkpoint_progress, rows),
    offsetof(pe_checkpoint_progress, failed_list),  offsetof(pe_checkpoint_progress, inode),
    offsetof(pe_checkpoint_progress, names_bytes),  offsetof(pe_checkpoint_progress, failed),
    offsetof(pe_checkpoint_progress, failed_bytes), offsetof(pe_checkpoint_progress, left_out),
    offsetof(pe_checkpoint_progress, runs),         offsetof(pe_checkpoint_progress, work_ns),
    offsetof(pe_checkpoint_progress, wall_ns),      offsetof(pe_checkpoint_progress, is_complete),
};
#define NUMBERS (sizeof number_offsets / sizeof *number_offsets)

/* The fixed part of a progress record; the ranges of done and the state follow. */
typedef struct progress_head {
    uint64_t numbers[NUMBERS];
    uint64_t done_bytes, state_bytes;
} progress_head;

void pe_checkpoint_fini(pe_checkpoint *checkpoint)
{
    pe_manifest_fini(&checkpoint->manifest);
    pe_item_set_fini(&checkpoint->progress.done);
    pe_buffer_fini(&checkpoint->progress.state);
    pe_item_set_fini(&checkpoint->spilled_items);
    pe_buffer_fini(&checkpoint->history);
    free(checkpoint->spilled);
    *checkpoint = (pe_checkpoint){0};
}

pe_status pe_checkpoint_add_spilled(pe_checkpoint *checkpoint, const pe_spilled_range *range, pe_error *err)
{
    const pe_status status = pe_grow_array(&checkpoint->spilled, checkpoint->spilled_count, &checkpoint->spilled_room,
                                           sizeof *range, LEAST_SPILLED, err);
    if (status != PE_OK)
        return status;
    checkpoint->spilled[checkpoint->spilled_count++] = *range;
    return PE_OK;
}

/* ---- encode ---- */

static pe_status encode_manifest(const pe_manifest *manifest, pe_buffer *out, pe_error *err)
{
    const size_t begin = out->size;
    pe_status status = pe_buffer_append(out, OPENING, sizeof OPENING - 1, err);
    if (status == PE_OK)
        status = pe_manifest_print(manifest, out, err);
    if (status == PE_OK)
        status = pe_buffer_printf(out, err, SUM_KEY "%016llx\n",
                                  (unsigned long long)XXH3_64bits(out->data + begin, out->size - begin));
    return status;
}

static pe_status encode_progress(const pe_checkpoint_progress *progress, pe_buffer *out, pe_error *err)
{
    const size_t at = out->size;
    progress_head head = {.done_bytes = progress->done.count * sizeof(pe_block), .state_bytes = progress->state.size};
    for (size_t n = 0; n < NUMBERS; n++)
        memcpy(&head.numbers[n], (const char *)progress + number_offsets[n], sizeof head.numbers[n]);
    pe_status status = pe_record_open(out, err);
    if (status == PE_OK)
        status = pe_buffer_append(out, &head, sizeof head, err);
    if (status == PE_OK)
        status = pe_item_set_save(&progress->done, out, err);
    if (status == PE_OK)
        status = pe_buffer_append(out, progress->state.data, progress->state.size, err);
    return status == PE_OK ? pe_record_close(out, at, RECORD_PROGRESS, err) : status;
}

/* Room for what may be large, at once: growing would need the memory twice. */
static pe_status reserve(const pe_checkpoint *checkpoint, pe_buffer *out, pe_error *err)
{
    enum { MANIFEST_MOST = 1 << 16 }; /* most are shorter */
    const size_t done = checkpoint->progress.done.count * sizeof(pe_block);
    return pe_buffer_reserve(out, MANIFEST_MOST + done + checkpoint->progress.state.size + checkpoint->history.size,
                             err);
}

pe_status pe_checkpoint_encode(const pe_checkpoint *checkpoint, pe_buffer *out, pe_error *err)
{
    pe_status status = reserve(checkpoint, out, err);
    if (status == PE_OK)
        status = encode_manifest(&checkpoint->manifest, out, err);
    if (status == PE_OK)
        status = encode_progress(&checkpoint->progress, out, err);
    for (size_t s = 0; s < checkpoint->spilled_count && status == PE_OK; s++)
        status = pe_record_append(out, RECORD_SPILLED, &checkpoint->spilled[s], sizeof *checkpoint->spilled, err);
    if (status == PE_OK && checkpoint->history.size > 0)
        status = pe_record_append(out, RECORD_HISTORY, checkpoint->history.data, checkpoint->history.size, err);
    return status;
}

/* ---- decode ---- */

static const char *find_text(const char *from, const char *end, const char *text)
{
    const size_t size = strlen(text);
    for (; (size_t)(end - from) >= size; from++) {
        if (memcmp(from, text, size) == 0)
            return from;
        from = memchr(from + 1, text[0], (size_t)(end - from) - 1);
        if (from == NULL)
            return NULL;
        from--;
    }
    return NULL;
}

/* The size of the manifest including its checksum line; 0 with PE_EDATA in err. */
static size_t decode_manifest(pe_manifest *manifest, const char *text, size_t size, pe_error *err)
{
    const size_t opening = sizeof OPENING - 1;
    if (size < opening || memcmp(text, OPENING, opening) != 0) {
        (void)pe_fail(err, PE_EDATA, "this is no checkpoint that this version of pengine can read");
        return 0;
    }
    const char *const sum = find_text(text, text + size, "\n" SUM_KEY);
    char expected[SUM_LINE + 1];
    const size_t summed = sum == NULL ? 0 : (size_t)(sum + 1 - text);
    (void)snprintf(expected, sizeof expected, SUM_KEY "%016llx\n", (unsigned long long)XXH3_64bits(text, summed));
    if (sum == NULL || size - summed < SUM_LINE || memcmp(sum + 1, expected, SUM_LINE) != 0) {
        (void)pe_fail(err, PE_EDATA, "the manifest of the checkpoint is damaged");
        return 0;
    }
    const pe_status status = pe_manifest_parse(manifest, text + opening, summed - opening, err);
    return status == PE_OK ? summed + SUM_LINE : 0;
}

static bool decode_progress(pe_checkpoint_progress *progress, const pe_record *record)
{
    progress_head head;
    pe_error why = PE_ERROR_INIT;
    if (record->size < sizeof head || progress->done.count > 0)
        return false;
    memcpy(&head, record->data, sizeof head);
    const size_t left = record->size - sizeof head;
    if (head.done_bytes > left || head.state_bytes != left - head.done_bytes)
        return false;
    const unsigned char *const done = record->data + sizeof head;
    if (pe_item_set_load(&progress->done, done, (size_t)head.done_bytes, &why) != PE_OK ||
        pe_buffer_append(&progress->state, done + head.done_bytes, (size_t)head.state_bytes, &why) != PE_OK)
        return false;
    for (size_t n = 0; n < NUMBERS; n++)
        memcpy((char *)progress + number_offsets[n], &head.numbers[n], sizeof head.numbers[n]);
    return true;
}

static bool has_any(const pe_item_set *set, pe_block block)
{
    return pe_item_set_position(set, block.first + block.count) > pe_item_set_position(set, block.first);
}

static bool decode_spilled(pe_checkpoint *checkpoint, const pe_record *record)
{
    pe_spilled_range range;
    pe_error why = PE_ERROR_INIT;
    if (record->size != sizeof range)
        return false;
    memcpy(&range, record->data, sizeof range);
    if (range.items.count == 0 || range.items.first >= UINT64_MAX - range.items.count ||
        range.offset > UINT64_MAX - range.bytes || has_any(&checkpoint->progress.done, range.items) ||
        has_any(&checkpoint->spilled_items, range.items))
        return false;
    return pe_item_set_add(&checkpoint->spilled_items, range.items, &why) == PE_OK &&
           pe_checkpoint_add_spilled(checkpoint, &range, &why) == PE_OK;
}

static bool decode_history(pe_checkpoint *checkpoint, const pe_record *record)
{
    pe_error why = PE_ERROR_INIT;
    return checkpoint->history.size == 0 &&
           pe_buffer_append(&checkpoint->history, record->data, record->size, &why) == PE_OK;
}

static bool decode_record(pe_checkpoint *checkpoint, const pe_record *record)
{
    switch (record->kind) {
    case RECORD_PROGRESS:
        return decode_progress(&checkpoint->progress, record);
    case RECORD_SPILLED:
        return decode_spilled(checkpoint, record);
    case RECORD_HISTORY:
        return decode_history(checkpoint, record);
    default:
        return false;
    }
}

pe_status pe_checkpoint_decode(pe_checkpoint *checkpoint, const unsigned char *data, size_t size, pe_error *err)
{
    pe_record record;
    size_t at = decode_manifest(&checkpoint->manifest, (const char *)data, size, err);
    if (at == 0)
        return err->status;
    while (pe_record_next(data, size, &at, &record, &checkpoint->damaged))
        checkpoint->damaged += decode_record(checkpoint, &record) ? 0 : 1;
    return PE_OK;
}

pe_status pe_checkpoint_done(const pe_checkpoint *checkpoint, pe_item_set *out, pe_error *err)
{
    pe_status status = pe_item_set_add_all(out, &checkpoint->progress.done, err);
    for (size_t s = 0; s < checkpoint->spilled_count && status == PE_OK; s++)
        status = pe_item_set_add(out, checkpoint->spilled[s].items, err);
    return status;
}
