/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_job_kernel.c - the [kernel] table: which keys go together, what they take, and that it prints.
 */
#include <math.h>

#include "job_helpers.h"

#define TEXT_ROOM 4000
#define SOURCE "source = \"f.c\"\nfunction = \"f\"\nsignature = \"(float64) -> float64\""

static const char *const forms[] = {"name = \"square\"",    "expr = \"x*x\"",      SOURCE,
                                    "plugin = \"libf.so\"", "python = \"f.py:f\"", "command = [\"wc\"]"};
#define FORM_COUNT (sizeof forms / sizeof *forms)

/* The text stands in line 3. */
static void in_kernel(const char *kernel, char *out)
{
    snprintf(out, TEXT_ROOM, RANGE "[kernel]\n%s\n", kernel);
}

static pe_job *read_kernel(const char *kernel)
{
    char text[TEXT_ROOM];
    in_kernel(kernel, text);
    return read_job(text);
}

static void refuse_kernel(const char *kernel, const char *expected)
{
    char text[TEXT_ROOM];
    in_kernel(kernel, text);
    refuse(text, expected);
}

/* The key stands in the line after the form. */
static void check_goes_with(const char *line, const char *key, const bool *is_fine)
{
    for (size_t i = 0; i < FORM_COUNT; i++) {
        char kernel[400], text[TEXT_ROOM];
        pe_error err = PE_ERROR_INIT;
        pe_job *job = NULL;
        snprintf(kernel, sizeof kernel, "%s\n%s", forms[i], line);
        in_kernel(kernel, text);
        const pe_status status = pe_job_read("job.toml", text, strlen(text), NULL, 0, &job, &err);
        ck_assert_msg((status == PE_OK) == is_fine[i], "%s: %s", kernel, err.text);
        snprintf(text, sizeof text, ": kernel.%s: means nothing for a kernel of kind ", key);
        ck_assert_msg(is_fine[i] || strstr(err.text, text) != NULL, "%s", err.text);
        pe_job_free(job);
    }
}

START_TEST(kernel_of_no_kind_is_refused_with_the_kinds)
{
    refuse_kernel(
        "signature = \"(int64) -> int64\"",
        "job.toml:2:1: kernel: says not what is computed; expected one of name, expr, source, plugin, python, "
        "command, such as name = \"square\"");
}
END_TEST

START_TEST(two_kinds_of_kernel_are_refused_with_both)
{
    refuse_kernel("name = \"square\"\nexpr = \"x\"",
                  "job.toml:4:8: kernel: expected one kind of kernel, got both name and expr");
    refuse_kernel("command = [\"wc\"]\npython = \"f.py:f\"",
                  "job.toml:3:11: kernel: expected one kind of kernel, got both python and command");
    refuse_kernel("plugin = \"f.so\"\nname = \"f\"\nsource = \"f.c\"",
                  "job.toml:3:10: kernel: expected one kind of kernel, got both source and plugin");
    for (size_t i = 0; i < FORM_COUNT; i++) {
        for (size_t j = 0; j < i; j++) {
            char text[1000];
            const bool is_named_plugin = j == 0 && strstr(forms[i], "plugin") != NULL;
            snprintf(text, sizeof text, "%s\n%s", forms[j], forms[i]);
            if (!is_named_plugin)
                refuse_kernel(text, "job.toml:...");
        }
    }
}
END_TEST

START_TEST(each_kind_of_kernel_is_read)
{
    const char *const wheres[] = {"3:8: kernel.name",    "3:8: kernel.expr",    "3:10: kernel.source",
                                  "3:10: kernel.plugin", "3:10: kernel.python", "3:11: kernel.command"};
    for (size_t i = 0; i < FORM_COUNT; i++) {
        char where[100];
        pe_job *job = read_kernel(forms[i]);
        ck_assert_int_eq(job->kernel.kind, (int)i);
        snprintf(where, sizeof where, "dir/job.toml:%s", wheres[i]);
        ck_assert_str_eq(job->kernel.where, where);
        ck_assert_uint_eq(job->kernel.setup.seed, 0);
        ck_assert_uint_eq(job->kernel.setup.param_count, 0);
        ck_assert(!job->kernel.may_wrap && !job->kernel.is_isolated);
        pe_job_free(job);
    }
}
END_TEST

