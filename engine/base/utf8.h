/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* utf8.h - the bytes of a character in UTF-8.
 */
#ifndef PE_UTF8_H
#define PE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* pe_utf8_size - the bytes of the character that begins at `at`, in a text that ends with 0; 0: there is none (a stray or
 * missing byte, an overlong form, a surrogate, beyond U+10FFFF). */
static inline size_t pe_utf8_size(const unsigned char *at)
{
    const unsigned char lead = at[0];
    size_t size = 0;
    if (lead < 0x80)
        size = 1;
    else if (lead >= 0xC2 && lead < 0xE0)
        size = 2;
    else if (lead >= 0xE0 && lead < 0xF0)
        size = 3;
    else if (lead >= 0xF0 && lead < 0xF5)
        size = 4;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    const bool is_long = (lead == 0xE0 && at[1] < 0xA0) || (lead == 0xF0 && at[1] < 0x90);
    const bool is_beyond = (lead == 0xED && at[1] >= 0xA0) || (lead == 0xF4 && at[1] >= 0x90);
    return is_long || is_beyond ? 0 : size;
}

/* pe_utf8_stray - the first byte of a text, which ends with 0, that is not UTF-8; NULL: there is none. */
static inline const char *pe_utf8_stray(const char *text)
{
    for (size_t size = 0; *text != '\0'; text += size)
        if ((size = pe_utf8_size((const unsigned char *)text)) == 0)
            return text;
    return NULL;
}

#endif
