/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* error.h - status codes, the one table of exit codes, error messages as plain data.
 *
 * Invariant: the first failure wins: an error that is set is not overwritten.
 * Design: the X-macro below is the only place that lists a status, its exit code and its sentence. pe_error has no
 *         pointers, so that it can be sent through MPI as bytes.
 */
#ifndef PE_ERROR_H
#define PE_ERROR_H

#include <stdarg.h>
#include <stdint.h>

#include "base/attr.h"

#ifdef __cplusplus
extern "C" {
#endif

/* status, exit code, sentence (--help and the README's table are made from it) */
#define PE_STATUS_TABLE(X)                                                                                             \
    X(PE_OK, 0, "every item succeeded")                                                                                \
    X(PE_EITEM, 1, "one or more items failed")                                                                         \
    X(PE_EUSAGE, 64, "wrong command line")                                                                             \
    X(PE_EDATA, 65, "malformed input")                                                                                 \
    X(PE_ENOINPUT, 66, "input missing or unreadable")                                                                  \
    X(PE_EKERNEL, 69, "kernel unavailable")                                                                            \
    X(PE_EBUG, 70, "a bug in pengine")                                                                                 \
    X(PE_ENOMEM, 71, "out of memory or another resource of the system")                                                \
    X(PE_EOUTPUT, 73, "output cannot be created")                                                                      \
    X(PE_EIO, 74, "a read or write failed")                                                                            \
    X(PE_ESTOPPED, 75, "interrupted, can be resumed")                                                                  \
    X(PE_ECONFIG, 78, "wrong job file")                                                                                \
    X(PE_ECLOSED, 0, "the reader of the output closed it")

typedef enum pe_status {
#define X(status, exit_code, sentence) status,
    PE_STATUS_TABLE(X)
#undef X
} pe_status;

#define PE_NO_ITEM UINT64_MAX

typedef struct pe_error {
    pe_status status;
    uint64_t item; /* the item that failed, or PE_NO_ITEM; of several errors that of the lowest item is reported */
    uint64_t
        reason_at;   /* of a failed item: where in text its reason begins, after the item and its arguments; else 0 */
    char text[1008]; /* what, where, the value seen, what would be valid; without newline */
} pe_error;

#define PE_ERROR_INIT                                                                                                  \
    {                                                                                                                  \
        PE_OK, PE_NO_ITEM, 0, ""                                                                                       \
    }

int pe_status_exit(pe_status status);             /* the program's exit code */
const char *pe_status_sentence(pe_status status); /* one sentence, for the table of exit codes */

/* pe_fail - record a failure and return its status: `return pe_fail(err, PE_EDATA, "%s: ...", path);`
 * An err that is set keeps its text, and its status is returned. err may not be NULL. A text that does not fit is
 * truncated. */
pe_status pe_fail(pe_error *err, pe_status status, const char *format, ...) PE_PRINTF(3, 4);
pe_status pe_fail_item(pe_error *err, pe_status status, uint64_t item, const char *format, ...) PE_PRINTF(4, 5);

/* pe_error_append - add to the text of an error that is set; what does not fit is truncated. */
void pe_error_append(pe_error *err, const char *format, ...) PE_PRINTF(2, 3);

/* pe_error_clear - as PE_ERROR_INIT, but cheap enough for once per item: it writes one byte of the text. */
void pe_error_clear(pe_error *err);

/* pe_error_merge - keep in `into` the error to report: any error goes before none, then that of the lowest item. */
void pe_error_merge(pe_error *into, const pe_error *other);

#ifdef __cplusplus
}
#endif
#endif
