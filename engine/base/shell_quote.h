/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* shell_quote.h - words as a shell reads them.
 */
#ifndef PE_SHELL_QUOTE_H
#define PE_SHELL_QUOTE_H

#include "base/buffer.h"

/* pe_shell_quote - append a word, quoted where a shell would read it otherwise. PE_ENOMEM. */
pe_status pe_shell_quote(pe_buffer *out, const char *word, pe_error *err);

#endif
