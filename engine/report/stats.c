/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* stats.c - what became of a run as one JSON object: --stats, and the last line of --progress json.
 *
 * Threads:  no state.
 * Not here: its schema for users (docs/report.md).
 */
#include "report/stats.h"

#include <time.h>

static double seconds(uint64_t ns)
{
    return (double)ns * 1e-9;
}

static void put_time(pe_json *json, const char *key, uint64_t unix_seconds)
{
    char text[40] = "";
    const time_t when = (time_t)unix_seconds;
    struct tm parts;
    if (gmtime_r(&when, &parts) != NULL)
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    pe_json_text(json, key, text);
}

static void put_outcome(const pe_run_facts *facts, pe_json *json)
{
    const uint64_t rate_items = facts->done;
    pe_json_text(json, "pengine", PENGINE_VERSION);
    pe_json_text(json, "job", facts->job_path);
    pe_json_text(json, "name", facts->job == NULL ? NULL : facts->job->name);
    pe_json_text(json, "mode", facts->job == NULL ? NULL : facts->job->mode);
    pe_json_text(json, "kernel", facts->kernel[0] == '\0' ? NULL : facts->kernel);
    pe_json_text(json, "signature", facts->signature[0] == '\0' ? NULL : facts->signature);
    pe_json_text(json, "outcome", pe_run_facts_outcome(facts));
    pe_json_count(json, "exit_code", (uint64_t)pe_status_exit(facts->status));
    pe_json_text(json, "message", facts->message[0] == '\0' ? NULL : facts->message);
    put_time(json, "started", facts->started_s);
    pe_json_number(json, "seconds", seconds(facts->wall_ns), 6);
    pe_json_count(json, "items", pe_run_facts_items(facts));
    pe_json_count(json, "done", pe_run_facts_done(facts));
    pe_json_count(json, "before", facts->before);
    pe_json_count(json, "failed", facts->failed);
    pe_json_count(json, "skipped", facts->skipped);
    pe_json_number(json, "items_per_second", facts->wall_ns > 0 ? (double)rate_items / seconds(facts->wall_ns) : 0, 3);
}

static void put_reason(pe_json *json, const char *reason, uint64_t count, uint64_t item)
{
    pe_json_open(json, NULL, '{');
    pe_json_text(json, "reason", reason);
    pe_json_count(json, "count", count);
    pe_json_count(json, "item", item);
    pe_json_close(json, '}');
}

static void put_reasons(const pe_run_facts *facts, pe_json *json)
{
    const pe_failure_log *const failures = &facts->failures;
    pe_json_open(json, "reasons", '[');
    for (int k = 0; k < failures->kind_count; k++)
        put_reason(json, failures->kinds[k].name, failures->kinds[k].count, failures->kinds[k].first_item);
    pe_json_close(json, ']');
}

static void put_phases(pe_json *json, const char *key, const uint64_t ns[PE_PHASES])
{
    pe_json_open(json, key, '{');
    for (int phase = 0; phase < PE_PHASES; phase++)
        pe_json_number(json, pe_phase_name((pe_phase)phase), seconds(ns[phase]), 6);
    pe_json_close(json, '}');
}

static void put_rank(const pe_run_facts *facts, int number, pe_json *json)
{
    const pe_rank_profile *const rank = &facts->collected.ranks[number];
    const double all = seconds(rank->wall_ns) * rank->threads;
    pe_json_open(json, NULL, '{');
    pe_json_count(json, "rank", (uint64_t)number);
    pe_json_text(json, "host", rank->host);
    pe_json_count(json, "threads", (uint64_t)rank->threads);
    pe_json_count(json, "items", rank->items);
    pe_json_count(json, "chunks", rank->chunks);
    pe_json_count(json, "chunk_items", rank->chunk_items);
    pe_json_number(json, "seconds", seconds(rank->wall_ns), 6);
    pe_json_count(json, "checkpoints", rank->checkpoints);
    pe_json_number(json, "checkpoint_seconds", seconds(rank->checkpoint_ns), 6);
    pe_json_number(json, "busy", all > 0 ? seconds(rank->worker_ns[PE_PHASE_COMPUTE]) / all : 0, 4);
    pe_json_count(json, "memory_bytes", rank->peak_bytes);
    pe_json_count(json, "planned_bytes", facts->plan.peak_bytes);
    put_phases(json, "worker_seconds", rank->worker_ns);
    put_phases(json, "main_seconds", rank->main_ns);
    pe_json_close(json, '}');
}

