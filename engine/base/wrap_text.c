/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* wrap_text.c - text in lines of at most 80 characters.
 *
 * Threads: no state.
 */
#include "base/wrap_text.h"

#include <stdbool.h>
#include <string.h>

#define LINE_COLUMNS 80

void pe_wrap_text(FILE *out, const char *text, int column)
{
    const size_t most = (size_t)(LINE_COLUMNS - column);
    bool is_first = true;
    while (*text != '\0') {
        size_t size = strlen(text);
        if (size > most) {
            size = most;
            while (size > 0 && text[size] != ' ')
                size--;
            if (size == 0) /* one long word */
                size = strcspn(text, " ");
        }
        fprintf(out, "%*s%.*s\n", is_first ? 0 : column, "", (int)size, text);
        is_first = false;
        text += size;
        text += strspn(text, " ");
    }
}
