/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* kept_columns.c - the columns of the input that a job keeps in front of its results.
 *
 * Design:   a choice is one field of a text, or one argument of any other input. In rows of text, neighbouring choices of
 *           one text become one column of bytes, which its reader puts together; so a whole record is one piece. In rows
 *           of numbers each field is a column of its own, of the type that its first records have. Every rank finds the
 *           same, from the job and from what it knows of the inputs.
 * Threads:  the main thread.
 * Not here: which columns there are, and their names (kept_candidates.c), reading fields (source/text/text_fields.c), their
 *           places in a row (sink/encode/encode.c).
 */
#include "run/output/kept/kept_columns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "run/output/kept/kept_candidates.h"
#include "sink/encode/encode_text.h"

static char point_of(int decimal)
{
    return decimal == 0 ? '.' : (char)decimal;
}

bool pe_kept_columns_is_binary(const pe_job *job)
{
    const pe_format format = job->output.format;
    const bool is_kept = job->output.keep.is_all || job->output.keep.count > 0;
    return is_kept && (format == PE_FORMAT_NPY || format == PE_FORMAT_HDF5 || format == PE_FORMAT_JSONL ||
                       format == PE_FORMAT_RAW || format == PE_FORMAT_DIGEST);
}

bool pe_kept_restyles(const pe_job *job, const pe_source_spec *input)
{
    const pe_format from = input->format, to = job->output.format;
    const bool is_kept = job->output.keep.is_all || job->output.keep.count > 0;
    const bool has_numbers = from == PE_FORMAT_CSV || from == PE_FORMAT_TSV || from == PE_FORMAT_JSONL;
    const bool is_text = to == PE_FORMAT_CSV || to == PE_FORMAT_TSV || to == PE_FORMAT_TXT;
    return is_kept && has_numbers && is_text &&
           (point_of(input->decimal) != point_of(job->output.decimal) || input->thousands != 0);
}

/* ---- what is chosen ---- */

/* May a field join the column of the choice before it? */
static bool joins(const pe_kept_columns *kept, const pe_kept_candidate *one, bool is_binary)
{
    return one->is_field && !is_binary && kept->count > 0 && kept->places[kept->count - 1].source == one->source;
}

/* Adds a choice; names[n] and numbers[n] belong to it. */
static pe_status add_choice(pe_kept_columns *kept, const pe_job *job, const pe_kept_candidate *one, size_t n,
                            bool is_binary, pe_error *err)
{
    kept->names[n] = one->name;
    kept->numbers[n] = one->number;
    if (joins(kept, one, is_binary)) {
        kept->columns[kept->count - 1].name_count++;
        return PE_OK;
    }
    if (kept->count == PE_MAX_COLUMNS)
        return pe_fail(
            err, PE_ECONFIG,
            "%s.keep: at most %d columns can stand in front of the results in %s: choose some, or write csv, which "
            "takes any number of a text's",
            job->output.where, PE_MAX_COLUMNS, pe_format_name(job->output.format));
    kept->columns[kept->count] =
        (pe_kept_column){.type = {.dtype = !one->is_field || !is_binary ? PE_TEXT : one->type, .width = 0},
                         .is_as_it_stands = one->is_field && !is_binary,
                         .names = &kept->names[n],
                         .name_count = 1};
    kept->places[kept->count++] = (pe_kept_place){
        .source = one->is_field ? one->source : -1, .number = one->is_field ? 0 : (int)one->number, .from = n};
    return PE_OK;
}

/* Is a choice a column of numbers of its own? Members that go from jsonl to jsonl are not: they are copied as they are. */
static bool is_apart(const pe_job *job, const pe_kept_candidate *one)
{
    const bool has_members = one->is_field && job->inputs[one->source].keeps_own;
    return pe_kept_columns_is_binary(job) && !has_members;
}

