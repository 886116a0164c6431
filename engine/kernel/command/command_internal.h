/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_internal.h - what the files of the command form share.
 *
 * Design: an argument is printed as Python's repr prints it (True, 0.1, 7), a text as it is, a vector as its elements
 *         separated by commas. The results of an item are the fields of its answer: separated by blanks where all are
 *         numbers, by tabs where one is a text; a single text result is the whole answer.
 */
#ifndef PE_COMMAND_INTERNAL_H
#define PE_COMMAND_INTERNAL_H

#include "kernel/form.h"
#include "kernel/placeholder.h"
#include "kernel/process/subprocess.h"

#define PE_COMMAND_PATH 4096

/* What workers find out, and warn of once for all of them. */
typedef struct pe_command_notes {
    atomic_int workers;           /* opened so far */
    atomic_int wrong_fields;      /* answers with a wrong number of fields, before the first with the right one */
    atomic_bool has_right;        /* an answer had the right number of fields */
    atomic_bool warned_buffering; /* each warned of already */
    atomic_bool warned_unread;
    atomic_bool warned_end;
} pe_command_notes;

/* The form's state; constant once open, except for the notes. */
typedef struct pe_command {
    struct pe_command *self; /* kernel.context points here */
    pe_signature signature;
    char signature_text[PE_SIGNATURE_ROOM];
    char program[PE_COMMAND_PATH];
    char **words;           /* [kernel] command, ended by NULL, with scripts where they were found */
    pe_template *templates; /* of the words */
    int word_count;
    bool runs_each; /* one run per item; else one line per item */
    bool is_dry_run;
    bool keeps_newline;
    bool names_items;
    bool passes_failed;
    pe_stderr_use stderr_use;
    const int64_t *ok; /* exit codes that are no failure; NULL: 0 alone */
    int ok_count;
    int rank;
    pe_command_notes *notes;
    uint64_t max_items; /* that one process may get; 0: no limit */
    uint64_t timeout_ns;
    const atomic_bool *stop;
} pe_command;

/* ---- command_text.c ---- */

/* pe_command_check_texts - why the text arguments of an item cannot be passed to the program; NULL: they can. */
const char *pe_command_check_texts(const pe_command *form, const void *const *args, size_t item);
bool pe_command_has_text(const pe_command *form); /* among the arguments; else every item passes the check */

/* pe_command_append_line - append the arguments of an item as one line, with tabs between them. */
pe_status pe_command_append_line(const pe_command *form, const void *const *args, size_t item, pe_buffer *out,
                                 pe_error *err);

/* pe_command_is_ok - is this end of a process no failure? */
bool pe_command_is_ok(const pe_command *form, pe_subprocess_end end);

/* pe_command_read_answer - parse an answer into the results of an item, or fail the item. size is without the last
 * newline; has_newline: there is one after it. False when the kernel cannot go on: out of memory (*err stays clear), or
 * the answers have had the wrong number of fields from the start (*err says so). */
bool pe_command_read_answer(const pe_command *form, pe_batch *batch, size_t item, const char *text, size_t size,
                            bool has_newline, pe_error *err);

/* ---- command_find.c: what the words of a command name ---- */

/* pe_command_find - find the program's path, and the words with the scripts among them where they were found.
 * Returns: PE_OK; PE_EKERNEL that says where was looked; PE_ECONFIG */
pe_status pe_command_find(const pe_form_spec *spec, pe_command *form, pe_error *err);

/* ---- command_stderr.c: what a program says on stderr ---- */

/* One worker's. Zero-initialise. */
typedef struct pe_command_stderr {
    const pe_command *form;
    pe_buffer held; /* not passed on yet */
    uint64_t item;  /* PE_NO_ITEM: of no one item */
} pe_command_stderr;

/* pe_command_stderr_begin - begin with a process that was started. pe_command_stderr_end - it ended: pass on what is held, or
 * drop it. While lines of one item are held, the process need not have ended well; those of no one item are passed on at
 * once. */
void pe_command_stderr_begin(pe_command_stderr *self, const pe_command *form, uint64_t item, pe_subprocess *process);
void pe_command_stderr_end(pe_command_stderr *self, bool is_passed);
void pe_command_stderr_fini(pe_command_stderr *self);

/* ---- command_environment.c: PENGINE_ITEM, PENGINE_RANK, PENGINE_WORKER ---- */

/* One worker's variables, ended by NULL, for pe_subprocess_spec. */
typedef struct pe_command_environment {
    char rank[32], worker[32], item[48];
    const char *variables[4];
} pe_command_environment;

/* pe_command_environment_make - without an item; set_item before each program that is started for one. */
void pe_command_environment_make(pe_command_environment *self, const pe_command *form);
void pe_command_environment_set_item(pe_command_environment *self, uint64_t item);

/* pe_command_warn_once - log a note for the user, once: by the first worker that finds the reason for it. */
void pe_command_warn_once(atomic_bool *has_warned, const pe_command *form, const char *text);

/* ---- command_lines.c, command_lines_process.c: one process, one line per item ---- */

typedef struct pe_command_lines pe_command_lines;

pe_status pe_command_lines_make(const pe_command *form, pe_command_lines **out, pe_error *err);
void pe_command_lines_free(pe_command_lines *worker); /* NULL is fine; gives the program 2 s to exit */
int pe_command_lines_map(pe_command_lines *worker, pe_batch *batch);

/* ---- command_runs.c: one run per item ---- */

typedef struct pe_command_runs pe_command_runs;

pe_status pe_command_runs_make(const pe_command *form, pe_command_runs **out, pe_error *err);
void pe_command_runs_free(pe_command_runs *worker);
int pe_command_runs_map(pe_command_runs *worker, pe_batch *batch);

/* ---- command_dry_run.c: the commands, as a shell would take them ---- */

/* pe_command_append_shell - append the words of a command, quoted for sh and separated by spaces. PE_ENOMEM. */
pe_status pe_command_append_shell(const char *const *argv, pe_buffer *out, pe_error *err);

#endif
