/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* html_report.c - a run as one HTML file for people: the page, its head, and what was run.
 *
 * Threads:  no state.
 * Not here: the sections (html_time.c, html_ranks.c, html_items.c); style and script (report.css, report.js).
 */
#include "report/html/html_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/html/html_sections.h"
#include "report/progress.h"

#define JOB_SHOWN ((size_t)20000)
#define COMMAND_SHOWN ((size_t)8000)

extern const unsigned char pe_report_css[], pe_report_js[];
extern const size_t pe_report_css_size, pe_report_js_size;

/* ---- the head ---- */

static const char *name_of(const pe_run_facts *facts)
{
    return facts->job != NULL ? facts->job->name : facts->job_path;
}

static void put_start(pe_html *html, const pe_run_facts *facts)
{
    pe_html_put(html, PE_HTML_OPENING
                " -->\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                "content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    pe_html_text(html, name_of(facts));
    pe_html_put(html, " - pengine</title>\n<style>\n");
    (void)pe_buffer_append(&html->text, pe_report_css, pe_report_css_size, html->err);
    pe_html_put(html, "</style>\n</head>\n<body>\n<div id=\"tip\"></div>\n");
}

static const char *class_of(const pe_run_facts *facts)
{
    const int code = pe_status_exit(facts->status);
    return code == 0 ? "" : code == 75 || facts->is_complete ? " warn" : " bad";
}

static void put_title(pe_html *html, const pe_run_facts *facts)
{
    char text[64] = "";
    const time_t when = (time_t)facts->started_s;
    struct tm parts;
    pe_html_put(html, "<h1>");
    pe_html_text(html, name_of(facts));
    pe_html_printf(html, " <span class=\"outcome%s\">%s</span></h1>\n<p class=\"soft\">", class_of(facts),
                   pe_run_facts_outcome(facts));
    if (facts->kernel[0] != '\0') {
        pe_html_text(html, facts->job->mode);
        pe_html_put(html, " of ");
        pe_html_text(html, facts->kernel);
        pe_html_put(html, " ");
        pe_html_text(html, facts->signature);
        pe_html_put(html, ", ");
    }
    if (gmtime_r(&when, &parts) != NULL)
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    pe_html_printf(html, "%s, exit code %d</p>\n", text, pe_status_exit(facts->status));
}

/* ---- the outcome ---- */

static void put_tile(pe_html *html, const char *value, const char *name)
{
    pe_html_put(html, "<div class=\"tile\"><b>");
    pe_html_text(html, value);
    pe_html_put(html, "</b><span>");
    pe_html_text(html, name);
    pe_html_put(html, "</span></div>\n");
}

static void put_count_tile(pe_html *html, uint64_t count, const char *name)
{
    char text[32];
    put_tile(html, pe_print_count(text, count), name);
}

static double busy_of(const pe_run_facts *facts)
{
    double busy = 0, all = 0;
    for (int rank = 0; rank < facts->collected.rank_count; rank++) {
        busy += (double)facts->collected.ranks[rank].worker_ns[PE_PHASE_COMPUTE];
        all += (double)facts->collected.ranks[rank].wall_ns * facts->collected.ranks[rank].threads;
    }
    return all > 0 ? busy / all : 0;
}

static void put_speed_tiles(pe_html *html, const pe_run_facts *facts)
{
    char text[64], rate[32];
    const double seconds = (double)facts->wall_ns * 1e-9;
    put_tile(html, pe_print_seconds(text, seconds), "this run");
    (void)snprintf(text, sizeof text, "%s/s", pe_print_rate(rate, seconds > 0 ? (double)facts->done / seconds : 0));
    put_tile(html, text, "items");
    (void)snprintf(text, sizeof text, "%d x %d", facts->plan.ranks, facts->plan.threads);
    put_tile(html, text, "ranks x workers");
    if (!facts->has_profile)
        return;
    (void)snprintf(text, sizeof text, "%.0f %%", busy_of(facts) * 100);
    put_tile(html, text, "of the workers' time is computing");
}

static void put_tiles(pe_html *html, const pe_run_facts *facts)
{
    char text[80], count[32];
    const uint64_t items = pe_run_facts_items(facts);
    pe_html_put(html, "<div class=\"tiles\">\n");
    if (items != PE_ITEMS_UNKNOWN)
        (void)snprintf(text, sizeof text, "items done, of %s", pe_print_count(count, items));
    put_count_tile(html, pe_run_facts_done(facts), items == PE_ITEMS_UNKNOWN ? "items done" : text);
    if (facts->before > 0)
        put_count_tile(html, facts->before, "of these by earlier runs");
    if (facts->failed > 0)
        put_count_tile(html, facts->failed, "items failed");
    if (facts->skipped > 0)
        put_count_tile(html, facts->skipped, "items left out");
    put_speed_tiles(html, facts);
    pe_html_put(html, "</div>\n");
}

static void put_command(pe_html *html, const char *title, const pe_run_facts *facts)
{
    pe_buffer command = {0};
    if (facts->argv == NULL || pe_run_facts_command(facts, NULL, &command, html->err) != PE_OK) {
        pe_buffer_fini(&command);
        return;
    }
    if (command.size > COMMAND_SHOWN)
        memcpy(command.data + COMMAND_SHOWN - 4, "...", 4);
    pe_html_printf(html, "<p>%s</p>\n<pre class=\"command\">", title);
    pe_html_text(html, (const char *)command.data);
    pe_html_put(html, "</pre>\n");
    pe_buffer_fini(&command);
}

static void put_outcome(pe_html *html, const pe_run_facts *facts)
{
    if (facts->message[0] != '\0') {
        pe_html_put(html, "<p class=\"message\">");
        pe_html_text(html, facts->message);
        pe_html_put(html, "</p>\n");
    }
    if (facts->has_plan)
        put_tiles(html, facts);
}

/* ---- what was run ---- */

static void put_job(pe_html *html, const pe_run_facts *facts)
{
    char *text = NULL;
    size_t size = 0;
    pe_html_section(html, "The job");
    put_command(html, "To repeat this run:", facts);
    pe_html_put(html, "<p class=\"soft\">pengine " PENGINE_VERSION "</p>\n");
    FILE *const file = facts->job == NULL ? NULL : open_memstream(&text, &size);
    if (file == NULL)
        return;
    const pe_status printed = pe_job_print(facts->job, file, html->err);
    if (fclose(file) == 0 && printed == PE_OK) {
        const int is_cut = size > JOB_SHOWN;
        text[is_cut ? JOB_SHOWN : size] = '\0';
        pe_html_put(html, "<p>The job with all its defaults:</p>\n<pre>");
        pe_html_text(html, text);
        pe_html_put(html, is_cut ? "\n...</pre>\n" : "</pre>\n");
    }
    free(text);
}

static void put_record(pe_html *html, const pe_run_facts *facts)
{
    pe_html_over_time(html, facts);
    if (facts->collected.rank_count > 1)
        pe_html_heat(html, facts);
    pe_html_lanes(html, facts);
    pe_html_where(html, facts);
    pe_html_costs(html, facts);
    pe_html_slowest(html, facts);
    pe_html_memory(html, facts);
    pe_html_chunks(html, facts);
}

pe_status pe_html_report(const pe_run_facts *facts, pe_buffer *out, pe_error *err)
{
    pe_html html = {.err = err};
    put_start(&html, facts);
    put_title(&html, facts);
    put_outcome(&html, facts);
    pe_html_failures(&html, facts);
    if (facts->has_profile)
        put_record(&html, facts);
    put_job(&html, facts);
    pe_html_put(&html, "<script>\n");
    (void)pe_buffer_append(&html.text, pe_report_js, pe_report_js_size, err);
    pe_html_put(&html, "</script>\n</body>\n</html>\n");
    *out = html.text;
    return err->status;
}
