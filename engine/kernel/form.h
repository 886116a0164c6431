/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* form.h - opens a kernel that is given in one of six forms as a kernel descriptor.
 *
 * Design: a built-in name, a C expression, a C function, a shared library, a Python function or a program: each form turns
 *         its spec into a pe_kernel, whose context is the form's state. So the engine calls all kernels in the same way.
 *         Only rank 0 compiles: prepare does it, and the object is sent to the other ranks as bytes.
 * Threads: prepare, open, close: the main thread. The kernel: as kernel.h.
 */
#ifndef PE_FORM_H
#define PE_FORM_H

#include "base/buffer.h"
#include "job/form_spec.h"
#include "kernel/overload.h"
#include "kernel/signature.h"
#include <pengine/kernel.h>

typedef struct pe_form pe_form;

/* pe_form_prepare - rank 0: compile expr or source into a shared object and append its bytes to object. The other forms
 * append nothing.
 * Returns: PE_OK; PE_EKERNEL with the compiler's message and the job file's line; PE_ECONFIG for a spec that fits
 * nothing */
pe_status pe_form_prepare(const pe_form_spec *spec, pe_buffer *object, pe_error *err);

/* pe_form_open - every rank: the kernel, ready for workers.
 * Returns: PE_OK; PE_EKERNEL (no such kernel, symbol, file or function; another ABI); PE_ECONFIG (arity, signature) */
pe_status pe_form_open(const pe_form_spec *spec, const pe_buffer *object, pe_form **out, pe_error *err);
void pe_form_close(pe_form *form); /* NULL is fine */

/* pe_form_check - check the signature, whether it fits the columns, and whether the kernel's file is there; of a built-in
 * kernel all. No code of the user's runs. Returns as pe_form_open. */
pe_status pe_form_check(const pe_form_spec *spec, pe_error *err);

/* The descriptor and the signature of an open form; valid until pe_form_close. */
const pe_kernel *pe_form_kernel(const pe_form *form);
const pe_signature *pe_form_signature(const pe_form *form);
/* pe_form_is_in_processes - does the kernel run in other processes? Then each batch costs two switches of processes. */
bool pe_form_is_in_processes(const pe_form *form);
/* pe_form_gives_in_order - does the kernel say how far it is (pe_call_advance)? */
bool pe_form_gives_in_order(const pe_form *form);
/* pe_form_worker_bytes - the memory of a worker's process once it is ready; 0: not known before it runs. */
uint64_t pe_form_worker_bytes(const pe_form *form);

/* What a form implements; only form.c calls it. */
typedef struct pe_form_ops {
    pe_status (*prepare)(const pe_form_spec *spec, pe_buffer *object, pe_error *err); /* may be NULL */
    pe_status (*open)(const pe_form_spec *spec, const pe_buffer *object, pe_form *form, pe_error *err);
    void (*close)(pe_form *form);
} pe_form_ops;

struct pe_form {
    const pe_form_ops *ops;
    pe_kernel kernel; /* what workers call; kernel.context is the form's state */
    pe_signature signature;
    bool is_in_processes;  /* set by form.c */
    bool gives_in_order;   /* likewise */
    uint64_t worker_bytes; /* of python */
    void *state;
};

extern const pe_form_ops pe_form_name;
extern const pe_form_ops pe_form_compiled;
extern const pe_form_ops pe_form_plugin;
extern const pe_form_ops pe_form_python;
extern const pe_form_ops pe_form_command;

/* pe_form_request - what the descriptor of a form must fit, by this name. */
static inline pe_kernel_request pe_form_request(const pe_form_spec *spec, const char *name)
{
    return (pe_kernel_request){.name = name,
                               .where = spec->where,
                               .signature = spec->signature,
                               .columns = spec->columns,
                               .untyped = spec->untyped,
                               .column_count = spec->column_count,
                               .has_output_dtype = spec->has_output_dtype,
                               .output_dtype = spec->output_dtype};
}

#endif
