/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* python_handshake.c - what a new Python process reads first: its program, then what it has to know of the job.
 *
 * Design: a number of byte strings, each after its size, in the order of main() in worker.py.
 * Threads: no state.
 * Not here: requests (python_worker.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/call.h"
#include "kernel/process/process_form.h"
#include "kernel/python/python_internal.h"
#include "types/number.h"

/* A file or a module, and a name in it. */
typedef struct target {
    char text[PE_PYTHON_PATH + 1]; /* "F" and a path that the process can open, or "M" and a module's name */
    const char *name;
} target;

/* The byte strings that were appended. */
typedef struct fields {
    pe_buffer *out;
    uint64_t count;
    pe_error *err;
} fields;

/* "package.module": what Python can import; a file has a slash or the suffix ".py". */
static bool is_module(const char *text, size_t size)
{
    const bool has_suffix = size > 3 && memcmp(text + size - 3, ".py", 3) == 0;
    bool is_name = !has_suffix && !(text[0] >= '0' && text[0] <= '9');
    for (size_t i = 0; i < size && is_name; i++) {
        const char c = text[i];
        is_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                  (unsigned char)c >= 0x80;
    }
    return is_name;
}

static pe_status split_target(const pe_form_spec *spec, const char *key, const char *text, target *out, pe_error *err)
{
    const char *const colon = strrchr(text, ':');
    if (colon == NULL || colon == text || colon[1] == '\0')
        return pe_fail(err, PE_ECONFIG, "%s: %s: expected \"file.py:function\" or \"module:function\", got \"%s\"",
                       spec->where, key, text);
    const size_t size = (size_t)(colon - text);
    out->name = colon + 1;
    if (!is_module(text, size)) {
        out->text[0] = 'F';
        return pe_process_form_path(spec, text, size, out->text + 1, PE_PYTHON_PATH, err);
    }
    if (size >= PE_PYTHON_PATH)
        return pe_fail(err, PE_ECONFIG, "%s: %s: the module's name is longer than %d bytes", spec->where, key,
                       PE_PYTHON_PATH - 1);
    (void)snprintf(out->text, sizeof out->text, "M%.*s", (int)size, text);
    return PE_OK;
}

static void append_bytes(fields *to, const void *data, size_t size)
{
    const uint64_t bytes = size;
    if (pe_buffer_append(to->out, &bytes, sizeof bytes, to->err) == PE_OK)
        (void)pe_buffer_append(to->out, data, size, to->err);
    to->count++;
}

static void append_string(fields *to, const char *string)
{
    append_bytes(to, string, strlen(string));
}

static void append_integer(fields *to, int64_t value)
{
    char number[PE_NUMBER_ROOM];
    append_bytes(to, number, (size_t)(pe_print_int64(number, value) - number));
}

/* "float64[3 4]" */
static void print_array(pe_buffer *list, pe_type type, const pe_item_shape *shape, pe_error *err)
{
    (void)pe_buffer_printf(list, err, "%s", pe_dtype_name(type.dtype));
    for (int d = 0; d < shape->dims; d++)
        (void)pe_buffer_printf(list, err, "%c%" PRIu32, d == 0 ? '[' : ' ', shape->sizes[d]);
    (void)pe_buffer_printf(list, err, "]");
}

/* "int64,float64[3],path,float64[3 4]"; columns: where the types are those of the spec's columns, else NULL. */
static void append_types(fields *to, const pe_type *types, int count, const pe_form_spec *columns)
{
    pe_buffer list = {0};
    for (int t = 0; t < count; t++) {
        char name[PE_TYPE_NAME_ROOM];
        const bool is_path =
            columns != NULL && columns->is_path != NULL && columns->is_path[t] && types[t].dtype == PE_TEXT;
        const bool is_array = columns != NULL && columns->shapes != NULL && columns->shapes[t].dims > 0;
        (void)pe_buffer_printf(&list, to->err, "%s", t == 0 ? "" : ",");
        if (is_array)
            print_array(&list, types[t], columns->shapes + t, to->err);
        else
            (void)pe_buffer_printf(&list, to->err, "%s", is_path ? "path" : pe_type_print(types[t], name));
    }
    append_bytes(to, list.data, list.size);
    pe_buffer_fini(&list);
}

/* Three strings: the name, a letter for the type, the value. */
static void append_param(fields *to, const pe_param *param)
{
    char number[PE_NUMBER_ROOM];
    const bool is_int = param->dtype == PE_INT64 || param->dtype == PE_BOOL;
    const char *const end = is_int ? pe_print_int64(number, param->integer) : pe_print_float64(number, param->real);
    append_string(to, param->name);
    append_string(to, param->dtype == PE_BOOL    ? "b"
                      : param->dtype == PE_INT64 ? "i"
                      : param->dtype == PE_TEXT  ? "t"
                                                 : "r");
    if (param->dtype == PE_TEXT)
        append_bytes(to, param->text.data, param->text.size);
    else
        append_bytes(to, number, (size_t)(end - number));
}

static void append_fields(fields *to, const pe_form_spec *spec, const pe_python *form, const target *function,
                          const target *initializer)
{
    const pe_signature *const signature = &form->signature;
    const bool takes_columns = signature->arg_count == spec->column_count;
    append_string(to, function->text);
    append_string(to, function->name);
    append_string(to, initializer->text);
    append_string(to, initializer->name);
    append_string(to, spec->directory == NULL ? "" : spec->directory);
    append_string(to, form->interpreter);
    if (spec->has_seed)
        append_integer(to, (int64_t)spec->setup.seed); /* the job file allows no more */
    else
        append_string(to, "");
    append_types(to, signature->args, signature->arg_count, takes_columns ? spec : NULL);
    append_types(to, signature->results, signature->result_count, NULL);
    append_string(to, spec->gives_json ? "2" : spec->signature == NULL ? "1" : "0");
    append_integer(to, PE_REASON_ROOM - 1);
    for (size_t p = 0; p < spec->setup.param_count; p++)
        append_param(to, &spec->setup.params[p]);
}

size_t pe_python_program_bytes(void)
{
    return pe_worker_values_py_size + pe_worker_function_py_size + pe_worker_py_size;
}

pe_status pe_python_make_handshake(const pe_form_spec *spec, pe_python *form, pe_error *err)
{
    target function, initializer = {.text = "", .name = ""};
    pe_buffer body = {0};
    pe_buffer *const out = &form->handshake;
    fields to = {.out = &body, .err = err};
    pe_status status = split_target(spec, "python", spec->python, &function, err);
    if (status == PE_OK && spec->initializer != NULL)
        status = split_target(spec, "initializer", spec->initializer, &initializer, err);
    if (status != PE_OK)
        return status;
    append_fields(&to, spec, form, &function, &initializer);
    (void)pe_buffer_append(out, pe_worker_values_py, pe_worker_values_py_size, err);
    (void)pe_buffer_append(out, pe_worker_function_py, pe_worker_function_py_size, err);
    (void)pe_buffer_append(out, pe_worker_py, pe_worker_py_size, err);
    (void)pe_buffer_append(out, &to.count, sizeof to.count, err);
    (void)pe_buffer_append(out, body.data, body.size, err);
    pe_buffer_fini(&body);
    return err->status;
}
