/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* front.h - what the program needs of the engine when there is no run.
 */
#ifndef PE_FRONT_H
#define PE_FRONT_H

#include <stdbool.h>
#include <stdio.h>

/* pe_front_speaks - this process is the one that talks: rank 0, or the only one. MPI need not have started. */
bool pe_front_speaks(void);

/* pe_front_print_kernels - --kernels: the built-in kernels. */
void pe_front_print_kernels(FILE *out);

#endif
