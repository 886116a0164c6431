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

#define NAMES_AT_ONCE 64

/* The names of a glob, each with a terminator. */
static pe_status hash_names(pe_reader *reader, uint64_t count, XXH3_state_t *hash, pe_error *err)
{
    pe_text names[NAMES_AT_ONCE];
    void *const column = names;
    pe_status status = PE_OK;
    for (uint64_t first = 0; first < count && status == PE_OK; first += NAMES_AT_ONCE) {
        const uint64_t left = count - first;
        const pe_block block = {.first = first, .count = left < NAMES_AT_ONCE ? left : NAMES_AT_ONCE};
        pe_reader_rewind(reader);
        status = pe_reader_read(reader, block, NULL, NULL, &column, err);
        for (uint64_t n = 0; n < block.count && status == PE_OK; n++) {
            (void)XXH3_64bits_update(hash, names[n].data, names[n].size);
            (void)XXH3_64bits_update(hash, "", 1);
        }
    }
    return status;
}

static pe_status append_names(const pe_inputs *inputs, int source, pe_buffer *out, pe_error *err)
{
    pe_reader *reader = NULL;
    XXH3_state_t *const hash = XXH3_createState();
    if (hash == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: the hash of the names of a glob");
    (void)XXH3_64bits_reset(hash);
    pe_status status = pe_reader_open(inputs->sources[source], &reader, err);
    if (status == PE_OK)
        status = hash_names(reader, inputs->infos[source].count, hash, err);
    if (status == PE_OK)
        status = pe_buffer_printf(out, err, "%llu names, xxh3 %016llx", (unsigned long long)inputs->infos[source].count,
                                  (unsigned long long)XXH3_64bits_digest(hash));
    pe_reader_close(reader);
    (void)XXH3_freeState(hash);
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