static void put_earlier(const pe_run_facts *facts, pe_json *json)
{
    if (facts->earlier_runs == 0) {
        pe_json_null(json, "earlier");
        return;
    }
    pe_json_open(json, "earlier", '{');
    pe_json_count(json, "runs", facts->earlier_runs);
    pe_json_count(json, "items", facts->before);
    pe_json_number(json, "seconds", seconds(facts->earlier_ns), 6);
    pe_json_count(json, "recorded_items", facts->earlier == NULL ? 0 : facts->earlier->items);
    if (facts->earlier != NULL)
        put_phases(json, "worker_seconds", facts->earlier->worker_ns);
    pe_json_close(json, '}');
}

static void put_plan(const pe_run_facts *facts, pe_json *json)
{
    const pe_plan *const plan = &facts->plan;
    if (!facts->has_plan) {
        pe_json_null(json, "plan");
        return;
    }
    pe_json_open(json, "plan", '{');
    pe_json_count(json, "ranks", (uint64_t)plan->ranks);
    pe_json_count(json, "threads", (uint64_t)facts->all_threads);
    pe_json_text(json, "schedule", pe_schedule_name(plan->schedule));
    pe_json_count(json, "chunk_items", plan->is_fixed ? plan->grain_items : plan->chunk_items);
    pe_json_text(json, "chunk_reason", plan->why);
    pe_json_count(json, "slice_items", plan->slice_items);
    pe_json_count(json, "buffer_bytes", plan->buffer_bytes);
    pe_json_count(json, "memory_bytes", plan->peak_bytes);
    pe_json_close(json, '}');
}

static void put_slowest(const pe_costs *costs, pe_json *json)
{
    pe_json_open(json, "slowest", '[');
    for (int i = 0; costs != NULL && i < costs->slow_count; i++) {
        const pe_slow_item *const slow = &costs->slowest[i];
        pe_json_open(json, NULL, '{');
        pe_json_count(json, "item", slow->item);
        pe_json_count(json, "items", slow->count);
        pe_json_number(json, "ns_each", slow->each_ns, 3);
        pe_json_text(json, "call", slow->text[0] == '\0' ? NULL : slow->text);
        pe_json_close(json, '}');
    }
    pe_json_close(json, ']');
}

static void put_costs(const pe_costs *costs, pe_json *json)
{
    pe_json_open(json, "costs", '[');
    for (int b = 0; costs != NULL && b < PE_COST_BUCKETS; b++) {
        if (costs->items[b] == 0)
            continue;
        pe_json_open(json, NULL, '{');
        pe_json_number(json, "from_ns", pe_cost_bucket_ns(b), 3);
        pe_json_number(json, "to_ns", pe_cost_bucket_ns(b + 1), 3);
        pe_json_count(json, "items", costs->items[b]);
        pe_json_number(json, "seconds", costs->ns[b] * 1e-9, 6);
        pe_json_close(json, '}');
    }
    pe_json_close(json, ']');
}

void pe_stats_write(const pe_run_facts *facts, pe_json *json)
{
    pe_json_open(json, NULL, '{');
    put_outcome(facts, json);
    put_reasons(facts, json);
    put_plan(facts, json);
    put_earlier(facts, json);
    pe_json_open(json, "ranks", '[');
    for (int rank = 0; facts->has_profile && rank < facts->collected.rank_count; rank++)
        put_rank(facts, rank, json);
    pe_json_close(json, ']');
    put_costs(facts->has_profile ? facts->collected.costs : NULL, json);
    put_slowest(facts->has_profile ? facts->collected.costs : NULL, json);
    pe_json_close(json, '}');
}
