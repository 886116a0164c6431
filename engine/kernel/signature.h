/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* signature.h - argument and result types of a kernel: "(float64[3], int64) -> (float64, int64) or error".
 */
#ifndef PE_SIGNATURE_H
#define PE_SIGNATURE_H

#include "types/dtype.h"

typedef struct pe_signature {
    pe_type args[PE_MAX_COLUMNS];
    int arg_count;
    pe_type results[PE_MAX_COLUMNS];
    int result_count;
    bool or_error;
} pe_signature;

#define PE_SIGNATURE_ROOM 512

/* pe_signature_parse - parse the whole of text. PE_ECONFIG says what was seen, at which character, and what would be
 * valid. */
pe_status pe_signature_parse(const char *text, pe_signature *out, pe_error *err);
/* pe_signature_parse_arguments - parse "(float64, text)", the arguments alone. Returns as pe_signature_parse. */
pe_status pe_signature_parse_arguments(const char *text, pe_signature *out, pe_error *err);
/* pe_signature_print - into out (cut when longer); returns out. */
const char *pe_signature_print(const pe_signature *signature, char out[PE_SIGNATURE_ROOM]);
bool pe_signature_equal(const pe_signature *a, const pe_signature *b);

#endif
