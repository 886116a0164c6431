/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* python_internal.h - what the parts of the python form share.
 *
 * Design: each worker has a process of its own that runs worker.py and the user's file. A request is a block of columns;
 *         answers are frames of some consecutive items' results. Numbers are 64-bit little-endian; a column is raw
 *         elements, or, of texts, sizes and then bytes.
 */
#ifndef PE_PYTHON_INTERNAL_H
#define PE_PYTHON_INTERNAL_H

#include <stdatomic.h>

#include "kernel/form.h"
#include "kernel/process/subprocess.h"

/* worker.py, made an array by the build. */
extern const unsigned char pe_worker_py[];
extern const size_t pe_worker_py_size;

typedef struct pe_python_worker pe_python_worker;

/* The form's state. Constant once open, but for spare. */
typedef struct pe_python {
    struct pe_python *self; /* kernel.context points here: a constant that leads to what is not */
    pe_signature signature;
    char signature_text[PE_SIGNATURE_ROOM];
    const char *where, *interpreter;
    char boot[160];     /* the program that reads worker.py */
    pe_buffer greeting; /* worker.py, then its fields */
    uint64_t max_items; /* of one process; 0: no limit */
    uint64_t timeout_ns;
    const atomic_bool *stop;
    pe_python_worker *_Atomic spare; /* the one that open() checked with: whoever exchanges it first */
} pe_python;

/* pe_python_worker_make - without a process; free takes NULL, and gives a process 2 s to end. */
pe_status pe_python_worker_make(const pe_python *form, pe_python_worker **out, pe_error *err);
void pe_python_worker_free(pe_python_worker *worker);

/* pe_python_worker_start - a process that has the function; none when it fails.
 * Returns: PE_OK, PE_EKERNEL with what Python says of the file, PE_ENOMEM, PE_ESTOPPED */
pe_status pe_python_worker_start(pe_python_worker *worker, pe_error *err);

/* pe_python_worker_map - a batch; as pe_kernel.map. */
int pe_python_worker_map(pe_python_worker *worker, pe_batch *batch);

/* pe_python_append_args - items first to first + count as the columns of a request. */
pe_status pe_python_append_args(const pe_signature *signature, const void *const *args, size_t first, size_t count,
                                pe_buffer *out, pe_error *err);

typedef enum pe_python_taken { PE_TAKEN, PE_TAKEN_MALFORMED, PE_TAKEN_NO_MEMORY } pe_python_taken;

/* pe_python_take_results - the payload of a frame into items first to first + count of a batch, failures too. */
pe_python_taken pe_python_take_results(const pe_signature *signature, pe_batch *batch, size_t first, size_t count,
                                       const unsigned char *payload, size_t size);

#endif
