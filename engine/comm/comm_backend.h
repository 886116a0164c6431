/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* comm_backend.h - the vtable of a communication backend: comm_self.c and comm_mpi.c fill it, only comm.c calls it.
 */
#ifndef PE_COMM_BACKEND_H
#define PE_COMM_BACKEND_H

#include "comm/comm.h"

typedef struct pe_comm_backend {
    void (*close)(pe_comm *comm);
    pe_status (*bcast)(pe_comm *comm, int root, void *data, size_t size, pe_error *err);
    pe_status (*reduce)(pe_comm *comm, bool is_max, uint64_t *values, int count, pe_error *err);
    pe_status (*gather)(pe_comm *comm, const void *mine, size_t size, void *all, pe_error *err);
    pe_status (*start)(pe_comm *comm, bool is_send, int peer, pe_tag tag, void *data, size_t size, pe_comm_op **op,
                       pe_error *err);
    pe_status (*test)(pe_comm *comm, pe_comm_op **op, bool *done, int *from, pe_error *err);
    void (*cancel)(pe_comm *comm, pe_comm_op **op);
} pe_comm_backend;

/* The first field of each backend's own struct. */
struct pe_comm {
    const pe_comm_backend *backend;
    int rank, size;
    int node_size; /* ranks on the node of this one */
};

pe_status pe_comm_self_open(pe_comm **out, pe_error *err);

#endif
