/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* form_content.c - describes the content of a kernel, so that a later run can tell whether it is the same kernel.
 *
 * Design:   files are known by a hash of their bytes, not by name or time: a copy of a job in another folder goes on, and a
 *           file that was edited and saved under the same name does not. Of a compiled kernel the first line of the
 *           compiler's version belongs to it. Headers that a C file includes, and modules that a Python file imports, are
 *           not looked at.
 * Threads:  the main thread.
 * Not here: keys such as signature and params, which the manifest lists one by one (run/resume/job_manifest.c).
 */
#include "kernel/form_content.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "kernel/compiled/compiler/compiler.h"
#include "kernel/process/process_form.h"
#include "os/file/file.h"
#include "os/file/find_program.h"

#define FILE_MOST ((size_t)1 << 31)

static pe_status append_hash(const pe_form_spec *spec, const char *path, pe_buffer *out, pe_error *err)
{
    pe_error reason = PE_ERROR_INIT;
    char *data = NULL;
    size_t size = 0;
    if (pe_file_read_all(path, FILE_MOST, &data, &size, &reason) != PE_OK)
        return pe_fail(err, PE_EKERNEL, "%s: %s", spec->where, reason.text);
    const XXH128_hash_t hash = XXH3_128bits(data, size);
    free(data);
    return pe_buffer_printf(out, err, "%zu bytes, xxh3 %016llx%016llx", size, (unsigned long long)hash.high64,
                            (unsigned long long)hash.low64);
}

static pe_status append_file(const pe_form_spec *spec, const char *name, size_t name_size, pe_buffer *out,
                             pe_error *err)
{
    char path[PATH_MAX];
    const pe_status status = pe_process_form_path(spec, name, name_size, path, sizeof path, err);
    return status == PE_OK ? append_hash(spec, path, out, err) : status;
}

static pe_status append_compiler(pe_buffer *out, pe_error *err)
{
    pe_compiler compiler = {0};
    pe_status status = pe_compiler_find(&compiler, err);
    if (status == PE_OK) {
        const char *const version = (const char *)compiler.version.data;
        status = pe_buffer_printf(out, err, "%s%.*s", out->size > 0 ? ", " : "", (int)strcspn(version, "\n"), version);
    }
    pe_compiler_fini(&compiler);
    return status;
}

/* "f.py:f" is a file; a module has no file that is known without importing it. */
static pe_status append_python(const pe_form_spec *spec, pe_buffer *out, pe_error *err)
{
    const char *const colon = strrchr(spec->python, ':');
    const bool is_file = colon != NULL && colon - spec->python > 3 && strncmp(colon - 3, ".py", 3) == 0;
    return is_file ? append_file(spec, spec->python, (size_t)(colon - spec->python), out, err)
                   : pe_buffer_printf(out, err, "a module");
}

static pe_status append_program(const pe_form_spec *spec, pe_buffer *out, pe_error *err)
{
    char path[PATH_MAX];
    const char *const name = spec->command[0];
    if (strchr(name, '/') != NULL)
        return append_file(spec, name, strlen(name), out, err);
    if (pe_find_program(name, path, sizeof path))
        return append_hash(spec, path, out, err);
    return pe_buffer_printf(out, err, "not in PATH");
}

pe_status pe_form_content(const pe_form_spec *spec, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    switch (spec->kind) {
    case PE_FORM_NAME:
        return pe_buffer_printf(out, err, "pengine " PENGINE_VERSION);
    case PE_FORM_EXPR:
        return append_compiler(out, err);
    case PE_FORM_SOURCE:
        status = append_file(spec, spec->source, strlen(spec->source), out, err);
        return status == PE_OK ? append_compiler(out, err) : status;
    case PE_FORM_PLUGIN:
        return append_file(spec, spec->plugin, strlen(spec->plugin), out, err);
    case PE_FORM_PYTHON:
        return append_python(spec, out, err);
    case PE_FORM_COMMAND:
        return append_program(spec, out, err);
    default:
        return PE_OK;
    }
}
