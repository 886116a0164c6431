/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* schema.c - every key of a job file: one table with type, default, valid values and help.
 *
 * Design:   the table is the only place where a key is written down: reading takes its type and bounds, missing keys
 *           take its default, --help prints its text. A new key is one row here and one line where it is kept (job.c).
 * Threads:  no state.
 * Not here: unknown keys (schemacheck.c); how a value is read (section.c).
 */
#include "job/schema.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "job/job.h"

#define RANGE (1u << PE_INPUT_RANGE)
#define LINSPACE (1u << PE_INPUT_LINSPACE)
#define PATH (1u << PE_INPUT_PATH)
#define GLOB (1u << PE_INPUT_GLOB)
#define VALUE (1u << PE_INPUT_VALUE)

/* Each list is in the order of what it stands for: job.c turns the position into the enum. */
static const char *const modes[] = {"map", "imap", "imap_unordered", "starmap", "istarmap", "istarmap_unordered", NULL};
static const char *const combines[] = {"zip", "product", NULL};
static const char *const input_formats[] = {"npy", "csv", "tsv", "txt", "raw", NULL};
static const char *const output_formats[] = {"npy", "csv", "tsv", "txt", "raw", "digest", "null", NULL};
static const char *const schedules[] = {"auto", "static", "dynamic", NULL};

static const pe_key keys[] = {
    {.table = "",
     .name = "mode",
     .type = PE_KEY_WORD,
     .words = modes,
     .fallback = "\"map\"",
     .help = "map: in input order, all at once when complete; imap: in input order, as it grows; imap_unordered: as "
             "finished; the star modes: the same for kernels of several arguments"},
    {.table = "",
     .name = "name",
     .type = PE_KEY_STRING,
     .unset = "the file's name without its suffix",
     .help = "what the job is called in messages"},
    {.table = "",
     .name = "combine",
     .type = PE_KEY_WORD,
     .words = combines,
     .fallback = "\"zip\"",
     .help = "several inputs: item by item, or every combination, the last input fastest"},

    {.table = "input",
     .name = "range",
     .type = PE_KEY_RANGE,
     .kinds = RANGE,
     .help = "integers or floats from start up to, not including, stop; an integer beyond 64 bits is written as a "
             "string"},
    {.table = "input",
     .name = "linspace",
     .type = PE_KEY_LINSPACE,
     .kinds = LINSPACE,
     .help = "count floats from first to last, both included"},
    {.table = "input",
     .name = "path",
     .type = PE_KEY_STRING,
     .kinds = PATH,
     .help = "a file, found from the current directory; \"-\" is stdin"},
    {.table = "input",
     .name = "glob",
     .type = PE_KEY_STRING,
     .kinds = GLOB,
     .help = "a pattern such as \"frames/*.dat\": the sorted paths as text items"},
    {.table = "input",
     .name = "value",
     .type = PE_KEY_SCALAR,
     .kinds = VALUE,
     .help = "the same for every item; as many as the other inputs have"},
    {.table = "input",
     .name = "format",
     .type = PE_KEY_WORD,
     .words = input_formats,
     .unset = "by suffix",
     .kinds = PATH,
     .help = "txt is one text item a line"},
    {.table = "input",
     .name = "dtype",
     .type = PE_KEY_TYPE,
     .unset = "the input's own",
     .kinds = RANGE | LINSPACE | PATH | VALUE,
     .help = "element type of raw; a conversion for the others, refused where it could lose value"},
    {.table = "input",
     .name = "columns",
     .type = PE_KEY_COLUMNS,
     .unset = "all",
     .kinds = PATH,
     .help = "columns of csv, tsv or two-dimensional npy; each becomes an argument"},
    {.table = "input",
     .name = "header",
     .type = PE_KEY_BOOL,
     .fallback = "true",
     .kinds = PATH,
     .help = "csv and tsv: the first record names the columns"},
    {.table = "input",
     .name = "first",
     .type = PE_KEY_INTEGER,
     .most = INT64_MAX,
     .unset = "0",
     .kinds = RANGE | LINSPACE | PATH | GLOB,
     .help = "items to leave out at the start"},
    {.table = "input",
     .name = "count",
     .type = PE_KEY_INTEGER,
     .most = INT64_MAX,
     .unset = "all that follow",
     .kinds = RANGE | LINSPACE | PATH | GLOB,
     .help = "items to take"},

    {.table = "kernel",
     .name = "name",
     .type = PE_KEY_STRING,
     .help = "must be given: a built-in kernel; pengine --kernels lists them"},
    {.table = "kernel",
     .name = "signature",
     .type = PE_KEY_STRING,
     .unset = "what fits the inputs",
     .help = "picks one of a kernel's signatures, such as \"(float64) -> float64\""},

    {.table = "output",
     .name = "path",
     .type = PE_KEY_STRING,
     .fallback = "\"-\"",
     .help = "a file, found from the current directory; \"-\" is stdout"},
    {.table = "output",
     .name = "format",
     .type = PE_KEY_WORD,
     .words = output_formats,
     .unset = "by suffix, txt for \"-\"",
     .help = "digest prints count, bytes and XXH3-128 of what raw would hold"},
    {.table = "output",
     .name = "dtype",
     .type = PE_KEY_DTYPE,
     .unset = "the kernel's",
     .help = "element type of the results as written"},
    {.table = "output",
     .name = "index",
     .type = PE_KEY_BOOL,
     .fallback = "false",
     .help = "the item's index as the first column"},
    {.table = "output",
     .name = "names",
     .type = PE_KEY_NAMES,
     .unset = "result, or f0, f1 and so on",
     .help = "names of the result columns, each once"},

    {.table = "pool",
     .name = "threads",
     .type = PE_KEY_INTEGER,
     .least = 1,
     .most = 4096,
     .unset = "OMP_NUM_THREADS, or the cores this rank may use",
     .help = "workers of each rank"},
    {.table = "pool",
     .name = "chunk_size",
     .type = PE_KEY_AUTO_INTEGER,
     .least = 1,
     .most = INT64_C(1) << 40,
     .fallback = "\"auto\"",
     .help = "items handed to a worker at once"},
    {.table = "pool",
     .name = "schedule",
     .type = PE_KEY_WORD,
     .words = schedules,
     .fallback = "\"auto\"",
     .help = "static: slices as planned; dynamic: slices claimed as ranks get free"},
    {.table = "pool",
     .name = "memory",
     .type = PE_KEY_BYTES,
     .least = 1,
     .most = INT64_C(1) << 50,
     .fallback = "\"256 MiB\"",
     .help = "all buffers of one rank together"},
};

