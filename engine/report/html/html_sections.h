/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* html_sections.h - the sections of the report. Each needs facts->has_profile unless it says otherwise.
 */
#ifndef PE_HTML_SECTIONS_H
#define PE_HTML_SECTIONS_H

#include "report/html/html_out.h"
#include "report/run_facts.h"

#define PE_HTML_ROWS 48 /* of ranks; where there are more, a row is a group of them */

/* The ranks of one row. */
typedef struct pe_html_group {
    int first, count;
} pe_html_group;

/* pe_html_rows - the number of rows for all ranks. pe_html_group_at - the ranks of a row. pe_html_group_name - "3",
 * "16-31". */
int pe_html_rows(const pe_run_facts *facts);
pe_html_group pe_html_group_at(const pe_run_facts *facts, int row);
void pe_html_group_name(pe_html *html, pe_html_group group);

/* html_time.c: throughput and busy share over time, ranks x time, what each worker did. */
void pe_html_over_time(pe_html *html, const pe_run_facts *facts);
void pe_html_heat(pe_html *html, const pe_run_facts *facts);
void pe_html_lanes(pe_html *html, const pe_run_facts *facts);

/* html_ranks.c: where the time went, memory, chunks. */
void pe_html_where(pe_html *html, const pe_run_facts *facts);
void pe_html_memory(pe_html *html, const pe_run_facts *facts);
void pe_html_chunks(pe_html *html, const pe_run_facts *facts);

/* html_items.c: what items cost, the slowest, those that failed (without a record too). */
void pe_html_costs(pe_html *html, const pe_run_facts *facts);
void pe_html_slowest(pe_html *html, const pe_run_facts *facts);
void pe_html_failures(pe_html *html, const pe_run_facts *facts);

#endif
