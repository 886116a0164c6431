/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fuzz_npy.c - any bytes as an npy header: refused with a message, or facts that go together.
 */
#include <stdlib.h>
#include <string.h>

#include "format/npy.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *const bytes = malloc(size + (size == 0)); /* of the exact size, so that one byte too far is seen */
    pe_npy_header header;
    pe_error err = PE_ERROR_INIT;
    FUZZ_HOLDS(bytes != NULL);
    if (size > 0)
        memcpy(bytes, data, size);
    const pe_status status = pe_npy_parse(bytes, size, "x.npy", &header, &err);
    if (status == PE_OK) {
        FUZZ_HOLDS(header.data_offset <= size);
        FUZZ_HOLDS(header.dims >= 0 && header.dims <= PE_NPY_MAX_DIMS);
        FUZZ_HOLDS(strlen(header.descr) < PE_NPY_DESCR_ROOM);
        FUZZ_HOLDS(header.element.is_ours || header.element.kind != NULL);
        uint64_t count = 1;
        for (int d = 0; d < header.dims; d++)
            count *= header.shape[d];
        FUZZ_HOLDS(count == header.count);
        size_t at = 0;
        bool is_there = header.is_structured;
        while (is_there) {
            pe_npy_field field;
            pe_error wrong = PE_ERROR_INIT;
            const pe_status read = pe_npy_next_field(&header, "x.npy", &at, &field, &is_there, &wrong);
            FUZZ_HOLDS(read == wrong.status && (read == PE_OK || !is_there) && at <= header.fields_size);
        }
    } else {
        FUZZ_HOLDS(status == PE_EDATA && err.status == PE_EDATA);
        FUZZ_HOLDS(strncmp(err.text, "x.npy", 5) == 0 && strchr(err.text, '\n') == NULL);
    }
    free(bytes);
    return 0;
}
