/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* suffix_advice.h - what to do with an input whose suffix names no format.
 */
#ifndef PE_SUFFIX_ADVICE_H
#define PE_SUFFIX_ADVICE_H

/* pe_suffix_advice - a half sentence for the message, or NULL: nothing is known of this suffix. */
const char *pe_suffix_advice(const char *path);

#endif
