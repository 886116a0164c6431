/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* progress.c - the line of progress, for people and for programs; numbers as people read them.
 *
 * Design:   the rate is a moving mean over the last draws; the time left comes from the whole run (eta.h). On a terminal the
 *           line is redrawn in place, in a log it is a line now and then.
 * Not here: where the line goes (os/log.c), the JSON object at the end of a run (stats.c).
 */
#include "report/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fixed_point.h"
#include "base/json_out.h"
#include "os/log.h"

#define TERMINAL_EVERY_NS 100000000u
#define LOG_EVERY_NS 30000000000u
#define ALWAYS_EVERY_NS 1000000000u
#define FIRST_NS 500000000u /* a short run shows no bar at all */
#define BAR_WIDTH 24
#define BAR_LEAST 8
#define NAME_MOST 40 /* bytes; of a job of one line it is the whole expression */
#define FIGURES_ROOM 192
#define TEXT_ROOM 320

static double seconds(uint64_t ns)
{
    return (double)ns * 1e-9;
}

const char *pe_print_count(char out[32], uint64_t count)
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    int at = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

const char *pe_print_rate(char out[32], double rate)
{
    static const struct {
        double unit;
        const char *name;
    } scale[] = {{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}, {1, ""}};
    size_t i = 0;
    while (i < 4 && rate < scale[i].unit * 0.9995)
        i++;
    char digits[PE_FIXED_ROOM];
    (void)snprintf(out, 32, "%.24s%s", pe_print_three_digits(digits, rate / scale[i].unit), scale[i].name);
    return out;
}

const char *pe_print_bytes(char out[32], uint64_t bytes)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t i = 0;
    for (; i < 6 && value >= 1024; i++)
        value /= 1024;
    char digits[PE_FIXED_ROOM];
    (void)snprintf(out, 32, "%.24s %s", pe_print_fixed(digits, value, i == 0 ? 0 : 1), names[i]);
    return out;
}

const char *pe_print_seconds(char out[32], double value)
{
    const unsigned long long whole = value < 1e18 ? (unsigned long long)value : 0;
    char digits[PE_FIXED_ROOM];
    if (value < 60)
        (void)snprintf(out, 32, "%.24s s", pe_print_fixed(digits, value, value < 10 ? 3 : 1));
    else if (value < 3600)
        (void)snprintf(out, 32, "%llu min %02llu s", whole / 60, whole % 60);
    else if (value < 86400)
        (void)snprintf(out, 32, "%llu h %02llu min", whole / 3600, whole / 60 % 60);
    else
        (void)snprintf(out, 32, "%llu d %llu h", whole / 86400 % 1000000, whole / 3600 % 24);
    return out;
}

void pe_progress_begin(pe_progress *progress, const char *name, uint64_t items, uint64_t before, pe_progress_mode mode,
                       bool is_quiet)
{
    const uint64_t now = pe_clock_ns();
    const bool is_json = mode == PE_PROGRESS_JSON, is_terminal = !is_json && isatty(STDERR_FILENO) == 1;
    *progress = (pe_progress){.name = name,
                              .items = items,
                              .before = before,
                              .is_shown = is_json || (!is_quiet && mode != PE_PROGRESS_NEVER),
                              .is_terminal = is_terminal,
                              .is_json = is_json,
                              .began_ns = now,
                              .shown_ns = now};
    const bool is_often = is_json || mode == PE_PROGRESS_ALWAYS;
    progress->every_ns = is_terminal ? TERMINAL_EVERY_NS : is_often ? ALWAYS_EVERY_NS : LOG_EVERY_NS;
}

/* The time left, in whole seconds: a guess that flickers less. */
static const char *print_left(char out[32], double value)
{
    if (value >= 60)
        return pe_print_seconds(out, value);
    (void)snprintf(out, 32, "%.0f s", value);
    return out;
}

static void append_bar(char *text, int width, double share)
{
    const int full = (int)(share * width);
    char *at = text + strlen(text);
    *at++ = '[';
    for (int i = 0; i < width; i++)
        *at++ = i < full ? '#' : '-';
    memcpy(at, "] ", sizeof "] ");
}

