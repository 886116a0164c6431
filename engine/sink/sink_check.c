/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sink_check.c - whether a format can represent these results in this order.
 *
 * Design: one function a rule; a message names what the job asks for and the formats that can.
 * Threads: any; nothing is shared.
 * Not here: whether the output can be created (output_stream.c).
 */
#include <string.h>

#include "format/hdf5/hdf5.h"
#include "format/npy.h"
#include "sink/encode/columns.h"
#include "sink/encode/encode_text.h"
#include "sink/output_stream.h"
#include "sink/sink_vtable.h"

#define LISTED(format, name) " " name

static pe_status find_format(const pe_sink_spec *spec, pe_format *format, pe_error *err)
{
    *format = spec->format;
    if (*format != PE_FORMAT_AUTO)
        return PE_OK;
    if (pe_path_is_stdout(spec->path)) {
        *format = PE_FORMAT_TXT;
        return PE_OK;
    }
    *format = strcmp(spec->path, "/dev/null") == 0 ? PE_FORMAT_NULL : pe_format_by_suffix(spec->path);
    if (*format == PE_FORMAT_AUTO)
        return pe_fail(err, PE_ECONFIG,
                       "%s: the suffix of \"%s\" names no format; set output.format, to one of" PE_FORMATS_BOTH(LISTED)
                           PE_FORMATS_OUT(LISTED),
                       spec->where, spec->path);
    if (*format == PE_FORMAT_NPZ)
        return pe_fail(err, PE_ECONFIG, "%s: npz is for input only: write %s with the suffix .npy", spec->where,
                       spec->path);
    return PE_OK;
}

static pe_status check_results(const pe_sink_spec *spec, pe_format format, pe_error *err)
{
    if (spec->kept_count > PE_MAX_COLUMNS - spec->result_count)
        return pe_fail(err, PE_ECONFIG, "%s.keep: %d columns and %d result%s are too many: a row has at most %d",
                       spec->where, spec->kept_count, spec->result_count, pe_plural((uint64_t)spec->result_count),
                       PE_MAX_COLUMNS);
    if (spec->result_count < 1 || spec->result_count > PE_MAX_COLUMNS)
        return pe_fail(err, PE_EBUG, "%s: %d results, expected 1 to %d", spec->where, spec->result_count,
                       PE_MAX_COLUMNS);
    if (format == PE_FORMAT_DIGEST && spec->order == PE_ORDER_UNORDERED)
        return pe_fail(err, PE_ECONFIG,
                       "%s: digest depends on the order of the items, which this mode does not keep; use mode imap, or "
                       "format raw, csv or txt",
                       spec->where);
    return PE_OK;
}

/* A format of fixed rows holds no texts, and npy no int128. */
static pe_status check_kept(const pe_sink_spec *spec, pe_format format, pe_error *err)
{
    for (int k = 0; k < spec->kept_count; k++) {
        const pe_dtype dtype = spec->kept[k].type.dtype;
        if (dtype == PE_TEXT || (dtype == PE_INT128 && (format == PE_FORMAT_NPY || format == PE_FORMAT_HDF5)))
            return pe_fail(err, PE_ECONFIG,
                           "%s.keep: %s holds no %s, and column \"%s\" is one: keep others, or use csv", spec->where,
                           pe_format_name(format), pe_dtype_name(dtype), spec->kept[k].names[0].name);
    }
    return PE_OK;
}

/* raw and digest store no length of a text: only a text that is the whole row has an end, its newline. */
static pe_status check_raw(const pe_sink_spec *spec, pe_format format, pe_error *err)
{
    if (spec->result_count == 1 && spec->kept_count == 0 && !spec->has_index)
        return PE_OK;
    if (check_kept(spec, format, err) != PE_OK)
        return err->status;
    for (int r = 0; r < spec->result_count; r++) {
        if (spec->results[r].dtype == PE_TEXT)
            return pe_fail(err, PE_ECONFIG,
                           "%s: %s cannot tell where a text ends among other columns; use csv, tsv or txt", spec->where,
                           pe_format_name(format));
    }
    return PE_OK;
}

static pe_status check_bytes(const pe_sink_spec *spec, pe_error *err)
{
    if (spec->result_count == 1 && spec->results[0].dtype == PE_TEXT && !spec->has_index)
        return PE_OK;
    return pe_fail(err, PE_ECONFIG, "%s: format bytes is of one text, and an item has %s; use txt, csv or tsv",
                   spec->where,
                   spec->has_index           ? "its index too"
                   : spec->result_count == 1 ? "a number"
                                             : "several results");
}

static pe_status check_npy(const pe_sink_spec *spec, pe_error *err)
{
    if (check_kept(spec, PE_FORMAT_NPY, err) != PE_OK)
        return err->status;
    for (int r = 0; r < spec->result_count; r++) {
        if (spec->results[r].dtype == PE_INT128)
            return pe_fail(err, PE_ECONFIG,
                           "%s: npy has no int128 (result %d); use format raw, csv, tsv or txt, or output.dtype = "
                           "\"float64\" or \"int64\" where every value fits exactly",
                           spec->where, r);
        if (spec->results[r].dtype == PE_TEXT)
            return pe_fail(err, PE_ECONFIG, "%s: npy has no text of any length (result %d); use format csv, tsv or txt",
                           spec->where, r);
    }
    if (spec->axes != NULL && spec->order == PE_ORDER_UNORDERED)
        return pe_fail(err, PE_ECONFIG,
                       "%s: npy of a product has a position for every item, which an unordered mode does not keep; use "
                       "mode map or imap, or format csv with index = true",
                       spec->where);
    if (spec->axes != NULL && spec->axis_count > PE_NPY_PRINT_DIMS - 1)
        return pe_fail(err, PE_ECONFIG, "%s: npy holds at most %d axes, the product of the inputs has %d", spec->where,
                       PE_NPY_PRINT_DIMS - 1, spec->axis_count);
    if (pe_path_is_stdout(spec->path) && spec->items == UINT64_MAX && spec->order != PE_ORDER_WHOLE)
        return pe_fail(err, PE_ECONFIG,
                       "%s: npy on stdout needs the number of items beforehand, and this input has none; write to a "
                       "file, or use format raw, csv or txt",
                       spec->where);
    return PE_OK;
}

