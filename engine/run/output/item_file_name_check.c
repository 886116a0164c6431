/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_file_name_check.c - finds a name that two items' files would have, before an item is computed.
 *
 * Design:  rank 0 reads the arguments of all items and makes the names that the workers will make. What it cannot check, the
 *          run finds when the second of the two files is delivered (item_file_names.c): of a stream, of very many items, of
 *          items that cannot be read, and where items are left out by kernel.where.
 * Threads: the main thread.
 */
#include "run/output/item_file_name_check.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "run/output/item_file_names.h"

#define MOST_ITEMS ((uint64_t)1 << 20) /* a fraction of what it takes to write this many files */
#define READ_ITEMS 256u

typedef struct checker {
    const pe_work_spec *work;
    const char *where;
    pe_inputs_reader *reader;
    void *columns[PE_MAX_COLUMNS]; /* of READ_ITEMS items: the arguments, and the kept columns after them */
    pe_item_writer *writer;
    pe_failures failures; /* items that will have no file */
    pe_buffer listed;
    pe_item_file_names names;
} checker;

static bool can_check(const pe_work_spec *work)
{
    return work->output.item_files != NULL && work->output.item_files->names_may_meet &&
           work->where.descriptor == NULL && !pe_inputs_is_stream(work->input.inputs) &&
           work->input.todo->items <= MOST_ITEMS;
}

static pe_status open_all(checker *self, pe_error *err)
{
    const pe_work_spec *const work = self->work;
    const int args = work->kernel.signature.arg_count;
    pe_status status = pe_inputs_reader_open(work->input.inputs, &self->reader, err);
    for (int c = 0; c < args + work->input.hidden_count && status == PE_OK; c++)
        status =
            pe_make_array(&self->columns[c], READ_ITEMS,
                          pe_type_bytes(c < args ? work->kernel.signature.args[c] : work->input.hidden[c - args]), err);
    return status == PE_OK ? pe_item_writer_make(work->output.item_files, &work->output.encoder, &self->writer, err)
                           : status;
}

static void close_all(checker *self)
{
    pe_item_file_names_fini(&self->names);
    pe_buffer_fini(&self->listed);
    pe_failures_fini(&self->failures);
    pe_item_writer_free(self->writer);
    for (int c = 0; c < PE_MAX_COLUMNS; c++)
        free(self->columns[c]);
    pe_inputs_reader_close(self->reader);
}

/* *can_go_on: false where the items cannot be read, which the run reports. */
static pe_status check_block(checker *self, pe_block block, bool *can_go_on, pe_error *err)
{
    pe_error unread = PE_ERROR_INIT;
    const void *const *const args = (const void *const *)self->columns;
    *can_go_on = pe_inputs_reader_read(self->reader, block, NULL, 0, self->columns, &unread) == PE_OK;
    if (!*can_go_on)
        return PE_OK;
    pe_failures_clear(&self->failures);
    pe_status status =
        pe_item_writer_name(self->writer, block, &self->work->kernel.signature, args, 0, &self->failures, err);
    for (uint64_t i = 0; i < block.count && status == PE_OK; i++) {
        const char *name = NULL;
        self->listed.size = 0;
        status = pe_item_writer_list(self->writer, block.first + i, &name, &self->listed, err);
        if (status == PE_OK)
            status = pe_item_file_names_take(&self->names, &self->listed, name, self->work->input.todo->items,
                                             self->where, err);
    }
    return status;
}

pe_status pe_item_file_name_check(const pe_work_spec *work, const char *where, pe_error *err)
{
    checker self = {.work = work, .where = where};
    bool can_go_on = can_check(work);
    pe_status status = can_go_on ? open_all(&self, err) : PE_OK;
    uint64_t count = 0;
    for (uint64_t rank = 0; rank < work->input.todo->items && can_go_on && status == PE_OK; rank += count) {
        pe_block block = pe_item_set_from(work->input.todo, rank);
        if (block.count > READ_ITEMS)
            block.count = READ_ITEMS;
        count = block.count;
        status = check_block(&self, block, &can_go_on, err);
    }
    close_all(&self);
    return status;
}
