/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* arenas.c - huge pages for the objects that a long column becomes.
 *
 * Design: to get the pages of ten million new ints takes as long as to make the ints. Python's small objects lie in arenas of
 *         1 MiB, each mapped by itself. While a column is decoded two arenas come from 2 MiB that are aligned and advised to be
 *         one huge page. They are mapped memory like any other arena, which Python unmaps when it is empty. Another allocator of
 *         arenas than Python's own, which a program may have set, is left alone.
 *         A free-threaded Python has no arenas, and does not load extensions of the limited API.
 * Threads: the GIL is held from begin to end. Since Python 3.12 an interpreter with a GIL of its own may ask for an arena
 *          meanwhile.
 */
#include "module.h"

#include <dlfcn.h>
#include <sys/mman.h>

static const size_t ARENA = 1U << 20, HUGE_PAGE = 1U << 21;

/* Exported by Python, but no part of the limited API: absent in a Python that has none. */
typedef struct arena_allocator {
    void *context;
    void *(*alloc)(void *context, size_t size);
    void (*free)(void *context, void *at, size_t size);
} arena_allocator;
#pragma weak PyObject_GetArenaAllocator
#pragma weak PyObject_SetArenaAllocator
extern void PyObject_GetArenaAllocator(arena_allocator *allocator);
extern void PyObject_SetArenaAllocator(arena_allocator *allocator);

static arena_allocator pythons; /* as found to be Python's own */
static char *half;              /* mapped and not yet given to Python */

/* A new huge page; NULL where there is no memory. */
static char *map_page(void)
{
    char *const at = mmap(NULL, 2 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    const size_t skipped = (HUGE_PAGE - (uintptr_t)at % HUGE_PAGE) % HUGE_PAGE;
    if (skipped > 0)
        (void)munmap(at, skipped);
    (void)munmap(at + skipped + HUGE_PAGE, HUGE_PAGE - skipped);
    (void)madvise(at + skipped, HUGE_PAGE, MADV_HUGEPAGE);
    return at + skipped;
}

static void *alloc_arena(void *context, size_t size)
{
    if (size != ARENA)
        return pythons.alloc(context, size);
    /* acquire, release: each half goes to one thread */
    char *at = __atomic_exchange_n(&half, NULL, __ATOMIC_ACQ_REL);
    if (at != NULL)
        return at;
    at = map_page();
    if (at == NULL)
        return pythons.alloc(context, size);
    char *const other = __atomic_exchange_n(&half, at + ARENA, __ATOMIC_ACQ_REL);
    if (other != NULL)
        (void)munmap(other, ARENA);
    return at;
}

/* Whether its arenas are mapped and unmapped. */
static int is_pythons(const arena_allocator *allocator)
{
    Dl_info own, python;
    return allocator->context == NULL && dladdr((void *)(uintptr_t)allocator->free, &own) != 0 &&
           dladdr((void *)(uintptr_t)PyObject_GetArenaAllocator, &python) != 0 && own.dli_fbase == python.dli_fbase;
}

int pe_py_huge_arenas_begin(void)
{
    if (PyObject_GetArenaAllocator == NULL || PyObject_SetArenaAllocator == NULL)
        return 0;
    arena_allocator now;
    PyObject_GetArenaAllocator(&now);
    if (now.alloc != pythons.alloc && !is_pythons(&now))
        return 0;
    pythons = now;
    now.alloc = alloc_arena;
    PyObject_SetArenaAllocator(&now);
    return 1;
}

void pe_py_huge_arenas_end(void)
{
    PyObject_SetArenaAllocator(&pythons);
}
