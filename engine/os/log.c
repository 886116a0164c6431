/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* log.c - what pengine says on stderr, line by line.
 *
 * Design:   each line is put together first and written by one write, so lines of several processes do not mix. A
 *           progress line on a terminal is redrawn in place; it is cut to the terminal's width, since a wrapped line
 *           could not be. A write that fails is dropped: there is nowhere left to say so.
 * Threads:  one mutex guards the state and the order of writes.
 * Not here: what is worth saying, how often (run, state).
 */
#include "os/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "os/file.h"

#define LINE_ROOM 2048u
#define CLEAR_LINE "\r\033[K"
#define PREFIX "pengine: "

static struct {
    pthread_mutex_t lock;
    bool speaks;       /* written by pe_log_init alone, before there are threads */
    pe_log_level most; /* likewise */
    bool drawn;        /* a progress line stands on the terminal; under lock */
} state = {PTHREAD_MUTEX_INITIALIZER, true, PE_LOG_INFO, false};

typedef struct line {
    char text[LINE_ROOM];
    size_t size;
} line;

/* Cuts what does not fit, and keeps one byte for the newline. */
static void add(line *out, const char *text, size_t size)
{
    const size_t left = LINE_ROOM - 1 - out->size;
    const size_t taken = size < left ? size : left;
    memcpy(out->text + out->size, text, taken);
    out->size += taken;
}

static void say(const line *out)
{
    pe_error ignored = PE_ERROR_INIT;
    (void)pe_write_full(STDERR_FILENO, out->text, out->size, "stderr", &ignored);
}

void pe_log_init(int speaks, pe_log_level most)
{
    state.speaks = speaks != 0;
    state.most = most;
}

void pe_log(pe_log_level level, const char *format, ...)
{
    if (!state.speaks || level > state.most)
        return;
    char text[LINE_ROOM] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    line out = {.size = 0};
    pthread_mutex_lock(&state.lock);
    if (state.drawn)
        add(&out, CLEAR_LINE, strlen(CLEAR_LINE));
    state.drawn = false;
    add(&out, PREFIX, strlen(PREFIX));
    add(&out, text, strlen(text));
    out.text[out.size++] = '\n';
    say(&out);
    pthread_mutex_unlock(&state.lock);
}

/* Bytes of text that take at most `columns` columns, one a character: the bar has no wide ones. */
static size_t fitting(const char *text, size_t columns)
{
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        const bool starts = ((unsigned char)text[size] & 0xC0u) != 0x80u;
        if (starts && columns-- == 0)
            break;
    }
    return size;
}

/* One less than the width: some terminals wrap on the last column. */
static size_t terminal_columns(void)
{
    struct winsize window = {0, 0, 0, 0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col < 2)
        return LINE_ROOM;
    return window.ws_col - 1u;
}

static void redraw(const char *text)
{
    line out = {.size = 0};
    if (state.drawn || text != NULL)
        add(&out, CLEAR_LINE, strlen(CLEAR_LINE));
    if (text != NULL)
        add(&out, text, fitting(text, terminal_columns()));
    state.drawn = text != NULL;
    if (out.size > 0)
        say(&out);
}

void pe_log_progress(const char *text, int is_terminal)
{
    if (!state.speaks)
        return;
    if (is_terminal == 0) {
        if (text != NULL)
            pe_log(PE_LOG_ERROR, "%s", text); /* shown at any level: the caller decided to */
        return;
    }
    pthread_mutex_lock(&state.lock);
    redraw(text);
    pthread_mutex_unlock(&state.lock);
}
