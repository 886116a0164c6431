/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_plugin_form.c - a shared library is opened when its numbers are ours, and refused with a reason when not.
 */
#include "kernel/call.h"
#include "plugin_helpers.h"

#define WHERE "job.toml:9:8: kernel.plugin"
#define ONE "const pe_kernel *const all[] = {&one};\n"
#define PLUGIN "const pe_plugin pengine_plugin = {PE_KERNEL_ABI, sizeof(pe_plugin), sizeof all / sizeof *all, all};\n"

static const char doubles[] =
    "static int map(pe_batch *b)\n"
    "{\n"
    "    const int64_t *x = b->args[0];\n"
    "    int64_t *y = b->results[0];\n"
    "    for (size_t i = 0; i < b->count; i++) {\n"
    "        y[i] = 2 * x[i] + *(int64_t *)b->worker;\n"
    "        if (x[i] == 13) b->fail(b, i, \"unlucky\");\n"
    "    }\n"
    "    return 0;\n"
    "}\n"
    "static int start(const pe_kernel *k, const pe_setup *s, void **worker)\n"
    "{\n"
    "    (void)k;\n"
    "    *worker = calloc(1, sizeof(int64_t));\n"
    "    if (s->param_count == 1) *(int64_t *)*worker = s->params[0].integer;\n"
    "    return *worker == NULL;\n"
    "}\n"
    "static const pe_kernel one = {PE_KERNEL_ABI, sizeof(pe_kernel), \"twice\", \"(int64) -> int64\", \"2 x\", map,\n"
    "                              start, free, NULL};\n" ONE PLUGIN;

/* Four descriptors of three names, whose overloads do not stand together. */
static const char several[] =
    "static int map(pe_batch *b) { (void)b; return 0; }\n"
    "#define K(id, name, signature) static const pe_kernel id = {PE_KERNEL_ABI, sizeof(pe_kernel), name, signature,"
    " \"\", map, NULL, NULL, NULL};\n"
    "K(a, \"area\", \"(float64) -> float64\")\nK(b, \"length\", \"(text) -> int64\")\n"
    "K(c, \"area\", \"(int64) -> int64\")\nK(d, \"volume\", \"(float64[3]) -> float64\")\n"
    "const pe_kernel *const all[] = {&a, &b, &c, &d};\n" PLUGIN;

typedef struct answer {
    pe_status status;
    pe_form *form;
    pe_error err;
} answer;

static answer opens(const char *plugin, const char *name, const char *signature, const char *column)
{
    static pe_type type;
    static const bool untyped = false;
    answer out = {.err = PE_ERROR_INIT};
    ck_ok(pe_type_parse(column, &type, &out.err), out.err);
    const pe_form_spec spec = {.kind = PE_FORM_PLUGIN,
                               .where = WHERE,
                               .directory = ".",
                               .name = name,
                               .plugin = plugin,
                               .signature = signature,
                               .columns = &type,
                               .untyped = &untyped,
                               .column_count = 1};
    const pe_buffer object = {0};
    out.status = pe_form_open(&spec, &object, &out.form, &out.err);
    return out;
}

static void refuses(const char *plugin, const char *name, pe_status status, const char *text)
{
    const answer got = opens(plugin, name, NULL, "int64");
    ck_assert_int_eq(got.status, status);
    ck_assert_str_eq(got.err.text, text);
    ck_assert_ptr_null(got.form);
}

START_TEST(plugin_missing_file_is_refused_by_the_linkers_words)
{
    plugins_enter();
    refuses("f.so", NULL, PE_EKERNEL, WHERE ": ./f.so: cannot open shared object file: No such file or directory");
    refuses("/no/such.so", NULL, PE_EKERNEL,
            WHERE ": /no/such.so: cannot open shared object file: No such file or directory");
    plugins_leave();
}
END_TEST

START_TEST(plugin_that_is_no_library_is_refused)
{
    plugins_enter();
    FILE *const file = fopen("f.so", "w");
    fputs("int f(int x) { return x; }\n", file);
    fclose(file);
    const answer got = opens("f.so", NULL, NULL, "int64");
    ck_assert_int_eq(got.status, PE_EKERNEL);
    ck_assert_ptr_nonnull(strstr(got.err.text, WHERE ": ./f.so: "));
    plugins_leave();
}
END_TEST

