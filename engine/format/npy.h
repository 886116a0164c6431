/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy.h - parses and prints the header of a numpy .npy file.
 *
 * Design: pure functions. The parser takes a Python dict literal with the keys descr, fortran_order and shape, each
 *         once, in any order, spacing and quotes, and nothing more. The printer pads so that a header's length does
 *         not depend on the first dimension, so that the header of a growing file can be corrected in place.
 * Threads: any.
 */
#ifndef PE_NPY_H
#define PE_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "types/dtype.h"

#define PE_NPY_MAX_DIMS 8     /* that the parser takes */
#define PE_NPY_PRINT_DIMS 32  /* that the printer takes: numpy's own limit */
#define PE_NPY_NAME_ROOM 128  /* of a field, with its terminator */
#define PE_NPY_DESCR_ROOM 160 /* a longer descr is cut and ends in "..." */

/* What a descr such as <f8 says of one element. */
typedef struct pe_npy_element {
    bool is_ours;       /* it can be read: dtype, is_big_endian and is_utf32 are set */
    pe_dtype dtype;     /* PE_TEXT: a text of fixed length; dates and time spans are PE_INT64 */
    bool is_big_endian; /* never set for one-byte elements */
    bool is_utf32;      /* a text of code points (U); else of bytes (S) */
    size_t bytes;       /* that it takes; 0: not known */
    const char *kind;   /* what it is when it is not ours: "Python objects", "structured" ...; else NULL */
} pe_npy_element;

typedef struct pe_npy_header {
    int major, minor;
    size_t data_offset; /* bytes of the file before the first element */
    /* The dtype as text: a plain one without its quotes (<f8), a structured one as in the file ([('x', '<f8')]). */
    char descr[PE_NPY_DESCR_ROOM];
    bool is_structured;
    bool is_fortran; /* the header's flag; for a one-dimensional array it has no meaning */
    int dims;        /* 0: a single value without a shape */
    uint64_t shape[PE_NPY_MAX_DIMS];
    uint64_t count;              /* elements: the product of the shape */
    pe_npy_element element;      /* of a plain descr; where is_structured, its kind says so */
    const unsigned char *fields; /* the list of a structured descr, in the data that was parsed; else NULL */
    size_t fields_size;
} pe_npy_header;

/* One field of a structured dtype. */
typedef struct pe_npy_field {
    char name[PE_NPY_NAME_ROOM]; /* empty: numpy's padding */
    char descr[PE_NPY_DESCR_ROOM];
    pe_npy_element element;
    uint64_t elements; /* of its shape, 1 without one */
    size_t bytes;      /* in a row */
} pe_npy_field;

/* pe_npy_parse - read the header at the beginning of a file.
 *
 * Params:  data, size: the file, or at least its whole header; name opens the messages ("x.npy").
 * Returns: PE_OK: out is filled; whether descr, order and dims suit the caller, and whether the data is all there, is
 *          for the caller to say
 *          PE_EDATA: not an npy file (the first bytes are shown), an unknown version, a header longer than size, not
 *          the dict that it should be (with its byte and what was seen), more than PE_NPY_MAX_DIMS dims, a shape
 *          beyond 2^64 elements
 */
pe_status pe_npy_parse(const void *data, size_t size, const char *name, pe_npy_header *out, pe_error *err);

/* pe_npy_descr - the numpy name of a dtype in our byte order ("<f8", "|b1"), or NULL for int128 and text. */
const char *pe_npy_descr(pe_dtype dtype);

/* pe_npy_decode - what a plain descr without its quotes says. */
void pe_npy_decode(const char *descr, pe_npy_element *out);

/* pe_npy_next_field - the next field of a structured header, in the order of the file.
 *
 * Params:  *at is 0 for the first field; it moves on. name opens the messages. The data that was parsed is still there.
 * Returns: PE_OK with *is_there: false after the last field; PE_EDATA: no list of fields, with its byte and what was seen
 */
pe_status pe_npy_next_field(const pe_npy_header *header, const char *name, size_t *at, pe_npy_field *out,
                            bool *is_there, pe_error *err);

/* pe_npy_print - append a header.
 *
 * Params:  descr is a Python literal with its quotes or brackets ("'<f8'", "[('x', '<f8')]"), UTF-8; dims is at least
 *          1.
 * Shape:   the length is a multiple of 64 and does not depend on shape[0]; the last byte is a newline. The version is
 *          1.0, 2.0 for a header of more than 65535 bytes, 3.0 when descr is not ASCII.
 * Returns: PE_OK, PE_ENOMEM, PE_EBUG (dims out of range)
 */
pe_status pe_npy_print(const char *descr, const uint64_t *shape, int dims, pe_buffer *out, pe_error *err);

#endif
