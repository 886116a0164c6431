/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_file_names.h - rank 0: the names of the items' files so far, to find one that comes twice.
 *
 * Threads: one at a time: the thread that delivers results.
 */
#ifndef PE_ITEM_FILE_NAMES_H
#define PE_ITEM_FILE_NAMES_H

#include "checkpoint/failed_file.h"
#include "worker/item_files/item_files.h"

/* Zero-initialise. */
typedef struct pe_item_file_names {
    pe_item_file_name *slots; /* a hash table; an item of PE_NO_ITEM: empty */
    size_t room;              /* slots, a power of two; 0: none yet */
    size_t count;
} pe_item_file_names;

/* pe_item_file_names_bytes - what the names of this many items take; of an unknown number (UINT64_MAX) what they may take. */
size_t pe_item_file_names_bytes(uint64_t items);

/* pe_item_file_names_take - add the names in a result of a worker (pe_item_file_name). The file of an item may come again.
 * Params:  text: the name, of a single one, for the message; NULL: not known
 * Returns: PE_OK; PE_ECONFIG that names both items, or for more names of a stream than pe_item_file_names_bytes has room for;
 *          PE_ENOMEM */
pe_status pe_item_file_names_take(pe_item_file_names *self, const pe_buffer *names, const char *text, uint64_t items,
                                  const char *where, pe_error *err);

/* pe_item_file_names_save - add the names in a result to the list beside the checkpoint. pe_item_file_names_load - take those
 * of the first `bytes` bytes of the list of an earlier run. PE_EIO; PE_EDATA when it is damaged; as pe_item_file_names_take. */
pe_status pe_item_file_names_save(const pe_buffer *names, pe_failed_file *list, pe_error *err);
pe_status pe_item_file_names_load(pe_item_file_names *self, const char *checkpoint, uint64_t bytes, uint64_t items,
                                  const char *where, pe_error *err);

void pe_item_file_names_fini(pe_item_file_names *self);

#endif