/* The name and the bar (of a share below 0 none) in front of the figures, as far as there is room for them. */
static void compose(char text[TEXT_ROOM], const char *name, double share, const char *figures, size_t columns)
{
    const bool is_long = strlen(name) > NAME_MOST;
    size_t name_size = is_long ? NAME_MOST : strlen(name);
    while (is_long && name_size > 0 && ((unsigned char)name[name_size] & 0xC0) == 0x80) /* not within a character */
        name_size--;
    const char *const dots = is_long ? "..." : "";
    const size_t named = strlen(figures) + name_size + strlen(dots) + strlen(": "), frame = strlen("[] ");
    text[0] = '\0';
    if (named <= columns)
        (void)snprintf(text, TEXT_ROOM, "%.*s%s: ", (int)name_size, name, dots);
    if (share >= 0 && named + frame + BAR_LEAST <= columns) {
        const size_t room = columns - named - frame;
        append_bar(text, room < BAR_WIDTH ? (int)room : BAR_WIDTH, share);
    }
    (void)snprintf(text + strlen(text), TEXT_ROOM - strlen(text), "%s", figures);
}

static void draw(const pe_progress *progress, uint64_t items, double left_s)
{
    char done[32], all[32], rate[32], left[32], figures[FIGURES_ROOM], text[TEXT_ROOM];
    const size_t columns = progress->is_terminal ? pe_log_columns() : TEXT_ROOM;
    pe_print_count(done, progress->before + items);
    pe_print_rate(rate, progress->rate);
    if (progress->items == UINT64_MAX) {
        (void)snprintf(figures, sizeof figures, "%s items  %s items/s", done, rate);
        compose(text, progress->name, -1, figures, columns);
    } else {
        const uint64_t whole = progress->before + progress->items;
        const double share = whole == 0 ? 1 : (double)(progress->before + items) / (double)whole;
        const char *const eta = left_s >= 0 ? print_left(left, left_s) : "?";
        pe_print_count(all, whole);
        (void)snprintf(figures, sizeof figures, "%3.0f %%  %s/%s items  %s items/s  ETA %s", share * 100, done, all,
                       rate, eta);
        if (strlen(figures) > columns)
            (void)snprintf(figures, sizeof figures, "%3.0f %%  ETA %s", share * 100, eta);
        compose(text, progress->name, share, figures, columns);
    }
    pe_log_progress(text, progress->is_terminal);
}

/* The fields that a run's last object has too. */
static void write_json(const pe_progress *progress, const pe_progress_counts *counts, uint64_t now, double left_s)
{
    pe_error ignored = PE_ERROR_INIT; /* without memory a line is left out */
    pe_json json = {.err = &ignored};
    const bool is_known = progress->items != UINT64_MAX;
    pe_json_open(&json, NULL, '{');
    pe_json_text(&json, "name", progress->name);
    pe_json_null(&json, "exit_code");
    pe_json_number(&json, "seconds", seconds(now - progress->began_ns), 3);
    pe_json_count(&json, "items", is_known ? progress->before + progress->items : UINT64_MAX);
    pe_json_count(&json, "done", progress->before + counts->items);
    pe_json_count(&json, "before", progress->before);
    pe_json_count(&json, "failed", counts->failed);
    pe_json_count(&json, "skipped", counts->skipped);
    pe_json_number(&json, "items_per_second", progress->rate, 3);
    if (is_known && left_s >= 0)
        pe_json_number(&json, "seconds_left", left_s, 1);
    else
        pe_json_null(&json, "seconds_left");
    pe_json_open(&json, "ranks", '['); /* empty until the end, as the reasons are */
    pe_json_close(&json, ']');
    pe_json_open(&json, "reasons", '[');
    pe_json_close(&json, ']');
    pe_json_close(&json, '}');
    if (ignored.status == PE_OK)
        pe_log_line(json.text.data, json.text.size);
    pe_buffer_fini(&json.text);
}

static void show(pe_progress *progress, const pe_progress_counts *counts, uint64_t now)
{
    const double recent = (double)(counts->items - progress->shown_items) / seconds(now - progress->shown_ns);
    const double left_ns = progress->items == UINT64_MAX ? -1 : pe_eta_left_ns(&progress->eta, progress->items);
    progress->rate = progress->shown_items == 0 ? recent : progress->rate * 0.7 + recent * 0.3;
    progress->shown_ns = now;
    progress->shown_items = counts->items;
    if (progress->is_json)
        write_json(progress, counts, now, left_ns * 1e-9);
    else
        draw(progress, counts->items, left_ns * 1e-9);
}

void pe_progress_tick(pe_progress *progress, const pe_progress_counts *counts)
{
    if (!progress->is_shown)
        return;
    const uint64_t now = pe_clock_ns();
    const uint64_t first = progress->is_terminal ? FIRST_NS : progress->every_ns;
    pe_eta_add(&progress->eta, counts->items, now - progress->began_ns);
    if (now - progress->shown_ns >= progress->every_ns && now - progress->began_ns >= first)
        show(progress, counts, now);
}

void pe_progress_end(pe_progress *progress)
{
    if (progress->is_shown && progress->is_terminal)
        pe_log_progress(NULL, 1);
}
