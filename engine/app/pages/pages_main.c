/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pages_main.c - fills the holes of a template with the tables of the program, when pengine is built.
 *
 * Design:   pengine_pages TEMPLATE PAGE copies the template and replaces each @name@ that is the name of a hole. So man
 *           pages and completions have the keys, options and kernels of the program, and nothing is said twice.
 * Threads:  the main thread.
 * Not here: what fills a hole (page_man.c, page_bash.c, page_zsh.c, page_fish.c).
 */
#include <string.h>

#include "app/pages/pages.h"
#include "job/job.h"

#define LINE_ROOM 4096

static void print_version(FILE *out)
{
    fprintf(out, PENGINE_VERSION);
}

static void print_date(FILE *out)
{
    fprintf(out, PENGINE_DATE);
}

static const pe_page_hole common_holes[] = {
    {"version", print_version}, {"date", print_date}, {"json_schema", pe_job_print_schema}, {NULL, NULL}};

/* The hole that text begins with, "@name@"; NULL: none. */
static const pe_page_hole *find_hole(const char *text)
{
    const pe_page_hole *const all[] = {common_holes, pe_page_man_holes, pe_page_bash_holes, pe_page_zsh_holes,
                                       pe_page_fish_holes};
    for (size_t i = 0; *text == '@' && i < sizeof all / sizeof *all; i++) {
        for (const pe_page_hole *hole = all[i]; hole->name != NULL; hole++) {
            const size_t size = strlen(hole->name);
            if (strncmp(text + 1, hole->name, size) == 0 && text[size + 1] == '@')
                return hole;
        }
    }
    return NULL;
}

/* What fills a whole line brings its own newlines. */
static void fill_line(FILE *out, const char *line)
{
    const pe_page_hole *const whole = find_hole(line);
    if (whole != NULL && strcmp(line + strlen(whole->name) + 2, "\n") == 0) {
        whole->print(out);
        return;
    }
    while (*line != '\0') {
        const pe_page_hole *const hole = find_hole(line);
        if (hole == NULL) {
            (void)fputc(*line++, out);
            continue;
        }
        hole->print(out);
        line += strlen(hole->name) + 2;
    }
}

static int fill(const char *template_path, const char *page_path)
{
    char line[LINE_ROOM];
    FILE *const in = fopen(template_path, "r");
    FILE *const out = in == NULL ? NULL : fopen(page_path, "w");
    if (out == NULL) {
        perror(in == NULL ? template_path : page_path);
        return in == NULL ? 66 : 73;
    }
    while (fgets(line, sizeof line, in) != NULL)
        fill_line(out, line);
    const bool is_read = ferror(in) == 0 && fclose(in) == 0;
    const bool is_written = ferror(out) == 0;
    if (fclose(out) == 0 && is_written && is_read)
        return 0;
    perror(page_path);
    return 74;
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return fill(argv[1], argv[2]);
    fprintf(stderr, "usage: pengine_pages TEMPLATE PAGE\n");
    return 64;
}
