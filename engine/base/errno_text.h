/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reason.h - an errno as text, in any thread.
 */
#ifndef PE_REASON_H
#define PE_REASON_H

#define PE_ERRNO_ROOM 96

/* pe_reason - the system's sentence for an errno value, into out; returns out. */
const char *pe_reason(int number, char out[PE_ERRNO_ROOM]);

#endif
