/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fixed_point.h - a number with this many decimals and a point, whatever locale a kernel has set.
 */
#ifndef PE_FIXED_POINT_H
#define PE_FIXED_POINT_H

#define PE_FIXED_ROOM 48

/* pe_print_fixed - as printf's %.Nf in the C locale, of 0 to 9 decimals; ties go to the even digit of the rounded product.
 * What is not finite is printed as 0, what is beyond 2^63 / 10^decimals as that. Returns out. */
const char *pe_print_fixed(char out[PE_FIXED_ROOM], double value, int decimals);

/* pe_print_three_digits - as printf's %.3g in the C locale for 0.001 <= value < 1000; "0" for 0. Returns out. */
const char *pe_print_three_digits(char out[PE_FIXED_ROOM], double value);

#endif
