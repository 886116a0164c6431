/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* log.c - messages and the progress line on stderr.
 *
 * Design:   one write per line, so that lines of several processes do not mix. The progress line of a terminal is redrawn in
 *           place; it is cut to the width of the terminal, since a wrapped line cannot be redrawn. A failed write is
 *           ignored.
 * Threads:  one mutex guards the state and the order of writes.
 * Not here: which messages there are, and how often (run, report).
 */
#include "os/log.h"

#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/json_out.h"
#include "os/file/file.h"

#define LINE_SIZE 2048u
#define CLEAR_LINE "\r\033[K"
#define PREFIX "pengine: "

static struct {
    pthread_mutex_t lock;
    bool is_enabled;   /* written by pe_log_init, before there are threads */
    pe_log_level most; /* likewise */
    bool is_json;      /* likewise */
    bool is_drawn;     /* the terminal shows a progress line; under lock */
} state = {PTHREAD_MUTEX_INITIALIZER, true, PE_LOG_INFO, false, false};

typedef struct line {
    char text[LINE_SIZE];
    size_t size;
} line;

/* Truncates text that does not fit; one byte stays free for the newline. */
static void add(line *out, const char *text, size_t size)
{
    const size_t left = LINE_SIZE - 1 - out->size;
    const size_t taken = size < left ? size : left;
    memcpy(out->text + out->size, text, taken);
    out->size += taken;
}

static void write_line(const line *out)
{
    pe_error ignored = PE_ERROR_INIT;
    (void)pe_write_full(STDERR_FILENO, out->text, out->size, "stderr", &ignored);
}

void pe_log_init(int is_enabled, pe_log_level most)
{
    state.is_enabled = is_enabled != 0;
    state.most = most;
}

void pe_log_set_json(void)
{
    state.is_json = true;
}

void pe_log_line(const void *bytes, size_t size)
{
    pe_error ignored = PE_ERROR_INIT;
    pe_buffer whole = {0}; /* one write, whatever its length */
    if (!state.is_enabled || pe_buffer_append(&whole, bytes, size, &ignored) != PE_OK ||
        pe_buffer_append(&whole, "\n", 1, &ignored) != PE_OK) {
        pe_buffer_fini(&whole);
        return;
    }
    pthread_mutex_lock(&state.lock);
    (void)pe_write_full(STDERR_FILENO, whole.data, whole.size, "stderr", &ignored);
    pthread_mutex_unlock(&state.lock);
    pe_buffer_fini(&whole);
}

static void write_json(pe_log_level level, const char *text)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    pe_error ignored = PE_ERROR_INIT;
    pe_json json = {.err = &ignored};
    pe_json_open(&json, NULL, '{');
    pe_json_text(&json, "level", levels[level]);
    pe_json_text(&json, "message", text);
    pe_json_close(&json, '}');
    if (ignored.status == PE_OK)
        pe_log_line(json.text.data, json.text.size);
    pe_buffer_fini(&json.text);
}

void pe_log(pe_log_level level, const char *format, ...)
{
    if (!state.is_enabled || level > state.most)
        return;
    char text[LINE_SIZE] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    if (state.is_json) {
        write_json(level, text);
        return;
    }
    line out = {.size = 0};
    pthread_mutex_lock(&state.lock);
    if (state.is_drawn)
        add(&out, CLEAR_LINE, strlen(CLEAR_LINE));
    state.is_drawn = false;
    add(&out, PREFIX, strlen(PREFIX));
    add(&out, text, strlen(text));
    out.text[out.size++] = '\n';
    write_line(&out);
    pthread_mutex_unlock(&state.lock);
}

/* The size of the whole lines that one write keeps together in a pipe, or of one line that is longer. */
static size_t block_size(const char *text, size_t size)
{
    size_t end = size < PIPE_BUF ? size : PIPE_BUF;
    while (end < size && end > 0 && text[end - 1] != '\n')
        end--;
    const char *const newline = end > 0 ? NULL : memchr(text, '\n', size);
    return end > 0 ? end : newline == NULL ? size : (size_t)(newline - text) + 1;
}

void pe_log_lines(const char *text, size_t size)
{
    pe_error ignored = PE_ERROR_INIT;
    line clear = {.size = 0};
    pthread_mutex_lock(&state.lock);
    if (state.is_drawn) {
        add(&clear, CLEAR_LINE, strlen(CLEAR_LINE));
        write_line(&clear);
    }
    state.is_drawn = false;
    while (size > 0) {
        const size_t block = block_size(text, size);
        (void)pe_write_full(STDERR_FILENO, text, block, "stderr", &ignored);
        text += block;
        size -= block;
    }
    pthread_mutex_unlock(&state.lock);
}

/* The bytes of text that fit into `columns` columns; every character of the progress bar has one column. */
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

size_t pe_log_columns(void)
{
    struct winsize window = {0, 0, 0, 0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col < 2)
        return LINE_SIZE;
    return window.ws_col - 1u;
}

static void redraw(const char *text)
{
    line out = {.size = 0};
    if (state.is_drawn || text != NULL)
        add(&out, CLEAR_LINE, strlen(CLEAR_LINE));
    if (text != NULL)
        add(&out, text, fitting(text, pe_log_columns()));
    state.is_drawn = text != NULL;
    if (out.size > 0)
        write_line(&out);
}

void pe_log_progress(const char *text, int is_terminal)
{
    if (!state.is_enabled)
        return;
    if (is_terminal == 0) {
        if (text != NULL)
            pe_log(PE_LOG_ERROR, "%s", text); /* shown at any level */
        return;
    }
    pthread_mutex_lock(&state.lock);
    redraw(text);
    pthread_mutex_unlock(&state.lock);
}
