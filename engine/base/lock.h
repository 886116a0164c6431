/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lock.h - a mutex for short sections.
 */
#ifndef PE_LOCK_H
#define PE_LOCK_H

#include <pthread.h>

/* pe_lock_init - initialise a mutex that spins before it sleeps, where the C library has one: the critical sections are shorter
 * than a wake-up. Lock, unlock and destroy it as any pthread_mutex_t. */
static inline void pe_lock_init(pthread_mutex_t *mutex)
{
#ifdef __GLIBC__
    pthread_mutexattr_t adaptive;
    (void)pthread_mutexattr_init(&adaptive);
    (void)pthread_mutexattr_settype(&adaptive, PTHREAD_MUTEX_ADAPTIVE_NP);
    (void)pthread_mutex_init(mutex, &adaptive);
    (void)pthread_mutexattr_destroy(&adaptive);
#else
    (void)pthread_mutex_init(mutex, NULL);
#endif
}

#endif
