/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* progress.c - the progress line and the summary: what a person sees of a run.
 *
 * Design:   the rate is a moving mean over the last draws, so that the time left follows a change of cost; on a
 *           terminal the line is redrawn in place, in a log it is a line now and then.
 * Not here: where the line goes (base/log.c).
 */
#include "report/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fixed_point.h"
#include "os/log.h"

#define TERMINAL_EVERY_NS 100000000u
#define LOG_EVERY_NS 30000000000u
#define ALWAYS_EVERY_NS 1000000000u
#define FIRST_NS 500000000u /* a short run shows no bar at all */
#define BAR_WIDTH 24

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

void pe_progress_begin(pe_progress *progress, const char *name, uint64_t items, pe_progress_mode mode, bool is_quiet)
{
    const uint64_t now = pe_clock_ns();
    const bool is_terminal = isatty(STDERR_FILENO) == 1;
    *progress = (pe_progress){.name = name,
                              .items = items,
                              .is_shown = !is_quiet && mode != PE_PROGRESS_NEVER,
                              .is_terminal = is_terminal,
                              .began_ns = now,
                              .shown_ns = now};
    progress->every_ns = is_terminal ? TERMINAL_EVERY_NS : mode == PE_PROGRESS_ALWAYS ? ALWAYS_EVERY_NS : LOG_EVERY_NS;
}

/* The time left, in whole seconds: a guess that flickers less. */
static const char *print_left(char out[32], double value)
{
    if (value >= 60)
        return pe_print_seconds(out, value);
    (void)snprintf(out, 32, "%.0f s", value);
    return out;
}

static void draw_bar(char bar[BAR_WIDTH + 1], double share)
{
    const int full = (int)(share * BAR_WIDTH);
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < full ? '#' : '-';
    bar[BAR_WIDTH] = '\0';
}

static void draw(pe_progress *progress, uint64_t items, uint64_t now)
{
    char done[32], all[32], rate[32], left[32], bar[BAR_WIDTH + 1], text[256];
    const double recent = (double)(items - progress->shown_items) / seconds(now - progress->shown_ns);
    progress->rate = progress->shown_items == 0 ? recent : progress->rate * 0.7 + recent * 0.3;
    progress->shown_ns = now;
    progress->shown_items = items;
    pe_print_count(done, items);
    pe_print_rate(rate, progress->rate);
    if (progress->items == UINT64_MAX) {
        (void)snprintf(text, sizeof text, "%s: %s items  %s items/s", progress->name, done, rate);
    } else {
        const double share = progress->items == 0 ? 1 : (double)items / (double)progress->items;
        draw_bar(bar, share);
        pe_print_count(all, progress->items);
        (void)snprintf(text, sizeof text, "%s: [%s] %3.0f %%  %s/%s items  %s items/s  ETA %s", progress->name, bar,
                       share * 100, done, all, rate,
                       progress->rate > 0 ? print_left(left, (double)(progress->items - items) / progress->rate) : "?");
    }
    pe_log_progress(text, progress->is_terminal);
}

void pe_progress_tick(pe_progress *progress, uint64_t items)
{
    if (!progress->is_shown)
        return;
    const uint64_t now = pe_clock_ns();
    const uint64_t first = progress->is_terminal ? FIRST_NS : progress->every_ns;
    if (now - progress->shown_ns >= progress->every_ns && now - progress->began_ns >= first)
        draw(progress, items, now);
}

void pe_progress_end(pe_progress *progress)
{
    if (progress->is_shown && progress->is_terminal)
        pe_log_progress(NULL, 1);
}
