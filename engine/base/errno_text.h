/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* errno_text.h - the text of an errno value.
 */
#ifndef PE_ERRNO_TEXT_H
#define PE_ERRNO_TEXT_H

#define PE_ERRNO_TEXT_SIZE 96

/* pe_errno_text - the system's text for an errno value, printed to out; returns out. Any thread. */
const char *pe_errno_text(int number, char out[PE_ERRNO_TEXT_SIZE]);

#endif
