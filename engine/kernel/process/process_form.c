/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* process_form.c - what the forms that run in processes share: signature, paths, the text of a timeout.
 *
 * Threads: no state.
 * Not here: the rules by which columns fit a signature (overload.c).
 */
#include "kernel/process/process_form.h"

#include <stdio.h>
#include <string.h>

#include "kernel/overload.h"
#include "types/number.h"

static int never_mapped(pe_batch *batch)
{
    (void)batch;
    return 1;
}

/* Checks the signature by the rules for built-in kernels, as the only overload of its name. */
static pe_status check_columns(const pe_form_spec *spec, const char *name, pe_signature *out, const char *text,
                               pe_error *err)
{
    const pe_kernel *picked = NULL;
    const pe_kernel row = {
        .abi = PE_KERNEL_ABI, .size = sizeof row, .name = name, .signature = text, .summary = "", .map = never_mapped};
    const pe_kernel *const rows[] = {&row};
    const pe_kernel_request request = pe_form_request(spec, name);
    return pe_overload_pick(&request, rows, 1, &picked, out, err);
}

pe_status pe_process_form_signature(const pe_form_spec *spec, const char *name, pe_signature *out,
                                    char text[PE_SIGNATURE_ROOM], pe_error *err)
{
    pe_error wrong = PE_ERROR_INIT;
    if (spec->signature != NULL) {
        if (pe_signature_parse(spec->signature, out, &wrong) != PE_OK)
            return pe_fail(err, PE_ECONFIG, "%s: signature: %s", spec->where, wrong.text);
        return check_columns(spec, name, out, pe_signature_print(out, text), err);
    }
    *out = (pe_signature){.arg_count = spec->column_count, .result_count = 1};
    for (int c = 0; c < spec->column_count; c++)
        out->args[c] = spec->columns[c];
    out->results[0] = (pe_type){.dtype = PE_TEXT};
    (void)pe_signature_print(out, text);
    return PE_OK;
}

pe_status pe_process_form_path(const pe_form_spec *spec, const char *name, size_t name_size, char *out, size_t room,
                               pe_error *err)
{
    const bool is_whole = name[0] == '/' || spec->directory == NULL || spec->directory[0] == '\0';
    const int size =
        snprintf(out, room, "%s%s%.*s", is_whole ? "" : spec->directory, is_whole ? "" : "/", (int)name_size, name);
    return size >= 0 && (size_t)size < room
               ? PE_OK
               : pe_fail(err, PE_ECONFIG, "%s: the path is longer than %zu bytes", spec->where, room - 1);
}

const char *pe_process_form_timeout_text(uint64_t timeout_ns, char out[PE_TIMEOUT_TEXT_ROOM])
{
    char number[PE_NUMBER_ROOM];
    const char *end = pe_print_float64(number, (double)timeout_ns / 1e9);
    if (end - number > 2 && memcmp(end - 2, ".0", 2) == 0)
        end -= 2;
    (void)snprintf(out, PE_TIMEOUT_TEXT_ROOM, "timeout after %.*s s", (int)(end - number), number);
    return out;
}
