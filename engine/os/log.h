/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* log.h - what pengine says on stderr: from rank 0 once, never on stdout.
 *
 * Threads: set once before the workers start; pe_log may be called from any thread.
 */
#ifndef PE_LOG_H
#define PE_LOG_H

#include "base/attr.h"

typedef enum pe_log_level { PE_LOG_ERROR, PE_LOG_WARN, PE_LOG_INFO, PE_LOG_DEBUG } pe_log_level;

/* pe_log_init - speaks = false silences this process for good (ranks other than 0); most = the chattiest level shown.
 */
void pe_log_init(int speaks, pe_log_level most);

/* pe_log - one line "pengine: text" on stderr; a progress line on the terminal is cleared first. */
void pe_log(pe_log_level level, const char *format, ...) PE_PRINTF(2, 3);

/* pe_log_progress - redraw the progress line (text without newline; NULL clears it); is_terminal = redrawn in place,
 * else one line. */
void pe_log_progress(const char *text, int is_terminal);

#endif
