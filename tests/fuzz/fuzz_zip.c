/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fuzz_zip.c - any bytes as a zip archive: refused, or members that lie inside.
 */
#include <stdlib.h>
#include <string.h>

#include "format/zip.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *const bytes = malloc(size + (size == 0)); /* of the exact size, so that one byte too far is seen */
    pe_zip zip;
    pe_error err = PE_ERROR_INIT;
    bool is_there = true;
    FUZZ_HOLDS(bytes != NULL);
    if (size > 0)
        memcpy(bytes, data, size);
    pe_status status = pe_zip_open(bytes, size, "x.npz", &zip, &err);
    while (status == PE_OK && is_there) {
        pe_zip_member member;
        uint64_t offset = 0;
        status = pe_zip_next(&zip, "x.npz", &member, &is_there, &err);
        if (status != PE_OK || !is_there)
            continue;
        FUZZ_HOLDS(strlen(member.name) < PE_ZIP_NAME_ROOM);
        pe_error wrong = PE_ERROR_INIT;
        if (pe_zip_find_data(&zip, "x.npz", &member, &offset, &wrong) == PE_OK)
            FUZZ_HOLDS(offset <= size && member.stored_bytes <= size - offset);
    }
    FUZZ_HOLDS(status == err.status && (status == PE_OK || strncmp(err.text, "x.npz: ", 7) == 0));
    free(bytes);
    return 0;
}
