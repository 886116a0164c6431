/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* shell_quote.c - words as a shell reads them.
 *
 * Threads: no state.
 */
#include "base/shell_quote.h"

#include <string.h>

pe_status pe_shell_quote(pe_buffer *out, const char *word, pe_error *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (*word != '\0' && strspn(word, plain) == strlen(word))
        return pe_buffer_append(out, word, strlen(word), err);
    pe_status status = pe_buffer_append(out, "'", 1, err);
    for (; *word != '\0' && status == PE_OK; word++)
        status = *word == '\'' ? pe_buffer_append(out, "'\\''", 4, err) : pe_buffer_append(out, word, 1, err);
    return status == PE_OK ? pe_buffer_append(out, "'", 1, err) : status;
}
