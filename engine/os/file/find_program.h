/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* find_program.h - finds a program as a shell would.
 */
#ifndef PE_FIND_PROGRAM_H
#define PE_FIND_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* pe_is_program - whether this is a regular file that this user may run. */
bool pe_is_program(const char *path);

/* pe_find_program - the path of the first program of this name in PATH; false: there is none, or its path has no room.
 * Params: name without a slash */
bool pe_find_program(const char *name, char *out, size_t room);

#endif