pe_packing pe_sink_packing(const pe_sink_spec *spec)
{
    return pe_path_is_stdout(spec->path) ? PE_PACKING_NONE : pe_packing_by_suffix(spec->path);
}

static pe_status check_packing(const pe_sink_spec *spec, pe_format format, pe_error *err)
{
    if (pe_sink_packing(spec) == PE_PACKING_NONE || format == PE_FORMAT_CSV || format == PE_FORMAT_TSV ||
        format == PE_FORMAT_TXT || format == PE_FORMAT_JSONL || format == PE_FORMAT_NULL)
        return PE_OK;
    return pe_fail(err, PE_ECONFIG, "%s: format %s cannot be packed as \"%s\" says; csv, tsv, txt and jsonl can",
                   spec->where, pe_format_name(format), spec->path);
}

/* HDF5 needs rows of fixed size, and a mode that writes a file as a whole. */
static pe_status check_hdf5(const pe_sink_spec *spec, pe_error *err)
{
    if (check_kept(spec, PE_FORMAT_HDF5, err) != PE_OK)
        return err->status;
    for (int r = 0; r < spec->result_count; r++)
        if (spec->results[r].dtype == PE_INT128 || spec->results[r].dtype == PE_TEXT)
            return pe_fail(err, PE_ECONFIG, "%s: hdf5 has no %s (result %d); use format csv, tsv or txt", spec->where,
                           spec->results[r].dtype == PE_TEXT ? "text of any length" : "int128", r);
    if (pe_path_is_stdout(spec->path))
        return pe_fail(err, PE_ECONFIG, "%s: hdf5 needs a file, not stdout: give output.path", spec->where);
    if (spec->order != PE_ORDER_WHOLE)
        return pe_fail(err, PE_ECONFIG,
                       "%s: hdf5 is written as a whole, and cannot be read while it grows: say mode = \"map\" (or "
                       "starmap), or write npy or csv",
                       spec->where);
    if (spec->axis_count > PE_NPY_PRINT_DIMS - 1)
        return pe_fail(err, PE_ECONFIG, "%s: hdf5 holds at most %d axes, the product of the inputs has %d", spec->where,
                       PE_NPY_PRINT_DIMS - 1, spec->axis_count);
    return pe_hdf5_check(spec->where, err);
}

/* Checks that the characters of the dialect differ, and that no number is written with one of them. */
static pe_status check_style(const pe_sink_spec *spec, pe_format format, pe_error *err)
{
    const pe_text_style style = pe_text_style_of(spec, format);
    const char all[] = {style.separator, style.quote, style.decimal};
    const char *const names[] = {"delimiter", "quote", "decimal"};
    for (int b = 0; b < 3; b++) {
        for (int a = 0; a < b; a++)
            if (all[a] == all[b])
                return pe_fail(err, PE_ECONFIG, "%s: %s and %s are both \"%c\": expected two characters%s", spec->where,
                               names[a], names[b], all[a], all[a] == ',' ? ", such as delimiter = \";\"" : "");
        const bool is_of_numbers = strchr("0123456789+-.", all[b]) != NULL && !(b == 2 && all[b] == '.');
        if (is_of_numbers || (all[b] >= 'a' && all[b] <= 'z') || (all[b] >= 'A' && all[b] <= 'Z'))
            return pe_fail(err, PE_ECONFIG, "%s: %s: \"%c\" is what values are written with", spec->where, names[b],
                           all[b]);
    }
    if (spec->missing == NULL || (strpbrk(spec->missing, "\r\n") == NULL && strchr(spec->missing, all[0]) == NULL &&
                                  strchr(spec->missing, all[1]) == NULL))
        return PE_OK;
    return pe_fail(err, PE_ECONFIG, "%s: missing: expected a text without delimiters, quotes and newlines, got \"%s\"",
                   spec->where, spec->missing);
}

pe_status pe_sink_check(const pe_sink_spec *spec, pe_format *format, pe_error *err)
{
    pe_status status = find_format(spec, format, err);
    if (status == PE_OK)
        status = check_results(spec, *format, err);
    if (status == PE_OK && (*format == PE_FORMAT_RAW || *format == PE_FORMAT_DIGEST))
        status = check_raw(spec, *format, err);
    if (status == PE_OK && *format == PE_FORMAT_BYTES)
        status = check_bytes(spec, err);
    if (status == PE_OK && *format == PE_FORMAT_NPY)
        status = check_npy(spec, err);
    if (status == PE_OK && *format == PE_FORMAT_HDF5)
        status = check_hdf5(spec, err);
    if (status == PE_OK)
        status = check_packing(spec, *format, err);
    if (status == PE_OK && (*format == PE_FORMAT_CSV || *format == PE_FORMAT_TSV))
        status = check_style(spec, *format, err);
    return status != PE_OK ? status : pe_columns_check(spec, *format, err);
}
