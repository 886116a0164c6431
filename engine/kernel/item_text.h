/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_text.h - prints an item for messages: "hypot(3.0, 4.0)", "7/(x-3) at (3)".
 */
#ifndef PE_ITEM_TEXT_H
#define PE_ITEM_TEXT_H

#include "kernel/signature.h"

#define PE_ITEM_TEXT_ROOM 400

/* pe_item_text_print - print the kernel's name with the arguments of item number `item` of the columns; long ones are cut with
 * "...". Texts are quoted, with bytes that are not printable ASCII as \\xHH. */
void pe_item_text_print(const char *name, const pe_signature *signature, const void *const *args, uint64_t item,
                        char out[PE_ITEM_TEXT_ROOM]);

#endif
