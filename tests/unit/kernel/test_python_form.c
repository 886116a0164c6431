/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_python_form.c - Python functions as kernels: what is refused, exceptions.
 */
#include "form_helpers.h"

static void refuse(const char *text, const char *python, pe_status status, const char *message)
{
    enter_form(PE_FORM_PYTHON);
    if (text != NULL)
        write_file("f.py", text);
    form_spec.python = python;
    check_refused(status, message);
    leave_form();
}

/* ---- refused before the first item ---- */

START_TEST(target_without_function_is_refused)
{
    refuse(NULL, "f.py", PE_ECONFIG,
           "job.toml:3:1: python: expected \"file.py:function\" or \"module:function\", got \"f.py\"");
}
END_TEST

START_TEST(target_without_file_is_refused)
{
    refuse(NULL, ":f", PE_ECONFIG,
           "job.toml:3:1: python: expected \"file.py:function\" or \"module:function\", got \":f\"");
}
END_TEST

START_TEST(missing_file_is_refused)
{
    char message[120];
    enter_form(PE_FORM_PYTHON);
    form_spec.python = "f.py:f";
    (void)snprintf(message, sizeof message, "job.toml:3:1: %s/f.py: No such file or directory", form_home);
    check_refused(PE_EKERNEL, message);
    leave_form();
}
END_TEST

START_TEST(missing_function_is_refused_with_the_nearest)
{
    refuse("def do_something(x): return x\n", "f.py:do_somthing", PE_EKERNEL,
           "job.toml:3:1: f.py has no \"do_somthing\"; did you mean \"do_something\"?");
}
END_TEST

START_TEST(function_that_cannot_be_called_is_refused)
{
    refuse("f = 7\n", "f.py:f", PE_EKERNEL, "job.toml:3:1: f.py: \"f\" is int, not a function");
}
END_TEST

START_TEST(import_error_is_refused_by_its_line)
{
    static const char begin[] =
        "job.toml:3:1: f.py: ModuleNotFoundError: No module named 'no_such_module' (f.py:2); python3 is /";
    enter_form(PE_FORM_PYTHON);
    write_file("f.py", "import math\nimport no_such_module\n");
    form_spec.python = "f.py:f";
    ck_assert_int_eq(pe_form_open(&form_spec, NULL, &form_opened, &form_error), PE_EKERNEL);
    ck_assert_msg(strncmp(form_error.text, begin, sizeof begin - 1) == 0, "%s", form_error.text);
    leave_form();
}
END_TEST

START_TEST(syntax_error_is_refused_by_its_line)
{
    refuse("\n\ndef f(x) return x\n", "f.py:f", PE_EKERNEL, "job.toml:3:1: f.py: SyntaxError: expected ':' (f.py:3)");
}
END_TEST

START_TEST(file_that_exits_is_refused)
{
    refuse("import os\nos._exit(3)\n", "f.py:f", PE_EKERNEL,
           "job.toml:3:1: python3 ended before it had the function: exit 3");
}
END_TEST

START_TEST(interpreter_that_is_not_there_is_refused)
{
    setenv("PENGINE_PYTHON", "/no/such/python", 1);
    refuse("", "f.py:f", PE_EKERNEL, "job.toml:3:1: the interpreter /no/such/python: No such file or directory");
}
END_TEST

START_TEST(interpreter_that_is_another_program_is_refused)
{
    setenv("PENGINE_PYTHON", "false", 1);
    refuse("", "f.py:f", PE_EKERNEL, "job.toml:3:1: false ended before it had the function: exit 1");
}
END_TEST

START_TEST(initializer_that_raises_is_refused)
{
    enter_form(PE_FORM_PYTHON);
    write_file("f.py", "def f(x): return x\ndef setup(): raise OSError('no model')\n");
    form_spec.python = "f.py:f";
    form_spec.initializer = "f.py:setup";
    check_refused(PE_EKERNEL, "job.toml:3:1: f.py: setup(): OSError: no model (f.py:2)");
    leave_form();
}
END_TEST

