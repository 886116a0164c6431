/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_helpers.h - the fixture of form_helpers.h for expr and source: compiles, then opens; the object cache is the test's own.
 */
#ifndef PE_TEST_COMPILED_HELPERS_H
#define PE_TEST_COMPILED_HELPERS_H

#include "form_helpers.h"

#undef fail /* an old name of Check's, and a member of pe_batch */

static pe_buffer form_object;

static inline void compiled_enter(pe_form_kind kind)
{
    enter_form(kind);
    ck_assert_int_eq(setenv("XDG_CACHE_HOME", form_home, 1), 0);
    ck_assert_int_eq(setenv("TMPDIR", form_home, 1), 0);
}

static inline void compiled_open(void)
{
    ck_ok(pe_form_prepare(&form_spec, &form_object, &form_error), form_error);
    ck_ok(pe_form_open(&form_spec, &form_object, &form_opened, &form_error), form_error);
    ck_ok(pe_call_make(pe_form_kernel(form_opened), pe_form_signature(form_opened), &form_spec.setup, &form_call,
                       &form_error),
          form_error);
}

/* Several kernels in one test: the one before goes. */
static inline void compiled_close(void)
{
    pe_call_free(form_call);
    pe_form_close(form_opened);
    pe_buffer_fini(&form_object);
    form_call = NULL;
    form_opened = NULL;
}

static inline void compiled_refused(pe_status status, const char *text)
{
    form_error = (pe_error)PE_ERROR_INIT;
    ck_assert_int_eq(pe_form_prepare(&form_spec, &form_object, &form_error), status);
    ck_assert_str_eq(form_error.text, text);
    ck_assert_uint_eq(form_object.size, 0);
}

static inline void compiled_leave(void)
{
    pe_buffer_fini(&form_object);
    leave_form();
}

static inline const char *compiled_signature(void)
{
    static char out[PE_SIGNATURE_ROOM];
    return pe_signature_print(pe_form_signature(form_opened), out);
}

/* Numbers with up to `bits` bits, the same in each run. */
static inline int64_t compiled_number(uint64_t *state, int bits)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    const uint64_t mixed = *state ^ (*state >> 29);
    const int64_t value = bits == 0 ? 0 : (int64_t)(mixed >> (64 - bits));
    return (*state >> 7 & 1) != 0 ? value : -value;
}

#endif
