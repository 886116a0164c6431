/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_schema_internal.h - what the two files that print the JSON schema share.
 */
#ifndef PE_JSON_SCHEMA_INTERNAL_H
#define PE_JSON_SCHEMA_INTERNAL_H

#include <stdio.h>

#include "job/schema/schema.h"

#define PE_KEY_TEXT_ROOM 1000 /* what is said of one key */

/* pe_json_string - print text as a JSON string, with its quotes. */
void pe_json_string(FILE *out, const char *text);

/* pe_json_type - print the members of a JSON object that say which values a key takes, such as , "type": "boolean". */
void pe_json_type(FILE *out, const pe_key *key);

#endif
