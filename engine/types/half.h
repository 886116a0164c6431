/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* half.h - IEEE binary16 (float16) as its bits, to and from double.
 *
 * Threads: pure functions.
 */
#ifndef PE_HALF_H
#define PE_HALF_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

double pe_half_widen(uint16_t bits); /* exact */

/* pe_half_round - the nearest float16, ties to even; beyond 65504 infinity; a NaN stays one. */
uint16_t pe_half_round(double value);

#ifdef __cplusplus
}
#endif
#endif
