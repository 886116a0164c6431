/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* keys_pool.c - the keys of [pool], [errors] and [checkpoint]: how the work is done.
 *
 * Not here: how a key is added (schema.c).
 */
#include "job/schema/schema_internal.h"

#define MOST_TIME INT64_C(8640000000000000) /* 100 days: every nanosecond is exact as a double */

static const pe_word schedules[] = {
    {"auto", PE_SCHEDULE_AUTO}, {"static", PE_SCHEDULE_STATIC}, {"dynamic", PE_SCHEDULE_DYNAMIC}, {NULL, 0}};
static const pe_word policies[] = {
    {"stop", PE_ON_ERROR_STOP}, {"skip", PE_ON_ERROR_SKIP}, {"fill", PE_ON_ERROR_FILL}, {NULL, 0}};

static const pe_key pool_rows[] = {
    {.name = "threads",
     .type = PE_KEY_INTEGER,
     JOB(pool.threads),
     .may_change = true,
     .least = 1,
     .most = 4096,
     .unset = "OMP_NUM_THREADS, or the cores this rank may use",
     .help = "workers of each rank"},
    {.name = "chunk_size",
     .type = PE_KEY_AUTO_INTEGER,
     JOB(pool.chunk_size),
     .may_change = true,
     .least = 1,
     .most = INT64_C(1) << 40,
     .fallback = "\"auto\"",
     .help = "items handed to a worker at once"},
    {.name = "schedule",
     .type = PE_KEY_WORD,
     JOB(pool.schedule),
     .may_change = true,
     .words = schedules,
     .fallback = "\"auto\"",
     .help = "static: slices as planned; dynamic: slices claimed as ranks get free"},
    {.name = "memory",
     .type = PE_KEY_BYTES,
     JOB(pool.memory_bytes),
     .may_change = true,
     .least = 1,
     .most = INT64_C(1) << 50,
     .fallback = "\"256 MiB\"",
     .help = "all buffers of one rank together"},
    {.name = "time_limit",
     .type = PE_KEY_LIMIT,
     JOB(pool.time_limit_ns),
     .may_change = true,
     .least = 1,
     .most = MOST_TIME,
     .fallback = "\"auto\"",
     .help = "the run ends in good order before this much time has passed; auto: as SLURM, PBS, LSF or Flux say"},
};

static const pe_key errors_rows[] = {
    {.name = "on_error",
     .type = PE_KEY_WORD,
     JOB(errors.policy),
     .words = policies,
     .fallback = "\"stop\"",
     .help = "when an item fails: stop ends the run; skip leaves the item out; fill puts a value in its place"},
    {.name = "fill",
     .type = PE_KEY_FILL,
     JOB(errors.fill),
     COUNT_JOB(errors.fill_count),
     .unset = "nan for floats; else it must be given",
     .help = "the value for on_error = \"fill\", or an array of values, one per result"},
    {.name = "retries",
     .type = PE_KEY_INTEGER,
     JOB(errors.retries),
     .may_change = true,
     .most = 1000,
     .fallback = "0",
     .help = "how often a failed item is tried again"},
    {.name = "timeout",
     .type = PE_KEY_TIME,
     JOB(errors.timeout_ns),
     .may_change = true,
     .least = 1,
     .most = MOST_TIME,
     .unset = "none",
     .help = "longest time of one item; for python and command kernels, or with kernel.isolate = true"},
    {.name = "max_failures",
     .type = PE_KEY_PORTION,
     JOB(errors.max_failures),
     .may_change = true,
     .unset = "no limit",
     .help = "more failed items than that end the run; with on_error = \"skip\" or \"fill\""},
    {.name = "log",
     .type = PE_KEY_STRING,
     .path = PE_PATH_OUTPUT,
     JOB(errors.log),
     .may_change = true,
     .unset = "none",
     .help = "a csv of the failed items, found from the current directory"},
};

static const pe_key checkpoint_rows[] = {
    {.name = "enabled",
     .type = PE_KEY_BOOL,
     JOB(checkpoint.is_enabled),
     .may_change = true,
     .fallback = "true",
     .help = "record what is done, so that an interrupted or killed run can go on with --resume"},
    {.name = "path",
     .type = PE_KEY_STRING,
     .path = PE_PATH_OUTPUT,
     JOB(checkpoint.path),
     .may_change = true,
     .unset = "the output's path with .checkpoint appended; of one file per item FOLDER/NAME.checkpoint; none for "
              "stdout and reductions",
     .help = "the file of the record, found from the current directory"},
    {.name = "interval",
     .type = PE_KEY_TIME,
     JOB(checkpoint.interval_ns),
     .may_change = true,
     .least = 1,
     .most = MOST_TIME,
     .fallback = "\"30 s\"",
     .help = "the most work that a kill can cost"},
    {.name = "keep",
     .type = PE_KEY_BOOL,
     JOB(checkpoint.is_kept),
     .may_change = true,
     .fallback = "false",
     .help = "keep the record after a complete run, so that the job can be extended"},
};

const pe_key_table pe_keys_pool = {.name = "pool", .keys = pool_rows, .count = sizeof pool_rows / sizeof *pool_rows};
const pe_key_table pe_keys_errors = {
    .name = "errors", .keys = errors_rows, .count = sizeof errors_rows / sizeof *errors_rows};
const pe_key_table pe_keys_checkpoint = {
    .name = "checkpoint", .keys = checkpoint_rows, .count = sizeof checkpoint_rows / sizeof *checkpoint_rows};
