/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* suggest.h - "did you mean": the candidate nearest to a word that was typed.
 */
#ifndef PE_SUGGEST_H
#define PE_SUGGEST_H

#include <stddef.h>

/* pe_suggest - find the candidate with the least edit distance (Damerau-Levenshtein, case folded), or NULL when that is more
 * than a third of the typed length (at least 1, at most 3). A candidate that begins with the typed word has distance 1. */
const char *pe_suggest(const char *typed, const char *const *candidates, size_t count);

#endif
