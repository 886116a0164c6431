/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* wrap_text.h - text in lines of at most 80 characters.
 */
#ifndef PE_WRAP_TEXT_H
#define PE_WRAP_TEXT_H

#include <stdio.h>

/* pe_wrap_text - print a text that begins at this column, where the line is now; further lines are indented up to there.
 * Lines are broken at spaces; a word that is too long for one has a line of its own. */
void pe_wrap_text(FILE *out, const char *text, int column);

#endif
