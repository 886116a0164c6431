/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* clones.h - PE_CLONES before a function: vector code for the machine it runs on, in a program that runs on all of
 * them.
 */
#ifndef PENGINE_CLONES_H
#define PENGINE_CLONES_H

#include <stdint.h> /* __GLIBC__, in the C library where there is one */

/* One build of a loop for each level of x86-64, chosen when the program is loaded. The loops marked so give the same
 * bits at every level: integers, and floats without contraction (-ffp-contract=off). The resolver runs before a
 * sanitizer is up, so those builds have the plain loop. So has clang, whose version 14 gains nothing from clones. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PE_IS_SANITIZED 1
#elif defined(PENGINE_SANITIZED)
#define PE_IS_SANITIZED 1
#else
#define PE_IS_SANITIZED 0
#endif
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && __GNUC__ >= 12 && !PE_IS_SANITIZED
#define PE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PE_CLONES
#endif

#endif
