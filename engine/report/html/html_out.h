/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* html_out.h - writes HTML into a buffer: text that is escaped, numbers, and the parts that several sections have.
 *
 * Design: an error (only PE_ENOMEM) is kept, and nothing more is written after it.
 */
#ifndef PE_HTML_OUT_H
#define PE_HTML_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "profile/phase.h"

typedef struct pe_html {
    pe_buffer text;
    pe_error *err;
} pe_html;

void pe_html_put(pe_html *html, const char *bytes); /* as they are */
void pe_html_printf(pe_html *html, const char *format, ...) PE_PRINTF(2, 3);
void pe_html_text(pe_html *html, const char *text); /* escaped; bytes that are not UTF-8 become U+FFFD */
void pe_html_count(pe_html *html, uint64_t count);  /* 1,234,567 */
void pe_html_number(pe_html *html, double value, int decimals);
void pe_html_seconds(pe_html *html, double seconds);

/* pe_html_cost - the cost of an item: "3.1 ns", "12 ms". */
void pe_html_cost(pe_html *html, double ns);

/* pe_html_section - print a heading. pe_html_time_ticks - the labels below a plot whose x axis is this many seconds
 * long. */
void pe_html_section(pe_html *html, const char *title);
void pe_html_time_ticks(pe_html *html, double seconds);
/* pe_html_is_shown - did the phase take more than 0.05 % of all of them? pe_html_legend - the colours of those. */
bool pe_html_is_shown(const uint64_t ns[PE_PHASES], int phase);
void pe_html_legend(pe_html *html, const uint64_t ns[PE_PHASES]);

#endif
