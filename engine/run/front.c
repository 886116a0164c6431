/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* front.c - what the program needs of the engine when there is no run.
 *
 * Design:   app may include run but neither exec nor kernel, so the two calls it needs of them pass through here.
 * Threads:  the main thread.
 * Not here: a run (run.c).
 */
#include "run/front.h"

#include "comm/launcher.h"
#include "kernel/registry.h"

bool pe_front_speaks(void)
{
    return pe_launcher_rank() <= 0;
}

void pe_front_print_kernels(FILE *out)
{
    pe_registry_print(out);
}
