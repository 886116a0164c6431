/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* stop_record.c - under on_error = "stop": the log's record of the failed item that ends the run.
 *
 * Threads:  keep: any worker; the rest: the main thread, without workers.
 * Not here: the record's form (report/failure_record.h), who writes it to the log (run/output/output.c).
 */
#include "worker/stop_record.h"

void pe_stop_record_init(pe_stop_record *self)
{
    *self = (pe_stop_record){.item = PE_NO_ITEM};
    pe_lock_init(&self->mutex);
}

void pe_stop_record_fini(pe_stop_record *self)
{
    (void)pthread_mutex_destroy(&self->mutex);
    pe_buffer_fini(&self->record);
}

void pe_stop_record_keep(pe_stop_record *self, uint64_t item, pe_buffer *record)
{
    (void)pthread_mutex_lock(&self->mutex);
    if (item < self->item) {
        const pe_buffer before = self->record;
        self->item = item;
        self->record = *record;
        *record = before;
    }
    (void)pthread_mutex_unlock(&self->mutex);
}

pe_status pe_stop_record_add(pe_stop_record *self, uint64_t item, pe_buffer *record, pe_error *err)
{
    pe_status status = PE_OK;
    (void)pthread_mutex_lock(&self->mutex);
    const bool is_there = self->item == item;
    if (is_there)
        status = pe_buffer_append(&self->record, record->data, record->size, err);
    (void)pthread_mutex_unlock(&self->mutex);
    if (!is_there)
        pe_stop_record_keep(self, item, record);
    return status;
}

pe_status pe_stop_record_collect(pe_stop_record *self, pe_comm *comm, uint64_t item, pe_buffer *out, pe_error *err)
{
    const bool is_mine = self->item == item && self->record.size > 0;
    uint64_t facts[] = {is_mine ? (uint64_t)pe_comm_rank(comm) + 1 : 0, 0};
    pe_status status = pe_comm_max(comm, facts, 1, err); /* the one that has it */
    if (status != PE_OK || facts[0] == 0)
        return status;
    const int owner = (int)facts[0] - 1;
    facts[1] = pe_comm_rank(comm) == owner ? self->record.size : 0;
    status = pe_comm_max(comm, &facts[1], 1, err);
    if (status == PE_OK && pe_comm_rank(comm) == owner)
        (void)pe_buffer_append(out, self->record.data, self->record.size, err);
    else if (status == PE_OK)
        (void)pe_buffer_reserve(out, (size_t)facts[1], err); /* err has what failed */
    if (pe_comm_agree(comm, err) != PE_OK)
        return err->status;
    out->size = (size_t)facts[1];
    return pe_comm_bcast(comm, owner, out->data, out->size, err);
}
