/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_devices.h - the file systems that items' files were written to, and waiting until they are on stable storage.
 *
 * Design: names may lead anywhere, and a sync of each of many small files would take longer than writing them. So each file
 *         system is synced as a whole (syncfs), which also makes the folders and the renames durable.
 * Threads: any.
 */
#ifndef PE_ITEM_DEVICES_H
#define PE_ITEM_DEVICES_H

#include <stdint.h>

#include "base/error.h"

typedef struct pe_item_devices pe_item_devices;

pe_status pe_item_devices_make(pe_item_devices **out, pe_error *err); /* PE_ENOMEM */
void pe_item_devices_free(pe_item_devices *devices);                  /* NULL is fine */

/* pe_item_devices_note - note the file system of a file that was written. *last: the device of the caller's file before it, or
 * 0. */
void pe_item_devices_note(pe_item_devices *devices, int fd, uint64_t *last);

/* pe_item_devices_sync - wait until what this process wrote is on stable storage. PE_EIO. */
pe_status pe_item_devices_sync(pe_item_devices *devices, pe_error *err);

#endif
