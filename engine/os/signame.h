/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* signame.h - the name of a signal.
 */
#ifndef PE_SIGNAME_H
#define PE_SIGNAME_H

#define PE_SIGNAME_SIZE 32

/* pe_signame - "SIGSEGV", or "signal 42" printed to out. Async-signal-safe for the signals of a crash. */
const char *pe_signame(int number, char out[PE_SIGNAME_SIZE]);

#endif
