/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_dry_run.c - a command as text that a shell takes as these words.
 *
 * Design:  words without special characters stand as they are; others in single quotes, and a single quote itself as
 *          '\\''.
 * Threads: no state.
 */
#include <string.h>

#include "kernel/command/command_internal.h"

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-"

static pe_status append_quoted(const char *word, pe_buffer *out, pe_error *err)
{
    pe_status status = pe_buffer_append(out, "'", 1, err);
    while (*word != '\0' && status == PE_OK) {
        const size_t size = strcspn(word, "'");
        status = pe_buffer_append(out, word, size, err);
        word += size;
        if (*word == '\'' && status == PE_OK) {
            status = pe_buffer_append(out, "'\\''", 4, err);
            word++;
        }
    }
    return status == PE_OK ? pe_buffer_append(out, "'", 1, err) : status;
}

pe_status pe_command_append_shell(const char *const *argv, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t w = 0; argv[w] != NULL && status == PE_OK; w++) {
        const size_t size = strlen(argv[w]);
        if (w > 0)
            status = pe_buffer_append(out, " ", 1, err);
        if (status == PE_OK && size > 0 && strspn(argv[w], PLAIN) == size)
            status = pe_buffer_append(out, argv[w], size, err);
        else if (status == PE_OK)
            status = append_quoted(argv[w], out, err);
    }
    return status;
}
