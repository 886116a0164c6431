/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli_overrides.c - a growing list of overrides of a job.
 *
 * Threads:  no state.
 * Not here: what is overridden (cli.c, oneline.c), and how (job/job_override.c).
 */
#include "app/cli_overrides.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "job/toml/quote.h"

static pe_status copy_text(const char **out, const char *text, size_t size, pe_error *err)
{
    char *copy = NULL;
    const pe_status status = pe_make_array(&copy, size + 1, 1, err);
    if (status == PE_OK && size > 0)
        memcpy(copy, text, size);
    *out = copy;
    return status;
}

static pe_status grow(pe_overrides *self, size_t more, pe_error *err)
{
    pe_override *grown = NULL;
    const pe_status status = pe_make_array(&grown, self->count + more, sizeof *grown, err);
    if (status != PE_OK)
        return status;
    if (self->count > 0)
        memcpy(grown, self->list, self->count * sizeof *grown);
    free(self->list);
    self->list = grown;
    return PE_OK;
}

/* An override that could be copied in part is counted, and so freed. */
pe_status pe_overrides_add(pe_overrides *self, const char *origin, const char *key, size_t key_size, const char *value,
                           size_t value_size, pe_error *err)
{
    pe_status status = grow(self, 1, err);
    if (status != PE_OK)
        return status;
    pe_override *const added = &self->list[self->count++];
    status = copy_text(&added->origin, origin, strlen(origin), err);
    if (status == PE_OK)
        status = copy_text(&added->key, key, key_size, err);
    if (status == PE_OK)
        status = copy_text(&added->value, value, value_size, err);
    return status;
}

pe_status pe_overrides_add_string(pe_overrides *self, const char *origin, const char *key, const char *text,
                                  pe_error *err)
{
    pe_buffer quoted = {0};
    pe_status status = pe_quote_string(&quoted, text, strlen(text), err);
    if (status == PE_OK)
        status = pe_overrides_add(self, origin, key, strlen(key), (const char *)quoted.data, quoted.size, err);
    pe_buffer_fini(&quoted);
    return status;
}

bool pe_overrides_has(const pe_overrides *self, const char *key)
{
    const size_t size = strlen(key);
    for (size_t i = 0; i < self->count; i++) {
        const char *const given = self->list[i].key;
        if (strncmp(given, key, size) == 0 && (given[size] == '\0' || given[size] == '.'))
            return true;
    }
    return false;
}

pe_status pe_overrides_append(pe_overrides *self, pe_overrides *more, pe_error *err)
{
    if (more->count == 0)
        return PE_OK;
    const pe_status status = grow(self, more->count, err);
    if (status != PE_OK)
        return status;
    memcpy(self->list + self->count, more->list, more->count * sizeof *more->list);
    self->count += more->count;
    free(more->list);
    *more = (pe_overrides){.count = 0};
    return PE_OK;
}

static void free_text(const char *text)
{
    char *owned = NULL; /* the fields of pe_override are pointers to const; the list owns them */
    memcpy(&owned, &text, sizeof owned);
    free(owned);
}

void pe_overrides_fini(pe_overrides *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free_text(self->list[i].key);
        free_text(self->list[i].value);
        free_text(self->list[i].origin);
    }
    free(self->list);
    *self = (pe_overrides){.count = 0};
}
