/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_foreign.c - refuses bytes that are no UTF-8 text, by the name of what they are.
 *
 * Design:   the marks of binary files are not UTF-8, or hold control characters: no text begins so.
 * Threads:  no state.
 * Not here: wrong bytes further on (types/, format/).
 */
#include <string.h>

#include "source/text/text_source.h"

/* The encodings that programs of other systems write, by their marks or by the zero bytes of plain letters. */
static const char *foreign_encoding(const unsigned char *data, size_t size)
{
    if (size >= 4 && memcmp(data, "\xFF\xFE\0\0", 4) == 0)
        return "UTF-32LE";
    if (size >= 2 && memcmp(data, "\xFF\xFE", 2) == 0)
        return "UTF-16LE";
    if (size >= 2 && memcmp(data, "\xFE\xFF", 2) == 0)
        return "UTF-16BE";
    if (size >= 4 && data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0)
        return "UTF-16LE";
    return size >= 4 && data[0] == 0 && data[1] != 0 && data[2] == 0 && data[3] != 0 ? "UTF-16BE" : NULL;
}

typedef struct file_kind {
    const char *mark;
    size_t bytes;
    const char *name, *advice;
} file_kind;

static const file_kind *foreign_kind(const unsigned char *data, size_t size)
{
    static const file_kind kinds[] = {
        {"\x1F\x8B\x08", 3, "gzip data", "a file whose name ends in .gz is unpacked, other input by gzip -dc"},
        {"\x28\xB5\x2F\xFD", 4, "zstd data", "a file whose name ends in .zst is unpacked, other input by zstd -dc"},
        {"\xFD"
         "7zXZ",
         5, "xz data", "xz -dc unpacks it"},
        {"BZh91AY&SY", 10, "bzip2 data", "bzip2 -dc unpacks it"},
        {"PK\3\4", 4, "a zip archive, as those of spreadsheets are", "unzip it, or save it as csv"},
        {"PAR1\x15", 5, "a Parquet file", "save it as csv, npy or HDF5"},
        {"\x93NUMPY", 6, "an npy file", "input.format = \"npy\" reads it"},
        {"\x89HDF\r\n", 6, "an HDF5 file", "input.format = \"hdf5\" reads it"},
    };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (size >= kinds[k].bytes && memcmp(data, kinds[k].mark, kinds[k].bytes) == 0)
            return &kinds[k];
    return NULL;
}

pe_status pe_text_refuse_foreign(const pe_text_source *text, const unsigned char *data, size_t size, pe_error *err)
{
    const char *const encoding = foreign_encoding(data, size);
    const file_kind *const kind = foreign_kind(data, size);
    if (encoding != NULL)
        return pe_fail(err, PE_EDATA, "%s: is %s text: expected UTF-8; iconv -f %s -t UTF-8 turns it into that",
                       text->base.info.name, encoding, encoding);
    if (kind != NULL)
        return pe_fail(err, PE_EDATA, "%s: is %s: expected a text; %s", text->base.info.name, kind->name, kind->advice);
    return PE_OK;
}
