/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* placeholder.h - texts with placeholders for an item: the arguments of a program, the name of an item's file.
 *
 * Design: the placeholders are those of GNU parallel, with the meaning that they have there:
 *
 *             {}   the argument                       {.}   without its suffix
 *             {/}  the name after the last slash     {//}  the folder              {/.}  the name without its suffix
 *             {#}  the item's number from 1           {index}, {index:06}  the number from 0, with 0s in front
 *             {2}  the second argument, also {2.} {2/} {2//} {2/.}
 *
 *         {{}} is the text {}, and so {{3}} is {3}. Other braces are plain text, so that awk and JSON need no care; but
 *         braces around nothing but digits, #, %, . and / are refused where they are no placeholder.
 * Threads: a template is constant once it is parsed.
 */
#ifndef PE_PLACEHOLDER_H
#define PE_PLACEHOLDER_H

#include "base/buffer.h"
#include "kernel/signature.h"

typedef enum pe_piece_kind {
    PE_PIECE_LITERAL,
    PE_PIECE_ARGUMENT, /* one, or a part of its text */
    PE_PIECE_NUMBER    /* of the item */
} pe_piece_kind;

typedef enum pe_piece_part {
    PE_PART_ALL,
    PE_PART_NO_SUFFIX,  /* {.} */
    PE_PART_NAME,       /* {/} */
    PE_PART_FOLDER,     /* {//} */
    PE_PART_PLAIN_NAME, /* {/.} */
} pe_piece_part;

typedef struct pe_piece {
    pe_piece_kind kind;
    const char *text; /* literal; borrowed from the text that was parsed */
    size_t size;
    int arg; /* from 0 */
    pe_piece_part part;
    uint64_t first; /* of a number: what item 0 has */
    int width;      /* of a number: with this many digits at least */
} pe_piece;

/* Zero-initialise. */
typedef struct pe_template {
    pe_piece *pieces;
    size_t count;
    bool has_placeholder;
} pe_template;

#define PE_ANY_ARGUMENTS (-1) /* the number of arguments is not known yet */

/* pe_template_parse - parse a text with placeholders for items of this many arguments.
 *
 * Owns:    the template borrows the text; pe_template_fini frees the rest, also after a failure.
 * Returns: PE_OK; PE_ECONFIG with the placeholder, what is wrong with it and what is valid; PE_ENOMEM
 */
pe_status pe_template_parse(const char *text, int arg_count, pe_template *out, pe_error *err);
void pe_template_fini(pe_template *self);

/* pe_template_print - append the text of item number `index`, which is row `item` of the columns. */
pe_status pe_template_print(const pe_template *self, const pe_signature *signature, const void *const *args,
                            size_t item, uint64_t index, pe_buffer *out, pe_error *err);

/* pe_argument_print - append an argument as people write it: a number as Python's repr, a vector with commas between its
 * elements, a text as it is. */
pe_status pe_argument_print(pe_type type, const void *column, size_t item, pe_buffer *out, pe_error *err);

#endif
