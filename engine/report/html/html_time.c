/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* html_time.c - the plots over time: throughput, busy share, ranks x time, what each worker did.
 *
 * Design:  all plots have the same x axis: the run from its begin to its end. A plot is a drawing of 1000 x 100 units that is
 *          stretched to the page; labels are HTML, so that they keep their size on a narrow screen.
 * Threads: no state.
 */
#include <string.h>

#include "base/fixed_point.h"
#include "report/html/html_sections.h"
#include "report/progress.h"

#define WIDTH 1000
#define HEIGHT 100
#define LEVELS 9      /* of the heat map */
#define LANES_MOST 16 /* of workers that are drawn one by one */
#define LANE_COLUMNS 500

/* The bins of all ranks that lie within the run. */
typedef struct series {
    pe_time_bins bins;
    int count;
    double wall_ns, each_ns;
    int threads;
} series;

static double wall_of(const pe_run_facts *facts)
{
    uint64_t wall = 1;
    for (int rank = 0; rank < facts->collected.rank_count; rank++)
        if (facts->collected.ranks[rank].wall_ns > wall)
            wall = facts->collected.ranks[rank].wall_ns;
    return (double)wall;
}

static void sum(const pe_run_facts *facts, pe_html_group group, uint32_t shift, series *out)
{
    *out = (series){.wall_ns = wall_of(facts)};
    pe_time_bins_init(&out->bins);
    for (int rank = group.first; rank < group.first + group.count; rank++) {
        pe_time_bins_merge(&out->bins, &facts->collected.ranks[rank].bins);
        out->threads += facts->collected.ranks[rank].threads;
    }
    pe_time_bins_widen(&out->bins, shift);
    out->each_ns = (double)((uint64_t)1 << out->bins.shift);
    out->count = (int)(out->wall_ns / out->each_ns) + 1;
    if (out->count > PE_TIME_BINS)
        out->count = PE_TIME_BINS;
}

/* The last bin may be cut by the end of the run. */
static double width_ns(const series *all, int bin)
{
    const double left = all->wall_ns - bin * all->each_ns;
    return left < all->each_ns ? left : all->each_ns;
}

static double rate_at(const series *all, int bin)
{
    const double width = width_ns(all, bin);
    return width > 0.02 * all->each_ns ? (double)all->bins.items[bin] / (width * 1e-9) : 0;
}

static double busy_at(const series *all, int bin)
{
    const double room = width_ns(all, bin) * all->threads;
    const double share = room > 0 ? (double)all->bins.ns[bin][PE_PHASE_COMPUTE] / room : 0;
    return share > 1 ? 1 : share;
}

/* ---- two plots of a value over time ---- */

static void print_value(pe_html *html, double value, int is_rate)
{
    char text[PE_FIXED_ROOM];
    if (is_rate)
        pe_html_put(html, pe_print_rate(text, value));
    else
        pe_html_number(html, value * 100, 0);
}

static void draw_area(pe_html *html, const series *all, const char *class, double most,
                      double (*at)(const series *, int))
{
    pe_html_printf(html, "<path class=\"%s\" d=\"M0 %d", class, HEIGHT);
    for (int bin = 0; bin < all->count; bin++) {
        const int y = HEIGHT - (int)(at(all, bin) / most * HEIGHT + 0.5);
        const int x = (int)((bin + 1) * all->each_ns / all->wall_ns * WIDTH + 0.5);
        pe_html_printf(html, "V%dH%d", y, x < WIDTH ? x : WIDTH);
    }
    pe_html_printf(html, "V%dZ\"/>", HEIGHT);
}

static void draw_plot(pe_html *html, const series *all, const char *title, int is_rate)
{
    double (*const at)(const series *, int) = is_rate ? rate_at : busy_at;
    double most = is_rate ? 1e-9 : 1;
    for (int bin = 0; bin < all->count && is_rate; bin++)
        most = at(all, bin) > most ? at(all, bin) : most;
    pe_html_printf(html, "<figure><figcaption>%s</figcaption><div class=\"plot\"><span class=\"top\">", title);
    print_value(html, most, is_rate);
    pe_html_put(html, is_rate ? "</span><span class=\"half\">" : " %</span><span class=\"half\">");
    print_value(html, most / 2, is_rate);
    pe_html_printf(html, "%s</span><svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" style=\"height:%dpx\" ",
                   is_rate ? "" : " %", WIDTH, HEIGHT, is_rate ? 130 : 80);
    pe_html_printf(html, "data-name=\"%s\" data-unit=\"%s\" data-seconds=\"", is_rate ? "items/s" : "busy",
                   is_rate ? "" : " %");
    pe_html_number(html,
                   all->each_ns * 1e-9 *
                       (all->count * all->each_ns > all->wall_ns ? all->wall_ns / (all->count * all->each_ns) : 1),
                   9);
    pe_html_put(html, "\" data-values=\"");
    for (int bin = 0; bin < all->count; bin++) {
        pe_html_put(html, bin > 0 ? " " : "");
        char text[PE_FIXED_ROOM];
        const char *const value = is_rate ? pe_print_rate(text, at(all, bin)) : NULL;
        for (const char *c = value; c != NULL && *c != '\0'; c++) /* blanks separate the values */
            if (*c != ' ')
                pe_html_printf(html, "%c", *c);
        if (!is_rate)
            print_value(html, at(all, bin), 0);
    }
    pe_html_printf(html, "\"><path class=\"grid\" d=\"M0 %dH%d\"/>", HEIGHT / 2, WIDTH);
    draw_area(html, all, is_rate ? "rate" : "busy", most, at);
    pe_html_put(html, "</svg></div>\n");
    pe_html_time_ticks(html, all->wall_ns * 1e-9);
    pe_html_put(html, "</figure>\n");
}

