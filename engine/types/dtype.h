/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* dtype.h - item types (a dtype with a width): sizes, names, parsing and conversions.
 */
#ifndef PE_DTYPE_H
#define PE_DTYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PE_DTYPE_LAST PE_COMPLEX128
#define PE_MAX_COLUMNS 64 /* arguments or results of one kernel */
#define PE_TYPE_NAME_ROOM 40
#define PE_ITEM_DIMS 7 /* of an array's 8 the first counts the items */

/* width 0 is a scalar; width n is a vector of n elements ("float64[3]"). Text is always scalar. */
typedef struct pe_type {
    pe_dtype dtype;
    uint32_t width;
} pe_type;

/* The sizes of an item that is an array of several dimensions, its elements in C order; dims 0: it is none. */
typedef struct pe_item_shape {
    int dims;
    uint32_t sizes[PE_ITEM_DIMS];
} pe_item_shape;

size_t pe_dtype_bytes(pe_dtype dtype);   /* bytes of one element; sizeof(pe_text) for text */
size_t pe_type_bytes(pe_type type);      /* bytes of one item */
uint32_t pe_type_elements(pe_type type); /* 1 for a scalar */
bool pe_type_equal(pe_type a, pe_type b);
const char *pe_dtype_name(pe_dtype dtype);
int pe_dtype_count(void);               /* dtypes are numbered from 1 to this */
bool pe_dtype_is_int(pe_dtype dtype);   /* int8 .. int64, uint8 .. uint64, int128; not bool */
bool pe_dtype_is_float(pe_dtype dtype); /* float16, float32, float64; not complex */
bool pe_dtype_is_complex(pe_dtype dtype);
pe_dtype pe_dtype_part(pe_dtype dtype); /* of a complex dtype: the float of its parts; else the dtype itself */

/* pe_type_print - "float64[3]" into out; returns out. */
const char *pe_type_print(pe_type type, char out[PE_TYPE_NAME_ROOM]);

/* pe_type_parse - parse the whole text (surrounding spaces allowed) as a type. width is at most 2^20.
 * Returns: PE_OK, or PE_ECONFIG with the text seen and the valid names ("did you mean") */
pe_status pe_type_parse(const char *text, pe_type *out, pe_error *err);

/* The cast from one dtype to another. Text is not converted here but parsed (number.h). */
typedef enum pe_cast {
    PE_CAST_SAME,    /* nothing to do */
    PE_CAST_SAFE,    /* every value fits exactly: int32 -> int64, uint8 -> float32, float32 -> float64, bool -> int8 */
    PE_CAST_CHECKED, /* integers into a float that cannot hold them all (int64 -> float64): exact or an error */
    PE_CAST_REFUSED  /* could lose value: float64 -> float32, int64 -> int32, float -> int, signed -> unsigned */
} pe_cast;

/* pe_dtype_cast - whether a conversion between two dtypes is exact for all values, for some, or refused. */
pe_cast pe_dtype_cast(pe_dtype from, pe_dtype to);

/* pe_convert - convert count elements from one dtype to another.
 *
 * Shape:   in and out are contiguous arrays of count elements; they may not overlap.
 * Returns: PE_OK, or PE_EDATA for the first element that would not be exact, whose number goes to *bad (0 <= *bad <
 *          count) and whose value and target are in the message ("9007199254740993 is not exact as float64").
 *          Casts that pe_dtype_cast refuses are possible too, with the same check of each value.
 */
pe_status pe_convert(pe_dtype from, const void *in, pe_dtype to, void *out, size_t count, size_t *bad, pe_error *err);

/* pe_dtype_rounds - is `to` a narrower float than `from`, or both complex, so that pe_round_floats may convert? */
bool pe_dtype_rounds(pe_dtype from, pe_dtype to);

/* pe_round_floats - convert count elements to the nearest ones of a narrower float, part by part; beyond it is infinity. */
void pe_round_floats(pe_dtype from, const void *in, pe_dtype to, void *out, size_t count);

#ifdef __cplusplus
}
#endif
#endif
