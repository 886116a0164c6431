/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* direct.c - whether every rank writes its rows to the output itself.
 *
 * Design: rows have their places when all are of one size, none is left out and the file is a regular one. That all ranks
 *         see that file is checked: rank 0 writes a random mark where the first rows will be; each other rank opens the
 *         file by its absolute name, must find that mark, and writes one of its own beside it; rank 0 must find them all.
 *         One rank that cannot makes all gather on rank 0. A file that may be read while it grows is written directly
 *         within one node only: between nodes, a file system may show rank 0's header before another rank's rows.
 * Threads: the main thread.
 * Not here: the file (sink/places.c), what a chunk's rows are (step.c).
 */
#include "run/shared_output.h"

#include <string.h>
#include <sys/random.h>

#include "os/log.h"

typedef unsigned char mark[PE_MARK_BYTES];

/* What rank 0 tells the others; the file's absolute name follows, with its end. */
typedef struct pe_direct_facts {
    uint64_t first, row_bytes;
    mark nonce;
} pe_direct_facts;

/* Rank 0: of several ranks each must find room for its mark where rows will be. */
static bool is_wanted(const pe_session *self)
{
    const pe_recipe *recipe = &self->recipe;
    const uint64_t ranks = (uint64_t)pe_comm_size(self->comm);
    if (!recipe->encoder.is_fixed || recipe->policy == PE_POLICY_SKIP)
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
static void open_own(pe_session *self, pe_direct_facts *facts, pe_buffer *message, pe_error *err)
{
    pe_places *places = &self->recipe.places;
    if (!is_wanted(self) ||
        pe_sink_open_places(self->results.sink, self->recipe.encoder.row_bytes, places, err) != PE_OK ||
        !pe_places_is_open(places) || pe_comm_size(self->comm) == 1)
        return;
    facts->first = places->first;
    facts->row_bytes = places->row_bytes;
    if (getrandom(facts->nonce, sizeof facts->nonce, 0) != (ssize_t)sizeof facts->nonce ||
        !pe_places_set_mark(places, 0, facts->nonce))
        return;
    if (pe_buffer_append(message, facts, sizeof *facts, err) == PE_OK)
        (void)pe_buffer_append(message, places->path, strlen(places->path) + 1, err);
}

/* Another rank: true when this is the file that rank 0 writes, and this rank can write it too. */
static bool open_shared(pe_session *self, const pe_direct_facts *facts, const char *path)
{
    pe_error why = PE_ERROR_INIT; /* the file system is not shared: that is no failure */
    pe_places *places = &self->recipe.places;
    mark own;
    if (pe_places_open(path, facts->first, facts->row_bytes, places, &why) != PE_OK ||
        !pe_places_has_mark(places, 0, facts->nonce))
        return false;
    make_mark(facts->nonce, pe_comm_rank(self->comm), own);
    return pe_places_set_mark(places, (uint64_t)pe_comm_rank(self->comm), own);
}

/* Rank 0: every other rank's mark has come. */
static bool sees_all(const pe_session *self, const pe_direct_facts *facts)
{
    bool sees = true;
    for (int rank = 1; rank < pe_comm_size(self->comm) && sees; rank++) {
        mark expected;
        make_mark(facts->nonce, rank, expected);
        sees = pe_places_has_mark(&self->recipe.places, (uint64_t)rank, expected);
    }
    return sees;
}

/* All ranks, with the message of rank 0: whether they share the file. */
static pe_status agree_on_shared(pe_session *self, const pe_buffer *message, uint64_t *is_shared, pe_error *err)
{
    pe_direct_facts facts;
    memcpy(&facts, message->data, sizeof facts);
    *is_shared = self->is_root || open_shared(self, &facts, (const char *)message->data + sizeof facts);
    pe_status status = pe_comm_min(self->comm, is_shared, 1, err);
    if (status == PE_OK && self->is_root && *is_shared != 0)
        *is_shared = sees_all(self, &facts);
    return status == PE_OK ? pe_comm_min(self->comm, is_shared, 1, err) : status;
}

pe_status pe_direct_begin(pe_session *self, pe_error *err)
{
    pe_buffer message = {0};
    pe_direct_facts facts = {0};
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
        pe_log(PE_LOG_DEBUG, "output: every rank writes its own rows to %s", self->recipe.places.path);
    else
        (void)pe_places_close(&self->recipe.places, err);
    return err->status;
}
