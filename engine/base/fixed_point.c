/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fixed_point.c - a number with this many decimals and a point, whatever locale a kernel has set.
 *
 * Design:  printf takes the decimal separator from the process's locale, which a kernel or a library of a kernel may set at
 *          any time. Integers have no separator, so the number is printed as two of them.
 * Threads: any.
 */
#include "base/fixed_point.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BEYOND 9.2e18 /* below 2^63 */

const char *pe_print_fixed(char out[PE_FIXED_ROOM], double value, int decimals)
{
    int64_t unit = 1;
    for (int d = 0; d < decimals; d++)
        unit *= 10;
    double product = isfinite(value) ? nearbyint(fabs(value) * (double)unit) : 0;
    product = product < BEYOND ? product : BEYOND;
    const int64_t whole = (int64_t)product;
    const char *const sign = value < 0 && whole > 0 ? "-" : "";
    if (decimals == 0)
        (void)snprintf(out, PE_FIXED_ROOM, "%s%lld", sign, (long long)whole);
    else
        (void)snprintf(out, PE_FIXED_ROOM, "%s%lld.%0*lld", sign, (long long)(whole / unit), decimals,
                       (long long)(whole % unit));
    return out;
}

const char *pe_print_three_digits(char out[PE_FIXED_ROOM], double value)
{
    int decimals = 2;
    for (double scaled = value; scaled > 0 && scaled < 0.9995 && decimals < 9; scaled *= 10)
        decimals++;
    if (value >= 99.95)
        decimals = 0;
    else if (value >= 9.995)
        decimals = 1;
    (void)pe_print_fixed(out, value, decimals);
    if (strchr(out, '.') == NULL)
        return out;
    for (size_t end = strlen(out); out[end - 1] == '0' || out[end - 1] == '.'; end--) {
        const char cut = out[end - 1];
        out[end - 1] = '\0';
        if (cut == '.')
            break;
    }
    return out;
}
