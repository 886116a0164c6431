/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* html_items.c - the sections about items: what they cost, the slowest, those that failed.
 *
 * Threads: no state.
 */
#include <string.h>

#include "base/enum_names.h"
#include "report/html/html_sections.h"

#define WIDTH 1000
#define HEIGHT 100

/* ---- what items cost ---- */

/* The buckets that have items. */
typedef struct span {
    int first, last;
    uint64_t items, most;
    double ns, most_ns;
} span;

static span find_span(const pe_costs *costs)
{
    span out = {.first = PE_COST_BUCKETS, .last = -1};
    for (int b = 0; b < PE_COST_BUCKETS; b++) {
        if (costs->items[b] == 0)
            continue;
        out.first = b < out.first ? b : out.first;
        out.last = b;
        out.items += costs->items[b];
        out.ns += costs->ns[b];
        out.most = costs->items[b] > out.most ? costs->items[b] : out.most;
        out.most_ns = costs->ns[b] > out.most_ns ? costs->ns[b] : out.most_ns;
    }
    return out;
}

static void draw_bars(pe_html *html, const pe_costs *costs, const span *all)
{
    const double each = (double)WIDTH / (all->last - all->first + 1);
    pe_html_printf(html, "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" style=\"height:130px\">", WIDTH,
                   HEIGHT);
    for (int b = all->first; b <= all->last; b++) {
        const double at = (b - all->first) * each;
        const double items = (double)costs->items[b] / (double)all->most;
        const double time = all->most_ns > 0 ? costs->ns[b] / all->most_ns : 0;
        const int left = (int)(at + each * 0.08), middle = (int)(at + each * 0.5), right = (int)(at + each * 0.92);
        pe_html_printf(html, "<path class=\"bar\" d=\"M%d %dV%dH%dV%dZ\"/>", left, HEIGHT,
                       HEIGHT - (int)(items * HEIGHT + 0.5), middle, HEIGHT);
        pe_html_printf(html, "<path class=\"bar2\" d=\"M%d %dV%dH%dV%dZ\"/>", middle, HEIGHT,
                       HEIGHT - (int)(time * HEIGHT + 0.5), right, HEIGHT);
    }
    pe_html_put(html, "</svg>");
}

/* Labels at the begin of every few buckets. */
static void draw_scale(pe_html *html, const span *all)
{
    const int buckets = all->last - all->first + 1;
    const int step = buckets <= 5 ? 1 : (buckets + 4) / 5;
    pe_html_put(html, "<div class=\"ticks many\">");
    for (int b = 0; b < buckets; b += step) {
        pe_html_put(html, "<span style=\"left:");
        pe_html_number(html, (double)b / buckets * 100, 2);
        pe_html_put(html, "%\">");
        pe_html_cost(html, pe_cost_bucket_ns(all->first + b));
        pe_html_put(html, "</span>");
    }
    pe_html_put(html, "</div>\n");
}

static void say_quantiles(pe_html *html, const pe_costs *costs, const span *all, const pe_history *earlier)
{
    static const struct {
        const char *name;
        double share;
    } rows[] = {{"median", 0.5}, {"90 %", 0.9}, {"99 %", 0.99}};
    pe_html_put(html, "<p>On average ");
    pe_html_cost(html, all->ns / (double)all->items);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pe_html_printf(html, ", %s ", rows[i].name);
        pe_html_cost(html, pe_costs_quantile_ns(costs, rows[i].share));
    }
    pe_html_put(html, ". Cheap items are measured together.");
    if (earlier != NULL && earlier->items > 0) {
        pe_html_put(html, " Earlier runs of this job count with ");
        pe_html_count(html, earlier->items);
        pe_html_printf(html, " item%s.", pe_plural(earlier->items));
    }
    pe_html_put(html, "</p>\n");
}

void pe_html_costs(pe_html *html, const pe_run_facts *facts)
{
    const pe_costs *const costs = facts->collected.costs;
    const span all = find_span(costs);
    if (all.items == 0)
        return;
    pe_html_section(html, "What items cost");
    say_quantiles(html, costs, &all, facts->earlier);
    pe_html_put(html, "<div class=\"legend\"><span><i style=\"background:var(--accent)\"></i>items</span><span><i "
                      "style=\"background:var(--wait_window)\"></i>the time that they took together</span></div>\n");
    pe_html_put(html, "<figure><div class=\"plot\">");
    draw_bars(html, costs, &all);
    pe_html_put(html, "</div>\n");
    draw_scale(html, &all);
    pe_html_put(html, "</figure>\n");
}

void pe_html_slowest(pe_html *html, const pe_run_facts *facts)
{
    const pe_costs *const costs = facts->collected.costs;
    if (costs->slow_count == 0)
        return;
    pe_html_section(html, "The slowest items");
    pe_html_put(html, "<table><tr><th class=\"n\">item</th><th class=\"n\">took</th><th>call</th></tr>\n");
    for (int i = 0; i < costs->slow_count; i++) {
        const pe_slow_item *const slow = &costs->slowest[i];
        pe_html_put(html, "<tr><td class=\"n\">");
        pe_html_count(html, slow->item);
        pe_html_put(html, "</td><td class=\"n\">");
        pe_html_cost(html, slow->each_ns);
        pe_html_put(html, "</td><td class=\"code\">");
        if (slow->count > 1) {
            pe_html_count(html, slow->count);
            pe_html_put(html, " items from there on, each of them on average");
        }
        pe_html_text(html, slow->text);
        pe_html_put(html, "</td></tr>\n");
    }
    pe_html_put(html, "</table>\n");
}

/* ---- failed items ---- */

static void failure_row(pe_html *html, const char *reason, uint64_t count, uint64_t item, uint64_t all)
{
    pe_html_put(html, "<tr><td class=\"n\">");
    pe_html_count(html, count);
    pe_html_put(html, "</td><td class=\"n\">");
    pe_html_number(html, all > 0 ? (double)count / (double)all * 100 : 0, 1);
    pe_html_put(html, " %</td><td class=\"n\">");
    if (item != PE_NO_ITEM)
        pe_html_count(html, item);
    pe_html_put(html, "</td><td class=\"code\">");
    pe_html_text(html, reason);
    pe_html_put(html, "</td></tr>\n");
}

void pe_html_failures(pe_html *html, const pe_run_facts *facts)
{
    const pe_failure_log *const failures = &facts->failures;
    if (facts->failed == 0)
        return;
    pe_html_section(html, "Failed items");
    pe_html_put(html, "<table><tr><th class=\"n\">items</th><th class=\"n\">of the failed</th><th class=\"n\">the "
                      "first</th><th>reason</th></tr>\n");
    for (int k = 0; k < failures->kind_count; k++)
        failure_row(html, failures->kinds[k].name, failures->kinds[k].count, failures->kinds[k].first_item,
                    failures->count);
    pe_html_put(html, "</table>\n");
    if (facts->failures.count > 0) {
        pe_html_put(html, "<p>The first: <code>");
        pe_html_text(html, facts->failures.first_text);
        pe_html_put(html, "</code></p>\n");
    }
    if (facts->job != NULL && facts->job->errors.log != NULL) {
        pe_html_put(html, "<p>All of them, with their arguments, are in <code>");
        pe_html_text(html, facts->job->errors.log);
        pe_html_put(html, "</code>.</p>\n");
    } else if (failures->count > 0) {
        pe_html_put(html, "<p class=\"soft\">With <code>errors.log</code> the job would list all of them.</p>\n");
    }
}
