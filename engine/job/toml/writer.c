/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* writer.c - prints keys and values as lines of TOML into a buffer.
 *
 * Design:   a number with a unit is written in the largest unit that divides it, so the text is exact.
 * Threads:  no state.
 * Not here: the choice of lines (job_print.c); quoting of strings (quote.c).
 */
#include "job/toml/writer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "job/toml/quote.h"

void pe_writer_put(pe_writer *to, const char *text)
{
    if (to->err->status == PE_OK)
        (void)pe_buffer_append(&to->text, text, strlen(text), to->err);
}

static void put_bytes(pe_writer *to, const char *text, size_t size)
{
    if (to->err->status == PE_OK)
        (void)pe_quote_string(&to->text, text, size, to->err);
}

void pe_writer_string(pe_writer *to, const char *text)
{
    put_bytes(to, text, strlen(text));
}

void pe_writer_count(pe_writer *to, uint64_t value)
{
    if (to->err->status == PE_OK)
        (void)pe_buffer_printf(&to->text, to->err, "%" PRIu64, value);
}

void pe_writer_float(pe_writer *to, double value)
{
    if (to->err->status == PE_OK)
        (void)pe_quote_float64(&to->text, value, to->err);
}

static void put_bool(pe_writer *to, bool value)
{
    pe_writer_put(to, value ? "true" : "false");
}

void pe_writer_scalar(pe_writer *to, const pe_scalar *value)
{
    if (value->dtype == PE_TEXT)
        put_bytes(to, value->text.data, value->text.size);
    else if (value->dtype == PE_FLOAT64)
        pe_writer_float(to, value->real);
    else if (value->dtype == PE_BOOL)
        put_bool(to, value->integer != 0);
    else if (to->err->status == PE_OK)
        (void)pe_quote_int128(&to->text, value->integer, to->err);
}

void pe_writer_key(pe_writer *to, const char *key)
{
    pe_writer_put(to, key);
    pe_writer_put(to, " = ");
}

void pe_writer_pair(pe_writer *to, const char *key, const char *text)
{
    if (text == NULL)
        return;
    pe_writer_key(to, key);
    pe_writer_string(to, text);
    pe_writer_put(to, "\n");
}

void pe_writer_number(pe_writer *to, const char *key, uint64_t value)
{
    pe_writer_key(to, key);
    pe_writer_count(to, value);
    pe_writer_put(to, "\n");
}

void pe_writer_flag(pe_writer *to, const char *key, bool value)
{
    pe_writer_key(to, key);
    put_bool(to, value);
    pe_writer_put(to, "\n");
}

void pe_writer_value(pe_writer *to, const char *key, const pe_scalar *value)
{
    pe_writer_key(to, key);
    pe_writer_scalar(to, value);
    pe_writer_put(to, "\n");
}

static void put_quantity(pe_writer *to, const char *key, uint64_t value, const char *unit)
{
    pe_writer_key(to, key);
    pe_writer_put(to, "\"");
    pe_writer_count(to, value);
    pe_writer_put(to, " ");
    pe_writer_put(to, unit);
    pe_writer_put(to, "\"\n");
}

/* Prints bytes in the largest unit that divides them: "256 MiB", but 100000. */
void pe_writer_size(pe_writer *to, const char *key, uint64_t bytes)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (unit + 1 < sizeof units / sizeof *units && bytes % 1024 == 0 && bytes > 0) {
        bytes /= 1024;
        unit++;
    }
    if (unit == 0)
        pe_writer_number(to, key, bytes);
    else
        put_quantity(to, key, bytes, units[unit]);
}

/* Prints a time in the largest unit that divides it: "5 s", but "1500 ms". */
void pe_writer_time(pe_writer *to, const char *key, uint64_t ns)
{
    static const struct {
        const char *name;
        uint64_t factor; /* size, in units of the row before */
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000}, {"s", 1000}, {"min", 60}, {"h", 60}};
    size_t unit = 0;
    while (unit + 1 < sizeof units / sizeof *units && ns % units[unit + 1].factor == 0 && ns > 0)
        ns /= units[++unit].factor;
    put_quantity(to, key, ns, units[unit].name);
}

/* The percentage with the fewest digits that reads back as the same share: 0.07 * 100 would be 7.000000000000001. */
static double percent_of(double share)
{
    for (uint64_t power = 1; power <= UINT64_C(1000000000000000000); power *= 10) {
        const double scale = (double)power; /* exact: 5^18 has 42 bits */
        const double digits = round(share * 100 * scale);
        if (digits / (scale * 100) == share)
            return digits / scale;
    }
    return share * 100;
}

void pe_writer_share(pe_writer *to, const char *key, double share)
{
    const double percent = percent_of(share);
    pe_writer_key(to, key);
    pe_writer_put(to, "\"");
    if (percent == floor(percent))
        pe_writer_count(to, (uint64_t)percent);
    else
        pe_writer_float(to, percent);
    pe_writer_put(to, " %\"\n");
}