START_TEST(plugin_without_symbol_is_refused)
{
    plugins_enter();
    plugins_make("int f(int x) { return x; }\n");
    refuses("f.so", NULL, PE_EKERNEL,
            WHERE ": ./f.so: undefined symbol: pengine_plugin; a plugin exports `const pe_plugin pengine_plugin` of "
                  "pengine/kernel.h");
    plugins_leave();
}
END_TEST

START_TEST(plugin_of_another_abi_is_refused_with_both_numbers)
{
    plugins_enter();
    plugins_make("const pe_plugin pengine_plugin = {7, sizeof(pe_plugin), 0, NULL};\n");
    refuses("f.so", NULL, PE_EKERNEL,
            WHERE ": f.so: pengine_plugin is of ABI 7, but this pengine takes ABI 1: compile the plugin with the "
                  "pengine/kernel.h of this pengine");
    plugins_leave();
}
END_TEST

START_TEST(plugin_of_another_size_is_refused_with_both_numbers)
{
    plugins_enter();
    plugins_make("const pe_plugin pengine_plugin = {PE_KERNEL_ABI, 40, 0, NULL};\n");
    refuses("f.so", NULL, PE_EKERNEL,
            WHERE ": f.so: pengine_plugin says that it is 40 bytes, but this pengine's is 24: compile the plugin with "
                  "the pengine/kernel.h of this pengine");
    plugins_leave();
}
END_TEST

START_TEST(plugin_kernel_of_another_abi_is_refused)
{
    plugins_enter();
    plugins_make("static const pe_kernel one = {2, sizeof(pe_kernel), \"f\", \"(int64) -> int64\"};\n" ONE PLUGIN);
    refuses("f.so", NULL, PE_EKERNEL,
            WHERE ": f.so: kernel number 0 is of ABI 2, but this pengine takes ABI 1: compile the plugin with the "
                  "pengine/kernel.h of this pengine");
    plugins_leave();
}
END_TEST

START_TEST(plugin_kernel_of_another_size_is_refused)
{
    plugins_enter();
    plugins_make("static const pe_kernel one = {PE_KERNEL_ABI, 56, \"f\", \"(int64) -> int64\"};\n" ONE PLUGIN);
    refuses("f.so", NULL, PE_EKERNEL,
            WHERE ": f.so: kernel number 0 says that it is 56 bytes, but this pengine's is 72: compile the plugin "
                  "with the pengine/kernel.h of this pengine");
    plugins_leave();
}
END_TEST

START_TEST(plugin_without_kernels_is_refused)
{
    plugins_enter();
    static const char *const ends[] = {"0, all", "1, NULL"};
    for (size_t e = 0; e < 2; e++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "const pe_kernel *const all[] = {NULL};\n"
                       "const pe_plugin pengine_plugin = {PE_KERNEL_ABI, sizeof(pe_plugin), %s};\n",
                       ends[e]);
        if (fork() == 0) { /* a library that is loaded stays loaded */
            plugins_make(text);
            refuses("f.so", NULL, PE_EKERNEL, WHERE ": f.so: pengine_plugin has no kernels");
            _exit(0);
        }
        int status = -1;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    plugins_leave();
}
END_TEST

START_TEST(plugin_kernel_without_map_is_refused)
{
    plugins_enter();
    plugins_make(
        "static const pe_kernel one = {PE_KERNEL_ABI, sizeof(pe_kernel), \"f\", \"(int64) -> int64\"};\n" ONE PLUGIN);
    refuses("f.so", NULL, PE_EKERNEL, WHERE ": f.so: kernel number 0 has no map");
    plugins_leave();
}
END_TEST

