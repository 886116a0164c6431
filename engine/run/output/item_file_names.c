/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_file_names.c - rank 0: the names of the items' files so far, to find one that comes twice.
 *
 * Design:  a hash table of 128-bit hashes with open addressing, at most three quarters full. Of a known number of items it
 *          is made once; of a stream it doubles, up to STREAM_SLOTS.
 * Threads: item_file_names.h.
 */
#include "run/output/item_file_names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/saturate.h"

#define LEAST_SLOTS ((size_t)1024)
#define STREAM_SLOTS ((size_t)1 << 20)

static size_t most_of(size_t slots)
{
    return slots / 4 * 3;
}

static size_t slots_for(uint64_t items)
{
    size_t slots = LEAST_SLOTS;
    if (items == UINT64_MAX)
        return STREAM_SLOTS;
    while (slots <= SIZE_MAX / 2 / sizeof(pe_item_file_name) && most_of(slots) < items)
        slots *= 2;
    return slots;
}

size_t pe_item_file_names_bytes(uint64_t items)
{
    const size_t bytes = pe_mul_most(slots_for(items), sizeof(pe_item_file_name));
    return items == UINT64_MAX ? bytes + bytes / 2 : bytes; /* with the half of the table that doubles */
}

static bool is_same(const pe_item_file_name *a, const pe_item_file_name *b)
{
    return a->hash[0] == b->hash[0] && a->hash[1] == b->hash[1];
}

/* The slot that has the name, or an empty one. */
static pe_item_file_name *find(const pe_item_file_names *self, const pe_item_file_name *name)
{
    size_t at = (size_t)name->hash[0] & (self->room - 1);
    while (self->slots[at].item != PE_NO_ITEM && !is_same(&self->slots[at], name))
        at = (at + 1) & (self->room - 1);
    return &self->slots[at];
}

static pe_status grow(pe_item_file_names *self, size_t room, pe_error *err)
{
    pe_item_file_names grown = {.room = room, .count = self->count};
    const pe_status status = pe_make_array(&grown.slots, room, sizeof *grown.slots, err);
    if (status != PE_OK)
        return status;
    for (size_t s = 0; s < room; s++)
        grown.slots[s].item = PE_NO_ITEM;
    for (size_t s = 0; s < self->room; s++)
        if (self->slots[s].item != PE_NO_ITEM)
            *find(&grown, &self->slots[s]) = self->slots[s];
    free(self->slots);
    *self = grown;
    return PE_OK;
}

static pe_status make_room(pe_item_file_names *self, uint64_t items, const char *where, pe_error *err)
{
    if (self->count < most_of(self->room))
        return PE_OK;
    if (self->room >= slots_for(items))
        return pe_fail(err, PE_ECONFIG,
                       "%s.path: more than %zu files of a stream, too many to know that no name comes twice; expected "
                       "{index} in the name",
                       where, most_of(self->room));
    if (items != UINT64_MAX)
        return grow(self, slots_for(items), err);
    return grow(self, self->room == 0 ? LEAST_SLOTS : 2 * self->room, err);
}

/* text: the name, or NULL where its hash alone is known. */
static pe_status add(pe_item_file_names *self, const pe_item_file_name *name, const char *text, const char *where,
                     pe_error *err)
{
    const bool has_text = text != NULL;
    pe_item_file_name *const slot = find(self, name);
    if (slot->item == name->item) /* it had failed, or its run was killed */
        return PE_OK;
    const uint64_t first = slot->item < name->item ? slot->item : name->item;
    const uint64_t second = slot->item < name->item ? name->item : slot->item;
    if (slot->item != PE_NO_ITEM)
        return pe_fail(err, PE_ECONFIG,
                       "%s.path: the files of item %" PRIu64 " and item %" PRIu64
                       " have one name%s%s%s; expected names that differ, as {index} in them makes them",
                       where, first, second, has_text ? ", \"" : "", has_text ? text : "", has_text ? "\"" : "");
    *slot = *name;
    self->count++;
    return PE_OK;
}

pe_status pe_item_file_names_take(pe_item_file_names *self, const pe_buffer *names, const char *text, uint64_t items,
                                  const char *where, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t at = 0; at < names->size && status == PE_OK; at += sizeof(pe_item_file_name)) {
        pe_item_file_name name;
        memcpy(&name, names->data + at, sizeof name);
        status = make_room(self, items, where, err);
        if (status == PE_OK)
            status = add(self, &name, text, where, err);
    }
    return status;
}

pe_status pe_item_file_names_save(const pe_buffer *names, pe_failed_file *list, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t at = 0; at < names->size && status == PE_OK; at += sizeof(pe_item_file_name)) {
        pe_item_file_name name;
        memcpy(&name, names->data + at, sizeof name);
        const pe_failed_entry entry = {
            .item = name.item, .line = (const char *)name.hash, .line_bytes = sizeof name.hash};
        status = pe_failed_file_add(list, &entry, err);
    }
    return status;
}

pe_status pe_item_file_names_load(pe_item_file_names *self, const char *checkpoint, uint64_t bytes, uint64_t items,
                                  const char *where, pe_error *err)
{
    pe_failed_reader reader = {0};
    pe_failed_entry entry;
    bool has = true;
    pe_status status = pe_failed_reader_open(&reader, checkpoint, PE_NAMES_LIST, bytes, err);
    while (status == PE_OK && has) {
        pe_item_file_name name = {.item = 0};
        status = pe_failed_reader_next(&reader, &entry, &has, err);
        if (status != PE_OK || !has)
            break;
        if (entry.line_bytes != sizeof name.hash) {
            status = pe_fail(err, PE_EDATA, "%s: it is damaged", reader.path);
            break;
        }
        memcpy(name.hash, entry.line, sizeof name.hash);
        name.item = entry.item;
        const pe_buffer one = {.data = (unsigned char *)&name, .size = sizeof name};
        status = pe_item_file_names_take(self, &one, NULL, items, where, err);
    }
    pe_failed_reader_close(&reader);
    return status;
}

void pe_item_file_names_fini(pe_item_file_names *self)
{
    free(self->slots);
    *self = (pe_item_file_names){.count = 0};
}
