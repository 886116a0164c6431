/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* html_ranks.c - the sections with one row per rank: where the time went, memory, chunks.
 *
 * Threads: no state.
 */
#include "base/enum_names.h"
#include "report/html/html_sections.h"
#include "report/progress.h"

#define WIDTH 1000
#define SLOW_FACTOR 1.5 /* an item costs this many times what it costs on the other ranks */

int pe_html_rows(const pe_run_facts *facts)
{
    const int ranks = facts->collected.rank_count;
    return ranks < PE_HTML_ROWS ? ranks : PE_HTML_ROWS;
}

pe_html_group pe_html_group_at(const pe_run_facts *facts, int row)
{
    const int64_t ranks = facts->collected.rank_count, rows = pe_html_rows(facts);
    const int first = (int)(ranks * row / rows), end = (int)(ranks * (row + 1) / rows);
    return (pe_html_group){.first = first, .count = end - first};
}

void pe_html_group_name(pe_html *html, pe_html_group group)
{
    if (group.count == 1)
        pe_html_printf(html, "%d", group.first);
    else
        pe_html_printf(html, "%d-%d", group.first, group.first + group.count - 1);
}

/* ---- where the time went ---- */

typedef struct shares {
    uint64_t ns[PE_PHASES];
    double wall_ns; /* of all workers together: what none of the phases has is left over */
} shares;

static shares sum(const pe_run_facts *facts, pe_html_group group)
{
    shares out = {.wall_ns = 0};
    for (int rank = group.first; rank < group.first + group.count; rank++) {
        const pe_rank_profile *const own = &facts->collected.ranks[rank];
        for (int phase = 0; phase < PE_PHASES; phase++)
            out.ns[phase] += own->worker_ns[phase];
        out.wall_ns += (double)own->wall_ns * own->threads;
    }
    return out;
}

static void draw_shares(pe_html *html, const shares *all)
{
    double at = 0;
    pe_html_printf(html, "<svg viewBox=\"0 0 %d 9\" preserveAspectRatio=\"none\">", WIDTH);
    for (int phase = 0; phase < PE_PHASES; phase++) {
        const double width = all->wall_ns > 0 ? (double)all->ns[phase] / all->wall_ns * WIDTH : 0;
        const int from = (int)(at + 0.5), to = (int)(at + width + 0.5);
        if (to > from)
            pe_html_printf(html, "<path fill=\"var(--%s)\" d=\"M%d 0H%dV9H%dZ\"/>", pe_phase_name((pe_phase)phase),
                           from, to, from);
        at += width;
    }
    pe_html_put(html, "</svg>");
}

static void table_of_phases(pe_html *html, const shares *all)
{
    pe_html_put(html,
                "<table><tr><th>all workers together</th><th class=\"n\">time</th><th class=\"n\">share</th></tr>\n");
    for (int phase = 0; phase < PE_PHASES; phase++) {
        if (!pe_html_is_shown(all->ns, phase))
            continue;
        pe_html_printf(html, "<tr><td>%s</td><td class=\"n\">", pe_phase_title((pe_phase)phase));
        pe_html_seconds(html, (double)all->ns[phase] * 1e-9);
        pe_html_put(html, "</td><td class=\"n\">");
        pe_html_number(html, (double)all->ns[phase] / all->wall_ns * 100, 1);
        pe_html_put(html, " %</td></tr>\n");
    }
    pe_html_put(html, "</table>\n");
}

/* How much longer the busiest rank computes than a rank on average. */
static void say_imbalance(pe_html *html, const pe_run_facts *facts)
{
    double most = 0, all = 0;
    int busiest = 0;
    const int ranks = facts->collected.rank_count;
    for (int rank = 0; rank < ranks; rank++) {
        const pe_rank_profile *const own = &facts->collected.ranks[rank];
        const double each = (double)own->worker_ns[PE_PHASE_COMPUTE] / own->threads;
        all += each;
        if (each > most) {
            most = each;
            busiest = rank;
        }
    }
    if (ranks < 2 || all <= 0)
        return;
    pe_html_printf(html, "<p>Imbalance: the workers of rank %d compute longest, ", busiest);
    pe_html_number(html, (most * ranks / all - 1) * 100, 0);
    pe_html_put(html, " % longer than those of a rank on average.</p>\n");
}

static double item_ns(const pe_rank_profile *rank)
{
    return rank->items > 0 ? (double)rank->worker_ns[PE_PHASE_COMPUTE] / (double)rank->items : 0;
}