START_TEST(plugin_kernel_with_a_wrong_signature_is_refused)
{
    plugins_enter();
    plugins_make("static int map(pe_batch *b) { (void)b; return 0; }\n"
                 "static const pe_kernel one = {PE_KERNEL_ABI, sizeof(pe_kernel), \"f\", \"(long) -> int64\", \"\", "
                 "map};\n" ONE PLUGIN);
    const answer got = opens("f.so", NULL, NULL, "int64");
    ck_assert_int_eq(got.status, PE_EKERNEL);
    ck_assert_ptr_nonnull(strstr(got.err.text, WHERE ": kernel \"f\": its signature: expected a dtype at character 2"));
    plugins_leave();
}
END_TEST

START_TEST(plugin_name_is_needed_when_there_are_several)
{
    plugins_enter();
    plugins_make(several);
    refuses("f.so", NULL, PE_ECONFIG,
            WHERE ": f.so has 3 kernels, so kernel.name must say which: \"area\", \"length\", \"volume\"");
    refuses("f.so", "lenght", PE_EKERNEL, WHERE ": f.so has no kernel \"lenght\"; did you mean \"length\"?");
    refuses("f.so", "zzz", PE_EKERNEL, WHERE ": f.so has no kernel \"zzz\"; it has \"area\", \"length\", \"volume\"");
    refuses("f.so", "length", PE_ECONFIG, WHERE ": kernel \"length\" takes no (int64); it has (text) -> int64");
    plugins_leave();
}
END_TEST

START_TEST(plugin_overload_is_picked_by_columns_or_signature)
{
    char printed[PE_SIGNATURE_ROOM];
    plugins_enter();
    plugins_make(several);
    static const char *const cases[][3] = {{NULL, "int64", "(int64) -> int64"},
                                           {NULL, "float64", "(float64) -> float64"},
                                           {"(float64) -> float64", "int64", "(float64) -> float64"}};
    for (size_t c = 0; c < 3; c++) {
        const answer got = opens("f.so", "area", cases[c][0], cases[c][1]);
        ck_ok(got.status, got.err);
        ck_assert_str_eq(pe_signature_print(pe_form_signature(got.form), printed), cases[c][2]);
        ck_assert_str_eq(pe_form_kernel(got.form)->signature, cases[c][2]);
        pe_form_close(got.form);
    }
    plugins_leave();
}
END_TEST

START_TEST(plugin_computes_fails_items_and_sees_params)
{
    plugins_enter();
    plugins_make(doubles);
    answer got = opens("f.so", NULL, NULL, "int64");
    ck_ok(got.status, got.err);
    const pe_param param = {.name = "offset", .dtype = PE_INT64, .integer = 1};
    const pe_setup setup = {.params = &param, .param_count = 1};
    pe_call *call = NULL;
    ck_ok(pe_call_make(pe_form_kernel(got.form), pe_form_signature(got.form), &setup, &call, &got.err), got.err);
    const int64_t in[4] = {3, 13, -1, 0};
    int64_t out[4] = {0};
    const void *const args[] = {in};
    void *const results[] = {out};
    ck_ok(pe_call_run(call, 100, 4, args, results, &got.err), got.err);
    ck_assert_int_eq(out[0], 7);
    ck_assert_int_eq(out[2], -1);
    ck_assert_int_eq(out[3], 1);
    size_t failed = 0;
    const pe_failure *const failures = pe_call_failures(call, &failed);
    ck_assert_uint_eq(failed, 1);
    ck_assert_uint_eq(failures[0].item, 101);
    ck_assert_str_eq(failures[0].reason, "unlucky");
    pe_call_free(call);
    pe_form_close(got.form);
    plugins_leave();
}
END_TEST

UNIT_MAIN("plugin_form", plugin_missing_file_is_refused_by_the_linkers_words, plugin_that_is_no_library_is_refused,
          plugin_without_symbol_is_refused, plugin_of_another_abi_is_refused_with_both_numbers,
          plugin_of_another_size_is_refused_with_both_numbers, plugin_kernel_of_another_abi_is_refused,
          plugin_kernel_of_another_size_is_refused, plugin_without_kernels_is_refused,
          plugin_kernel_without_map_is_refused, plugin_kernel_with_a_wrong_signature_is_refused,
          plugin_name_is_needed_when_there_are_several, plugin_overload_is_picked_by_columns_or_signature,
          plugin_computes_fails_items_and_sees_params)
