/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_text.c - prints an item for messages: "hypot(3.0, 4.0)", "7/(x-3) at (3)".
 *
 * Threads: any.
 */
#include "kernel/item_text.h"

#include <stdio.h>
#include <string.h>

#include "types/number.h"

#define MOST_TEXT_BYTES 60u
#define MOST_ELEMENTS 8u

typedef struct line {
    char *out;
    size_t size, room; /* room leaves space for "..." and the terminator */
} line;

static void add(line *to, const char *text, size_t size)
{
    if (to->size + size > to->room)
        size = to->room - to->size;
    memcpy(to->out + to->size, text, size);
    to->size += size;
}

static void add_text(line *to, const pe_text *text)
{
    const size_t shown = text->size < MOST_TEXT_BYTES ? text->size : MOST_TEXT_BYTES;
    add(to, "\"", 1);
    for (size_t i = 0; i < shown; i++) {
        const unsigned char byte = (unsigned char)text->data[i];
        char hex[5];
        const bool is_plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        if (!is_plain)
            (void)snprintf(hex, sizeof hex, "\\x%02x", byte);
        add(to, is_plain ? text->data + i : hex, is_plain ? 1 : 4);
    }
    add(to, "\"", 1);
    if (shown < text->size)
        add(to, "...", 3);
}

static void add_elements(line *to, pe_type type, const unsigned char *at)
{
    char number[PE_NUMBER_ROOM];
    const uint32_t count = pe_type_elements(type);
    const uint32_t shown = count < MOST_ELEMENTS ? count : MOST_ELEMENTS;
    if (type.width > 0)
        add(to, "[", 1);
    for (uint32_t i = 0; i < shown; i++) {
        const char *end = pe_print_element(number, type.dtype, at + i * pe_dtype_bytes(type.dtype));
        if (i > 0)
            add(to, ", ", 2);
        add(to, number, (size_t)(end - number));
    }
    if (shown < count)
        add(to, ", ...", 5);
    if (type.width > 0)
        add(to, "]", 1);
}

/* "7/(x-3)(3)" would read as a product. Paths and names of functions have none of these characters. */
static bool is_expression(const char *name)
{
    return strpbrk(name, " ()*+%<>=?&|^!~") != NULL;
}

void pe_item_text_print(const char *name, const pe_signature *signature, const void *const *args, uint64_t item,
                        char out[PE_ITEM_TEXT_ROOM])
{
    line text = {.out = out, .room = PE_ITEM_TEXT_ROOM - 8};
    add(&text, name, strlen(name));
    if (is_expression(name))
        add(&text, " at ", 4);
    add(&text, "(", 1);
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_type type = signature->args[a];
        const unsigned char *at = (const unsigned char *)args[a] + item * pe_type_bytes(type);
        if (a > 0)
            add(&text, ", ", 2);
        if (type.dtype == PE_TEXT)
            add_text(&text, (const pe_text *)(const void *)at);
        else
            add_elements(&text, type, at);
    }
    const bool is_cut = text.size == text.room;
    (void)snprintf(out + text.size, PE_ITEM_TEXT_ROOM - text.size, "%s", is_cut ? "...)" : ")");
}
