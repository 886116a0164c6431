/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_checks.h - what the compiler's checks call: arithmetic that has no result in C fails the item.
 *
 * Design: the text is compiled with -fsanitize=signed-integer-overflow and its kin, and these handlers replace the
 *         sanitizer's library: each stores a reason, then jumps out of the item. So an item ends at its first wrong step,
 *         before the wrong value is used, and no division traps.
 * Threads: each has its own pe_here.
 * Not here: which items are run with which checks (compiled_map.h).
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#define PE_CHECK __attribute__((visibility("hidden"), noreturn, cold, no_sanitize("undefined")))

struct pe_where {
    jmp_buf jump;
    volatile int is_inside; /* jump is set; volatile: compilers hold that a handler reads no memory of this text */
    int level;              /* the loop to begin with */
    unsigned calls;         /* so far */
    volatile size_t at;     /* the item, or the block's first one */
    char reason[112];
};

static __thread struct pe_where pe_here;

/* What a loop returns: PE_IS_WIDE when a value lay outside of its level, PE_IS_BROKEN without memory. */
enum { PE_IS_DONE, PE_IS_WIDE, PE_IS_BROKEN };

/* The compiler's own description of the place and the type. */
struct pe_check_place {
    const char *file;
    uint32_t line, column;
};

struct pe_check_type {
    uint16_t kind;
    uint16_t info; /* of an integer: log2 of the bits, times 2, plus 1 when signed */
    char name[];
};

struct pe_check {
    struct pe_check_place place;
    const struct pe_check_type *type;
};

static void pe_jump(void) __attribute__((noreturn));
static void pe_jump(void)
{
    if (!pe_here.is_inside)
        __builtin_trap(); /* a thread of the user's own: there is no item to fail */
    longjmp(pe_here.jump, 1);
}

static void pe_refuse(const char *what, const char *type) __attribute__((noreturn, cold, noinline, unused));
static void pe_refuse(const char *what, const char *type)
{
    snprintf(pe_here.reason, sizeof pe_here.reason, "%s%s", what, type);
    pe_jump();
}

static void pe_fail_check(const struct pe_check *check, const char *what, int names_type)
    __attribute__((noreturn, cold));
static void pe_fail_check(const struct pe_check *check, const char *what, int names_type)
{
    char type[24] = "", place[64] = "";
    if (names_type)
        snprintf(type, sizeof type, " %sint%d", check->type->info % 2 == 0 ? "u" : "", 1 << check->type->info / 2);
    if (check->place.file != NULL && check->place.file[0] != '<') {
        const char *slash = strrchr(check->place.file, '/');
        snprintf(place, sizeof place, " (%.40s line %u)", slash == NULL ? check->place.file : slash + 1,
                 check->place.line);
    }
    snprintf(pe_here.reason, sizeof pe_here.reason, "%s%s%s", what, type, place);
    pe_jump();
}

/* The value of a handler's argument is 0: small ones are the argument itself, large ones are pointed to. */
static int pe_is_zero(const struct pe_check_type *type, const void *value)
{
    if (type->info / 2 <= 6)
        return value == NULL;
    for (int b = 0; b < 16; b++)
        if (((const char *)value)[b] != 0)
            return 0;
    return 1;
}

PE_CHECK void __ubsan_handle_add_overflow_abort(void *check, void *a, void *b)
{
    (void)a, (void)b;
    pe_fail_check(check, "a sum does not fit", 1);
}

PE_CHECK void __ubsan_handle_sub_overflow_abort(void *check, void *a, void *b)
{
    (void)a, (void)b;
    pe_fail_check(check, "a difference does not fit", 1);
}

PE_CHECK void __ubsan_handle_mul_overflow_abort(void *check, void *a, void *b)
{
    (void)a, (void)b;
    pe_fail_check(check, "a product does not fit", 1);
}

PE_CHECK void __ubsan_handle_negate_overflow_abort(void *check, void *a)
{
    (void)a;
    pe_fail_check(check, "a negative does not fit", 1);
}

PE_CHECK void __ubsan_handle_divrem_overflow_abort(void *check, void *a, void *b)
{
    (void)a;
    if (pe_is_zero(((const struct pe_check *)check)->type, b))
        pe_fail_check(check, "integer division by zero", 0);
    pe_fail_check(check, "a quotient does not fit", 1);
}

PE_CHECK void __ubsan_handle_shift_out_of_bounds_abort(void *check, void *a, void *b)
{
    (void)a, (void)b;
    pe_fail_check(check, "a shift is out of range of", 1);
}

PE_CHECK void __ubsan_handle_out_of_bounds_abort(void *check, void *index)
{
    (void)index;
    pe_fail_check(check, "an index is out of range", 0);
}

PE_CHECK void __ubsan_handle_float_cast_overflow_abort(void *check, void *a)
{
    (void)check, (void)a; /* its layout differs between compilers */
    pe_refuse("a float does not fit the integer it is cast to", "");
}

#if defined(__clang__) && defined(__SIZEOF_INT128__)
/* clang calls this of its own library, which is not there with libgcc. */
__attribute__((visibility("hidden"), no_sanitize("undefined"))) __int128 __muloti4(__int128 a, __int128 b,
                                                                                   int *overflow)
{
    const unsigned __int128 product = (unsigned __int128)a * (unsigned __int128)b;
    const __int128 least = (__int128)((unsigned __int128)1 << 127);
    *overflow = a != 0 && ((a == -1 && b == least) || (a != -1 && (__int128)product / a != b));
    return (__int128)product;
}
#endif
