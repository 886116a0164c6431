/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* trace.c - what each thread did when, as Trace Event Format for Perfetto: --trace.
 *
 * Design:  an event is a line, and lines are written as they are made, so that memory does not grow with the number of
 *          events. Of metadata Perfetto reads process_name, thread_name and their sort indices.
 * Threads: the main thread of rank 0.
 */
#include "report/trace.h"

#include <string.h>

#include "base/json_out.h"
#include "report/gzip_file.h"
#include "types/number.h"

#define FLUSH_BYTES ((size_t)64 << 10)
#define EVENT_ROOM 512 /* seven numbers of at most 24 bytes, names of phases, and keys */

typedef struct writing {
    pe_json json;
    pe_gzip_file file;
    pe_error *err;
} writing;

/* A line of the array begins. */
static void begin_metadata(writing *self, int rank, int thread)
{
    pe_json_open(&self->json, NULL, '{');
    pe_json_text(&self->json, "ph", "M");
    pe_json_count(&self->json, "pid", (uint64_t)rank);
    pe_json_count(&self->json, "tid", (uint64_t)thread);
}

static void end_event(writing *self)
{
    pe_json_close(&self->json, '}');
    if (self->json.text.size < FLUSH_BYTES || self->err->status != PE_OK)
        return;
    (void)pe_gzip_file_write(&self->file, self->json.text.data, self->json.text.size, self->err);
    self->json.text.size = 0;
}

static void write_name(writing *self, const char *what, int rank, int thread, const char *name)
{
    begin_metadata(self, rank, thread);
    pe_json_text(&self->json, "name", what);
    pe_json_open(&self->json, "args", '{');
    pe_json_text(&self->json, "name", name);
    pe_json_close(&self->json, '}');
    end_event(self);
}

static void write_order(writing *self, const char *what, int rank, int thread, int index)
{
    begin_metadata(self, rank, thread);
    pe_json_text(&self->json, "name", what);
    pe_json_open(&self->json, "args", '{');
    pe_json_count(&self->json, "sort_index", (uint64_t)index);
    pe_json_close(&self->json, '}');
    end_event(self);
}

static void write_rank_names(writing *self, const pe_run_facts *facts, int rank)
{
    char name[PE_HOST_ROOM + 40];
    const pe_rank_profile *const own = &facts->collected.ranks[rank];
    (void)snprintf(name, sizeof name, "rank %d on %s", rank, own->host);
    write_name(self, "process_name", rank, 0, name);
    write_order(self, "process_sort_index", rank, 0, rank);
    for (int thread = 0; thread <= own->threads; thread++) {
        (void)snprintf(name, sizeof name, thread == 0 ? "main" : "worker %d", thread - 1);
        write_name(self, "thread_name", rank, thread, name);
        write_order(self, "thread_sort_index", rank, thread, thread);
    }
}

/* In thousandths, as a decimal number. */
static char *print_thousandths(char *out, uint64_t value)
{
    const unsigned rest = (unsigned)(value % 1000);
    out = pe_print_uint64(out, value / 1000);
    *out++ = '.';
    *out++ = (char)('0' + rest / 100);
    *out++ = (char)('0' + rest / 10 % 10);
    *out++ = (char)('0' + rest % 10);
    return out;
}

/* In one piece and without printf, since there may be 200,000 of them, up to 10,000 per second of the run. */
static void write_event(writing *self, const pe_thread_events *thread, const pe_event *event)
{
    char line[EVENT_ROOM], *at = line;
    const uint64_t ns = event->end_ns - event->begin_ns;
    at = pe_print_int64(stpcpy(at, "\"ph\": \"X\", \"pid\": "), thread->rank);
    at = pe_print_int64(stpcpy(at, ", \"tid\": "), thread->worker + 1);
    at = stpcpy(stpcpy(at, ", \"name\": \""), pe_phase_title((pe_phase)event->phase));
    at = stpcpy(stpcpy(at, "\", \"cat\": \""), pe_phase_name((pe_phase)event->phase));
    at = print_thousandths(stpcpy(at, "\", \"ts\": "), event->begin_ns); /* us */
    at = print_thousandths(stpcpy(at, ", \"dur\": "), ns);
    at = pe_print_uint64(stpcpy(at, ", \"args\": {\"items\": "), event->items);
    at = pe_print_uint64(stpcpy(at, ", \"merged\": "), event->parts);
    at = print_thousandths(stpcpy(at, ", \"share\": "), (uint64_t)((double)event->own_ns / (double)ns * 1000 + 0.5));
    (void)stpcpy(at, "}");
    pe_json_open(&self->json, NULL, '{');
    pe_json_put(&self->json, line);
    end_event(self);
}

static void write_events(writing *self, const pe_run_facts *facts)
{
    const pe_collected *const collected = &facts->collected;
    for (int rank = 0; facts->has_profile && rank < collected->rank_count; rank++)
        write_rank_names(self, facts, rank);
    for (size_t t = 0; facts->has_profile && t < collected->thread_count; t++)
        for (size_t i = 0; i < collected->threads[t].count && self->err->status == PE_OK; i++)
            if (collected->threads[t].list[i].end_ns > collected->threads[t].list[i].begin_ns)
                write_event(self, &collected->threads[t], &collected->threads[t].list[i]);
}

static void write_whole(writing *self, const pe_run_facts *facts)
{
    pe_json *const json = &self->json;
    pe_json_open(json, NULL, '{');
    pe_json_text(json, "displayTimeUnit", "ms");
    pe_json_open(json, "otherData", '{');
    pe_json_text(json, "pengine", PENGINE_VERSION);
    pe_json_text(json, "job", facts->job_path);
    pe_json_text(json, "outcome", pe_run_facts_outcome(facts));
    pe_json_close(json, '}');
    pe_json_open(json, "traceEvents", '[');
    write_events(self, facts);
    pe_json_close(json, ']');
    pe_json_close(json, '}');
    pe_json_put(json, "\n");
    if (self->err->status == PE_OK)
        (void)pe_gzip_file_write(&self->file, json->text.data, json->text.size, self->err);
}

pe_status pe_trace_write(const pe_run_facts *facts, const char *path, pe_error *err)
{
    writing self = {.json = {.err = err, .is_spread = true}, .err = err};
    if (pe_gzip_file_begin(&self.file, path, err) != PE_OK)
        return err->status;
    write_whole(&self, facts);
    (void)pe_gzip_file_end(&self.file, err);
    pe_buffer_fini(&self.json.text);
    return err->status;
}
