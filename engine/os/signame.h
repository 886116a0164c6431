/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* signame.h - a signal's number as people know it.
 */
#ifndef PE_SIGNAME_H
#define PE_SIGNAME_H

#define PE_SIGNAME_ROOM 32

/* pe_signame - "SIGSEGV", or "signal 42" into room. Async-signal-safe for the signals of a crash. */
const char *pe_signame(int number, char room[PE_SIGNAME_ROOM]);

#endif
