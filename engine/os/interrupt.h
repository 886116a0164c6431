/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* interrupt.h - SIGINT, SIGTERM, SIGHUP and SIGUSR1 end a run in good order.
 */
#ifndef PE_INTERRUPT_H
#define PE_INTERRUPT_H

/* pe_interrupt_begin - from here the first of these signals is only noted, a second one of its kind kills as usual;
 * SIGPIPE and SIGXFSZ become errors of the write that met them. pe_interrupt_end - as it was before. */
void pe_interrupt_begin(void);
void pe_interrupt_end(void);

/* pe_interrupt_seen - the signal's name ("SIGINT"), or NULL. Any thread. */
const char *pe_interrupt_seen(void);

#endif
