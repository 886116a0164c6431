/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* form.h - a kernel in whatever form the user has it, opened as a descriptor.
 *
 * Design: a built-in name, a C expression, a C function, a shared library, a Python function or a program: each form is
 *         one file that turns its spec into a pe_kernel, whose context is the form's own state. So the engine runs one
 *         kind of thing. What rank 0 alone can do (compile) is done in prepare and travels as bytes.
 * Threads: prepare, open, close: the main thread. The kernel: as kernel.h.
 */
#ifndef PE_FORM_H
#define PE_FORM_H

#include <stdatomic.h>

#include "base/buffer.h"
#include "kernel/signature.h"
#include <pengine/kernel.h>

typedef enum pe_form_kind {
    PE_FORM_NAME,
    PE_FORM_EXPR,
    PE_FORM_SOURCE,
    PE_FORM_PLUGIN,
    PE_FORM_PYTHON,
    PE_FORM_COMMAND
} pe_form_kind;

/* What to open: plain data made by run from the job; all pointers are borrowed and outlive the form. */
typedef struct pe_form_spec {
    pe_form_kind kind;
    const char *where;     /* "job.toml:9:8: kernel.expr": opens the messages */
    const char *directory; /* of the job file: kernel files are found from here */
    const char *name;      /* name; plugin: the kernel in it */
    const char *expr;
    const char *const *args; /* expr: the arguments' names; NULL: x, y, z */
    int arg_count;
    const char *source, *function;
    const char *const *cflags, *const *libs;
    int cflag_count, lib_count;
    const char *plugin;
    const char *python; /* "f.py:do_something" */
    const char *initializer;
    uint64_t max_items_per_worker; /* 0: no limit */
    const char *const *command;
    int command_count;
    const char *signature; /* NULL: not given */
    pe_setup setup;        /* params and seed */
    bool may_wrap;         /* overflow = "wrap" */
    uint64_t timeout_ns;   /* of one item; 0: none (python, command, isolated) */
    bool is_isolated;
    const pe_type *columns; /* the inputs' columns */
    const bool *untyped;    /* column c can be parsed as any type */
    int column_count;
    bool has_output_dtype; /* [output] dtype */
    pe_dtype output_dtype;
    /* NULL, or true once the run ends: python and command then end their processes, and what the batches under way give
     * does not matter any more. */
    const atomic_bool *stop;
} pe_form_spec;

typedef struct pe_form pe_form;

/* pe_form_prepare - rank 0's part: compile expr or source into a shared object, whose bytes are appended to object. The
 * other forms append nothing.
 * Returns: PE_OK; PE_EKERNEL with the compiler's message and the job file's line; PE_ECONFIG for a spec that fits
 * nothing */
pe_status pe_form_prepare(const pe_form_spec *spec, pe_buffer *object, pe_error *err);

/* pe_form_open - every rank: the kernel, ready for workers.
 * Returns: PE_OK; PE_EKERNEL (no such kernel, symbol, file or function; another ABI); PE_ECONFIG (arity, signature) */
pe_status pe_form_open(const pe_form_spec *spec, const pe_buffer *object, pe_form **out, pe_error *err);
void pe_form_close(pe_form *form); /* NULL is fine */

const pe_kernel *pe_form_kernel(const pe_form *form);
const pe_signature *pe_form_signature(const pe_form *form);
/* pe_form_is_in_processes - is the kernel in another process? Then each batch pays for its way there and back. */
bool pe_form_is_in_processes(const pe_form *form);

/* Every form fills this table's row; form.c is its one reader. */
typedef struct pe_form_ops {
    pe_status (*prepare)(const pe_form_spec *spec, pe_buffer *object, pe_error *err); /* may be NULL */
    pe_status (*open)(const pe_form_spec *spec, const pe_buffer *object, pe_form *form, pe_error *err);
    void (*close)(pe_form *form);
} pe_form_ops;

struct pe_form {
    const pe_form_ops *ops;
    pe_kernel kernel; /* what workers get; kernel.context is the form's state */
    pe_signature signature;
    bool is_elsewhere; /* set by form.c */
    void *state;
};

extern const pe_form_ops pe_form_name;
extern const pe_form_ops pe_form_compiled;
extern const pe_form_ops pe_form_plugin;
extern const pe_form_ops pe_form_python;
extern const pe_form_ops pe_form_command;

#endif
