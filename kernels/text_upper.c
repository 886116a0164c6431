/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_upper.c - kernel: a to z as capitals.
 *
 * Design: ASCII letters alone; every other byte stays as it is, so UTF-8 stays UTF-8 and the size stays the same.
 * Threads: no state.
 * Not here: other alphabets, where Python's str.upper may change the length.
 */
#include "builtin.h"

PE_CLONES static void upper(const char *restrict in, char *restrict out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)in[i];
        const unsigned char is_small = (unsigned char)(byte - 'a') < 26;
        out[i] = (char)(byte - 32 * is_small);
    }
}

static int map_text(pe_batch *batch)
{
    const pe_text *in = batch->args[0];
    for (size_t i = 0; i < batch->count; i++) {
        if (in[i].size == 0)
            continue; /* a text that is not given is empty */
        char *out = batch->text(batch, 0, i, in[i].size);
        if (out == NULL)
            return 1;
        upper(in[i].data, out, in[i].size);
    }
    return 0;
}

const pe_kernel pe_kernel_text_upper_text = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "text_upper",
    .signature = "(text) -> text",
    .summary = "ASCII letters in upper case, all other bytes as they are",
    .map = map_text,
};
