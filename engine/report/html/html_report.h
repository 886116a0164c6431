/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* html_report.h - a run as one HTML file for people: --report.
 *
 * Design: one file without a reference to anything outside, below 300 KB whatever the run was: plots have a fixed number of
 *         columns, many ranks are shown in groups, long texts are cut.
 */
#ifndef PE_HTML_REPORT_H
#define PE_HTML_REPORT_H

#include "report/run_facts.h"

/* What the file begins with. */
#define PE_HTML_OPENING "<!doctype html>\n<!-- a report of pengine"

/* pe_html_report - append the whole file. PE_ENOMEM. */
pe_status pe_html_report(const pe_run_facts *facts, pe_buffer *out, pe_error *err);

#endif
