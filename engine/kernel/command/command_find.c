/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_find.c - finds the program of a command, and the scripts among its arguments.
 *
 * Design:  a program without a slash in its name is looked for in PATH, one with a slash from the job file's folder. An
 *          argument without placeholders that names a file (it has a slash or a suffix), and is none in the current
 *          folder but one in the job file's, is that file: so a job runs from any folder. The script of an interpreter
 *          that is in neither is refused, since the program's own message would come once per item.
 * Threads: the main thread.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "kernel/command/command_internal.h"
#include "kernel/process/process_form.h"
#include "os/file/find_program.h"

static bool is_file(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

/* A program of PATH. One beside the job is named with ./ in front. */
static pe_status find_name(const pe_form_spec *spec, const char *name, char out[PE_COMMAND_PATH], pe_error *err)
{
    char beside[PE_COMMAND_PATH];
    if (pe_find_program(name, out, PE_COMMAND_PATH))
        return PE_OK;
    const bool is_beside =
        pe_process_form_path(spec, name, strlen(name), beside, sizeof beside, err) == PE_OK && is_file(beside);
    pe_error_clear(err);
    if (is_beside)
        return pe_fail(err, PE_EKERNEL, "%s: there is no program \"%s\" in PATH; %s is written \"./%s\"", spec->where,
                       name, beside, name);
    return pe_fail(err, PE_EKERNEL, "%s: there is no program \"%s\" in PATH", spec->where, name);
}

static pe_status find_program(const pe_form_spec *spec, char out[PE_COMMAND_PATH], pe_error *err)
{
    const char *const name = spec->command[0];
    if (strchr(name, '/') == NULL)
        return find_name(spec, name, out, err);
    const pe_status status = pe_process_form_path(spec, name, strlen(name), out, PE_COMMAND_PATH, err);
    if (status != PE_OK || pe_is_program(out))
        return status;
    const bool is_there = access(out, F_OK) == 0;
    return pe_fail(err, PE_EKERNEL, "%s: %s %s", spec->where, out, is_there ? "is not a program" : "is not there");
}

/* ---- scripts ---- */

static bool names_file(const char *word)
{
    const char *const slash = strrchr(word, '/');
    const char *const dot = strrchr(slash == NULL ? word : slash, '.');
    return word[0] != '-' && word[0] != '/' && (slash != NULL || (dot != NULL && dot != word && dot[1] != '\0'));
}

/* Does this word, the first one after an interpreter, name its script? */
static bool is_script(const char *program, const char *word)
{
    static const char *const interpreters[] = {"python", "sh", "bash", "dash", "perl", "ruby", "Rscript", "node"};
    static const char *const suffixes[] = {".py", ".sh", ".pl", ".rb", ".R", ".r", ".js"};
    const char *const slash = strrchr(program, '/'), *const dot = strrchr(word, '.');
    const char *const name = slash == NULL ? program : slash + 1;
    bool is_interpreter = false, has_suffix = false;
    for (size_t i = 0; i < sizeof interpreters / sizeof *interpreters; i++)
        is_interpreter = is_interpreter || strcmp(name, interpreters[i]) == 0;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && dot != NULL; i++)
        has_suffix = has_suffix || strcmp(dot, suffixes[i]) == 0;
    return has_suffix && (is_interpreter || strncmp(name, "python", strlen("python")) == 0);
}

static pe_status refuse_script(const pe_form_spec *spec, const char *word, const char *beside, pe_error *err)
{
    if (strcmp(word, beside) == 0)
        return pe_fail(err, PE_EKERNEL, "%s: there is no %s in the current folder", spec->where, word);
    return pe_fail(err, PE_EKERNEL, "%s: there is no %s in the current folder, nor %s beside the job file", spec->where,
                   word, beside);
}

/* A word without placeholders, with {{}} as {}: *out is made. */
static pe_status unescape(const pe_template *word, char **out, pe_error *err)
{
    pe_buffer text = {0};
    pe_status status = pe_template_print(word, NULL, NULL, 0, 0, &text, err);
    if (status == PE_OK)
        status = pe_buffer_append(&text, "", 1, err);
    if (status == PE_OK)
        status = pe_copy_string(out, (const char *)text.data, err);
    pe_buffer_fini(&text);
    return status;
}

/* Where a word names a script beside the job file, it becomes its path. */
static pe_status find_script(const pe_form_spec *spec, int w, char **word, pe_error *err)
{
    char beside[PE_COMMAND_PATH];
    if (!names_file(*word) || access(*word, F_OK) == 0)
        return PE_OK;
    pe_status status = pe_process_form_path(spec, *word, strlen(*word), beside, sizeof beside, err);
    if (status == PE_OK && is_file(beside)) {
        free(*word);
        *word = NULL;
        return pe_copy_string(word, beside, err);
    }
    return status == PE_OK && w == 1 && is_script(spec->command[0], *word) ? refuse_script(spec, *word, beside, err)
                                                                           : status;
}

pe_status pe_command_find(const pe_form_spec *spec, pe_command *form, pe_error *err)
{
    pe_status status = find_program(spec, form->program, err);
    for (int w = 0; w < form->word_count && status == PE_OK; w++) {
        if (form->templates[w].has_placeholder)
            status = pe_copy_string(&form->words[w], spec->command[w], err);
        else
            status = unescape(&form->templates[w], &form->words[w], err);
        if (status == PE_OK && w > 0 && !form->templates[w].has_placeholder)
            status = find_script(spec, w, &form->words[w], err);
    }
    return status;
}