START_TEST(initializer_that_dies_is_named)
{
    enter_form(PE_FORM_PYTHON);
    write_file("f.py", "import os\ndef f(x): return x\ndef setup(): os.kill(os.getpid(), 9)\n");
    form_spec.python = "f.py:f";
    form_spec.initializer = "f.py:setup";
    check_refused(PE_EKERNEL, "job.toml:3:1: python3 ended in the initializer f.py:setup: signal 9");
    leave_form();
}
END_TEST

START_TEST(signature_that_does_not_parse_is_refused)
{
    enter_form(PE_FORM_PYTHON);
    write_file("f.py", "def f(x): return x\n");
    form_spec.python = "f.py:f";
    form_spec.signature = "(int64)";
    check_refused(PE_ECONFIG, "job.toml:3:1: signature: expected \"->\" at character 8, got the end");
    leave_form();
}
END_TEST

START_TEST(signature_of_another_arity_is_refused)
{
    enter_form(PE_FORM_PYTHON);
    write_file("f.py", "def f(x): return x\n");
    form_spec.python = "f.py:f";
    form_spec.signature = "(int64, int64) -> int64";
    ck_assert_int_eq(pe_form_open(&form_spec, NULL, &form_opened, &form_error), PE_ECONFIG);
    ck_assert_ptr_nonnull(strstr(form_error.text, "takes 2 arguments"));
    leave_form();
}
END_TEST

/* ---- exceptions ---- */

START_TEST(exception_fails_its_item_by_type_message_and_line)
{
    open_python(
        "def g(x):\n    return 1 // x\n\ndef f(x):\n    if x == 2:\n        raise ValueError(f'no {x}\\nhere')\n"
        "    if x == 3: raise StopIteration\n    if x == 4: raise SystemExit(3)\n    return g(x)\n",
        "(int64) -> int64");
    ck_assert_uint_eq(run_items(6), 4);
    check_failed(0, 0, "ZeroDivisionError: integer division or modulo by zero (f.py:2)");
    check_failed(1, 2, "ValueError: no 2 here (f.py:6)");
    check_failed(2, 3, "StopIteration (f.py:7)");
    check_failed(3, 4, "SystemExit: 3 (f.py:8)");
    ck_assert_int_eq(form_out[0].integers[1], 1);
    ck_assert_int_eq(form_out[0].integers[5], 0);
    leave_form();
}
END_TEST

START_TEST(item_that_raises_is_run_once)
{
    open_python("seen = []\ndef f(x):\n    seen.append(x)\n    if x % 2: raise KeyError(x)\n    return len(seen)\n",
                "(int64) -> int64");
    ck_assert_uint_eq(run_items(1000), 500);
    ck_assert_int_eq(form_out[0].integers[998], 999);
    check_failed(499, 999, "KeyError: 999 (f.py:4)");
    leave_form();
}
END_TEST

START_TEST(function_of_another_arity_is_refused)
{
    refuse("def f(x, y): return x\n", "f.py:f", PE_ECONFIG,
           "job.toml:3:1: f.py: f() takes 2 arguments, but the input gives 1");
}
END_TEST

START_TEST(long_message_keeps_its_line)
{
    open_python("def f(x):\n    raise ValueError('ä' * 5000)\n", "(int64) -> int64");
    ck_assert_uint_eq(run_items(1), 1);
    size_t failed = 0;
    const char *const reason = pe_call_failures(form_call, &failed)->reason;
    ck_assert_uint_lt(strlen(reason), PE_REASON_ROOM);
    ck_assert_ptr_nonnull(strstr(reason, "ä... (f.py:2)"));
    leave_form();
}
END_TEST

UNIT_MAIN("python_form", target_without_function_is_refused, target_without_file_is_refused, missing_file_is_refused,
          missing_function_is_refused_with_the_nearest, function_that_cannot_be_called_is_refused,
          import_error_is_refused_by_its_line, syntax_error_is_refused_by_its_line, file_that_exits_is_refused,
          interpreter_that_is_not_there_is_refused, interpreter_that_is_another_program_is_refused,
          initializer_that_raises_is_refused, initializer_that_dies_is_named, signature_that_does_not_parse_is_refused,
          signature_of_another_arity_is_refused, exception_fails_its_item_by_type_message_and_line,
          item_that_raises_is_run_once, function_of_another_arity_is_refused, long_message_keeps_its_line)
