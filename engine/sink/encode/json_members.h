/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_members.h - the members of an object of JSON that another object replaces.
 */
#ifndef PE_JSON_MEMBERS_H
#define PE_JSON_MEMBERS_H

#include "pengine/kernel.h"

/* pe_json_drop_members - take those members out of `line` whose keys are keys of `object` too, as they are written there.
 *
 * Params:  line to end is an object without its last brace, or nothing; object is a whole one. Both are JSON.
 * Returns: the new end of the line; `line` where nothing is left
 */
char *pe_json_drop_members(char *line, const char *end, pe_text object);

#endif
