/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_files.c - one file per item: the template of the names, the folder, what each file begins with.
 *
 * Threads: the main thread.
 * Not here: writing a file (item_writer.c); which names came twice (run/output/item_file_names.c).
 */
#include "worker/item_files/item_files.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/errno_text.h"
#include "sink/encode/columns.h"
#include "worker/item_files/item_folder.h"

bool pe_item_files_is_meant(const char *path)
{
    pe_template name;
    pe_error wrong = PE_ERROR_INIT;
    if (strchr(path, '{') == NULL) /* checked without memory, which may be short */
        return false;
    const bool is_right = pe_template_parse(path, PE_ANY_ARGUMENTS, &name, &wrong) == PE_OK;
    const bool is_meant = name.has_placeholder || !is_right; /* a wrong one is reported when the template is made */
    pe_template_fini(&name);
    return is_meant;
}

bool pe_item_files_folder(const char *path, char *out, size_t room)
{
    pe_template name;
    pe_error wrong = PE_ERROR_INIT;
    size_t size = 0;
    if (pe_template_parse(path, PE_ANY_ARGUMENTS, &name, &wrong) == PE_OK)
        for (size_t p = 0; p < name.count && name.pieces[p].kind == PE_PIECE_LITERAL; p++)
            for (size_t i = 0; i < name.pieces[p].size && size + 1 < room; i++)
                out[size++] = name.pieces[p].text[i];
    pe_template_fini(&name);
    const bool fits = size + 1 < room;
    while (size > 0 && out[size - 1] != '/')
        size--;
    while (size > 1 && out[size - 1] == '/')
        size--;
    if (size == 0)
        out[size++] = '.';
    out[size] = '\0';
    return fits;
}

/* ---- names that need not differ ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_literal(const pe_template *name, size_t from, size_t end)
{
    for (size_t p = from; p < end; p++)
        if (name->pieces[p].kind != PE_PIECE_LITERAL)
            return false;
    return true;
}

/* Can the item's number be read from every name? All text on one side of it is fixed, and no digit follows on the other. */
static bool shows_number(const pe_template *name, size_t at)
{
    const pe_piece *const before = at == 0 ? NULL : &name->pieces[at - 1];
    const pe_piece *const next = at + 1 == name->count ? NULL : &name->pieces[at + 1];
    const bool begins =
        before == NULL || (before->kind == PE_PIECE_LITERAL && !is_digit(before->text[before->size - 1]));
    const bool ends = next == NULL || (next->kind == PE_PIECE_LITERAL && !is_digit(next->text[0]));
    return (begins && is_literal(name, at + 1, name->count)) || (ends && is_literal(name, 0, at));
}

static bool may_meet(const pe_template *name)
{
    for (size_t p = 0; p < name->count; p++)
        if (name->pieces[p].kind == PE_PIECE_NUMBER && shows_number(name, p))
            return false;
    return true;
}

/* ---- what each file begins with ---- */

static pe_status print_beginning(const pe_sink_spec *spec, pe_format format, pe_buffer *out, pe_error *err)
{
    if (format == PE_FORMAT_NPY)
        return pe_columns_print_item_header(spec, out, err);
    return format == PE_FORMAT_CSV || format == PE_FORMAT_TSV ? pe_columns_print_line(spec, format, out, err) : PE_OK;
}

static pe_status check_format(const pe_sink_spec *spec, pe_format format, pe_error *err)
{
    static const pe_format files[] = {PE_FORMAT_NPY, PE_FORMAT_CSV, PE_FORMAT_TSV,
                                      PE_FORMAT_TXT, PE_FORMAT_RAW, PE_FORMAT_BYTES};
    const char *const dot = strrchr(spec->path, '.');
    if (format != PE_FORMAT_BYTES && dot != NULL && (strcmp(dot, ".gz") == 0 || strcmp(dot, ".zst") == 0))
        return pe_fail(err, PE_ECONFIG, "%s.path: \"%s\": a file of one item is not compressed; expected no %s",
                       spec->where, spec->path, dot);
    for (size_t f = 0; f < sizeof files / sizeof *files; f++)
        if (files[f] == format)
            return PE_OK;
    return pe_fail(err, PE_ECONFIG,
                   "%s.path: \"%s\" is one file per item, which format %s has not; expected npy, csv, tsv, txt, raw "
                   "or bytes, or one file for all",
                   spec->where, spec->path, pe_format_name(format));
}

/* ---- the whole ---- */

pe_status pe_item_files_make(const pe_sink_spec *spec, pe_format format, int arg_count, int rank, pe_item_files **out,
                             pe_error *err)
{
    pe_item_files *files = NULL;
    pe_error wrong = PE_ERROR_INIT;
    pe_status status = check_format(spec, format, err);
    if (status == PE_OK)
        status = pe_make_array(&files, 1, sizeof *files, err);
    if (status != PE_OK)
        return status;
    *out = files;
    files->rank = rank;
    status = pe_template_parse(spec->path, arg_count, &files->name, &wrong);
    if (status != PE_OK)
        return pe_fail(err, status, "%s.path: \"%s\": %s", spec->where, spec->path, wrong.text);
    files->names_may_meet = may_meet(&files->name);
    if (pe_item_devices_make(&files->devices, err) != PE_OK)
        return err->status;
    return print_beginning(spec, format, &files->beginning, err);
}

void pe_item_files_free(pe_item_files *files)
{
    if (files == NULL)
        return;
    pe_template_fini(&files->name);
    pe_buffer_fini(&files->beginning);
    pe_item_devices_free(files->devices);
    free(files);
}

static pe_status refuse_folder(const char *folder, int number, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_EOUTPUT, "cannot create %s/: %s", folder, pe_errno_text(number, reason));
}

pe_status pe_item_files_begin(const char *path, pe_error *err)
{
    char folder[PATH_MAX];
    if (!pe_item_files_folder(path, folder, sizeof folder))
        return refuse_folder(path, ENAMETOOLONG, err);
    const int number = pe_item_folder_make(folder);
    return number == 0 ? PE_OK : refuse_folder(folder, number, err);
}