const pe_key *pe_schema_all(size_t *count)
{
    *count = sizeof keys / sizeof *keys;
    return keys;
}

const pe_key *pe_schema_find(const char *table, const char *name)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i].table, table) == 0 && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

pe_status pe_schema_fallbacks(pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && status == PE_OK; i++) {
        const pe_key *const key = &keys[i];
        if (key->fallback != NULL)
            status = pe_buffer_printf(out, err, "%s%s%s = %s\n", key->table, *key->table == '\0' ? "" : ".", key->name,
                                      key->fallback);
    }
    return status;
}

/* 4096 as it is, large powers of two as powers. */
static void print_bound(int64_t value, char *out, size_t room)
{
    int power = 0;
    while (power < 62 && (INT64_C(1) << power) < value)
        power++;
    if (power >= 20 && (INT64_C(1) << power) == value)
        snprintf(out, room, "2^%d", power);
    else
        snprintf(out, room, "%" PRId64, value);
}

static void print_bounds(const pe_key *key, const char *before, char out[PE_VALID_ROOM])
{
    char least[24], most[24];
    print_bound(key->least, least, sizeof least);
    print_bound(key->most, most, sizeof most);
    if (key->most == INT64_MAX)
        snprintf(out, PE_VALID_ROOM, "%s%s or more", before, least);
    else
        snprintf(out, PE_VALID_ROOM, "%s%s to %s", before, least, most);
}

static void print_words(const char *const *words, char out[PE_VALID_ROOM])
{
    size_t size = 0;
    for (size_t i = 0; words[i] != NULL && size < PE_VALID_ROOM; i++) {
        const char *const before = i == 0 ? "" : words[i + 1] != NULL ? ", " : " or ";
        size += (size_t)snprintf(out + size, PE_VALID_ROOM - size, "%s\"%s\"", before, words[i]);
    }
}

const char *pe_schema_valid(const pe_key *key, char out[PE_VALID_ROOM])
{
    static const char *const texts[] = {
        [PE_KEY_STRING] = "a string that is not empty",
        [PE_KEY_BOOL] = "true or false",
        [PE_KEY_TYPE] = "a dtype such as \"int64\" or \"float64[3]\"",
        [PE_KEY_DTYPE] = "a dtype such as \"float64\"",
        [PE_KEY_NAMES] = "an array of strings such as [\"x\", \"y\"]",
        [PE_KEY_COLUMNS] = "an array of names [\"x\", \"y\"] or of numbers from 0 [0, 1]",
        [PE_KEY_RANGE] = "[start, stop] or [start, stop, step]",
        [PE_KEY_LINSPACE] = "[first, last, count]",
        [PE_KEY_SCALAR] = "a number, true, false or a string",
    };
    if (key->type == PE_KEY_WORD)
        print_words(key->words, out);
    else if (key->type == PE_KEY_INTEGER)
        print_bounds(key, "an integer, ", out);
    else if (key->type == PE_KEY_AUTO_INTEGER)
        print_bounds(key, "\"auto\" or ", out);
    else if (key->type == PE_KEY_BYTES)
        print_bounds(key, "a size such as \"256 MiB\", or bytes from ", out);
    else
        snprintf(out, PE_VALID_ROOM, "%s", texts[key->type]);
    return out;
}
