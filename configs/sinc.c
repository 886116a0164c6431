/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <math.h>

double sinc(double x)
{
    return x == 0 ? 1 : sin(x) / x;
}
