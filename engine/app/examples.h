/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* examples.h - the job files of --example.
 */
#ifndef PE_EXAMPLES_H
#define PE_EXAMPLES_H

/* pe_example_find - find the job file for a form, such as "python"; NULL: there is none. A constant. */
const char *pe_example_find(const char *form);

/* pe_example_forms - the forms, for messages and pages: "name, expr, source". A constant. */
const char *pe_example_forms(void);

#endif
