/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold_places.c - argmin and argmax: the first item that has the least or the greatest value, with its arguments.
 *
 * Design:   values are compared as integers in their order, as in fold.c; a nan is less than all and greater than all. Of
 *           equal values the item with the smaller number counts, so the result does not depend on who computed what. The
 *           arguments are copied when an item becomes the least, which happens a few times in a run.
 * Threads:  fold.h.
 */
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "reduce/fold_internal.h"

static pe_int128 key_of(pe_dtype dtype, const void *values, size_t i, bool is_most)
{
    if (dtype == PE_INT128)
        return ((const pe_int128 *)values)[i];
    if (dtype == PE_UINT64)
        return (pe_int128)((const uint64_t *)values)[i];
    if (!pe_dtype_is_float(dtype))
        return ((const int64_t *)values)[i];
    int64_t bits = 0;
    memcpy(&bits, (const double *)values + i, sizeof bits);
    if (isnan(((const double *)values)[i]))
        return is_most ? PE_INT128_MAX : PE_INT128_MIN;
    return pe_key_of_float64(bits);
}

/* Is an item with this key before the one that a place has? */
static bool is_better(const pe_place *place, pe_int128 key, uint64_t item, bool is_most)
{
    if (place->is_set == 0)
        return true;
    if (key != place->key)
        return is_most ? key > place->key : key < place->key;
    return item < place->item;
}

static bool add_run(pe_place *place, pe_dtype dtype, const void *values, uint64_t first, size_t count, bool is_most)
{
    bool has_changed = false;
    for (size_t i = 0; i < count; i++) {
        const pe_int128 key = key_of(dtype, values, i, is_most);
        if (!is_better(place, key, first + i, is_most))
            continue;
        *place = (pe_place){.key = key, .item = first + i, .is_set = 1, .wants_args = 1};
        has_changed = true;
    }
    return has_changed;
}

bool pe_place_add_run(pe_place *least, pe_place *most, pe_dtype dtype, const void *values, uint64_t first, size_t count)
{
    const bool has_least = add_run(least, dtype, values, first, count, false);
    const bool has_most = add_run(most, dtype, values, first, count, true);
    return has_least || has_most;
}

void pe_place_merge(pe_place *into, const pe_place *from, size_t bytes, bool is_most)
{
    if (from->is_set != 0 && is_better(into, from->key, from->item, is_most))
        memcpy(into, from, bytes);
}

static void put_one(pe_place *place, const pe_fold *fold, const void *const *args, uint64_t at)
{
    for (int a = 0; a < fold->spec.arg_count; a++) {
        const pe_type type = fold->args[a];
        unsigned char *const out = (unsigned char *)place + pe_place_arg_offset(fold->args, a);
        const unsigned char *const in = (const unsigned char *)args[a] + at * pe_type_bytes(type);
        if (type.dtype != PE_TEXT) {
            memcpy(out, in, pe_type_bytes(type));
            continue;
        }
        pe_text text;
        pe_place_text *const kept = (void *)out;
        memcpy(&text, in, sizeof text);
        kept->size = text.size;
        if (text.size > 0)
            memcpy(kept->bytes, text.data, text.size < sizeof kept->bytes ? text.size : sizeof kept->bytes);
    }
    place->wants_args = 0;
}

void pe_fold_put_arguments(pe_fold *fold, uint64_t first, const void *const *args, size_t count)
{
    for (int r = 0; r < fold->result_count; r++)
        for (size_t e = 0; e < pe_type_elements(fold->results[r]) && fold->results[r].dtype != PE_TEXT; e++)
            for (int most = 0; most < 2; most++) {
                pe_place *const place = pe_fold_place(fold, r, e, most != 0);
                if (place->wants_args != 0 && place->item >= first && place->item - first < count)
                    put_one(place, fold, args, place->item - first);
            }
}
