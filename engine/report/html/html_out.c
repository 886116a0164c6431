/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* html_out.c - writes HTML into a buffer: text that is escaped, numbers, and the parts that several sections have.
 *
 * Threads: no state.
 */
#include "report/html/html_out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fixed_point.h"
#include "base/utf8.h"
#include "report/progress.h"

#define LINE_ROOM 1024
#define TICKS 5
#define SHARE_SHOWN 0.0005

void pe_html_put(pe_html *html, const char *bytes)
{
    (void)pe_buffer_append(&html->text, bytes, strlen(bytes), html->err);
}

void pe_html_printf(pe_html *html, const char *format, ...)
{
    char line[LINE_ROOM];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    pe_html_put(html, line);
}

void pe_html_text(pe_html *html, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        const size_t size = pe_utf8_size(at);
        const char *const name = *at == '<'   ? "&lt;"
                                 : *at == '>' ? "&gt;"
                                 : *at == '&' ? "&amp;"
                                 : *at == '"' ? "&quot;"
                                              : NULL;
        const int is_control = *at < 0x20 && *at != '\n' && *at != '\t';
        if (name != NULL)
            pe_html_put(html, name);
        else if (size == 0 || is_control || *at == 0x7F)
            pe_html_put(html, "\xEF\xBF\xBD");
        else
            (void)pe_buffer_append(&html->text, at, size, html->err);
        at += size == 0 ? 1 : size;
    }
}

void pe_html_count(pe_html *html, uint64_t count)
{
    char text[32];
    pe_html_put(html, pe_print_count(text, count));
}

void pe_html_number(pe_html *html, double value, int decimals)
{
    char text[PE_FIXED_ROOM];
    pe_html_put(html, pe_print_fixed(text, value, decimals));
}

void pe_html_seconds(pe_html *html, double seconds)
{
    char text[32];
    pe_html_put(html, pe_print_seconds(text, seconds));
}

void pe_html_cost(pe_html *html, double ns)
{
    static const char *const units[] = {" ns", " us", " ms"};
    char text[PE_FIXED_ROOM];
    int unit = 0;
    for (; unit < 2 && ns >= 999.5; unit++)
        ns /= 1000;
    if (ns >= 999.5) {
        pe_html_seconds(html, ns / 1000);
        return;
    }
    pe_html_put(html, ns < 0.001 ? "0" : pe_print_three_digits(text, ns));
    pe_html_put(html, units[unit]);
}

void pe_html_section(pe_html *html, const char *title)
{
    pe_html_put(html, "<h2>");
    pe_html_text(html, title);
    pe_html_put(html, "</h2>\n");
}

/* The smallest step of the sort that clocks have which gives at most TICKS ticks. */
static double tick_step(double seconds)
{
    static const double minutes[] = {1,   2,    5,    10,   20,   30,    60,    120,   300,
                                     600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400};
    static const double digits[] = {1, 2, 5};
    double unit = 1e-6;
    for (int power = -6; power < 0; power++, unit *= 10)
        for (int d = 0; d < 3; d++)
            if (seconds / (unit * digits[d]) <= TICKS)
                return unit * digits[d];
    for (size_t m = 0; m < sizeof minutes / sizeof *minutes; m++)
        if (seconds / minutes[m] <= TICKS)
            return minutes[m];
    double step = 86400;
    while (seconds / step > TICKS)
        step *= 2;
    return step;
}

static void print_tick(pe_html *html, double at, double step)
{
    if (step >= 3600)
        pe_html_printf(html, "%.0f h", at / 3600);
    else if (step >= 60)
        pe_html_printf(html, "%.0f min", at / 60);
    else {
        pe_html_number(html, at, step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : step >= 0.001 ? 3 : 6);
        pe_html_put(html, " s");
    }
}

void pe_html_time_ticks(pe_html *html, double seconds)
{
    const double step = tick_step(seconds);
    pe_html_put(html, "<div class=\"ticks\">");
    for (int i = 0; i * step <= seconds * 0.97; i++) {
        pe_html_put(html, "<span style=\"left:");
        pe_html_number(html, i * step / seconds * 100, 2);
        pe_html_put(html, "%\">");
        print_tick(html, i * step, step);
        pe_html_put(html, "</span>");
    }
    pe_html_put(html, "</div>\n");
}

bool pe_html_is_shown(const uint64_t ns[PE_PHASES], int phase)
{
    uint64_t all = 0;
    for (int other = 0; other < PE_PHASES; other++)
        all += ns[other];
    return (double)ns[phase] > (double)all * SHARE_SHOWN;
}

void pe_html_legend(pe_html *html, const uint64_t ns[PE_PHASES])
{
    pe_html_put(html, "<div class=\"legend\">");
    for (int phase = 0; phase < PE_PHASES; phase++)
        if (pe_html_is_shown(ns, phase))
            pe_html_printf(html, "<span><i style=\"background:var(--%s)\"></i>%s</span>",
                           pe_phase_name((pe_phase)phase), pe_phase_title((pe_phase)phase));
    pe_html_put(html, "</div>\n");
}