/* Names slow hosts: they compute for as long as the others, but fewer items. */
static void say_slowest(pe_html *html, const pe_run_facts *facts)
{
    const int ranks = facts->collected.rank_count;
    double others = 0;
    int slowest = 0, counted = 0;
    for (int rank = 1; rank < ranks; rank++)
        if (item_ns(&facts->collected.ranks[rank]) > item_ns(&facts->collected.ranks[slowest]))
            slowest = rank;
    for (int rank = 0; rank < ranks; rank++) {
        const double own = item_ns(&facts->collected.ranks[rank]);
        others += rank != slowest ? own : 0;
        counted += rank != slowest && own > 0;
    }
    const double slow = item_ns(&facts->collected.ranks[slowest]), other = counted > 0 ? others / counted : 0;
    if (other <= 0 || slow < SLOW_FACTOR * other)
        return;
    pe_html_printf(html, "<p><b>Rank %d on ", slowest);
    pe_html_text(html, facts->collected.ranks[slowest].host);
    pe_html_put(html, " is slow:</b> an item takes ");
    pe_html_cost(html, slow);
    pe_html_put(html, " there, ");
    pe_html_number(html, slow / other, 1);
    pe_html_put(html, " times as long as on the other ranks (");
    pe_html_cost(html, other);
    pe_html_put(html, "). Its items may be dearer, or its cores slower or shared.</p>\n");
}

static void say_checkpoints(pe_html *html, const pe_run_facts *facts)
{
    uint64_t count = 0, ns = 0;
    for (int rank = 0; rank < facts->collected.rank_count; rank++) {
        const pe_rank_profile *const own = &facts->collected.ranks[rank];
        count = own->checkpoints > count ? own->checkpoints : count;
        ns = own->checkpoint_ns > ns ? own->checkpoint_ns : ns;
    }
    if (count == 0)
        return;
    pe_html_put(html, "<p>Beside the work ");
    pe_html_count(html, count);
    pe_html_printf(html, " checkpoint%s synced and written, in ", count == 1 ? " was" : "s were");
    pe_html_seconds(html, (double)ns * 1e-9);
    pe_html_put(html, ".</p>\n");
}

static void say_earlier(pe_html *html, const pe_run_facts *facts)
{
    if (facts->earlier_runs == 0)
        return;
    pe_html_printf(html, "<p>Before this run %s worked for ",
                   facts->earlier_runs == 1 ? "another one" : "several others");
    pe_html_seconds(html, (double)facts->earlier_ns * 1e-9);
    if (facts->earlier != NULL) {
        pe_html_put(html, "; their workers computed for ");
        pe_html_seconds(html, (double)facts->earlier->worker_ns[PE_PHASE_COMPUTE] * 1e-9);
        pe_html_put(html, " in all, as far as it was recorded");
    }
    pe_html_put(html, ".</p>\n");
}

void pe_html_where(pe_html *html, const pe_run_facts *facts)
{
    const shares all = sum(facts, (pe_html_group){.first = 0, .count = facts->collected.rank_count});
    pe_html_section(html, "Where the time went");
    pe_html_put(
        html, "<p class=\"soft\">Of all workers of a rank, from the start to the commit of the output; at the right is "
              "the share of computing.</p>\n");
    pe_html_legend(html, all.ns);
    pe_html_put(html, "<div class=\"rows\">\n");
    for (int row = 0; row < pe_html_rows(facts); row++) {
        const pe_html_group group = pe_html_group_at(facts, row);
        const shares own = sum(facts, group);
        pe_html_put(html, "<span>rank ");
        pe_html_group_name(html, group);
        pe_html_put(html, "</span>");
        draw_shares(html, &own);
        pe_html_put(html, "<span class=\"value\">");
        pe_html_number(html, own.wall_ns > 0 ? (double)own.ns[PE_PHASE_COMPUTE] / own.wall_ns * 100 : 0, 0);
        pe_html_put(html, " %</span>\n");
    }
    pe_html_put(html, "</div>\n");
    say_imbalance(html, facts);
    say_slowest(html, facts);
    say_checkpoints(html, facts);
    say_earlier(html, facts);
    table_of_phases(html, &all);
}

/* ---- memory ---- */

