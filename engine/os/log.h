/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* log.h - messages and the progress line on stderr, from rank 0 only.
 *
 * Threads: pe_log_init before there are threads; pe_log and pe_log_progress from any thread.
 */
#ifndef PE_LOG_H
#define PE_LOG_H

#include <stddef.h>

#include "base/attr.h"

typedef enum pe_log_level { PE_LOG_ERROR, PE_LOG_WARN, PE_LOG_INFO, PE_LOG_DEBUG } pe_log_level;

/* pe_log_init - is_enabled = 0: this process prints nothing (ranks other than 0). most: the last level that is printed. */
void pe_log_init(int is_enabled, pe_log_level most);

/* pe_log - print the line "pengine: text"; a progress line is cleared first. */
void pe_log(pe_log_level level, const char *format, ...) PE_PRINTF(2, 3);

/* pe_log_lines - write whole lines as they are, on every rank and at every level: what a program of the user's says. */
void pe_log_lines(const char *text, size_t size);
/* pe_log_set_json - from here on each message is a JSON object on a line, with level and message, for programs. */
void pe_log_set_json(void);
/* pe_log_line - log bytes as a line of their own, at any level. */
void pe_log_line(const void *bytes, size_t size);

/* pe_log_columns - the room for it on the terminal: the width less one, since some wrap at the last column. */
size_t pe_log_columns(void);
/* pe_log_progress - show progress: on a terminal redrawn in place (text NULL clears the line), else as a line of its own. */
void pe_log_progress(const char *text, int is_terminal);

#endif
