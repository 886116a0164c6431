/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* checkpoint_lock.h - the lock of a checkpoint that has no locked output beside it: a reduction's, one file per item, one with
 * a name of its own.
 *
 * Invariant: while a run holds the lock, the file of this name is locked by it, also when a new checkpoint replaces it.
 * Design: flock on the checkpoint itself. Where there is none, a marker is made (os/file/out_marker.h), which goes with the
 *         lock. A file system without locks gives none.
 * Threads: one at a time.
 */
#ifndef PE_CHECKPOINT_LOCK_H
#define PE_CHECKPOINT_LOCK_H

#include <stdbool.h>

#include "base/error.h"

/* Zero-initialise. */
typedef struct pe_checkpoint_lock {
    char *path; /* NULL: not held */
    int fd;
    bool is_new; /* the file is a marker that this run has made */
} pe_checkpoint_lock;

/* pe_checkpoint_lock_take - take the lock. PE_EOUTPUT when another run holds it, or the file is not pengine's; PE_ENOMEM. */
pe_status pe_checkpoint_lock_take(pe_checkpoint_lock *lock, const char *path, pe_error *err);

/* pe_checkpoint_lock_retain - keep the file of this name however the process ends. */
void pe_checkpoint_lock_retain(pe_checkpoint_lock *lock);

/* pe_checkpoint_lock_move - move the lock to fd, which is locked: its file has taken the place of the checkpoint. Owns: fd. */
void pe_checkpoint_lock_move(pe_checkpoint_lock *lock, int fd);

/* pe_checkpoint_lock_release - unlock; remove a marker that no checkpoint has replaced. Not held: nothing. */
void pe_checkpoint_lock_release(pe_checkpoint_lock *lock);

#endif
