/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_job_to_specs.c - what a job says of its kernel, as the kernel forms get it.
 */
#include "job_helpers.h"
#include "run/prepare/job_to_specs.h"

static const pe_type columns[] = {{PE_INT64, 0}, {PE_FLOAT64, 3}};
static const bool untyped[] = {false, true};

typedef struct job_specs {
    pe_job *job;
    pe_form_spec spec;
} job_specs;

/* Kernel is the text of its table. */
static job_specs open_specs(const char *kernel)
{
    char text[1000];
    job_specs out = {0};
    snprintf(text, sizeof text, RANGE "[kernel]\n%s\n", kernel);
    out.job = read_job(text);
    out.spec = pe_specs_kernel(out.job, columns, untyped, 2);
    return out;
}

static void close_specs(job_specs *specs)
{
    pe_job_free(specs->job);
}

START_TEST(smallest_kernel_has_nothing_but_its_name)
{
    job_specs specs = open_specs("name = \"square\"");
    const pe_form_spec *form = &specs.spec;
    ck_assert_int_eq(form->kind, PE_FORM_NAME);
    ck_assert_str_eq(form->where, "dir/job.toml:3:8: kernel.name");
    ck_assert_str_eq(form->directory, "dir");
    ck_assert_str_eq(form->name, "square");
    ck_assert(form->expr == NULL && form->args == NULL && form->source == NULL && form->function == NULL);
    ck_assert(form->plugin == NULL && form->python == NULL && form->command == NULL && form->initializer == NULL);
    ck_assert(form->cflags == NULL && form->libs == NULL && form->signature == NULL);
    ck_assert_int_eq(form->arg_count + form->cflag_count + form->lib_count + form->command_count, 0);
    ck_assert_uint_eq(form->setup.param_count, 0);
    ck_assert_uint_eq(form->setup.seed + form->timeout_ns + form->max_items_per_worker, 0);
    ck_assert(!form->may_wrap && !form->is_isolated && !form->has_output_dtype);
    ck_assert_int_eq(form->column_count, 2);
    ck_assert_ptr_eq(form->columns, columns);
    ck_assert_ptr_eq(form->untyped, untyped);
    close_specs(&specs);
}
END_TEST

START_TEST(each_kind_is_the_form_of_its_name)
{
    const struct {
        const char *kernel;
        pe_form_kind kind;
    } rows[] = {{"expr = \"x\"", PE_FORM_EXPR},
                {"source = \"f.c\"\nfunction = \"f\"\nsignature = \"s\"", PE_FORM_SOURCE},
                {"plugin = \"f.so\"", PE_FORM_PLUGIN},
                {"python = \"f.py:f\"", PE_FORM_PYTHON},
                {"command = [\"wc\"]", PE_FORM_COMMAND}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        job_specs specs = open_specs(rows[i].kernel);
        ck_assert_int_eq(specs.spec.kind, rows[i].kind);
        close_specs(&specs);
    }
}
END_TEST

START_TEST(texts_and_arrays_reach_their_form)
{
    job_specs specs =
        open_specs("expr = \"a + b\"\nargs = [\"a\", \"b\"]\ncflags = [\"-O2\"]\nlibs = [\"-lm\", \"-lgsl\"]");
    ck_assert_str_eq(specs.spec.expr, "a + b");
    ck_assert_int_eq(specs.spec.arg_count, 2);
    ck_assert_str_eq(specs.spec.args[1], "b");
    ck_assert_int_eq(specs.spec.cflag_count, 1);
    ck_assert_str_eq(specs.spec.cflags[0], "-O2");
    ck_assert_int_eq(specs.spec.lib_count, 2);
    ck_assert_str_eq(specs.spec.libs[1], "-lgsl");
    ck_assert(!specs.spec.may_wrap);
    close_specs(&specs);
    specs = open_specs("expr = \"x\"\noverflow = \"wrap\"");
    ck_assert(specs.spec.may_wrap);
    close_specs(&specs);
    specs = open_specs("source = \"f.c\"\nfunction = \"g\"\nsignature = \"(int64) -> int64\"");
    ck_assert_str_eq(specs.spec.source, "f.c");
    ck_assert_str_eq(specs.spec.function, "g");
    ck_assert_str_eq(specs.spec.signature, "(int64) -> int64");
    close_specs(&specs);
    specs = open_specs("plugin = \"libf.so\"\nname = \"one\"");
    ck_assert_str_eq(specs.spec.plugin, "libf.so");
    ck_assert_str_eq(specs.spec.name, "one");
    close_specs(&specs);
    specs = open_specs("command = [\"wc\", \"\", \"{}\"]");
    ck_assert_int_eq(specs.spec.command_count, 3);
    ck_assert_str_eq(specs.spec.command[2], "{}");
    close_specs(&specs);
}
END_TEST

START_TEST(params_of_each_type_reach_the_setup)
{
    job_specs specs = open_specs("name = \"f\"\nseed = 9223372036854775807\n[kernel.params]\na = -9223372036854775808\n"
                                 "b = 0.5\nc = true\nd = \"a\\u0000b\"");
    const pe_setup *setup = &specs.spec.setup;
    ck_assert(setup->seed == INT64_MAX);
    ck_assert_uint_eq(setup->param_count, 4);
    for (size_t i = 0; i < 4; i++) {
        const pe_param *param = &setup->params[i];
        switch (param->name[0]) {
        case 'a':
            ck_assert(param->dtype == PE_INT64 && param->integer == INT64_MIN);
            break;
        case 'b':
            ck_assert(param->dtype == PE_FLOAT64 && param->real == 0.5);
            break;
        case 'c':
            ck_assert(param->dtype == PE_BOOL && param->integer == 1);
            break;
        default:
            ck_assert(param->name[0] == 'd' && param->dtype == PE_TEXT && param->text.size == 3);
            ck_assert_int_eq(memcmp(param->text.data, "a\0b", 3), 0);
        }
    }
    close_specs(&specs);
}
END_TEST

START_TEST(switches_and_limits_reach_their_form)
{
    job_specs specs = open_specs("python = \"f.py:f\"\ninitializer = \"g.py:g\"\nmax_items_per_worker = 7\n"
                                 "isolate = true\n[errors]\ntimeout = \"200 ms\"\n"
                                 "[output]\ndtype = \"float32\"");
    ck_assert_str_eq(specs.spec.python, "f.py:f");
    ck_assert_str_eq(specs.spec.initializer, "g.py:g");
    ck_assert_uint_eq(specs.spec.max_items_per_worker, 7);
    ck_assert(!specs.spec.may_wrap && specs.spec.is_isolated);
    ck_assert_uint_eq(specs.spec.timeout_ns, 200000000);
    ck_assert(specs.spec.has_output_dtype && specs.spec.output_dtype == PE_FLOAT32);
    close_specs(&specs);
}
END_TEST

UNIT_MAIN("specs", smallest_kernel_has_nothing_but_its_name, each_kind_is_the_form_of_its_name,
          texts_and_arrays_reach_their_form, params_of_each_type_reach_the_setup, switches_and_limits_reach_their_form)
