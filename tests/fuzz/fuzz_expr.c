/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fuzz_expr.c - any bytes as an expression: refused with a place in it, or read to its end.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kernel/compiled/expr/expr.h"

static const pe_type types[] = {{.dtype = PE_INT64},
                                {.dtype = PE_FLOAT64},
                                {.dtype = PE_FLOAT64, .width = 3},
                                {.dtype = PE_TEXT},
                                {.dtype = PE_BOOL}};
static const char *const names[] = {"n", "x", "v", "s", "b"};
static const pe_param params[] = {{.name = "p", .dtype = PE_FLOAT64}, {.name = "q", .dtype = PE_TEXT}};

/* The message ends in a line of the expression and a caret that stands within it, or one after. */
static void check_message(const pe_error *err)
{
    const char *caret = strrchr(err->text, '\n');
    FUZZ_HOLDS(caret != NULL && caret != err->text && caret[strlen(caret) - 1] == '^');
    FUZZ_HOLDS(strlen(err->text) + 1 < sizeof err->text);
    const char *line = caret - 1;
    while (line > err->text && *line != '\n')
        line--;
    FUZZ_HOLDS(*line == '\n' && strlen(caret) <= (size_t)(caret - line) + 1);
}

static void check(const char *text, bool is_open)
{
    bool reads[2] = {false, false};
    const pe_expr_scope scope = {.args = types,
                                 .arg_names = names,
                                 .arg_count = 5,
                                 .params = params,
                                 .param_count = 2,
                                 .is_open = is_open,
                                 .gives_float = is_open};
    pe_expr_facts facts = {.reads_param = reads};
    pe_error err = PE_ERROR_INIT;
    const pe_status status = pe_expr_check(text, &scope, &facts, &err);
    FUZZ_HOLDS(status == err.status && (status == PE_OK || status == PE_EKERNEL));
    FUZZ_HOLDS(facts.warning_count >= 0 && facts.warning_count <= PE_EXPR_WARNINGS);
    for (int w = 0; w < facts.warning_count; w++)
        check_message(&facts.warnings[w]);
    if (status != PE_OK) {
        check_message(&err);
        return;
    }
    for (int a = 0; a < 5; a++) /* what was read is a name of the text */
        FUZZ_HOLDS(facts.reads_arg[a] == pe_expr_names(text, names[a]));
    FUZZ_HOLDS(reads[0] == pe_expr_names(text, "p") && reads[1] == pe_expr_names(text, "q"));
    FUZZ_HOLDS(facts.reads_arg[3] || !pe_expr_uses_text(text, "s"));
    FUZZ_HOLDS(facts.reads_index == pe_expr_names(text, "i"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const text = malloc(size + 1);
    FUZZ_HOLDS(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check(text, false);
    check(text, true);
    free(text);
    return 0;
}
