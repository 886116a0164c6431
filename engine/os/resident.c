/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* resident.c - the resident memory of this process.
 *
 * Design: VmHWM of /proc/self/status; getrusage's ru_maxrss survives exec and would include the shell's memory.
 */
#include "os/resident.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (4 << 20)

size_t pe_resident_peak(void)
{
    char line[128];
    unsigned long long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (status == NULL)
        return 0;
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtoull(line + 6, NULL, 10); /* 0 where there is no number */
            break;
        }
    }
    (void)fclose(status);
    return (size_t)kib * 1024;
}

void pe_resident_give_back(void)
{
#ifdef M_MMAP_THRESHOLD
    (void)mallopt(M_MMAP_THRESHOLD, BLOCK_BYTES); /* setting it ends its growth */
    (void)mallopt(M_TRIM_THRESHOLD, BLOCK_BYTES);
#endif
}
