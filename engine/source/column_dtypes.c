/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* column_dtypes.c - [input] dtype as a table: the dtypes of some columns by their names.
 *
 * Design:   a column is called as in the file, or as [input] names call it. A name in the table that no column has is an
 *           error, because it is usually a mistake in the job.
 * Threads:  the main thread.
 * Not here: how the table is read from the job (job/section/values_dtypes.c).
 */
#include "source/column_dtypes.h"

#include <stdio.h>
#include <string.h>

#define NAMES_ROOM 300

static bool is_called(const pe_source *source, int column, const char *name, const char *const *names)
{
    const pe_source_spec *const spec = source->spec;
    const bool is_given = column < spec->name_count && strcmp(spec->names[column], name) == 0;
    return is_given || (names[column] != NULL && strcmp(names[column], name) == 0);
}

/* The columns' names, as `"x", "y"`; what finds no room is printed as "...". */
static void list_names(const pe_source *source, const char *const *names, char out[NAMES_ROOM])
{
    const pe_source_spec *const spec = source->spec;
    size_t used = 0;
    out[0] = '\0';
    for (int c = 0; c < source->info.columns; c++) {
        const char *const name = c < spec->name_count ? spec->names[c] : names[c];
        const char *const comma = used == 0 ? "" : ", ";
        if (name == NULL)
            continue;
        const bool fits = strlen(name) + sizeof ", \"\", ..." < NAMES_ROOM - used;
        used += (size_t)snprintf(out + used, NAMES_ROOM - used, fits ? "%s\"%s\"" : "%s...", comma, fits ? name : "");
        if (!fits)
            break;
    }
}

pe_status pe_column_dtypes_set(pe_source *source, const char *const *names,
                               bool (*is_other)(const pe_source *source, const char *name), pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    char there[NAMES_ROOM];
    for (int d = 0; d < spec->dtype_count; d++) {
        bool is_there = is_other != NULL && is_other(source, spec->dtypes[d].name);
        for (int c = 0; c < source->info.columns; c++) {
            if (!is_called(source, c, spec->dtypes[d].name, names))
                continue;
            is_there = true;
            source->info.types[c] = (pe_type){spec->dtypes[d].dtype, 0};
            source->info.untyped[c] = false;
        }
        if (is_there)
            continue;
        list_names(source, names, there);
        return pe_fail(err, PE_ECONFIG, "%s: dtype: %s has no column \"%s\"%s%s%s", spec->where, source->info.name,
                       spec->dtypes[d].name, there[0] == '\0' ? "" : ": expected one of ", there,
                       there[0] == '\0' ? ": its columns have no names, and input.names gives them some" : "");
    }
    return PE_OK;
}

pe_status pe_column_dtypes_check(const pe_source_spec *spec, pe_format format, pe_error *err)
{
    const bool has_columns = spec->kind == PE_SOURCE_FILE && format != PE_FORMAT_RAW && format != PE_FORMAT_TXT;
    if (spec->dtype_count == 0 || has_columns)
        return PE_OK;
    return pe_fail(
        err, PE_ECONFIG,
        "%s: dtype: a table says the types of columns by their names, which this input has not; expected one "
        "dtype such as \"%s\"",
        spec->where, pe_dtype_name(spec->dtypes[0].dtype));
}
