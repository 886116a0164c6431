/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_files.h - one file per item: output.path = "results/{index}.txt".
 *
 * Invariant: under the name of an item's file there is the whole file or nothing new.
 * Design: the worker that computed an item writes its file under a temporary name in the same folder and renames it. So
 *         what a run has done are the items whose chunks were delivered, as with rows written in place; files of items that
 *         were not delivered are whole too, and are replaced when the item is computed again.
 *         Names that need not differ (names_may_meet) go to rank 0 with the chunk's result, as hashes.
 * Threads: pe_item_files is constant once it is made, except for its devices; a pe_item_writer belongs to one worker.
 */
#ifndef PE_ITEM_FILES_H
#define PE_ITEM_FILES_H

#include "kernel/failures.h"
#include "kernel/placeholder.h"
#include "sink/encode/encode.h"
#include "worker/item_files/item_devices.h"

typedef struct pe_item_files {
    pe_template name;
    pe_buffer beginning; /* of each file: the names of a csv's columns, the header of an npy */
    bool names_may_meet; /* two items could have one name */
    int rank;
    pe_item_devices *devices; /* where this rank has written */
} pe_item_files;

/* pe_item_files_is_meant - has the path a placeholder? Other braces are part of a name. */
bool pe_item_files_is_meant(const char *path);

/* pe_item_files_folder - the folder of all names, as far as it is the same for all items: "results" of
 * "results/{index}.txt", "." of "{1}/{2}". False: the path is too long. */
bool pe_item_files_folder(const char *path, char *out, size_t room);

/* pe_item_files_make - make it for a spec that pe_sink_check accepted with this format, and items of this many arguments. path
 * is borrowed from the spec.
 * Returns: PE_OK; PE_ECONFIG for a placeholder that is none, and a format that has no files (digest, hdf5) */
pe_status pe_item_files_make(const pe_sink_spec *spec, pe_format format, int arg_count, int rank, pe_item_files **out,
                             pe_error *err);
void pe_item_files_free(pe_item_files *files); /* NULL is fine */

/* pe_item_files_begin - make the folder. PE_EOUTPUT. */
pe_status pe_item_files_begin(const char *path, pe_error *err);

/* What rank 0 gets of a file whose name may meet another. */
typedef struct pe_item_file_name {
    uint64_t hash[2];
    uint64_t item;
} pe_item_file_name;

typedef struct pe_item_writer pe_item_writer;

pe_status pe_item_writer_make(const pe_item_files *files, const pe_encoder *encoder, pe_item_writer **out,
                              pe_error *err);
void pe_item_writer_free(pe_item_writer *writer); /* NULL is fine */

/* pe_item_writer_name - set the names of the files of a block's items, for the writes that follow. An item whose file can have
 * no such name fails.
 * Params: args: the arguments' columns, NULL where they could not be read; their row of the block's first item
 * Returns: PE_OK; PE_ENOMEM */
pe_status pe_item_writer_name(pe_item_writer *writer, pe_block block, const pe_signature *signature,
                              const void *const *args, size_t row, pe_failures *failures, pe_error *err);

/* pe_item_writer_list - get the name of one of these items, and append its pe_item_file_name into names where names may meet;
 * NULL: it has none. PE_ENOMEM. */
pe_status pe_item_writer_list(const pe_item_writer *writer, uint64_t item, const char **name, pe_buffer *names,
                              pe_error *err);

/* pe_item_writer_write - write the files of some of these items, and append a pe_item_file_name of each to names where they may
 * meet. An item without a name has no file.
 * Returns: PE_OK; PE_EOUTPUT: cannot be created; PE_EIO; PE_ENOMEM */
pe_status pe_item_writer_write(pe_item_writer *writer, uint64_t first, size_t count, const void *const *columns,
                               pe_buffer *names, pe_error *err);

#endif
