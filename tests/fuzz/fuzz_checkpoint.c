/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fuzz_checkpoint.c - any bytes as a checkpoint: refused, or something that encodes to what decodes to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "checkpoint/checkpoint.h"
#include "fuzz.h"

static void check_again(const pe_checkpoint *first)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer bytes = {0}, again = {0};
    pe_checkpoint second = {0};
    FUZZ_HOLDS(pe_checkpoint_encode(first, &bytes, &err) == PE_OK);
    FUZZ_HOLDS(pe_checkpoint_decode(&second, bytes.data, bytes.size, &err) == PE_OK);
    FUZZ_HOLDS(pe_checkpoint_encode(&second, &again, &err) == PE_OK);
    FUZZ_HOLDS(second.damaged == 0);
    FUZZ_HOLDS(bytes.size == again.size && memcmp(bytes.data, again.data, bytes.size) == 0);
    pe_checkpoint_fini(&second);
    pe_buffer_fini(&again);
    pe_buffer_fini(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *const bytes = malloc(size + (size == 0)); /* of the exact size, so that one byte too far is seen */
    pe_checkpoint checkpoint = {0};
    pe_item_set done = {0};
    pe_error err = PE_ERROR_INIT;
    FUZZ_HOLDS(bytes != NULL);
    if (size > 0)
        memcpy(bytes, data, size);
    const pe_status status = pe_checkpoint_decode(&checkpoint, bytes, size, &err);
    FUZZ_HOLDS(status == PE_OK || (status == PE_EDATA && strchr(err.text, '\n') == NULL));
    if (status == PE_OK) {
        FUZZ_HOLDS(pe_checkpoint_done(&checkpoint, &done, &err) == PE_OK);
        check_again(&checkpoint);
    }
    pe_item_set_fini(&done);
    pe_checkpoint_fini(&checkpoint);
    free(bytes);
    return 0;
}
