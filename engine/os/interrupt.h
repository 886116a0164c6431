/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* interrupt.h - SIGINT, SIGTERM, SIGHUP and SIGUSR1 as a flag that ends the run.
 */
#ifndef PE_INTERRUPT_H
#define PE_INTERRUPT_H

/* pe_interrupt_begin - install the handlers: the first of these signals sets the flag, the second of a kind kills as usual.
 * SIGPIPE and SIGXFSZ are ignored, so that the write fails instead. pe_interrupt_end - restore the former actions. */
void pe_interrupt_begin(void);
void pe_interrupt_end(void);

/* pe_interrupt_seen - the signal's name ("SIGINT"), or NULL. Any thread. */
const char *pe_interrupt_seen(void);

#endif
