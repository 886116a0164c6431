/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* inputs_content.c - what identifies the content of the inputs, so that a later run can tell whether it is the same.
 *
 * Threads:  the main thread of rank 0.
 * Not here: how a file is described (source/fingerprint.c), what differs (checkpoint/manifest.c).
 */
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "inputs/inputs_internal.h"
#include "source/fingerprint.h"

/* What the other ranks would get of a glob is the list of its names. */
static pe_status append_names(const pe_inputs *inputs, int source, pe_buffer *out, pe_error *err)
{
    pe_buffer names = {0};
    pe_status status = pe_source_export(inputs->sources[source], &names, err);
    if (status == PE_OK)
        status = pe_buffer_printf(out, err, "%llu names, xxh3 %016llx", (unsigned long long)inputs->infos[source].count,
                                  (unsigned long long)XXH3_64bits(names.data, names.size));
    pe_buffer_fini(&names);
    return status;
}

pe_status pe_inputs_content(const pe_inputs *inputs, int source, uint64_t most, pe_buffer *out, pe_error *err)
{
    const pe_source_spec *const spec = &inputs->specs[source];
    if (spec->kind == PE_SOURCE_GLOB)
        return append_names(inputs, source, out, err);
    if (spec->kind != PE_SOURCE_FILE)
        return PE_OK;
    return strcmp(spec->path, "-") == 0 ? pe_buffer_printf(out, err, "a stream")
                                        : pe_fingerprint_describe(spec->path, spec->verify, most, out, err);
}

bool pe_inputs_can_be_read_again(const pe_inputs *inputs)
{
    struct stat facts;
    bool can = true;
    for (int s = 0; s < inputs->count; s++) {
        const pe_source_spec *const spec = &inputs->specs[s];
        if (spec->kind == PE_SOURCE_FILE)
            can = can && strcmp(spec->path, "-") != 0 && stat(spec->path, &facts) == 0 && S_ISREG(facts.st_mode);
    }
    return can;
}
