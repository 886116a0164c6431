/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* unit.h - one Check suite as a program: UNIT_MAIN(name, test, ...) runs the tests, each in its own process.
 */
#ifndef PE_UNIT_H
#define PE_UNIT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static inline int unit_run(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    for (size_t i = 0; i < count; i++) {
        TCase *one = tcase_create(name);
        tcase_set_timeout(one, 300); /* ends what hangs, also on a slow and busy machine */
        tcase_add_test(one, tests[i]);
        suite_add_tcase(suite, one);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(name, ...)                                                                                           \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        const TTest *const tests[] = {__VA_ARGS__};                                                                    \
        return unit_run(name, tests, sizeof tests / sizeof *tests);                                                    \
    }

#define ck_ok(status, err) ck_assert_msg((status) == PE_OK, "status %d: %s", (int)(status), (err).text)

#endif
