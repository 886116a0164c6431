/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* object_load.h - loads a compiled object from memory into this process.
 */
#ifndef PE_OBJECT_LOAD_H
#define PE_OBJECT_LOAD_H

#include "base/buffer.h"
#include "kernel/compiled/embedded/compiled_abi.h"

/* Initialise with PE_OBJECT_IMAGE_INIT; release with pe_object_unload. */
typedef struct pe_object_image {
    void *library;
    int fd; /* open as long as the object is loaded, so that its name is not reused */
    const pe_object_descriptor *descriptor;
} pe_object_image;

#define PE_OBJECT_IMAGE_INIT                                                                                           \
    {                                                                                                                  \
        .library = NULL, .fd = -1                                                                                      \
    }

/* pe_object_load - PE_OK; PE_EKERNEL when the object cannot be loaded, or is of another ABI or processor; then none of
 * its code has run. */
pe_status pe_object_load(const pe_buffer *object, pe_object_image *out, pe_error *err);
void pe_object_unload(pe_object_image *image);

#endif
