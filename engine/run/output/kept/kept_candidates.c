/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* kept_candidates.c - lists the columns that can be kept, with their names, and finds the one that a job chooses.
 *
 * Design:   a candidate is a field of a text, or an argument of any other input. All have a name, of which several may be the
 *           same; a choice by such a name is refused.
 * Threads:  the main thread.
 */
#include "run/output/kept/kept_candidates.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/suggest.h"

#define NAMES_ROOM 400 /* of a list of names in a message */
#define MADE_ROOM 24

uint64_t pe_kept_count_fields(const pe_inputs *inputs, int source)
{
    pe_source_field field;
    uint64_t count = 0;
    while (pe_inputs_field_at(inputs, source, count, &field))
        count++;
    return count;
}

/* The argument that a field of a text is, counted from the source's first; -1: none. */
static int argument_of(const pe_source_spec *spec, int columns, uint64_t fields, uint64_t number)
{
    if (spec->format == PE_FORMAT_JSONL)
        return -1; /* its fields are those that are kept */
    for (int c = 0; c < spec->column_count && spec->columns != NULL; c++)
        if (spec->columns[c].name == NULL && spec->columns[c].number == number)
            return c;
    return spec->columns == NULL && (uint64_t)columns == fields ? (int)number : -1;
}

/* A field's name: by the job, else by the header, else as the argument is called, else by its number. */
static pe_status name_field(pe_kept_columns *kept, const pe_argument_names *arguments, const pe_source_spec *spec,
                            int argument, const pe_source_field *field, pe_kept_candidate *out, pe_error *err)
{
    out->name = (pe_kept_name){.name = field->name, .label = field->label};
    if (field->name == NULL)
        out->name.label.data = NULL;
    if (argument >= 0 && (field->name == NULL || spec->name_count > 0))
        out->name = (pe_kept_name){.name = arguments->names[argument]};
    if (out->name.name != NULL)
        return PE_OK;
    char text[MADE_ROOM];
    (void)snprintf(text, sizeof text, "c%" PRIu64, out->number);
    const pe_status status = pe_copy_string(&kept->made[kept->name_count], text, err);
    out->name.name = kept->made[kept->name_count];
    kept->name_count += status == PE_OK;
    return status;
}

static pe_status add_source(pe_kept_columns *kept, const pe_job *job, const pe_inputs *inputs, int source,
                            int first_argument, pe_kept_candidates *all, pe_error *err)
{
    const uint64_t fields = pe_kept_count_fields(inputs, source);
    const int columns = pe_inputs_info(inputs, source)->columns;
    pe_status status = PE_OK;
    for (int c = 0; c < columns && fields == 0; c++)
        all->list[all->count++] = (pe_kept_candidate){.source = source,
                                                      .number = (uint64_t)(first_argument + c),
                                                      .name = {.name = kept->arguments.names[first_argument + c]}};
    for (uint64_t f = 0; f < fields && status == PE_OK; f++) {
        pe_kept_candidate *const one = &all->list[all->count++];
        const int argument = argument_of(&job->inputs[source], columns, fields, f);
        pe_source_field field = {.name = NULL};
        (void)pe_inputs_field_at(inputs, source, f, &field);
        *one = (pe_kept_candidate){.source = source, .is_field = true, .number = f, .type = field.type};
        status = name_field(kept, &kept->arguments, &job->inputs[source], argument < 0 ? -1 : first_argument + argument,
                            &field, one, err);
    }
    return status;
}

pe_status pe_kept_candidates_list(pe_kept_columns *kept, const pe_job *job, const pe_inputs *inputs,
                                  pe_kept_candidates *out, pe_error *err)
{
    const int arguments = pe_inputs_columns(inputs);
    kept->argument_count = arguments;
    size_t most = (size_t)arguments + 1;
    for (int s = 0; s < pe_inputs_sources(inputs); s++)
        most += pe_kept_count_fields(inputs, s);
    pe_argument_names_of_inputs(job, inputs, arguments, &kept->arguments);
    pe_status status = pe_make_array(&out->list, most, sizeof *out->list, err);
    if (status == PE_OK)
        status = pe_make_array(&kept->made, most, sizeof *kept->made, err);
    int first = 0;
    for (int s = 0; s < pe_inputs_sources(inputs) && status == PE_OK; s++) {
        status = add_source(kept, job, inputs, s, first, out, err);
        first += pe_inputs_info(inputs, s)->columns;
    }
    return status;
}

static pe_status refuse_name(const pe_job *job, const pe_kept_candidates *all, const char *name, pe_error *err)
{
    char list[NAMES_ROOM];
    size_t used = 0;
    const char **names = NULL;
    if (pe_make_array(&names, all->count + 1, sizeof *names, err) != PE_OK)
        return err->status;
    list[0] = '\0';
    for (size_t i = 0; i < all->count; i++) {
        names[i] = all->list[i].name.name;
        if (used < NAMES_ROOM - 60)
            used += (size_t)snprintf(list + used, 50, "%s\"%.40s\"", i == 0 ? "" : ", ", names[i]);
    }
    const char *const near = pe_suggest(name, names, all->count);
    const pe_status status =
        pe_fail(err, PE_ECONFIG, "%s.keep: the input has no column \"%s\"%s%s%s has %s%s", job->output.where, name,
                near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near, near == NULL ? ": it" : "\"? It",
                list, used >= NAMES_ROOM - 60 ? ", ..." : "");
    free(names);
    return status;
}

static pe_status find_name(const pe_job *job, const pe_kept_candidates *all, const char *name,
                           const pe_kept_candidate **out, pe_error *err)
{
    size_t found = 0;
    for (size_t i = all->count; i-- > 0;)
        if (strcmp(all->list[i].name.name, name) == 0) {
            *out = &all->list[i];
            found++;
        }
    if (found == 0)
        return refuse_name(job, all, name, err);
    if (found > 1)
        return pe_fail(err, PE_ECONFIG, "%s.keep: the input has %zu columns named \"%s\": choose by number (from 0)",
                       job->output.where, found, name);
    return PE_OK;
}

pe_status pe_kept_candidates_find(const pe_job *job, const pe_kept_candidates *all, const pe_column_choice *choice,
                                  const pe_kept_candidate **out, pe_error *err)
{
    if (choice->name != NULL)
        return find_name(job, all, choice->name, out, err);
    if (choice->number >= all->count)
        return pe_fail(err, PE_ECONFIG, "%s.keep: there is no column %" PRIu64 ": the input has %zu (from 0)",
                       job->output.where, choice->number, all->count);
    *out = &all->list[choice->number];
    return PE_OK;
}