void pe_html_over_time(pe_html *html, const pe_run_facts *facts)
{
    series all;
    sum(facts, (pe_html_group){.first = 0, .count = facts->collected.rank_count}, 0, &all);
    pe_html_section(html, "Over time");
    draw_plot(html, &all, "items per second, all ranks together", 1);
    draw_plot(html, &all, "workers that compute, of all", 0);
}

/* ---- ranks x time ---- */

static int level_at(const series *row, int bin)
{
    return (int)(busy_at(row, bin) * LEVELS + 0.5);
}

/* Neighbours of one level are one rectangle. */
static void draw_heat_row(pe_html *html, const series *row)
{
    for (int bin = 0; bin < row->count;) {
        const int level = level_at(row, bin), first = bin;
        while (bin < row->count && level_at(row, bin) == level)
            bin++;
        const int from = (int)(first * row->each_ns / row->wall_ns * WIDTH);
        const int to = (int)(bin * row->each_ns / row->wall_ns * WIDTH);
        if (level > 0)
            pe_html_printf(html, "<path d=\"M%d 0H%dV9H%dZ\" opacity=\".%d\"/>", from, to < WIDTH ? to : WIDTH, from,
                           level * 99 / LEVELS);
    }
}

void pe_html_heat(pe_html *html, const pe_run_facts *facts)
{
    series all, row;
    sum(facts, (pe_html_group){.first = 0, .count = facts->collected.rank_count}, 0, &all);
    pe_html_section(html, "Ranks over time");
    pe_html_put(html,
                "<p class=\"soft\">The darker, the more of a rank's workers compute.</p><div class=\"rows thin\">\n");
    for (int r = 0; r < pe_html_rows(facts); r++) {
        const pe_html_group group = pe_html_group_at(facts, r);
        double busy_ns = 0;
        sum(facts, group, all.bins.shift, &row);
        for (int bin = 0; bin < row.count; bin++)
            busy_ns += (double)row.bins.ns[bin][PE_PHASE_COMPUTE];
        pe_html_put(html, "<span>rank ");
        pe_html_group_name(html, group);
        pe_html_printf(html, "</span><svg class=\"heat\" viewBox=\"0 0 %d 9\" preserveAspectRatio=\"none\">", WIDTH);
        draw_heat_row(html, &row);
        pe_html_put(html, "</svg><span class=\"value\">");
        pe_html_number(html, busy_ns / (row.wall_ns * row.threads) * 100, 0);
        pe_html_put(html, " %</span>\n");
    }
    pe_html_put(html, "</div>\n");
    pe_html_time_ticks(html, all.wall_ns * 1e-9);
}

/* ---- what each worker did ---- */

/* For each column the phase that took most of it, or PE_PHASES. */
static void quantise(const pe_thread_events *thread, double wall_ns, unsigned char column[LANE_COLUMNS])
{
    double most[LANE_COLUMNS] = {0};
    memset(column, PE_PHASES, LANE_COLUMNS);
    for (size_t i = 0; i < thread->count; i++) {
        const pe_event *const event = &thread->list[i];
        const double from = (double)event->begin_ns / wall_ns * LANE_COLUMNS;
        const double to = (double)event->end_ns / wall_ns * LANE_COLUMNS;
        for (int c = (int)from; c <= (int)to && c < LANE_COLUMNS; c++) {
            const double begin = from > c ? from : c, end = to < c + 1 ? to : c + 1;
            if (end - begin > most[c]) {
                most[c] = end - begin;
                column[c] = (unsigned char)event->phase;
            }
        }
    }
}

static void draw_lane(pe_html *html, const pe_thread_events *thread, double wall_ns)
{
    unsigned char column[LANE_COLUMNS];
    quantise(thread, wall_ns, column);
    for (int phase = 0; phase < PE_PHASES; phase++) {
        int is_open = 0;
        for (int c = 0; c < LANE_COLUMNS;) {
            const int first = c;
            while (c < LANE_COLUMNS && column[c] == phase)
                c++;
            if (c == first) {
                c++;
                continue;
            }
            if (!is_open)
                pe_html_printf(html, "<path fill=\"var(--%s)\" d=\"", pe_phase_name((pe_phase)phase));
            is_open = 1;
            pe_html_printf(html, "M%d 0h%dv9h-%dz", first, c - first, c - first);
        }
        if (is_open)
            pe_html_put(html, "\"/>");
    }
}

void pe_html_lanes(pe_html *html, const pe_run_facts *facts)
{
    const pe_collected *const collected = &facts->collected;
    uint64_t ns[PE_PHASES] = {0};
    if (facts->all_threads > LANES_MOST)
        return;
    for (int rank = 0; rank < collected->rank_count; rank++)
        for (int phase = 0; phase < PE_PHASES; phase++)
            ns[phase] += collected->ranks[rank].worker_ns[phase];
    pe_html_section(html, "Workers over time");
    pe_html_legend(html, ns);
    pe_html_put(html, "<div class=\"rows lanes\">\n");
    for (size_t t = 0; t < collected->thread_count; t++) {
        const pe_thread_events *const thread = &collected->threads[t];
        if (thread->worker < 0)
            continue;
        pe_html_printf(html, "<span>%d.%d</span><svg viewBox=\"0 0 %d 9\" preserveAspectRatio=\"none\">", thread->rank,
                       thread->worker, LANE_COLUMNS);
        draw_lane(html, thread, wall_of(facts));
        pe_html_put(html, "</svg><span></span>\n");
    }
    pe_html_put(html, "</div>\n");
    pe_html_time_ticks(html, wall_of(facts) * 1e-9);
    pe_html_put(html,
                "<p class=\"soft\">A row is a worker: its rank, and its number there. Each stretch has the colour of "
                "what took most of it.</p>\n");
}
