/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* errno_text.h - an errno as text, in any thread.
 */
#ifndef PE_ERRNO_TEXT_H
#define PE_ERRNO_TEXT_H

#define PE_ERRNO_ROOM 96

/* pe_errno_text - the system's sentence for an errno value, into out; returns out. */
const char *pe_errno_text(int number, char out[PE_ERRNO_ROOM]);

#endif
