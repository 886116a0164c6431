/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* source_file_helpers.h - writes files in a folder of the test's own, and reads them through a source in every way.
 */
#ifndef PE_TEST_SOURCE_FILE_HELPERS_H
#define PE_TEST_SOURCE_FILE_HELPERS_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "source/source.h"
#include "source_helpers.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* The folder in which the test now stands; names of files are short that way, as messages show them. */
static inline void enter_folder(char folder[32])
{
    snprintf(folder, 32, "/tmp/pengine-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static inline void leave_folder(const char *folder)
{
    DIR *const open = opendir(".");
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        if (entry->d_name[0] != '.')
            ck_assert_int_eq(unlink(entry->d_name), 0);
    closedir(open);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

static inline void put_file(const char *name, const void *data, size_t size)
{
    FILE *const out = fopen(name, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(data, 1, size, out), size);
    ck_assert_int_eq(fclose(out), 0);
}

static inline void put_text(const char *name, const char *text)
{
    put_file(name, text, strlen(text));
}

/* How the items come to the reader. */
typedef enum way {
    WAY_MAPPED,   /* the rank's own mapping */
    WAY_PAYLOAD,  /* the byte_range's bytes, moved elsewhere, for each block */
    WAY_SLICE,    /* one payload for all blocks */
    WAY_BACKWARD, /* the last block first */
    WAYS
} way;

typedef struct opened {
    pe_source *first, *source; /* rank 0's, and the one that came over */
    pe_reader *reader;
    pe_buffer facts;
} opened;

static inline void open_items(opened *o, const pe_source_spec *spec, const pe_type *want, int count)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_source_open(spec, &o->first, &err), err);
    ck_ok(pe_source_export(o->first, &o->facts, &err), err);
    ck_ok(pe_source_import(spec, o->facts.data, o->facts.size, &o->source, &err), err);
    ck_ok(pe_source_bind(o->source, want, count, &err), err);
    ck_ok(pe_source_bind(o->first, want, count, &err), err);
    ck_ok(pe_reader_open(o->source, &o->reader, &err), err);
}

static inline void close_items(opened *o)
{
    pe_reader_close(o->reader);
    pe_source_close(o->source);
    pe_source_close(o->first);
    pe_buffer_fini(&o->facts);
    *o = (opened){.first = NULL};
}

/* One block by one way; a payload is a copy, at an odd address, that the caller frees. */
static inline pe_status read_block(opened *o, pe_block block, pe_block slice, way how, void *const *columns,
                                   unsigned char **payload, pe_error *err)
{
    *payload = NULL;
    if (how == WAY_MAPPED || how == WAY_BACKWARD)
        return pe_reader_read(o->reader, block, NULL, NULL, columns, err);
    const pe_block sent = how == WAY_SLICE ? slice : block;
    const pe_byte_range byte_range = pe_source_byte_range(o->first, sent);
    pe_buffer bytes = {0};
    ck_ok(pe_buffer_append(&bytes, "", 1, err), *err);
    ck_ok(pe_source_append(o->first, sent, &byte_range, &bytes, err), *err);
    *payload = bytes.data;
    return pe_reader_read(o->reader, block, &byte_range, *payload + 1, columns, err);
}

/* Not inline: gcc 12 then warns of bounds that it does not know. All items of one column, by one way, in blocks of `piece`, against expected; texts as arrays of pe_text. */
__attribute__((noinline, unused)) static void check_items(const pe_source_spec *spec, pe_type want,
                                                          const void *expected, uint64_t count, uint64_t piece, way how)
{
    opened o = {.first = NULL};
    open_items(&o, spec, &want, 1);
    ck_assert_uint_eq(pe_source_get_info(o.source)->count, count);
    const size_t item = pe_type_bytes(want);
    const uint64_t blocks = (count + piece - 1) / piece;
    for (uint64_t b = 0; b < blocks; b++) {
        const uint64_t first = (how == WAY_BACKWARD ? blocks - 1 - b : b) * piece;
        const pe_block block = {first, count - first < piece ? count - first : piece};
        void *column = NULL;
        unsigned char *payload = NULL;
        pe_error err = PE_ERROR_INIT;
        ck_ok(pe_make_array(&column, block.count, item, &err), err);
        ck_ok(read_block(&o, block, (pe_block){0, count}, how, &column, &payload, &err), err);
        const unsigned char *const right = (const unsigned char *)expected + first * item;
        for (uint64_t i = 0; i < block.count && want.dtype == PE_TEXT; i++) {
            const pe_text got = ((const pe_text *)column)[i], wanted = ((const pe_text *)right)[i];
            ck_assert_msg(got.size == wanted.size && memcmp(got.data, wanted.data, got.size) == 0, "item %d: %.*s",
                          (int)(first + i), (int)got.size, got.data);
        }
        if (want.dtype != PE_TEXT)
            ck_assert_msg(memcmp(column, right, block.count * item) == 0, "items from %d on, way %d", (int)first, how);
        free(column);
        free(payload);
        if (b % 2 == 1)
            pe_reader_rewind(o.reader);
    }
    close_items(&o);
}

/* The same by every way, in blocks of several sizes. */
static inline void check_column(const pe_source_spec *spec, pe_type want, const void *expected, uint64_t count)
{
    static const uint64_t pieces[] = {1, 2, 3, 1000000};
    for (int how = 0; how < WAYS; how++)
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++)
            check_items(spec, want, expected, count, pieces[p], (way)how);
}

