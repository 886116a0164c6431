/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* shared_output.c - decides whether every rank writes its rows to the output file itself, or rank 0 gathers them.
 *
 * Invariant: all ranks decide alike.
 * Design: ranks can write themselves when all rows have the same size, no row is left out and the file is a regular
 *         one: then the offset of each row is known. All ranks must also see the same file: rank 0 writes a random
 *         probe at the offset of the first rows; each other rank opens the file by its absolute name, must find the
 *         probe, and writes a probe of its own after it; rank 0 must find all of them. If one rank fails, rank 0
 *         gathers all rows. A file that may be read while it grows is written by the ranks of one node only: between
 *         nodes, a file system may show rank 0's header before the rows of another rank.
 * Threads: the main thread.
 * Not here: the file (sink/row_file.c), the rows of a chunk (worker/worker.c).
 */
#include "run/output/shared_output.h"

#include <string.h>
#include <sys/random.h>

#include "os/log.h"
#include "run/expression/condition.h"

typedef unsigned char probe[PE_PROBE_BYTES];

/* Rank 0's message; the absolute name of the file follows, with its terminating NUL. */
typedef struct pe_shared_output_facts {
    uint64_t first, row_bytes, probe_offset;
    probe nonce;
} pe_shared_output_facts;

/* Rank 0: whether the job allows it. With several ranks the rows must have room for a probe of each. */
static bool is_wanted(const pe_comm *comm, const pe_job *job, const pe_plan *plan, const pe_work_spec *work)
{
    const uint64_t ranks = (uint64_t)pe_comm_size(comm);
    if (!work->output.encoder.is_fixed || pe_job_leaves_out(job) || job->items != NULL)
        return false;
    if (ranks == 1)
        return true;
    if (job->output.is_gathered || plan->items == PE_ITEMS_UNKNOWN)
        return false;
    if (job->order != PE_ORDER_WHOLE && pe_comm_node_size(comm) != pe_comm_size(comm))
        return false;
    return plan->items >= ranks * PE_PROBE_BYTES; /* a row has at least one byte */
}

static void make_probe(const probe nonce, int rank, probe out)
{
    const uint64_t number = (uint64_t)rank;
    memcpy(out, nonce, PE_PROBE_BYTES);
    for (size_t i = 0; i < sizeof number; i++)
        out[i] ^= (unsigned char)(number >> (8 * i));
}

/* Rank 0: opens the file, writes its probe and fills the message. The message stays empty when rows are gathered. */
static void open_own(const pe_sink *sink, size_t row_bytes, int ranks, pe_row_file *out, pe_shared_output_facts *facts,
                     pe_buffer *message, pe_error *err)
{
    if (pe_sink_open_row_file(sink, row_bytes, out, err) != PE_OK || !pe_row_file_is_open(out) || ranks == 1)
        return;
    facts->first = out->first;
    facts->row_bytes = out->row_bytes;
    facts->probe_offset = out->probe;
    if (getrandom(facts->nonce, sizeof facts->nonce, 0) != (ssize_t)sizeof facts->nonce ||
        !pe_row_file_write_probe(out, 0, facts->nonce))
        return;
    if (pe_buffer_append(message, facts, sizeof *facts, err) == PE_OK)
        (void)pe_buffer_append(message, out->path, strlen(out->path) + 1, err);
}

/* Other ranks: whether this is the file that rank 0 writes, and this rank can write to it. */
static bool open_shared(int rank, const pe_shared_output_facts *facts, const char *path, pe_row_file *out)
{
    pe_error why = PE_ERROR_INIT; /* ignored: a file system that is not shared is no error */
    probe own;
    if (pe_row_file_open(path, facts->first, facts->row_bytes, out, &why) != PE_OK)
        return false;
    out->probe = facts->probe_offset;
    if (!pe_row_file_has_probe(out, 0, facts->nonce))
        return false;
    make_probe(facts->nonce, rank, own);
    return pe_row_file_write_probe(out, (uint64_t)rank, own);
}

/* Rank 0: whether the probes of all other ranks are in the file. */
static bool sees_all(int ranks, const pe_shared_output_facts *facts, const pe_row_file *file)
{
    bool sees = true;
    for (int rank = 1; rank < ranks && sees; rank++) {
        probe expected;
        make_probe(facts->nonce, rank, expected);
        sees = pe_row_file_has_probe(file, (uint64_t)rank, expected);
    }
    return sees;
}

/* Collective: whether all ranks share the file, from the message of rank 0. */
static pe_status agree_on_shared(const pe_run_context *run, const pe_buffer *message, pe_row_file *file,
                                 uint64_t *is_shared, pe_error *err)
{
    pe_shared_output_facts facts;
    const char *const path = (const char *)message->data + sizeof facts;
    memcpy(&facts, message->data, sizeof facts);
    *is_shared = run->is_root || open_shared(pe_comm_rank(run->comm), &facts, path, file);
    pe_status status = pe_comm_min(run->comm, is_shared, 1, err);
    if (status == PE_OK && run->is_root && *is_shared != 0)
        *is_shared = sees_all(pe_comm_size(run->comm), &facts, file);
    return status == PE_OK ? pe_comm_min(run->comm, is_shared, 1, err) : status;
}

pe_status pe_shared_output_begin(const pe_run_context *run, const pe_job *job, const pe_plan *plan, const pe_sink *sink,
                                 pe_work_spec *work, pe_error *err)
{
    const int ranks = pe_comm_size(run->comm);
    pe_row_file *const file = &work->output.row_file;
    pe_buffer message = {0};
    pe_shared_output_facts facts = {0};
    uint64_t is_shared = 0;
    if (run->is_root && is_wanted(run->comm, job, plan, work))
        open_own(sink, work->output.encoder.row_bytes, ranks, file, &facts, &message, err);
    if (ranks == 1)
        return err->status;
    pe_status status = pe_comm_bcast_buffer(run->comm, &message, err);
    if (status == PE_OK && message.size > 0)
        status = agree_on_shared(run, &message, file, &is_shared, err);
    pe_buffer_fini(&message);
    if (run->is_root)
        pe_sink_end_probes(sink);
    if (status == PE_OK && is_shared != 0)
        pe_log(PE_LOG_DEBUG, "output: every rank writes its own rows to %s", file->path);
    else
        (void)pe_row_file_close(file, false, err);
    return err->status;
}