START_TEST(plugin_is_read_with_a_name_and_without)
{
    pe_job *job = read_kernel("name = \"one\"\nplugin = \"libf.so\"");
    ck_assert_int_eq(job->kernel.kind, PE_FORM_PLUGIN);
    ck_assert_str_eq(job->kernel.plugin, "libf.so");
    ck_assert_str_eq(job->kernel.name, "one");
    ck_assert_str_eq(job->kernel.where, "dir/job.toml:4:10: kernel.plugin");
    pe_job_free(job);
    job = read_kernel("plugin = \"libf.so\"");
    ck_assert_ptr_null(job->kernel.name);
    pe_job_free(job);
}
END_TEST

START_TEST(key_that_means_nothing_for_the_kind_is_refused_by_name)
{
    /*                       name   expr  source plugin python command */
    check_goes_with("args = [\"x\"]", "args", (const bool[]){false, true, false, false, false, false});
    check_goes_with("cflags = [\"-g\"]", "cflags", (const bool[]){false, true, true, false, false, false});
    check_goes_with("libs = [\"-lm\"]", "libs", (const bool[]){false, true, true, false, false, false});
    check_goes_with("initializer = \"f.py:g\"", "initializer", (const bool[]){false, false, true, false, true, false});
    check_goes_with("max_items_per_worker = 9", "max_items_per_worker",
                    (const bool[]){false, false, false, false, true, false});
    check_goes_with("isolate = true", "isolate", (const bool[]){true, true, true, true, true, true});
    check_goes_with("params = {a = 1}", "params", (const bool[]){true, true, true, true, true, false});
    check_goes_with("seed = 1", "seed", (const bool[]){true, true, true, true, true, false});
    check_goes_with("interpreter = \"python3\"", "interpreter",
                    (const bool[]){false, false, false, false, true, false});
    check_goes_with("overflow = \"wrap\"", "overflow", (const bool[]){true, true, true, false, false, false});
    refuse_kernel("expr = \"x\"\nfunction = \"f\"",
                  "job.toml:4:12: kernel.function: means nothing for a kernel of kind expr; valid there: expr, args, "
                  "where, cflags, libs, signature, params, seed, overflow, isolate");
    refuse_kernel("expr = \"x\"\ninitializer = 1", "job.toml:4:15: kernel.initializer: means nothing ...");
}
END_TEST

START_TEST(source_without_function_or_signature_is_refused)
{
    refuse_kernel("source = \"f.c\"", "job.toml:3:10: kernel.source: needs a function beside it, such as function = "
                                      "\"f\"");
    refuse_kernel("source = \"f.c\"\nfunction = \"f\"",
                  "job.toml:3:10: kernel.source: needs a signature beside it, such as signature = \"(float64) -> "
                  "float64\"");
}
END_TEST

START_TEST(text_that_is_none_is_refused)
{
    refuse_kernel("expr = \"\"", "job.toml:3:8: kernel.expr: expected an expression such as \"x*x\", or an array of "
                                 "them, one per result, got \"\"");
    refuse_kernel("plugin = 3", "job.toml:3:10: kernel.plugin: expected a string that is not empty, got 3");
    refuse_kernel("python = \"f.py\"", "job.toml:3:10: kernel.python: expected a file and a function such as "
                                       "\"f.py:f\", got \"f.py\"");
    refuse_kernel("python = \"f.py:\"", "job.toml:3:10: kernel.python: ...");
    refuse_kernel("python = \":f\"", "job.toml:3:10: kernel.python: ...");
}
END_TEST

START_TEST(args_that_are_none_are_refused)
{
    refuse_kernel("expr = \"x\"\nargs = \"x\"",
                  "job.toml:4:8: kernel.args: expected an array of C identifiers such as [\"x\", \"y\"], got \"x\"");
    refuse_kernel("expr = \"x\"\nargs = []", "job.toml:4:8: kernel.args: ...");
    refuse_kernel("expr = \"x\"\nargs = [\"x\", \"2x\"]",
                  "job.toml:4:14: kernel.args: expected a C identifier such as \"x\", got \"2x\"");
    const char *const bad[] = {"x-y", "x y", "x.y", "\\u00fc", "x\\u0000", "", "*x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[100];
        snprintf(text, sizeof text, "expr = \"x\"\nargs = [\"%s\"]", bad[i]);
        refuse_kernel(text, "job.toml:4:9: kernel.args: expected a ...");
    }
    refuse_kernel("expr = \"x\"\nargs = [\"x\", \"y\", \"x\"]",
                  "job.toml:4:19: kernel.args: expected each name once, got \"x\" again");
    char text[1000] = "expr = \"x\"\nargs = [\"a0\""; /* 65 of them: one more than a kernel can take */
    for (int i = 1; i <= 64; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", \"a%d\"", i);
    strcat(text, "]");
    refuse_kernel(text, "job.toml:4:8: kernel.args: expected at most 64, got 65");
}
END_TEST

