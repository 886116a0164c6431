/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_internal.h - what the files of the command form share.
 *
 * Design: an argument is printed as Python's repr prints it (True, 0.1, 7), a text as it is, a vector as its elements
 *         separated by commas. The results of an item are the fields of its answer, separated by tabs when there are
 *         several; a single text result is the whole answer.
 */
#ifndef PE_COMMAND_INTERNAL_H
#define PE_COMMAND_INTERNAL_H

#include "kernel/form.h"
#include "kernel/process/subprocess.h"

#define PE_COMMAND_PATH 4096

/* The form's state; constant once open. */
typedef struct pe_command {
    struct pe_command *self; /* kernel.context points here */
    pe_signature signature;
    char signature_text[PE_SIGNATURE_ROOM];
    char program[PE_COMMAND_PATH];
    const char **words; /* [kernel] command, ended by NULL; the strings are the spec's */
    int word_count;
    bool runs_each;     /* one run per item; else one line per item */
    uint64_t max_items; /* that one process may get; 0: no limit */
    uint64_t timeout_ns;
    const atomic_bool *stop;
} pe_command;

/* ---- command_text.c ---- */

/* pe_command_placeholder - the length of the placeholder that text begins with: "{}" (*arg = -1), "{2}" (*arg = 1); 0:
 * none. */
size_t pe_command_placeholder(const char *text, int arg_count, int *arg);

/* pe_command_check_texts - why the text arguments of an item cannot be passed to the program; NULL: they can. */
const char *pe_command_check_texts(const pe_command *form, const void *const *args, size_t item);
bool pe_command_has_text(const pe_command *form); /* among the arguments; else every item passes the check */

/* pe_command_append_arg - argument arg of an item as text; arg -1: all of them, separated by `between`. */
pe_status pe_command_append_arg(const pe_command *form, const void *const *args, int arg, size_t item, char between,
                                pe_buffer *out, pe_error *err);

/* pe_command_read_answer - parse an answer into the results of an item, or fail the item. False when out of memory. */
bool pe_command_read_answer(const pe_command *form, pe_batch *batch, size_t item, const char *text, size_t size);

/* ---- command_lines.c: one process, one line per item ---- */

typedef struct pe_command_lines pe_command_lines;

pe_status pe_command_lines_make(const pe_command *form, pe_command_lines **out, pe_error *err);
void pe_command_lines_free(pe_command_lines *worker); /* NULL is fine; gives the program 2 s to exit */
int pe_command_lines_map(pe_command_lines *worker, pe_batch *batch);

/* ---- command_runs.c: one run per item ---- */

typedef struct pe_command_runs pe_command_runs;

pe_status pe_command_runs_make(const pe_command *form, pe_command_runs **out, pe_error *err);
void pe_command_runs_free(pe_command_runs *worker);
int pe_command_runs_map(pe_command_runs *worker, pe_batch *batch);

#endif