void pe_html_memory(pe_html *html, const pe_run_facts *facts)
{
    char text[32];
    const double planned = (double)facts->plan.peak_bytes;
    pe_html_section(html, "Memory");
    pe_html_printf(html, "<p>The plan was at most %s per rank (the line). A bar is the peak of a rank",
                   pe_print_bytes(text, facts->plan.peak_bytes));
    pe_html_put(html, facts->collected.rank_count > PE_HTML_ROWS ? ", the largest of its group.</p>\n" : ".</p>\n");
    pe_html_put(html, "<div class=\"rows\">\n");
    for (int row = 0; row < pe_html_rows(facts); row++) {
        const pe_html_group group = pe_html_group_at(facts, row);
        uint64_t most = 0;
        for (int rank = group.first; rank < group.first + group.count; rank++)
            if (facts->collected.ranks[rank].peak_bytes > most)
                most = facts->collected.ranks[rank].peak_bytes;
        const double scale = WIDTH / ((double)most > planned ? (double)most : planned) / 1.02;
        pe_html_put(html, "<span>rank ");
        pe_html_group_name(html, group);
        pe_html_printf(html, "</span><svg viewBox=\"0 0 %d 9\" preserveAspectRatio=\"none\">", WIDTH);
        pe_html_printf(html, "<path class=\"%s\" d=\"M0 0H%dV9H0Z\"/><path class=\"limit\" d=\"M%d 0V9\"/></svg>",
                       (double)most > planned ? "over" : "bar", (int)((double)most * scale), (int)(planned * scale));
        pe_html_printf(html, "<span class=\"value\">%s</span>\n", pe_print_bytes(text, most));
    }
    pe_html_put(html, "</div>\n");
}

/* ---- chunks ---- */

static void chunk_row(pe_html *html, const pe_run_facts *facts, pe_html_group group)
{
    uint64_t items = 0, chunks = 0, ns = 0;
    for (int rank = group.first; rank < group.first + group.count; rank++) {
        items += facts->collected.ranks[rank].items;
        chunks += facts->collected.ranks[rank].chunks;
        ns += facts->collected.ranks[rank].worker_ns[PE_PHASE_COMPUTE];
    }
    pe_html_put(html, "<tr><td>");
    pe_html_group_name(html, group);
    pe_html_put(html, "</td><td>");
    pe_html_text(html, facts->collected.ranks[group.first].host);
    pe_html_put(html, "</td><td class=\"n\">");
    pe_html_count(html, items);
    pe_html_put(html, "</td><td class=\"n\">");
    pe_html_count(html, chunks);
    pe_html_put(html, "</td><td class=\"n\">");
    pe_html_count(html, chunks > 0 ? items / chunks : 0);
    pe_html_put(html, "</td><td class=\"n\">");
    pe_html_count(html, facts->collected.ranks[group.first].chunk_items);
    pe_html_put(html, "</td><td class=\"n\">");
    pe_html_cost(html, chunks > 0 ? (double)ns / (double)chunks : 0);
    pe_html_put(html, "</td><td class=\"n\">");
    pe_html_cost(html, items > 0 ? (double)ns / (double)items : 0);
    pe_html_put(html, "</td></tr>\n");
}

void pe_html_chunks(pe_html *html, const pe_run_facts *facts)
{
    const pe_plan *const plan = &facts->plan;
    pe_html_section(html, "Chunks");
    if (plan->is_fixed) {
        pe_html_put(html, "<p>Chunks of ");
        pe_html_count(html, plan->grain_items);
        pe_html_put(html, ", as the job says");
    } else {
        pe_html_put(html, "<p>At most ");
        pe_html_count(html, plan->chunk_items);
        pe_html_printf(html, " item%s (", pe_plural(plan->chunk_items));
        pe_html_text(html, plan->why);
        pe_html_put(html,
                    "); within that a size is chosen from what items cost, so that a chunk takes 2 to 100 ms and the "
                    "last ones end together");
    }
    pe_html_printf(html, ". Schedule: %s.</p>\n", pe_schedule_name(plan->schedule));
    pe_html_put(html, "<table><tr><th>rank</th><th>host</th><th class=\"n\">items</th><th class=\"n\">chunks</th><th "
                      "class=\"n\">items per chunk</th><th class=\"n\">at the end</th><th class=\"n\">compute per "
                      "chunk</th><th class=\"n\">per item</th></tr>\n");
    for (int row = 0; row < pe_html_rows(facts); row++)
        chunk_row(html, facts, pe_html_group_at(facts, row));
    pe_html_put(html, "</table>\n");
}
