/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* shared_output.c - whether every rank writes its rows to the output itself.
 *
 * Design: rows have their row_file when all are of one size, none is left out and the file is a regular one. That all ranks
 *         see that file is checked: rank 0 writes a random mark where the first rows will be; each other rank opens the
 *         file by its absolute name, must find that mark, and writes one of its own beside it; rank 0 must find them all.
 *         One rank that cannot makes all gather on rank 0. A file that may be read while it grows is written directly
 *         within one node only: between nodes, a file system may show rank 0's header before another rank's rows.
 * Threads: the main thread.
 * Not here: the file (sink/row_file.c), what a chunk's rows are (step.c).
 */
#include "run/shared_output.h"

#include <string.h>
#include <sys/random.h>

#include "os/log.h"

typedef unsigned char mark[PE_MARK_BYTES];

/* What rank 0 tells the others; the file's absolute name follows, with its end. */
typedef struct pe_shared_output_facts {
    uint64_t first, row_bytes;
    mark nonce;
} pe_shared_output_facts;

/* Rank 0: of several ranks each must find room for its mark where rows will be. */
static bool is_wanted(const pe_run_context *self)
{
    const pe_work_spec *spec = &self->spec;
    const uint64_t ranks = (uint64_t)pe_comm_size(self->comm);
    if (!spec->encoder.is_fixed || spec->policy == PE_ERROR_POLICY_SKIP)
        return false;
    if (ranks == 1)
        return true;
    if (self->job->output.is_gathered || self->plan.items == PE_ITEMS_UNKNOWN)
        return false;
    if (self->job->order != PE_ORDER_WHOLE && pe_comm_node_size(self->comm) != pe_comm_size(self->comm))
        return false;
    return self->plan.items >= ranks * PE_MARK_BYTES; /* a row has a byte at least */
}

static void make_mark(const mark nonce, int rank, mark out)
{
    const uint64_t number = (uint64_t)rank;
    memcpy(out, nonce, PE_MARK_BYTES);
    for (size_t i = 0; i < sizeof number; i++)
        out[i] ^= (unsigned char)(number >> (8 * i));
}

/* Rank 0's file with its mark in it, and the facts for the others; they stay empty where direct writes are off. */
static void open_own(pe_run_context *self, pe_shared_output_facts *facts, pe_buffer *message, pe_error *err)
{
    pe_row_file *row_file = &self->spec.row_file;
    if (!is_wanted(self) ||
        pe_sink_open_row_file(self->results.sink, self->spec.encoder.row_bytes, row_file, err) != PE_OK ||
        !pe_row_file_is_open(row_file) || pe_comm_size(self->comm) == 1)
        return;
    facts->first = row_file->first;
    facts->row_bytes = row_file->row_bytes;
    if (getrandom(facts->nonce, sizeof facts->nonce, 0) != (ssize_t)sizeof facts->nonce ||
        !pe_row_file_set_mark(row_file, 0, facts->nonce))
        return;
    if (pe_buffer_append(message, facts, sizeof *facts, err) == PE_OK)
        (void)pe_buffer_append(message, row_file->path, strlen(row_file->path) + 1, err);
}

/* Another rank: true when this is the file that rank 0 writes, and this rank can write it too. */
static bool open_shared(pe_run_context *self, const pe_shared_output_facts *facts, const char *path)
{
    pe_error why = PE_ERROR_INIT; /* the file system is not shared: that is no failure */
    pe_row_file *row_file = &self->spec.row_file;
    mark own;
    if (pe_row_file_open(path, facts->first, facts->row_bytes, row_file, &why) != PE_OK ||
        !pe_row_file_has_mark(row_file, 0, facts->nonce))
        return false;
    make_mark(facts->nonce, pe_comm_rank(self->comm), own);
    return pe_row_file_set_mark(row_file, (uint64_t)pe_comm_rank(self->comm), own);
}

/* Rank 0: every other rank's mark has come. */
static bool sees_all(const pe_run_context *self, const pe_shared_output_facts *facts)
{
    bool sees = true;
    for (int rank = 1; rank < pe_comm_size(self->comm) && sees; rank++) {
        mark expected;
        make_mark(facts->nonce, rank, expected);
        sees = pe_row_file_has_mark(&self->spec.row_file, (uint64_t)rank, expected);
    }
    return sees;
}

/* All ranks, with the message of rank 0: whether they share the file. */
static pe_status agree_on_shared(pe_run_context *self, const pe_buffer *message, uint64_t *is_shared, pe_error *err)
{
    pe_shared_output_facts facts;
    memcpy(&facts, message->data, sizeof facts);
    *is_shared = self->is_root || open_shared(self, &facts, (const char *)message->data + sizeof facts);
    pe_status status = pe_comm_min(self->comm, is_shared, 1, err);
    if (status == PE_OK && self->is_root && *is_shared != 0)
        *is_shared = sees_all(self, &facts);
    return status == PE_OK ? pe_comm_min(self->comm, is_shared, 1, err) : status;
}

pe_status pe_shared_output_begin(pe_run_context *self, pe_error *err)
{
    pe_buffer message = {0};
    pe_shared_output_facts facts = {0};
    uint64_t is_shared = 0;
    if (self->is_root)
        open_own(self, &facts, &message, err);
    if (pe_comm_size(self->comm) == 1)
        return err->status;
    pe_status status = pe_comm_bcast_buffer(self->comm, &message, err);
    if (status == PE_OK && message.size > 0)
        status = agree_on_shared(self, &message, &is_shared, err);
    pe_buffer_fini(&message);
    if (status == PE_OK && is_shared != 0)
        pe_log(PE_LOG_DEBUG, "output: every rank writes its own rows to %s", self->spec.row_file.path);
    else
        (void)pe_row_file_close(&self->spec.row_file, err);
    return err->status;
}
