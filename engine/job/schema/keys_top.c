/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* keys_top.c - the keys at the top level of a job file.
 *
 * Not here: how a key is added (schema.c).
 */
#include "job/schema/schema_internal.h"

static const pe_word modes[] = {{"map", PE_JOB_MAP},
                                {"imap", PE_JOB_IMAP},
                                {"imap_unordered", PE_JOB_IMAP_UNORDERED},
                                {"starmap", PE_JOB_STARMAP},
                                {"istarmap", PE_JOB_ISTARMAP},
                                {"istarmap_unordered", PE_JOB_ISTARMAP_UNORDERED},
                                {NULL, 0}};
static const pe_word combines[] = {{"zip", PE_COMBINE_ZIP}, {"product", PE_COMBINE_PRODUCT}, {NULL, 0}};

static const pe_key top_rows[] = {
    {.name = "mode",
     .type = PE_KEY_WORD,
     JOB(mode_key),
     .words = modes,
     .fallback = "\"map\"",
     .help = "map: in input order, all at once when complete; imap: in input order, as it grows; imap_unordered: as "
             "finished; the star modes: the same for kernels of several arguments"},
    {.name = "name",
     .type = PE_KEY_STRING,
     JOB(name),
     .may_change = true,
     .unset = "the file's name without its suffix",
     .help = "what the job is called in messages"},
    {.name = "combine",
     .type = PE_KEY_WORD,
     JOB(combine),
     .words = combines,
     .fallback = "\"zip\"",
     .help = "several inputs: item by item, or every combination, the last input fastest"},
    {.name = "part",
     .type = PE_KEY_PART,
     JOB(part),
     .unset = "all items",
     .help =
         "\"3/16\" runs the third of 16 parts of the items, numbered as in the whole: joined in order, the outputs of "
         "all parts are that of the whole"},
    {.name = "items",
     .type = PE_KEY_STRING,
     JOB(items),
     .may_change = true,
     .unset = "all items",
     .help =
         "\"17\" or \"17,40-60\" (inclusive, ascending) runs only these items, to look at some that failed; results "
         "go to stdout as txt unless the command line has --output, and the job's own output and log are not "
         "touched"},
    {.name = "skip",
     .type = PE_KEY_INTEGER,
     JOB(skip),
     .most = INT64_MAX,
     .unset = "0",
     .help = "go on after this many items, of the job or of its part, that an interrupted run has done; the others are "
             "numbered as in the whole"},
};

const pe_key_table pe_keys_top = {.name = "", .keys = top_rows, .count = sizeof top_rows / sizeof *top_rows};
