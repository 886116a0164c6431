/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* object_load.h - a compiled object from memory into this process.
 */
#ifndef PE_OBJECT_LOAD_H
#define PE_OBJECT_LOAD_H

#include "base/buffer.h"
#include "kernel/compiled/embedded/compiled_abi.h"

/* Zero-initialise, but fd -1; release with pe_object_unload. */
typedef struct pe_object_image {
    void *library;
    int fd; /* keeps the name that it was loaded by for itself */
    const pe_object_descriptor *descriptor;
} pe_object_image;

#define PE_OBJECT_IMAGE_INIT                                                                                           \
    {                                                                                                                  \
        .library = NULL, .fd = -1                                                                                      \
    }

/* pe_object_load - PE_OK; PE_EKERNEL when it cannot be loaded, is of another ABI or for another processor. None of its
 * code has run then. */
pe_status pe_object_load(const pe_buffer *object, pe_object_image *out, pe_error *err);
void pe_object_unload(pe_object_image *image);

#endif
