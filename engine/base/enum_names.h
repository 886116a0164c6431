/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* enum_names.h - the enums that several stages share, with their names: formats, orders, schedules, reductions.
 */
#ifndef PE_ENUM_NAMES_H
#define PE_ENUM_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* The formats of files, with their names in a job. Their suffixes stand in enum_names.c. */
#define PE_FORMATS_BOTH(X)                                                                                             \
    X(NPY, "npy")                                                                                                      \
    X(HDF5, "hdf5")                                                                                                    \
    X(CSV, "csv")                                                                                                      \
    X(TSV, "tsv")                                                                                                      \
    X(TXT, "txt")                                                                                                      \
    X(JSONL, "jsonl")                                                                                                  \
    X(RAW, "raw")
#define PE_FORMATS_IN(X) X(NPZ, "npz")
#define PE_FORMATS_OUT(X)                                                                                              \
    X(DIGEST, "digest")                                                                                                \
    X(NULL, "null")                                                                                                    \
    X(BYTES, "bytes")

#define PE_FORMAT_ENUM(format, name) PE_FORMAT_##format,
typedef enum pe_format {
    PE_FORMAT_AUTO, /* by suffix */
    PE_FORMATS_BOTH(PE_FORMAT_ENUM) PE_FORMATS_IN(PE_FORMAT_ENUM) PE_FORMATS_OUT(PE_FORMAT_ENUM)
} pe_format;
#undef PE_FORMAT_ENUM

/* How the bytes of a text format are packed, by the last suffix of the path. */
typedef enum pe_packing { PE_PACKING_NONE, PE_PACKING_GZIP, PE_PACKING_ZSTD } pe_packing;

typedef enum pe_order {
    PE_ORDER_WHOLE,    /* map: in input order, visible when complete */
    PE_ORDER_STREAM,   /* imap: in input order, visible as it grows */
    PE_ORDER_UNORDERED /* imap_unordered: as finished */
} pe_order;

typedef enum pe_schedule { PE_SCHEDULE_AUTO, PE_SCHEDULE_STATIC, PE_SCHEDULE_DYNAMIC } pe_schedule;

/* The results of [reduce], in the order of their names in the schema. */
typedef enum pe_reduce_op {
    PE_REDUCE_SUM,
    PE_REDUCE_MIN,
    PE_REDUCE_MAX,
    PE_REDUCE_MEAN,
    PE_REDUCE_COUNT,
    PE_REDUCE_VAR,
    PE_REDUCE_STD,
    PE_REDUCE_ARGMIN,
    PE_REDUCE_ARGMAX
} pe_reduce_op;

#define PE_REDUCE_OPS 9

/* What becomes of an item that fails. */
typedef enum pe_on_error {
    PE_ON_ERROR_STOP, /* the run ends */
    PE_ON_ERROR_SKIP, /* its row is left out */
    PE_ON_ERROR_FILL  /* its row has the fill values */
} pe_on_error;

typedef enum pe_combine { PE_COMBINE_ZIP, PE_COMBINE_PRODUCT } pe_combine;

/* Whether the commit of an output waits until it is on stable storage. */
typedef enum pe_sync_policy {
    PE_SYNC_AUTO, /* after a long run */
    PE_SYNC_ALWAYS,
    PE_SYNC_NEVER
} pe_sync_policy;

/* How it is found out that an input file has changed since an earlier run. */
typedef enum pe_verify {
    PE_VERIFY_AUTO,    /* size, and a sample of the content */
    PE_VERIFY_CONTENT, /* all of the content */
    PE_VERIFY_SIZE
} pe_verify;

const char *pe_format_name(pe_format format);
/* pe_format_by_suffix - .npy .csv .tsv .txt .jsonl .ndjson .raw .bin (raw) .digest, case folded, also in front of .gz
 * or .zst; PE_FORMAT_AUTO when it is none. */
pe_format pe_format_by_suffix(const char *path);
/* pe_packing_by_suffix - .gz, .zst, case folded; else PE_PACKING_NONE. */
pe_packing pe_packing_by_suffix(const char *path);
const char *pe_schedule_name(pe_schedule schedule);
const char *pe_reduce_op_name(pe_reduce_op op);
/* pe_plural - the ending of a noun after this count: "" or "s". */
const char *pe_plural(uint64_t count);

#endif