START_TEST(identifiers_of_all_letters_are_read)
{
    pe_job *job = read_kernel("expr = \"x\"\nargs = [\"_\", \"aZ9\", \"Q_0\"]");
    ck_assert_int_eq(job->kernel.arg_count, 3);
    ck_assert_str_eq(job->kernel.args[0], "_");
    ck_assert_str_eq(job->kernel.args[2], "Q_0");
    pe_job_free(job);
}
END_TEST

START_TEST(options_are_read_as_often_as_given)
{
    pe_job *job = read_kernel(SOURCE "\ncflags = [\"-I\", \"a\", \"-I\", \"b\"]\nlibs = []");
    ck_assert_int_eq(job->kernel.cflag_count, 4);
    ck_assert_str_eq(job->kernel.cflags[2], "-I");
    ck_assert_int_eq(job->kernel.lib_count, 0);
    pe_job_free(job);
    refuse_kernel("expr = \"x\"\ncflags = \"-g\"",
                  "job.toml:4:10: kernel.cflags: expected an array of strings such as [\"a\", \"b\"], got \"-g\"");
    refuse_kernel("expr = \"x\"\nlibs = [\"\"]",
                  "job.toml:4:9: kernel.libs: expected a string that is not empty, got \"\"");
}
END_TEST

START_TEST(command_that_is_none_is_refused)
{
    refuse_kernel("command = \"wc -c\"", "job.toml:3:11: kernel.command: expected an array of a program and its "
                                         "arguments such as [\"wc\", \"-c\", \"{}\"], got \"wc -c\"");
    refuse_kernel("command = []", "job.toml:3:11: kernel.command: ...");
    refuse_kernel("command = [\"\"]", "job.toml:3:12: kernel.command: expected a string that is not empty, got \"\"");
    refuse_kernel("command = [\"wc\", 1]", "job.toml:3:18: kernel.command: expected a string that is not empty, got 1");
    refuse_kernel("command = [\"wc\", \"a\\u0000b\"]", "job.toml:3:18: kernel.command: ...");
}
END_TEST

START_TEST(command_may_have_empty_and_equal_arguments)
{
    pe_job *job = read_kernel("command = [\"tr\", \"a\", \"\", \"a\"]");
    ck_assert_int_eq(job->kernel.command_count, 4);
    ck_assert_str_eq(job->kernel.command[2], "");
    ck_assert_str_eq(job->kernel.command[3], "a");
    pe_job_free(job);
}
END_TEST

START_TEST(params_that_are_none_are_refused)
{
    refuse_kernel(
        "name = \"f\"\nparams = 3",
        "job.toml:4:10: kernel.params: expected a table of constants such as {sigma = 0.5, steps = 10}, got 3");
    refuse_kernel("name = \"f\"\nparams = {\"a-b\" = 1}",
                  "job.toml:4:19: kernel.params: expected names that are C identifiers, got \"a-b\"");
    refuse_kernel("name = \"f\"\nparams = {\"\" = 1}", "job.toml:4:16: kernel.params: expected names ...");
    refuse_kernel("name = \"f\"\nparams = {a = [1]}",
                  "job.toml:4:15: kernel.params: expected a to be a number, true, false or a string, got [1]");
    refuse_kernel("name = \"f\"\nparams = {a = {b = 1}}", "job.toml:4:15: kernel.params: expected a to be ...");
    refuse_kernel("name = \"f\"\nparams = {a = 1979-05-27}", "job.toml:4:15: kernel.params: expected a to be ...");
}
END_TEST

START_TEST(empty_params_are_fine)
{
    pe_job *job = read_kernel("name = \"f\"\nparams = {}");
    ck_assert_uint_eq(job->kernel.setup.param_count, 0);
    pe_job_free(job);
}
END_TEST

static const pe_param *find_param(const pe_job *job, const char *name)
{
    for (size_t i = 0; i < job->kernel.setup.param_count; i++)
        if (strcmp(job->kernel.setup.params[i].name, name) == 0)
            return &job->kernel.setup.params[i];
    ck_abort_msg("no param %s", name);
    return NULL;
}

