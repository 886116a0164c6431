/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* python_internal.h - what the files of the python form share.
 *
 * Design: each worker has a child process that runs worker.py and the user's function. A request is the argument columns of
 *         some items; an answer is a frame with the results of some consecutive items of the request. Numbers are 64-bit
 *         little-endian; a column is its elements, a column of texts all sizes and then all bytes.
 */
#ifndef PE_PYTHON_INTERNAL_H
#define PE_PYTHON_INTERNAL_H

#include <stdatomic.h>

#include "kernel/form.h"
#include "kernel/process/subprocess.h"

/* The files of the program that a process runs, made arrays by the build. */
extern const unsigned char pe_worker_values_py[], pe_worker_function_py[], pe_worker_py[];
extern const size_t pe_worker_values_py_size, pe_worker_function_py_size, pe_worker_py_size;

#define PE_PYTHON_PATH 4096
#define PE_PYTHON_VARIABLES 8

typedef struct pe_python_worker pe_python_worker;

/* The form's state. Constant once open, except for started. */
typedef struct pe_python {
    struct pe_python *self; /* kernel.context points here: a const pointer to a state that is not const */
    pe_signature signature;
    char signature_text[PE_SIGNATURE_ROOM];
    const char *where;
    const char *initializer; /* as the job has it, or NULL */
    char interpreter[PE_PYTHON_PATH];
    char boot[240];      /* the -c argument of the interpreter: reads the program from its pipe */
    pe_buffer handshake; /* the program, then what it has to know of the job */
    const char *variables[PE_PYTHON_VARIABLES]; /* for its environment, ended by NULL */
    uint64_t worker_bytes;                      /* memory of a process that has imported the function */
    uint64_t max_items;                         /* that one process may compute; 0: no limit */
    uint64_t timeout_ns;
    const atomic_bool *stop;
    pe_python_worker *_Atomic started; /* the worker that open() started as a check; the first worker takes it */
} pe_python;

/* pe_python_worker_make - make a worker whose process is not started. free accepts NULL and gives the process 2 s to exit. */
pe_status pe_python_worker_make(const pe_python *form, pe_python_worker **out, pe_error *err);
void pe_python_worker_free(pe_python_worker *worker);

/* pe_python_worker_start - start the process and wait until it has imported the function.
 * Returns: PE_OK, PE_EKERNEL with what Python says of the file, PE_ECONFIG for another number of arguments, PE_ENOMEM,
 *          PE_ESTOPPED */
pe_status pe_python_worker_start(pe_python_worker *worker, pe_error *err);

/* pe_python_worker_bytes - the peak memory of the started process once it had imported the function; 0: not known. */
uint64_t pe_python_worker_bytes(const pe_python_worker *worker);

/* pe_python_make_handshake - form->handshake; signature and interpreter are known. */
pe_status pe_python_make_handshake(const pe_form_spec *spec, pe_python *form, pe_error *err);
size_t pe_python_program_bytes(void); /* of the program at its start */

/* pe_python_worker_map - compute a batch, as pe_kernel.map. */
int pe_python_worker_map(pe_python_worker *worker, pe_batch *batch);

/* pe_python_append_args - append the argument columns of items first to first + count - 1, as a request has them. */
pe_status pe_python_append_args(const pe_signature *signature, const void *const *args, size_t first, size_t count,
                                pe_buffer *out, pe_error *err);

typedef enum pe_python_read { PE_PYTHON_READ_OK, PE_PYTHON_READ_MALFORMED, PE_PYTHON_READ_NO_MEMORY } pe_python_read;

/* pe_python_read_results - copy the payload of a frame into the results and failures of items first to first + count - 1. */
pe_python_read pe_python_read_results(const pe_signature *signature, pe_batch *batch, size_t first, size_t count,
                                      const unsigned char *payload, size_t size);

#endif
