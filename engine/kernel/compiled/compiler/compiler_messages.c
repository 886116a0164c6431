/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiler_messages.c - makes one error message of a compiler's output.
 *
 * Design:  only lines that are errors are kept: a place, "error:" and a sentence, or a symbol that the linker does not
 *          find. The text contains an expression several times, so equal lines are kept once. When no line looks like
 *          an error, all lines are kept.
 * Threads: no state.
 * Not here: running the compiler (compiler.c).
 */
#include "kernel/compiled/compiler/compiler_messages.h"

#include <stdbool.h>
#include <string.h>

#include "kernel/compiled/codegen.h"
#include "os/log.h"

#define KEPT_ROOM 760 /* leaves room in a pe_error for the beginning of the message */

static bool holds(const char *line, size_t size, const char *word, size_t word_size)
{
    for (size_t i = 0; i + word_size <= size; i++)
        if (memcmp(line + i, word, word_size) == 0)
            return true;
    return false;
}

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* The part of a line that is an error, with file and line; NULL when the line is not an error. */
static const char *find_error(const char *line, size_t size)
{
    static const char *const linker[] = {"undefined reference", "cannot find "};
    for (size_t w = 0; w < sizeof linker / sizeof *linker; w++) {
        const char *found = strstr(line, linker[w]); /* without the place, which is one in an object */
        if (found != NULL && found < line + size)
            return found;
    }
    return holds(line, size, "error: ", strlen("error: ")) ? line : NULL;
}

static void keep(char kept[KEPT_ROOM], const char *line, size_t size)
{
    const size_t used = strlen(kept);
    size_t place = 0; /* two errors at one place are one mistake */
    while (place < size && !begins(line + place, ": error: "))
        place++;
    if (used + size + 2 > KEPT_ROOM || size == 0 || holds(kept, used, line, place))
        return;
    kept[used] = '\n';
    memcpy(kept + used + 1, line, size);
    kept[used + 1 + size] = '\0';
}

/* A consequence of an earlier error, unless it comes first. */
static bool is_consequence(const char *line)
{
    return begins(line, PE_CODEGEN_OURS) || begins(line, PE_CODEGEN_SIGNATURE) || begins(line, "collect2: ") ||
           begins(line, PE_CODEGEN_INITIALIZER) || begins(line, "clang: ");
}

static void keep_errors(char kept[KEPT_ROOM], const char *output)
{
    while (*output != '\0') {
        const size_t size = strcspn(output, "\n");
        const char *found = find_error(output, size);
        const bool is_first =
            kept[0] == '\0' && (begins(output, PE_CODEGEN_SIGNATURE) || begins(output, PE_CODEGEN_INITIALIZER));
        if (found != NULL && (is_first || !is_consequence(output)))
            keep(kept, found, size - (size_t)(found - output));
        output += size + (output[size] == '\n' ? 1 : 0);
    }
}

static void keep_all(char kept[KEPT_ROOM], const char *output)
{
    while (*output != '\0') {
        const size_t size = strcspn(output, "\n");
        keep(kept, output, size);
        output += size + (output[size] == '\n' ? 1 : 0);
    }
}

/* Keeps the first error without its place. Used when all errors are in the generated text, which means that the user's
 * text ended too early. */
static void keep_end(char kept[KEPT_ROOM], const char *output)
{
    static const char sign[] = "error: ";
    const char *found = strstr(output, sign);
    if (found != NULL && kept[0] == '\0' && strstr(output, PE_CODEGEN_OURS) != NULL) {
        keep(kept, "at its end:", strlen("at its end:"));
        kept[0] = ' ';
        found += strlen(sign) - 1;
        strncat(kept, found, strcspn(found, "\n") < KEPT_ROOM / 2 ? strcspn(found, "\n") : KEPT_ROOM / 2);
    }
}

/* The error line that the function's type differs from the signature; NULL when other errors come first. */
static const char *find_mismatch(const char *kept)
{
    const char *first = kept[0] == '\n' ? kept + 1 : kept;
    return strncmp(first, PE_CODEGEN_SIGNATURE, strlen(PE_CODEGEN_SIGNATURE)) == 0 ? first : NULL;
}

#define WARNINGS_MOST 10
#define UNKNOWN_TO_CLANG "unknown warning option '-Warith-conversion'"

void pe_compiler_messages_warn(const char *where, const char *output)
{
    char kept[KEPT_ROOM] = "";
    int count = 0;
    while (*output != '\0') {
        const size_t size = strcspn(output, "\n");
        const size_t before = strlen(kept);
        const bool is_ours = is_consequence(output) || holds(output, size, UNKNOWN_TO_CLANG, strlen(UNKNOWN_TO_CLANG));
        if (holds(output, size, "warning: ", strlen("warning: ")) && !is_ours)
            keep(kept, output, size);
        if (strlen(kept) > before && ++count <= WARNINGS_MOST)
            pe_log(PE_LOG_WARN, "%s: %.*s", where, (int)size, output);
        output += size + (output[size] == '\n' ? 1 : 0);
    }
}

pe_status pe_compiler_messages_refuse(const pe_compiler_failure *failure, pe_status status, pe_error *err)
{
    char kept[KEPT_ROOM] = "";
    keep_errors(kept, failure->output);
    keep_end(kept, failure->output);
    if (kept[0] == '\0')
        keep_all(kept, failure->output);
    const char *mismatch = find_mismatch(kept);
    if (begins(kept[0] == '\n' ? kept + 1 : kept, PE_CODEGEN_INITIALIZER))
        return pe_fail(err, status, "%s: kernel.initializer: %s has no function void %s(void) or int %s(void)",
                       failure->where, failure->source, failure->initializer, failure->initializer);
    if (mismatch != NULL && strstr(mismatch, "undeclared") != NULL)
        return pe_fail(err, status, "%s: %s has no function \"%s\"; kernel.signature %s asks for %s", failure->where,
                       failure->source, failure->name, failure->signature, failure->prototype);
    if (mismatch != NULL)
        return pe_fail(err, status,
                       "%s: function \"%s\" of %s has another C type than kernel.signature %s asks for: %s",
                       failure->where, failure->name, failure->source, failure->signature, failure->prototype);
    if (kept[0] == '\0')
        return pe_fail(err, status, "%s: %s", failure->where, failure->reason);
    return pe_fail(err, status, "%s: \"%s\" does not compile:%s", failure->where, failure->name, kept);
}
