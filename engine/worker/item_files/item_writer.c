/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_writer.c - one worker's files: their names, and each written whole or not at all.
 *
 * Design:  a file is written under a temporary name beside its own and renamed. The names of a batch are made before its
 *          failed items are dealt with, so that an item whose file can have no such name fails as others do. A file system
 *          call that fails for another reason ends the run.
 * Threads: one worker's own.
 * Not here: which names there are (item_files.c), which came twice (run/output/item_file_names.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/alloc.h"
#include "base/errno_text.h"
#include "os/exit_cleanup.h"
#include "os/file/file.h"
#include "worker/item_files/item_files.h"
#include "worker/item_files/item_folder.h"

#define NO_NAME SIZE_MAX
#define FILE_MODE 0666 /* less the umask */

struct pe_item_writer {
    const pe_item_files *files;
    const pe_encoder *encoder;
    uint64_t device;  /* of the file before, or 0 */
    uint64_t nonce;   /* in the temporary names: of this worker alone */
    size_t prefix;    /* bytes that all names begin with */
    uint64_t first;   /* the item of the first name */
    pe_buffer names;  /* of the current batch, each with its end */
    pe_buffer starts; /* size_t: where the name of each item begins, or NO_NAME */
    pe_buffer text;   /* of a file */
    char temporary[PATH_MAX];
};

pe_status pe_item_writer_make(const pe_item_files *files, const pe_encoder *encoder, pe_item_writer **out,
                              pe_error *err)
{
    pe_item_writer *writer = NULL;
    const pe_status status = pe_make_array(&writer, 1, sizeof *writer, err);
    if (status != PE_OK)
        return status;
    writer->files = files;
    writer->encoder = encoder;
    writer->prefix = files->name.pieces[0].kind == PE_PIECE_LITERAL ? files->name.pieces[0].size : 0;
    if (getrandom(&writer->nonce, sizeof writer->nonce, 0) != (ssize_t)sizeof writer->nonce)
        writer->nonce = (uint64_t)getpid() << 32 | (uint64_t)(uint32_t)files->rank;
    *out = writer;
    return PE_OK;
}

void pe_item_writer_free(pe_item_writer *writer)
{
    if (writer == NULL)
        return;
    pe_buffer_fini(&writer->names);
    pe_buffer_fini(&writer->starts);
    pe_buffer_fini(&writer->text);
    free(writer);
}

/* ---- names ---- */

/* The part of a name that depends on the item may not lead out of the folder. */
static const char *check_parts(const pe_item_writer *writer, const char *name)
{
    const char *const folder_end = memchr(name, '/', writer->prefix);
    for (const char *part = name; *part != '\0';) {
        const size_t size = strcspn(part, "/");
        if (size > NAME_MAX)
            return "its file's name is longer than 255 bytes";
        if (size == 2 && memcmp(part, "..", 2) == 0 && folder_end != NULL && part >= name + writer->prefix)
            return "its file's name leads out of the folder by \"..\"";
        part += size + (part[size] == '/' ? 1 : 0);
    }
    return NULL;
}

/* Why `size` bytes are no valid file name; NULL: they are one. */
static const char *check_name(const pe_item_writer *writer, const char *name, size_t size)
{
    if (strlen(name) != size)
        return "its file's name would hold a zero byte";
    if (size == 0 || name[size - 1] == '/')
        return "its file would have no name";
    if (size >= PATH_MAX - NAME_MAX)
        return "its file's name is too long";
    return check_parts(writer, name);
}

/* Is this a file of the input? A result does not replace it. */
static bool is_argument(const pe_signature *signature, const void *const *args, size_t row, const char *name)
{
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_text *const text = (const pe_text *)args[a] + row;
        if (signature->args[a].dtype == PE_TEXT && text->size == strlen(name) &&
            memcmp(text->data, name, text->size) == 0)
            return true;
    }
    return false;
}

static bool needs_arguments(const pe_template *name)
{
    bool needs = false;
    for (size_t p = 0; p < name->count; p++)
        needs = needs || name->pieces[p].kind == PE_PIECE_ARGUMENT;
    return needs;
}

/* Appends the name of one item; *reason: why it has none. */
static pe_status add_name(pe_item_writer *writer, uint64_t item, const pe_signature *signature, const void *const *args,
                          size_t row, const char **reason, pe_error *err)
{
    const size_t begin = writer->names.size;
    pe_status status = pe_template_print(&writer->files->name, signature, args, row, item, &writer->names, err);
    if (status == PE_OK)
        status = pe_buffer_append(&writer->names, "", 1, err);
    if (status != PE_OK)
        return status;
    const char *const name = (const char *)writer->names.data + begin;
    *reason = check_name(writer, name, writer->names.size - begin - 1);
    if (*reason == NULL && args != NULL && is_argument(signature, args, row, name))
        *reason = "its file would replace the file that it is made of";
    return PE_OK;
}