START_TEST(params_of_each_type_are_read_and_print)
{
    char text[TEXT_ROOM];
    in_kernel("name = \"f\"\n[kernel.params]\nleast = -9223372036854775808\nsigma = 0.1\nnone = nan\nyes = true\n"
              "mode = \"a\\u0000\\\"b\"\n_ = \"\"",
              text);
    pe_job *job = read_again(text);
    ck_assert_uint_eq(job->kernel.setup.param_count, 6);
    ck_assert(find_param(job, "least")->dtype == PE_INT64 && find_param(job, "least")->integer == INT64_MIN);
    ck_assert(find_param(job, "sigma")->dtype == PE_FLOAT64 && find_param(job, "sigma")->real == 0.1);
    ck_assert(find_param(job, "none")->dtype == PE_FLOAT64 && isnan(find_param(job, "none")->real));
    ck_assert(find_param(job, "yes")->dtype == PE_BOOL && find_param(job, "yes")->integer == 1);
    ck_assert(find_param(job, "mode")->dtype == PE_TEXT && find_param(job, "mode")->text.size == 4);
    ck_assert_int_eq(memcmp(find_param(job, "mode")->text.data, "a\0\"b", 4), 0);
    ck_assert(find_param(job, "_")->dtype == PE_TEXT && find_param(job, "_")->text.size == 0);
    pe_job_free(job);
}
END_TEST

START_TEST(seed_and_switches_are_judged)
{
    refuse_kernel("name = \"f\"\nseed = -1", "job.toml:4:8: kernel.seed: expected an integer, 0 or more, got -1");
    refuse_kernel("name = \"f\"\nseed = 1.0", "job.toml:4:8: kernel.seed: ...");
    refuse_kernel("name = \"f\"\noverflow = \"ignore\"",
                  "job.toml:4:12: kernel.overflow: expected \"error\" or \"wrap\", got \"ignore\"");
    refuse_kernel("name = \"f\"\nisolate = 1", "job.toml:4:11: kernel.isolate: expected true or false, got 1");
    refuse_kernel("python = \"f.py:f\"\nmax_items_per_worker = 0",
                  "job.toml:4:24: kernel.max_items_per_worker: expected an integer, 1 or more, got 0");
    pe_job *job = read_kernel("name = \"f\"\nseed = 9223372036854775807\noverflow = \"error\"\nisolate = true");
    ck_assert_uint_eq(job->kernel.setup.seed, INT64_MAX);
    ck_assert(!job->kernel.may_wrap && job->kernel.is_isolated);
    pe_job_free(job);
}
END_TEST

START_TEST(kernel_of_each_kind_prints_and_reads_back)
{
    const char *const kernels[] = {
        "expr = \"a + \\\"b\\\"\"\nargs = [\"a\", \"b\"]\ncflags = [\"-g\"]\nlibs = [\"-lm\"]\noverflow = \"wrap\"",
        SOURCE "\nseed = 7",
        "plugin = \"libf.so\"\nname = \"one\"\nisolate = true",
        "plugin = \"libf.so\"",
        "python = \"f.py:f\"\ninitializer = \"g.py:g\"\nmax_items_per_worker = 9\nparams = {a = 1, b = \"x\"}",
        "command = [\"tr\", \"\", \"{}\"]\nsignature = \"(text) -> text\"",
    };
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        char text[TEXT_ROOM];
        in_kernel(kernels[i], text);
        pe_job *first = read_job(text), *again = read_again(text);
        const pe_form_spec *a = &first->kernel, *b = &again->kernel;
        ck_assert_int_eq(a->kind, b->kind);
        ck_assert_pstr_eq(a->name, b->name);
        ck_assert_pstr_eq(a->expr, b->expr);
        ck_assert_pstr_eq(a->source, b->source);
        ck_assert_pstr_eq(a->function, b->function);
        ck_assert_pstr_eq(a->plugin, b->plugin);
        ck_assert_pstr_eq(a->python, b->python);
        ck_assert_pstr_eq(a->initializer, b->initializer);
        ck_assert_pstr_eq(a->signature, b->signature);
        ck_assert_int_eq(a->arg_count, b->arg_count);
        ck_assert_int_eq(a->cflag_count, b->cflag_count);
        ck_assert_int_eq(a->lib_count, b->lib_count);
        ck_assert_int_eq(a->command_count, b->command_count);
        for (int c = 0; c < a->command_count; c++)
            ck_assert_str_eq(a->command[c], b->command[c]);
        ck_assert_uint_eq(a->setup.param_count, b->setup.param_count);
        ck_assert_uint_eq(a->setup.seed, b->setup.seed);
        ck_assert_uint_eq(a->max_items_per_worker, b->max_items_per_worker);
        ck_assert(a->may_wrap == b->may_wrap && a->is_isolated == b->is_isolated);
        pe_job_free(first);
        pe_job_free(again);
    }
}
END_TEST