static inline pe_source_spec text_file(const char *name, const char *text)
{
    put_text(name, text);
    return file(name, PE_FORMAT_AUTO);
}

static inline void check_texts(const pe_source_spec *spec, const char *const *expected, size_t count)
{
    pe_text texts[64];
    for (size_t i = 0; i < count; i++)
        texts[i] = (pe_text){expected[i], strlen(expected[i])};
    check_column(spec, (pe_type){PE_TEXT, 0}, texts, count);
}

#define CHECK_TEXTS(spec, ...)                                                                                         \
    do {                                                                                                               \
        const char *const expected[] = {__VA_ARGS__};                                                                  \
        check_texts(&(spec), expected, LENGTH(expected));                                                              \
    } while (0)

/* Opening fails with this message, whole. */
static inline void open_fails(const pe_source_spec *spec, pe_status status, const char *text)
{
    pe_error err = PE_ERROR_INIT;
    pe_source *source = NULL;
    ck_assert_int_eq(pe_source_open(spec, &source, &err), status);
    ck_assert_str_eq(err.text, text);
}

/* Reading all items in one block fails with this message, whole, about this item. */
static inline void read_fails(const pe_source_spec *spec, const pe_type *want, int columns, uint64_t item,
                              const char *text)
{
    static const way ways[] = {WAY_MAPPED, WAY_PAYLOAD};
    for (size_t w = 0; w < 2; w++) {
        opened o = {.first = NULL};
        pe_error err = PE_ERROR_INIT;
        void *room[PE_MAX_COLUMNS] = {NULL};
        unsigned char *payload = NULL;
        open_items(&o, spec, want, columns);
        const uint64_t count = pe_source_get_info(o.source)->count;
        for (int c = 0; c < columns; c++)
            ck_ok(pe_make_array(&room[c], count, pe_type_bytes(want[c]), &err), err);
        const pe_block all = {0, count};
        ck_assert_int_eq(read_block(&o, all, all, ways[w], room, &payload, &err), PE_EDATA);
        ck_assert_str_eq(err.text, text);
        ck_assert_uint_eq(err.item, item);
        for (int c = 0; c < columns; c++)
            free(room[c]);
        free(payload);
        close_items(&o);
    }
}

static inline void bind_fails(const pe_source_spec *spec, const pe_type *want, int columns, const char *text)
{
    pe_error err = PE_ERROR_INIT;
    pe_source *source = NULL;
    ck_ok(pe_source_open(spec, &source, &err), err);
    ck_assert_int_eq(pe_source_bind(source, want, columns, &err), PE_ECONFIG);
    ck_assert_str_eq(err.text, text);
    pe_source_close(source);
}

#endif
