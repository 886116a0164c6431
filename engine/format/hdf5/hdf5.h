/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5.h - one dataset of an HDF5 file: what it is, its elements, and a new file that rows can be written to.
 *
 * Design: the rest of the engine gets rows of bytes. A contiguous dataset is only located here, and is read
 *         from the mapped file; another is read through libhdf5, as packed little-endian rows. A new file is made with all
 *         but its rows, whose place is known, so that every rank can write its own.
 * Threads: libhdf5 may be called by one thread at a time: one lock around every function of this file.
 * Not here: libhdf5, which is in a module (hdf5_module.h). Where the module or libhdf5 is missing (PENGINE_HDF5=OFF), every
 *         function fails and says what is missing.
 */
#ifndef PE_HDF5_H
#define PE_HDF5_H

#include "types/dtype.h"

#define PE_HDF5_DIMS 8
#define PE_HDF5_NAME_ROOM 128

/* How the bytes of a text of fixed length end. */
typedef enum pe_hdf5_pad { PE_HDF5_PAD_NUL, PE_HDF5_FIRST_NUL, PE_HDF5_PAD_SPACE } pe_hdf5_pad;

/* One member of a compound, or the only value of an element. */
typedef struct pe_hdf5_field {
    char name[PE_HDF5_NAME_ROOM]; /* empty where there is no compound */
    pe_dtype dtype;               /* PE_TEXT: of fixed length */
    bool is_big_endian;
    pe_hdf5_pad pad;
    bool is_ascii; /* a text's bytes; libhdf5 converts no text from one to the other */
    uint32_t elements;
    size_t element_bytes;
    size_t offset;    /* in an element of the dataset */
    const char *kind; /* what it is when it cannot be read, else NULL */
} pe_hdf5_field;

typedef struct pe_hdf5_facts {
    int dims;
    uint64_t shape[PE_HDF5_DIMS];
    bool is_compound;
    int field_count;
    pe_hdf5_field fields[PE_MAX_COLUMNS];
    size_t element_bytes; /* as read: the file's where is_direct, else packed */
    bool is_direct;       /* the elements lie one after the other in the file, from offset on */
    uint64_t offset;
    size_t cache_bytes; /* that libhdf5 may keep of chunks */
} pe_hdf5_facts;

typedef struct pe_hdf5 pe_hdf5;

/* pe_hdf5_open - open a dataset for reading.
 *
 * Params:  dataset NULL: the only one of the file. where opens messages about the job ("job.toml:7:1: input").
 * Returns: PE_OK; PE_EDATA: no HDF5 file, damaged, a filter that libhdf5 lacks; PE_ECONFIG: no such dataset (the message
 *          lists those that there are), or several and none chosen; PE_ECONFIG: there is no libhdf5
 */
pe_status pe_hdf5_open(const char *path, const char *dataset, const char *where, pe_hdf5 **out, pe_hdf5_facts *facts,
                       pe_error *err);
void pe_hdf5_close(pe_hdf5 *file); /* NULL is allowed */

/* pe_hdf5_read - count elements in C order from number `first` on, packed as facts say. PE_EDATA: libhdf5's reason. */
pe_status pe_hdf5_read(pe_hdf5 *file, uint64_t first, uint64_t count, unsigned char *out, pe_error *err);

typedef struct pe_hdf5_column {
    const char *name;
    pe_type type;
} pe_hdf5_column;

/* The values along one dimension. */
typedef struct pe_hdf5_axis {
    const char *name;
    pe_dtype dtype; /* not text; values NULL: only the dimension's name is written */
    const void *values;
    uint64_t count;
} pe_hdf5_axis;

typedef struct pe_hdf5_attribute {
    const char *name, *text;
} pe_hdf5_attribute;

typedef struct pe_hdf5_layout {
    const char *dataset; /* "/group/name" */
    const pe_hdf5_column *columns;
    int column_count;
    bool is_compound;
    const uint64_t *shape; /* with the width of a vector as its last dimension, where there is no compound */
    int dims;
    const pe_hdf5_axis *axes; /* of the first dimensions */
    int axis_count;
    const pe_hdf5_attribute *attributes; /* of the dataset */
    int attribute_count;
} pe_hdf5_layout;

/* pe_hdf5_create - create a file at path that is complete except for the rows, which go to *offset; the file ends after them.
 * The bytes depend on nothing but the layout, and *offset not on the shape.
 * Returns: PE_OK; PE_EOUTPUT with libhdf5's reason; PE_ECONFIG: there is no libhdf5 */
pe_status pe_hdf5_create(const char *path, const pe_hdf5_layout *layout, uint64_t *offset, pe_error *err);

/* pe_hdf5_check - PE_ECONFIG, with where in front and what is missing, when libhdf5 cannot be loaded. */
pe_status pe_hdf5_check(const char *where, pe_error *err);

#endif
