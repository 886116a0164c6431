/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli_keys.c - the options that set a key of the job: each becomes an override.
 *
 * Design:   -t and -o become overrides like --set, in the order of argv: the last one wins.
 * Threads:  no state.
 * Not here: all other options (cli.c); checks of keys and values of --set (job).
 */
#include "app/cli_keys.h"

#include <stdio.h>
#include <string.h>

#include "app/cli_options.h"
#include "job/schema/schema.h"
#include "job/toml/quote.h"
#include "run/prepare/item_range.h"
#include "types/number.h"

/* origin: "--set pool.threads=8". */
static pe_status override(pe_overrides *to, const char *option, const char *typed, const char *key, size_t key_size,
                          const char *value, size_t value_size, pe_error *err)
{
    pe_buffer origin = {0};
    pe_status status = pe_buffer_printf(&origin, err, "%s %s", option, typed);
    if (status == PE_OK)
        status = pe_overrides_add(to, (const char *)origin.data, key, key_size, value, value_size, err);
    pe_buffer_fini(&origin);
    return status;
}

/* Adds KEY=VALUE; spaces around both are ignored, as in TOML. */
static pe_status add_set(pe_overrides *to, const char *text, pe_error *err)
{
    const char *const equals = strchr(text, '=');
    const char *const key = text + strspn(text, " ");
    const char *key_end = equals;
    while (key_end != NULL && key_end > key && key_end[-1] == ' ')
        key_end--;
    const char *const value = equals == NULL ? NULL : equals + 1 + strspn(equals + 1, " ");
    if (equals == NULL || key_end <= key || *value == '\0')
        return pe_fail(err, PE_EUSAGE,
                       "--set: expected KEY=VALUE, such as --set pool.threads=8, got \"%s\"; see pengine --help", text);
    return override(to, "--set", text, key, (size_t)(key_end - key), value, strlen(value), err);
}

/* Adds an option whose value is an integer of the job: pool.threads or skip. */
static pe_status add_integer(pe_overrides *to, const char *option, const char *typed, const char *table,
                             const char *name, pe_error *err)
{
    char valid[PE_VALID_ROOM], path[32], digits[PE_NUMBER_ROOM];
    int64_t number = 0;
    const pe_key *const key = pe_schema_find(table, name);
    if (!pe_parse_element(typed, strlen(typed), PE_INT64, &number) || number < key->least || number > key->most)
        return pe_fail(err, PE_EUSAGE, "%s: expected %s, got \"%s\"; see pengine --help", option,
                       pe_schema_valid(key, valid), typed);
    const int path_size = snprintf(path, sizeof path, "%s%s%s", table, *table == '\0' ? "" : ".", name);
    const size_t size = (size_t)(pe_print_int64(digits, number) - digits);
    return override(to, option, typed, path, (size_t)path_size, digits, size, err);
}

/* Adds an option whose value is a string of the job. */
static pe_status add_string(pe_overrides *to, const char *option, const char *typed, const char *key, pe_error *err)
{
    pe_buffer quoted = {0};
    pe_status status = pe_quote_string(&quoted, typed, strlen(typed), err);
    if (status == PE_OK)
        status = override(to, option, typed, key, strlen(key), (const char *)quoted.data, quoted.size, err);
    pe_buffer_fini(&quoted);
    return status;
}

static pe_status add_items(pe_overrides *to, const char *list, pe_error *err)
{
    pe_error wrong = PE_ERROR_INIT;
    const pe_status status = pe_item_range_check_list(list, &wrong);
    if (status != PE_OK)
        return pe_fail(err, status == PE_ENOMEM ? status : PE_EUSAGE, "--items: %s; see pengine --help", wrong.text);
    return add_string(to, "--items", list, "items", err);
}

/* --keep all, --keep id,price, --keep 0,3. */
static pe_status add_keep(pe_overrides *to, const char *typed, pe_error *err)
{
    pe_buffer list = {0};
    const bool is_numbers = *typed != '\0' && strspn(typed, "0123456789,") == strlen(typed);
    if (strcmp(typed, "all") == 0)
        return add_string(to, "--keep", typed, "output.keep", err);
    pe_status status = pe_buffer_append(&list, "[", 1, err);
    for (const char *at = typed; status == PE_OK; at++) {
        const size_t size = strcspn(at, ",");
        status = is_numbers ? pe_buffer_append(&list, at, size, err) : pe_quote_string(&list, at, size, err);
        at += size;
        if (*at == '\0' || status != PE_OK)
            break;
        status = pe_buffer_append(&list, ",", 1, err);
    }
    if (status == PE_OK)
        status = pe_buffer_append(&list, "]", 1, err);
    if (status == PE_OK)
        status = override(to, "--keep", typed, "output.keep", strlen("output.keep"), (const char *)list.data, list.size,
                          err);
    pe_buffer_fini(&list);
    return status;
}

static pe_status add_output(pe_overrides *to, const char *path, pe_error *err)
{
    if (*path == '\0')
        return pe_fail(err, PE_EUSAGE, "--output: expected a path, or - for stdout, got \"\"; see pengine --help");
    return add_string(to, "--output", path, "output.path", err);
}

bool pe_cli_take_key(pe_overrides *to, int key, const char *value, pe_status *status, pe_error *err)
{
    switch (key) {
    case 's':
        *status = add_set(to, value, err);
        return true;
    case 't':
        *status = add_integer(to, "--threads", value, "pool", "threads", err);
        return true;
    case 'o':
        *status = add_output(to, value, err);
        return true;
    case PE_OPTION_TIME_LIMIT:
        *status = add_string(to, "--time-limit", value, "pool.time_limit", err);
        return true;
    case PE_OPTION_PART:
        *status = add_string(to, "--part", value, "part", err);
        return true;
    case PE_OPTION_ITEMS:
        *status = add_items(to, value, err);
        return true;
    case PE_OPTION_SKIP:
        *status = add_integer(to, "--skip", value, "", "skip", err);
        return true;
    case PE_OPTION_KEEP:
        *status = add_keep(to, value, err);
        return true;
    case PE_OPTION_WHERE:
        *status = add_string(to, "--where", value, "kernel.where", err);
        return true;
    case PE_OPTION_ON_ERROR:
        *status = add_string(to, "--on-error", value, "errors.on_error", err);
        return true;
    default:
        return false;
    }
}
