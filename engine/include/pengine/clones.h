/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* clones.h - PE_CLONES: a function attribute that compiles one version for each level of x86-64.
 */
#ifndef PENGINE_CLONES_H
#define PENGINE_CLONES_H

#include <stdint.h> /* __GLIBC__, in the C library where there is one */

/* The version is chosen when the program is loaded. All versions give the same bits: integers, and floats without
 * contraction (-ffp-contract=off). Builds with a sanitizer have one version, since the resolver runs before the sanitizer
 * is initialised; so have builds with clang, whose version 14 gains nothing from clones. */
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
