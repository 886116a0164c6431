/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* stop_record.h - under on_error = "stop": the log's record of the failed item that ends the run.
 *
 * Design:  the chunk of that item is not delivered, so its record does not travel with results. Each rank keeps the record
 *          of the lowest item that failed in it; when the run has ended, the rank that has the item of the error gives
 *          its record to rank 0.
 */
#ifndef PE_STOP_RECORD_H
#define PE_STOP_RECORD_H

#include "base/buffer.h"
#include "base/lock.h"
#include "comm/comm.h"

typedef struct pe_stop_record {
    pthread_mutex_t mutex; /* guards the fields below while there are workers */
    uint64_t item;         /* of the job; PE_NO_ITEM: none */
    pe_buffer record;
} pe_stop_record;

void pe_stop_record_init(pe_stop_record *self);
void pe_stop_record_fini(pe_stop_record *self);

/* pe_stop_record_keep - keep a record (failure_record.h) unless there is one of a lower item; takes its bytes. Any
 * worker. */
void pe_stop_record_keep(pe_stop_record *self, uint64_t item, pe_buffer *record);

/* pe_stop_record_add - put a further record after that of the item, or keep it as pe_stop_record_keep does. PE_ENOMEM. */
pe_status pe_stop_record_add(pe_stop_record *self, uint64_t item, pe_buffer *record, pe_error *err);

/* pe_stop_record_collect - send the record of `item` to rank 0's *out, which stays empty when no rank has it. Collective. */
pe_status pe_stop_record_collect(pe_stop_record *self, pe_comm *comm, uint64_t item, pe_buffer *out, pe_error *err);

#endif