START_TEST(override_reaches_params_and_kinds)
{
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    const char *const text = RANGE "[kernel]\nname = \"f\"\n[kernel.params]\nsigma = 0.1\n";
    ck_ok(read_with(text, "kernel.params.sigma", "0.2", &job, &err), err);
    ck_assert(find_param(job, "sigma")->real == 0.2);
    pe_job_free(job);
    ck_ok(read_with(RANGE KERNEL, "kernel.params.steps", "5", &job, &err), err);
    ck_assert(find_param(job, "steps")->integer == 5);
    pe_job_free(job);
    ck_ok(read_with(RANGE KERNEL, "kernel.params", "{a = 1, b = 2}", &job, &err), err);
    ck_assert_uint_eq(job->kernel.setup.param_count, 2);
    pe_job_free(job);
    job = NULL;
    ck_ok(read_with(RANGE, "kernel.expr", "\"x*x\"", &job, &err), err);
    ck_assert_str_eq(job->kernel.where, "--set kernel.expr=\"x*x\": kernel.expr");
    pe_job_free(job);
}
END_TEST

START_TEST(override_that_is_wrong_is_a_usage_error)
{
    refuse_set("kernel.expr", "\"x\"",
               "--set kernel.expr=\"x\": kernel: expected one kind of kernel, got both name and expr");
    refuse_set("kernel.params", "3", "--set kernel.params=3: kernel.params: expected a table of constants ...");
    refuse_set("kernel.params.a-b", "3",
               "--set kernel.params.a-b=3: kernel.params: expected names that are C identifiers, got \"a-b\"");
    refuse_set("kernel.params.a.b", "3", "--set kernel.params.a.b=3: kernel.params: expected a to be ...");
    refuse_set("kernel.params.", "3", "--set kernel.params.=3: unknown key \"kernel.params.\"...");
    refuse_set("kernel.param.a", "3", "--set kernel.param.a=3: unknown key \"kernel.param.a\"...");
    refuse_set("kernel.setup.seed.a", "3", "--set kernel.setup.seed.a=3: unknown key \"kernel.setup.seed.a\"...");
    refuse_set("kernel.exp", "\"x\"",
               "--set kernel.exp=\"x\": unknown key \"kernel.exp\"; did you mean \"kernel.expr\"?");
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    ck_assert_int_eq(read_with(RANGE KERNEL, "kernel.params.mode", "fast", &job, &err), PE_EUSAGE);
    ck_assert_ptr_nonnull(strstr(err.text, "text stands in quotes: --set 'kernel.params.mode=\"fast\"'"));
}
END_TEST

START_TEST(unknown_key_is_refused_with_the_nearest)
{
    refuse_kernel("nam = \"square\"", "job.toml:3:1: unknown key \"kernel.nam\"; did you mean \"kernel.name\"?");
    refuse("expr = \"x*x\"\n", "job.toml:1:1: unknown key \"expr\"; did you mean \"kernel.expr\"?");
}
END_TEST

UNIT_MAIN("job_kernel", kernel_of_no_kind_is_refused_with_the_kinds, two_kinds_of_kernel_are_refused_with_both,
          each_kind_of_kernel_is_read, plugin_is_read_with_a_name_and_without,
          key_that_means_nothing_for_the_kind_is_refused_by_name, source_without_function_or_signature_is_refused,
          text_that_is_none_is_refused, args_that_are_none_are_refused, identifiers_of_all_letters_are_read,
          options_are_read_as_often_as_given, command_that_is_none_is_refused,
          command_may_have_empty_and_equal_arguments, params_that_are_none_are_refused, empty_params_are_fine,
          params_of_each_type_are_read_and_print, seed_and_switches_are_judged,
          kernel_of_each_kind_prints_and_reads_back, override_reaches_params_and_kinds,
          override_that_is_wrong_is_a_usage_error, unknown_key_is_refused_with_the_nearest)
