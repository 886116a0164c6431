/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* number_run.h - parses a run of decimal numbers that lie one after the other in a text.
 *
 * Design: the loop takes the numbers that most files have, and stops in front of any other text, which pe_parse_element
 *         judges. A number that it takes has the value that pe_parse_element gives.
 */
#ifndef PE_NUMBER_RUN_H
#define PE_NUMBER_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "types/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Number i lies between ends[i * stride] + 1 (modulo 2^32) and ends[i * stride + 1]. */
typedef struct pe_number_run {
    const char *data;
    size_t size; /* of data that can be read */
    const uint32_t *ends;
    size_t stride;
    size_t count;
    int may_end_in_cr; /* a CR that ends a text is no part of it */
    int empty_is_nan;  /* as a float; of other dtypes an empty text is no number */
} pe_number_run;

/* pe_parse_run - the numbers from number `from` on, up to the first that is none of the common ones.
 *
 * Shape:   number i goes to out + i * step
 * Returns: how many were parsed from the first on, `from` included: run->count where all were
 */
size_t pe_parse_run(const pe_number_run *run, size_t from, pe_dtype dtype, void *out, size_t step);

/* pe_can_parse_run - is there a loop for this dtype? */
bool pe_can_parse_run(pe_dtype dtype);

#ifdef __cplusplus
}
#endif
#endif
