/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_cursor.h - the steps through the text of an npy header; for the files of this folder.
 *
 * Threads: any; nothing is shared.
 */
#ifndef PE_NPY_CURSOR_H
#define PE_NPY_CURSOR_H

#include "format/npy.h"

#define PE_NPY_SEEN_ROOM 64

typedef struct pe_npy_cursor {
    const unsigned char *begin, *at, *end; /* of the dict literal */
    const char *name;                      /* of the file, for messages */
    pe_error *err;
} pe_npy_cursor;

/* Each returns false after it has set err: what was expected, what was seen, at which byte. */
bool pe_npy_refuse(pe_npy_cursor *in, const char *expected); /* always false */
bool pe_npy_take_string(pe_npy_cursor *in, const char *expected, const unsigned char **text, size_t *size);
bool pe_npy_skip_brackets(pe_npy_cursor *in, const unsigned char **text, size_t *size);
bool pe_npy_take_dim(pe_npy_cursor *in, uint64_t *dim);

/* These two return false when something else follows, which is no failure. */
bool pe_npy_take(pe_npy_cursor *in, char wanted);
bool pe_npy_take_word(pe_npy_cursor *in, const char *word);

void pe_npy_skip_space(pe_npy_cursor *in);
unsigned char pe_npy_peek(pe_npy_cursor *in); /* the next byte that is no space, or 0 at the end */

/* pe_npy_show - the first few bytes as text for a message. */
const char *pe_npy_show(const unsigned char *at, const unsigned char *end, char out[PE_NPY_SEEN_ROOM]);

#endif
