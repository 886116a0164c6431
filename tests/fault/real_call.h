/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* real_call.h - for libraries that are preloaded: REAL(name) is the next definition of a function, as libc has it.
 *
 * Needs _GNU_SOURCE.
 */
#ifndef PE_REAL_CALL_H
#define PE_REAL_CALL_H

#include <dlfcn.h>
#include <stddef.h>

#define REAL(name)                                                                                                     \
    ({                                                                                                                 \
        static __typeof__(&name) real;                                                                                 \
        if (real == NULL)                                                                                              \
            real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                                         \
        real;                                                                                                          \
    })

#endif