static pe_status choose(pe_kept_columns *kept, const pe_job *job, const pe_kept_candidates *all, pe_error *err)
{
    const pe_keep *const keep = &job->output.keep;
    const size_t count = keep->is_all ? all->count : (size_t)keep->count;
    pe_status status = pe_make_array(&kept->names, count + 1, sizeof *kept->names, err);
    if (status == PE_OK)
        status = pe_make_array(&kept->numbers, count + 1, sizeof *kept->numbers, err);
    for (size_t n = 0; n < count && status == PE_OK; n++) {
        const pe_kept_candidate *one = &all->list[n];
        if (!keep->is_all)
            status = pe_kept_candidates_find(job, all, &keep->columns[n], &one, err);
        if (status == PE_OK)
            status = add_choice(kept, job, one, n, is_apart(job, one), err);
    }
    return status;
}

/* ---- what the sources are asked for ---- */

/* Do input and output write a field alike? */
static bool shares_dialect(const pe_job *job, const pe_source_spec *input)
{
    const pe_sink_spec *const output = &job->output;
    const int comma = output->format == PE_FORMAT_TSV ? '\t' : ',';
    const int in[] = {input->delimiter == 0 ? comma : input->delimiter, input->quote == 0 ? '"' : input->quote};
    const int out[] = {output->delimiter == 0 ? comma : output->delimiter, output->quote == 0 ? '"' : output->quote};
    return input->format == output->format && !pe_kept_restyles(job, input) &&
           (input->format == PE_FORMAT_TXT || input->format == PE_FORMAT_JSONL || (in[0] == out[0] && in[1] == out[1]));
}

static char *print_quoted(char *out, const char *text, size_t size, const void *context)
{
    return pe_print_styled_field(out, text, size, context, false);
}

static char *print_plain(char *out, const char *text, size_t size, const void *context)
{
    (void)context;
    if (size > 0)
        memcpy(out, text, size);
    return out + size;
}

static pe_kept_fields describe(const pe_kept_columns *kept, const pe_job *job, const pe_inputs *inputs, int column)
{
    const pe_kept_place *const place = &kept->places[column];
    const uint64_t *const numbers = kept->numbers + place->from;
    const size_t count = kept->columns[column].name_count;
    /* a record may end in a comment */
    bool is_whole = count == pe_kept_count_fields(inputs, place->source) && job->inputs[place->source].comment == 0;
    is_whole = is_whole && (job->inputs[place->source].keeps_line || !job->inputs[place->source].keeps_own);
    for (size_t n = 0; n < count; n++)
        is_whole = is_whole && numbers[n] == n;
    return (pe_kept_fields){
        .type = kept->columns[column].type.dtype,
        .fields = numbers,
        .count = count,
        .is_whole = is_whole,
        .is_as_it_stands = shares_dialect(job, &job->inputs[place->source]),
        .print =
            job->output.format == PE_FORMAT_TXT || job->output.format == PE_FORMAT_JSONL ? print_plain : print_quoted,
        .print_context = &kept->style,
        .separator = kept->style.separator,
        .decimal = pe_kept_restyles(job, &job->inputs[place->source]) ? point_of(job->output.decimal) : (char)0};
}

/* Labels are bytes of the input file: an output of another dialect cannot use them. */
static void drop_labels(pe_kept_columns *kept, const pe_job *job, int column)
{
    const bool has_labels = shares_dialect(job, &job->inputs[kept->places[column].source]);
    for (size_t n = 0; n < kept->columns[column].name_count && !has_labels; n++)
        kept->names[kept->places[column].from + n].label.data = NULL;
}

