/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* suggest.c - "did you mean": the candidate nearest to a word that was typed.
 *
 * Design:   the optimal string alignment distance (Levenshtein with transpositions) in three rows on the stack. Words are
 *           truncated to MAX_BYTES, which no valid name reaches, so that input of any length needs no memory. Of equal
 *           candidates the first is taken.
 * Threads:  no state.
 */
#include "base/suggest.h"

#include <stdbool.h>
#include <string.h>

#define MAX_BYTES 64u

typedef struct word {
    unsigned char text[MAX_BYTES]; /* ASCII letters folded to lower case */
    size_t size;
} word;

static word fold(const char *text)
{
    word out = {.size = 0};
    while (out.size < MAX_BYTES && text[out.size] != '\0') {
        const unsigned char c = (unsigned char)text[out.size];
        out.text[out.size++] = c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
    }
    return out;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const word *a, const word *b)
{
    size_t rows[3][MAX_BYTES + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b->size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a->size; i++) {
        size_t *const spare = before;
        before = above;
        above = row;
        row = spare;
        row[0] = i;
        for (size_t j = 1; j <= b->size; j++) {
            const bool same = a->text[i - 1] == b->text[j - 1];
            row[j] = least(above[j - 1] + (same ? 0u : 1u), 1 + least(above[j], row[j - 1]));
            const bool swapped = i > 1 && j > 1 && a->text[i - 1] == b->text[j - 2] && a->text[i - 2] == b->text[j - 1];
            if (swapped)
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[b->size];
}

/* The distance, or SIZE_MAX when it is too large for a suggestion. */
static size_t score(const word *typed, const word *candidate)
{
    size_t limit = typed->size / 3;
    limit = limit < 1 ? 1 : least(limit, 3);
    size_t far = distance(typed, candidate);
    if (typed->size < candidate->size && memcmp(typed->text, candidate->text, typed->size) == 0)
        far = least(far, 1);
    else if (far >= typed->size)
        return (size_t)-1; /* the two words have nothing in common */
    return far <= limit ? far : (size_t)-1;
}

const char *pe_suggest(const char *typed, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    size_t best_score = (size_t)-1;
    const word wanted = fold(typed);
    if (wanted.size == 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const word candidate = fold(candidates[i]);
        const size_t here = score(&wanted, &candidate);
        if (here < best_score) {
            best_score = here;
            best = candidates[i];
        }
    }
    return best;
}
