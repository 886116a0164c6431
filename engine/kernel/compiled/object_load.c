/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* object_load.c - loads a compiled object from memory into this process.
 *
 * Design:   the bytes are written to a memfd, which needs no disk. Without memfd, or when it must not be executed, they
 *           are written to a file in TMPDIR, which is unlinked at once. The descriptor stays open while the object is
 *           loaded: the dynamic linker identifies objects by name, so /proc/self/fd/7 must not be reused for another.
 * Threads:  the main thread.
 * Not here: making the bytes (compiler.c, object_cache.c) and sending them to other ranks.
 */
#define _GNU_SOURCE /* memfd_create, mkostemp */

#include "kernel/compiled/object_load.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "kernel/cpu.h"
#include "os/file/file.h"

#define PATH_ROOM 4096

static const char *last_error(void)
{
    const char *text = dlerror();
    return text != NULL ? text : "the dynamic linker gave no reason";
}

static pe_status check(const pe_object_descriptor *descriptor, pe_error *err)
{
    if (descriptor == NULL)
        return pe_fail(err, PE_EKERNEL, "the compiled kernel does not hold pe_object");
    if (descriptor->abi != PE_OBJECT_ABI || descriptor->size != sizeof *descriptor)
        return pe_fail(err, PE_EKERNEL,
                       "the compiled kernel is of ABI %u and %u bytes, but this pengine's is %u and %zu",
                       descriptor->abi, descriptor->size, PE_OBJECT_ABI, sizeof *descriptor);
    const char *lacking = pe_cpu_lacks(descriptor->features);
    if (lacking != NULL)
        return pe_fail(err, PE_EKERNEL,
                       "it was compiled for rank 0's processor, but this rank's has no %s: set cflags = "
                       "[\"-march=x86-64-v2\"] or what all nodes have",
                       lacking);
    return PE_OK;
}

static pe_status load_from(const char *path, pe_object_image *out, pe_error *err)
{
    out->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (out->library == NULL)
        return pe_fail(err, PE_EKERNEL, "the compiled kernel cannot be loaded: %s", last_error());
    out->descriptor = dlsym(out->library, "pe_object");
    return check(out->descriptor, err);
}

static pe_status load_memory(const pe_buffer *object, pe_object_image *out, pe_error *err)
{
    char path[64], reason[PE_ERRNO_TEXT_SIZE];
    out->fd = memfd_create("pengine-kernel", MFD_CLOEXEC);
    if (out->fd < 0)
        return pe_fail(err, PE_EKERNEL, "no memory file: %s", pe_errno_text(errno, reason));
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", out->fd);
    const pe_status status = pe_write_full(out->fd, object->data, object->size, path, err);
    return status == PE_OK ? load_from(path, out, err) : status;
}

static pe_status load_file(const pe_buffer *object, pe_object_image *out, pe_error *err)
{
    char path[PATH_ROOM], reason[PE_ERRNO_TEXT_SIZE];
    const char *home = getenv("TMPDIR");
    (void)snprintf(path, sizeof path, "%.4000s/pengine-kernel-XXXXXX", home == NULL || home[0] == '\0' ? "/tmp" : home);
    out->fd = mkostemp(path, O_CLOEXEC);
    if (out->fd < 0)
        return pe_fail(err, PE_EKERNEL, "no file for the compiled kernel: %s: %s", path, pe_errno_text(errno, reason));
    pe_status status = pe_write_full(out->fd, object->data, object->size, path, err);
    if (status == PE_OK)
        status = load_from(path, out, err);
    (void)unlink(path);
    return status;
}

pe_status pe_object_load(const pe_buffer *object, pe_object_image *out, pe_error *err)
{
    pe_error first = PE_ERROR_INIT;
    if (load_memory(object, out, &first) == PE_OK)
        return PE_OK;
    if (out->library != NULL) /* loaded but refused: a file would be refused too */
        return pe_fail(err, first.status, "%s", first.text);
    pe_object_unload(out);
    return load_file(object, out, err);
}

void pe_object_unload(pe_object_image *image)
{
    if (image->library != NULL)
        (void)dlclose(image->library);
    if (image->fd >= 0)
        close(image->fd);
    *image = (pe_object_image)PE_OBJECT_IMAGE_INIT;
}