static pe_status ask_sources(pe_kept_columns *kept, const pe_job *job, pe_inputs *inputs, pe_error *err)
{
    int asked = 0;
    pe_status status = pe_make_array(&kept->fields, (size_t)kept->count + 1, sizeof *kept->fields, err);
    for (int s = 0; s < pe_inputs_sources(inputs) && status == PE_OK; s++) {
        const int first = asked;
        for (int k = 0; k < kept->count; k++) {
            if (kept->places[k].source != s)
                continue;
            kept->places[k].number = asked - first;
            kept->fields[asked++] = describe(kept, job, inputs, k);
            drop_labels(kept, job, k);
        }
        if (asked > first)
            pe_inputs_keep(inputs, s, kept->fields + first, asked - first);
    }
    if (status == PE_OK && pe_inputs_columns(inputs) + asked > PE_MAX_COLUMNS)
        return pe_fail(err, PE_ECONFIG, "%s.keep: %d arguments and %d kept columns are too many: at most %d are read",
                       job->output.where, pe_inputs_columns(inputs), asked, PE_MAX_COLUMNS);
    return status;
}

static pe_status make_blanks(pe_kept_columns *kept, const pe_job *job, pe_error *err)
{
    size_t most = 0;
    for (int k = 0; k < kept->count; k++)
        most = kept->columns[k].name_count > most ? kept->columns[k].name_count : most;
    const pe_status status = pe_make_array(&kept->separators, most + 1, 1, err);
    if (status != PE_OK)
        return status;
    const bool is_json = job->output.format == PE_FORMAT_JSONL; /* members without separators */
    memset(kept->separators, kept->style.separator, most);
    for (int k = 0; k < kept->count; k++)
        kept->blanks[k] =
            (pe_text){.data = kept->separators,
                      .size = kept->places[k].source < 0 || is_json ? 0 : kept->columns[k].name_count - 1};
    return PE_OK;
}

pe_status pe_kept_columns_choose(pe_kept_columns *kept, const pe_job *job, pe_inputs *inputs, pe_error *err)
{
    pe_kept_candidates all = {.list = NULL};
    const pe_keep *const keep = &job->output.keep;
    if ((!keep->is_all && keep->count == 0) || job->op_count > 0 || job->output.format == PE_FORMAT_NULL)
        return PE_OK;
    kept->style = pe_text_style_of(&job->output, job->output.format);
    pe_status status = pe_kept_candidates_list(kept, job, inputs, &all, err);
    if (status == PE_OK)
        status = choose(kept, job, &all, err);
    if (status == PE_OK)
        status = ask_sources(kept, job, inputs, err);
    if (status == PE_OK)
        status = make_blanks(kept, job, err);
    free(all.list);
    return status;
}

/* Columns of numbers that the kernel takes as one vector are kept as that. */
static pe_status bind_vector(pe_kept_columns *kept, const pe_job *job, const pe_signature *signature, pe_error *err)
{
    if (!job->output.keep.is_all || signature->arg_count != 1)
        return pe_fail(err, PE_ECONFIG,
                       "%s.keep: the columns become vectors, so that none of them can be kept alone; expected \"all\"",
                       job->output.where);
    kept->count = 1;
    kept->columns[0].type = signature->args[0];
    kept->places[0].number = 0;
    return PE_OK;
}

pe_status pe_kept_columns_bind(pe_kept_columns *kept, const pe_job *job, const pe_signature *signature, pe_error *err)
{
    for (int k = 0; k < kept->count; k++) {
        const pe_kept_place *const place = &kept->places[k];
        if (place->source < 0 && kept->argument_count != signature->arg_count)
            return bind_vector(kept, job, signature, err);
        if (place->source < 0)
            kept->columns[k].type = signature->args[place->number];
    }
    return PE_OK;
}

void pe_kept_columns_fini(pe_kept_columns *kept)
{
    for (size_t n = 0; n < kept->name_count; n++)
        free(kept->made[n]);
    free(kept->made);
    free(kept->separators);
    free(kept->names);
    free(kept->numbers);
    free(kept->fields);
    *kept = (pe_kept_columns){.count = 0};
}

int pe_kept_columns_column_of(const pe_kept_columns *kept, const pe_inputs *inputs, int column)
{
    const pe_kept_place *const place = &kept->places[column];
    return place->source < 0 ? place->number : pe_inputs_kept_column(inputs, place->source) + place->number;
}