pe_status pe_item_writer_name(pe_item_writer *writer, pe_block block, const pe_signature *signature,
                              const void *const *args, size_t row, pe_failures *failures, pe_error *err)
{
    const bool has_names = args != NULL || !needs_arguments(&writer->files->name);
    writer->first = block.first;
    writer->names.size = writer->starts.size = 0;
    pe_status status = pe_buffer_reserve(&writer->starts, block.count * sizeof(size_t), err);
    for (uint64_t i = 0; i < block.count && status == PE_OK; i++) {
        const char *reason = NULL;
        size_t start = has_names ? writer->names.size : NO_NAME;
        if (has_names)
            status = add_name(writer, block.first + i, signature, args, row + i, &reason, err);
        if (status == PE_OK && reason != NULL) {
            start = NO_NAME;
            status = pe_failures_add(failures, block.first + i, 0, reason, err);
        }
        if (status == PE_OK)
            status = pe_buffer_append(&writer->starts, &start, sizeof start, err);
    }
    return status;
}

/* NULL: the item has no name. */
static const char *name_of(const pe_item_writer *writer, uint64_t item)
{
    size_t start = NO_NAME;
    memcpy(&start, writer->starts.data + (item - writer->first) * sizeof start, sizeof start);
    return start == NO_NAME ? NULL : (const char *)writer->names.data + start;
}

static pe_status list_name(const pe_item_writer *writer, const char *name, uint64_t item, pe_buffer *names,
                           pe_error *err)
{
    if (!writer->files->names_may_meet)
        return PE_OK;
    const XXH128_hash_t hash = XXH3_128bits(name, strlen(name));
    const pe_item_file_name entry = {.hash = {hash.low64, hash.high64}, .item = item};
    return pe_buffer_append(names, &entry, sizeof entry, err);
}

pe_status pe_item_writer_list(const pe_item_writer *writer, uint64_t item, const char **name, pe_buffer *names,
                              pe_error *err)
{
    *name = name_of(writer, item);
    return *name == NULL ? PE_OK : list_name(writer, *name, item, names, err);
}

/* ---- files ---- */

/* "results/.17.txt.pengine-1a2b": in the folder of the file, so that a rename is all that is left to do. */
static void make_temporary(pe_item_writer *writer, const char *name)
{
    const char *const slash = strrchr(name, '/');
    const size_t folder = slash == NULL ? 0 : (size_t)(slash - name) + 1;
    (void)snprintf(writer->temporary, sizeof writer->temporary, "%.*s.pengine-%016" PRIx64 ".part", (int)folder, name,
                   writer->nonce);
}

static pe_status refuse(pe_status status, const char *name, uint64_t item, int number, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, status, "item %" PRIu64 ": cannot %s %s: %s", item, status == PE_EOUTPUT ? "create" : "write",
                   name, pe_errno_text(number, reason));
}

static int open_temporary(const pe_item_writer *writer)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    int fd = pe_open(writer->temporary, flags, FILE_MODE);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    const int number = pe_item_folder_make_for(writer->temporary);
    if (number == 0)
        fd = pe_open(writer->temporary, flags, FILE_MODE);
    else
        errno = number;
    return fd;
}

/* Writes the whole temporary file and closes it. */
static pe_status write_temporary(pe_item_writer *writer, const char *name, uint64_t item, pe_error *err)
{
    pe_error wrong = PE_ERROR_INIT;
    const int fd = open_temporary(writer);
    if (fd < 0)
        return refuse(PE_EOUTPUT, name, item, errno, err);
    pe_item_devices_note(writer->files->devices, fd, &writer->device);
    if (pe_write_full(fd, writer->text.data, writer->text.size, name, &wrong) != PE_OK) {
        (void)close(fd);
        return pe_fail(err, wrong.status, "item %" PRIu64 ": %s", item, wrong.text);
    }
    return close(fd) == 0 || errno == EINTR ? PE_OK : refuse(PE_EIO, name, item, errno, err);
}

static pe_status write_file(pe_item_writer *writer, const char *name, uint64_t item, pe_error *err)
{
    make_temporary(writer, name);
    pe_exit_cleanup_add(writer->temporary);
    pe_status status = write_temporary(writer, name, item, err);
    if (status == PE_OK && rename(writer->temporary, name) != 0)
        status = refuse(PE_EOUTPUT, name, item, errno, err);
    if (status != PE_OK)
        (void)unlink(writer->temporary);
    pe_exit_cleanup_drop(writer->temporary);
    return status;
}

pe_status pe_item_writer_write(pe_item_writer *writer, uint64_t first, size_t count, const void *const *columns,
                               pe_buffer *names, pe_error *err)
{
    const pe_encoder *const encoder = writer->encoder;
    const pe_buffer *const beginning = &writer->files->beginning;
    pe_status status = PE_OK;
    for (size_t i = 0; i < count && status == PE_OK; i++) {
        const void *row[PE_MAX_COLUMNS];
        const char *const name = name_of(writer, first + i);
        if (name == NULL)
            continue;
        for (int c = 0; c < encoder->column_count; c++)
            row[c] = (const unsigned char *)columns[c] + i * pe_type_bytes(encoder->columns[c]);
        writer->text.size = 0;
        status = pe_buffer_append(&writer->text, beginning->data, beginning->size, err);
        if (status == PE_OK)
            status = pe_encode(encoder, first + i, 1, row, &writer->text, err);
        if (status == PE_OK)
            status = write_file(writer, name, first + i, err);
        if (status == PE_OK)
            status = list_name(writer, name, first + i, names, err);
    }
    return status;
}
