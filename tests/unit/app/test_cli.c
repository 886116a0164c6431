/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_cli.c - argv into options, every way to get it wrong, and the rank before MPI starts.
 */
#include "cli_helpers.h"
#include "comm/launcher.h"

START_TEST(unknown_option_is_refused_with_the_nearest)
{
    refuse("--pln job.toml", "unknown option --pln; did you mean --plan? See pengine --help");
    refuse("job.toml --thread5=3", "unknown option --thread5; did you mean --threads? See pengine --help");
    refuse("--frobnicate job.toml", "unknown option --frobnicate; see pengine --help");
    refuse("-x job.toml", "unknown option -x; see pengine --help");
    refuse("-qx job.toml", "unknown option -x; see pengine --help");
    refuse("-s -x -y job.toml",
           "--set: expected KEY=VALUE, such as --set pool.threads=8, got \"-x\"; see pengine --help");
    refuse("-t 3 -o -x -y job.toml", "unknown option -y; see pengine --help");
}
END_TEST

START_TEST(shortened_option_is_taken_while_it_is_unique)
{
    words in;
    split("--pla job.toml", &in);
    pe_options options = parse_words(&in);
    ck_assert_int_eq(options.run.action, PE_ACTION_PLAN);
    pe_cli_free(&options);
    refuse("--p job.toml", "--p is short for several options; see pengine --help");
    refuse("--ver job.toml", "--ver is short for several options; see pengine --help"); /* version, verbose */
}
END_TEST

START_TEST(missing_or_needless_value_is_refused)
{
    refuse("job.toml -s", "-s needs a value (KEY=VALUE); see pengine --help");
    refuse("job.toml -qt", "-t needs a value (N); see pengine --help");
    refuse("job.toml --output", "--output needs a value (PATH); see pengine --help");
    refuse("job.toml --check=yes", "--check: expected --check or --check=syntax, got \"yes\"; see pengine --help");
}
END_TEST

START_TEST(missing_job_is_refused)
{
    refuse_beginning("", "expected a job file, or what to do on the command line:\n  pengine squares.toml\n");
    refuse_beginning("-q --check", "expected a job file, or what to do on the command line:\n");
    refuse("-i 0:3",
           "-i 0:3 says what the items are, and nothing what to do with them: add -k KERNEL, such as -k 'x*x', "
           "or -- PROGRAM; see pengine --help");
    refuse("-i 0:3 --", "--: expected a program after it, such as -- wc -l {}; see pengine --help");
    refuse("~", "expected a job file, got \"\"; see pengine --help");
}
END_TEST

START_TEST(second_job_is_refused_with_both)
{
    refuse("a.toml -q b.toml", "expected one job file, got \"a.toml\" and \"b.toml\"; see pengine --help");
    refuse(
        "a.toml -- wc -q",
        "expected a job file (a.toml), or -i, -k and -- in place of one, not both; in a job file --set changes a key, "
        "such as --set input.range='[0, 10]'; see pengine --help");
    refuse("-k x -k y", "expected one kernel, got -k x and -k y; see pengine --help");
    refuse("-k x -- wc", "expected a kernel (-k x) or a program (-- wc), not both; see pengine --help");
}
END_TEST

START_TEST(wrong_threads_are_refused)
{
    const char *const typed[] = {"abc", "0", "-1", "4097", "1.5", "8x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        char line[100], expected[200];
        snprintf(line, sizeof line, "job.toml -t %s", typed[i]);
        snprintf(expected, sizeof expected, "--threads: expected an integer, 1 to 4096, got \"%s\"; see pengine --help",
                 typed[i]);
        refuse(line, expected);
    }
    refuse("job.toml --threads=~", "--threads: expected an integer, 1 to 4096, got \"~\"; see pengine --help");
    refuse("job.toml -t ~", "--threads: expected an integer, 1 to 4096, got \"\"; see pengine --help");
    refuse("job.toml --skip=-1", "--skip: expected an integer, 0 or more, got \"-1\"; see pengine --help");
    refuse("job.toml --skip x", "--skip: expected an integer, 0 or more, got \"x\"; see pengine --help");
    refuse("job.toml --part", "--part needs a value (K/N); see pengine --help");
}
END_TEST

START_TEST(wrong_set_is_refused)
{
    const char *const typed[] = {"foo", "=3", "foo=", "="};
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        char line[100], expected[200];
        snprintf(line, sizeof line, "job.toml -s %s", typed[i]);
        snprintf(expected, sizeof expected,
                 "--set: expected KEY=VALUE, such as --set pool.threads=8, got \"%s\"; see pengine --help", typed[i]);
        refuse(line, expected);
    }
}
END_TEST

START_TEST(wrong_progress_is_refused)
{
    refuse("job.toml --progress sometimes",
           "--progress: expected auto, always, never or json, got \"sometimes\"; see pengine --help");
    refuse("job.toml --progress", "--progress needs a value (auto/always/never/json); see pengine --help");
}
END_TEST

START_TEST(empty_output_is_refused)
{
    refuse("job.toml -o ~", "--output: expected a path, or - for stdout, got \"\"; see pengine --help");
}
END_TEST

START_TEST(alternatives_are_refused)
{
    refuse("job.toml --check --plan",
           "expected at most one of --check, --plan, --print-config and --dry-run; see pengine --help");
    refuse("job.toml --dry-run --print-config",
           "expected at most one of --check, --plan, --print-config and --dry-run; see pengine --help");
    refuse("job.toml --resume --restart",
           "expected at most one of --resume, --restart and --retry-failed; see pengine --help");
    refuse("job.toml --retry-failed --resume",
           "expected at most one of --resume, --restart and --retry-failed; see pengine --help");
    refuse("--status a --kernels",
           "expected at most one of --status, --kernels, --schema and --example; see pengine --help");
    refuse("--schema --example expr",
           "expected at most one of --status, --kernels, --schema and --example; see pengine --help");
    refuse("--status a --status b", "expected one --status, got \"a\" and \"b\"; see pengine --help");
}
END_TEST

START_TEST(addition_alone_is_refused)
{
    refuse("job.toml --json", "--json belongs to --status: pengine --status FILE --json");
    refuse("--json --kernels", "--json belongs to --status: pengine --status FILE --json");
    refuse("job.toml --sample", "--sample belongs to --plan: pengine --plan --sample JOB.toml");
    refuse("job.toml --sample=3 --check", "--sample belongs to --plan: pengine --plan --sample JOB.toml");
}
END_TEST

START_TEST(listing_beside_a_job_is_refused)
{
    refuse("--status a.checkpoint job.toml", "--status runs no job: leave out job.toml; see pengine --help");
    refuse("--kernels -- wc -l", "--kernels runs no job: leave out -- PROGRAM; see pengine --help");
    refuse("--example expr -i 0:3", "--example runs no job: leave out --input; see pengine --help");
    refuse("--status a.checkpoint --resume", "--status runs no job: leave out --resume; see pengine --help");
    refuse("--schema -o a.json", "--schema runs no job: leave out --output; see pengine --help");
    refuse("--kernels --plan", "--kernels runs no job: leave out --plan; see pengine --help");
}
END_TEST

START_TEST(option_without_effect_is_refused_with_the_reason)
{
    refuse("job.toml --stats s.json --plan",
           "--stats beside --plan: it describes a run, and there is none; see pengine --help");
    refuse("--dry-run --report r.html -- wc -l",
           "--report beside --dry-run: it describes a run, and there is none; see pengine --help");
    refuse("--dry-run --resume job.toml", "--resume beside --dry-run: it says what a run does with a checkpoint, and "
                                          "there is no run; see pengine --help");
    refuse("--retry-failed --items 3 job.toml",
           "--retry-failed beside --items: it says what to do with the job's checkpoint, which a run of some items "
           "leaves alone; see pengine --help");
}
END_TEST

START_TEST(what_has_an_effect_together_is_taken)
{
    static const char *const lines[] = {"--plan --sample=3 job.toml",
                                        "--status a --json -q",
                                        "--help --json --resume --restart",
                                        "--version --sample job.toml",
                                        "--check --resume job.toml",
                                        "--print-config --retry-failed job.toml",
                                        "--dry-run -q -v --progress never -- wc -l"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        words in;
        split(lines[i], &in);
        pe_options options = parse_words(&in);
        pe_cli_free(&options);
    }
}
END_TEST

START_TEST(job_alone_gets_the_defaults)
{
    words in;
    split("job.toml", &in);
    pe_options options = parse_words(&in);
    ck_assert_int_eq(options.action, PE_CLI_RUN);
    ck_assert_int_eq(options.run.action, PE_ACTION_RUN);
    ck_assert_str_eq(options.run.job_path, "job.toml");
    ck_assert_uint_eq(options.run.override_count, 0);
    ck_assert_int_eq(options.run.progress, PE_PROGRESS_AUTO);
    ck_assert_int_eq(options.run.verbosity, PE_NORMAL);
    pe_cli_free(&options);
}
END_TEST

START_TEST(each_option_is_taken_and_argv_stays)
{
    words in;
    split("--print-config job.toml --progress never -q -v", &in);
    pe_options options = parse_words(&in);
    ck_assert_int_eq(options.run.action, PE_ACTION_PRINT_CONFIG);
    ck_assert_int_eq(options.run.progress, PE_PROGRESS_NEVER);
    ck_assert_int_eq(options.run.verbosity, PE_VERBOSE); /* the last one wins */
    ck_assert_str_eq(in.argv[2], "job.toml");
    pe_cli_free(&options);
    split("--check --progress=always -v -q job.toml", &in);
    options = parse_words(&in);
    ck_assert_int_eq(options.run.action, PE_ACTION_CHECK);
    ck_assert_int_eq(options.run.progress, PE_PROGRESS_ALWAYS);
    ck_assert_int_eq(options.run.verbosity, PE_QUIET);
    pe_cli_free(&options);
}
END_TEST

START_TEST(dash_is_a_job)
{
    words in;
    split("-q -", &in);
    pe_options options = parse_words(&in);
    ck_assert_str_eq(options.run.job_path, "-");
    pe_cli_free(&options);
}
END_TEST

START_TEST(double_dash_begins_a_program)
{
    words in;
    split("-q -- -job.toml", &in);
    pe_options options = parse_words(&in);
    ck_assert_ptr_null(options.run.job_path);
    ck_assert_int_eq(options.run.verbosity, PE_QUIET);
    pe_cli_free(&options);
    line_gives("-q -- -job.toml -t 3", "kernel.command", "[\"-job.toml\", \"-t\", \"3\"]");
}
END_TEST

START_TEST(overrides_come_in_their_order)
{
    words in;
    split(
        "-s mode=\"imap\" -t 8 job.toml -o out.npy --set=a=b=c -s pool.memory\t=\t\"1\tMiB\" -t3 --part 3/16 --skip 7",
        &in);
    pe_options options = parse_words(&in);
    ck_assert_uint_eq(options.run.override_count, 8);
    check_override(&options, 0, "mode", "\"imap\"", "--set mode=\"imap\"");
    check_override(&options, 1, "pool.threads", "8", "--threads 8");
    check_override(&options, 2, "output.path", "\"out.npy\"", "--output out.npy");
    check_override(&options, 3, "a", "b=c", "--set a=b=c");
    check_override(&options, 4, "pool.memory", "\"1 MiB\"", "--set pool.memory = \"1 MiB\"");
    check_override(&options, 5, "pool.threads", "3", "--threads 3");
    check_override(&options, 6, "part", "\"3/16\"", "--part 3/16");
    check_override(&options, 7, "skip", "7", "--skip 7");
    pe_cli_free(&options);
}
END_TEST

START_TEST(output_of_any_path_is_quoted_as_toml)
{
    char path[] = "a \"b\"\\c\n\001\x7f\xc3\xbc";
    char *argv[] = {(char[]){"pengine"}, (char[]){"-o"}, path, (char[]){"job.toml"}, NULL};
    words in = {.argc = 4};
    memcpy(in.argv, argv, sizeof argv);
    pe_options options = parse_words(&in);
    /* TOML 1.0, "basic strings" */
    ck_assert_str_eq(options.run.overrides[0].value, "\"a \\\"b\\\"\\\\c\\n\\u0001\\u007F\xc3\xbc\"");
    pe_cli_free(&options);
}
END_TEST

START_TEST(listings_need_no_job)
{
    const struct {
        const char *line;
        pe_cli_action action;
    } rows[] = {{"--help", PE_CLI_HELP},
                {"-?", PE_CLI_HELP},
                {"-h", PE_CLI_HELP},
                {"--version", PE_CLI_VERSION},
                {"--kernels", PE_CLI_KERNELS},
                {"--example expr", PE_CLI_EXAMPLE},
                {"--kernels --help", PE_CLI_HELP},
                {"--help --version", PE_CLI_HELP},
                {"--version job.toml", PE_CLI_VERSION}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        words in;
        split(rows[i].line, &in);
        pe_options options = parse_words(&in);
        ck_assert_msg(options.action == rows[i].action, "%s", rows[i].line);
        pe_cli_free(&options);
    }
}
END_TEST

START_TEST(keep_and_where_are_keys_of_the_job)
{
    static const char *const typed[][2] = {{"all", "\"all\""}, {"id,a\tb", "[\"id\",\"a b\"]"}, {"0,12", "[0,12]"}};
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        words in;
        char line[64];
        snprintf(line, sizeof line, "--keep %s job.toml --where x>1", typed[i][0]);
        split(line, &in);
        pe_options options = parse_words(&in);
        ck_assert_uint_eq(options.run.override_count, 2);
        ck_assert_str_eq(options.run.overrides[0].key, "output.keep");
        ck_assert_str_eq(options.run.overrides[0].value, typed[i][1]);
        check_override(&options, 1, "kernel.where", "\"x>1\"", "--where x>1");
        pe_cli_free(&options);
    }
}
END_TEST

START_TEST(help_names_options_exit_codes_and_keys)
{
    static const char *const needles[] = {"Usage: pengine [OPTION...] JOB.toml\n",
                                          "-s, --set KEY=VALUE ",
                                          "-t, --threads N ",
                                          "-o, --output PATH ",
                                          "--part K/N ",
                                          "--skip N ",
                                          "--keep COLUMNS ",
                                          "--where EXPR ",
                                          "--check[=syntax] ",
                                          "--plan ",
                                          "--kernels ",
                                          "--print-config ",
                                          "--progress auto/always/never/json",
                                          "-q, --quiet ",
                                          "-v, --verbose ",
                                          "--version ",
                                          "-h, --help ",
                                          "\n   64  wrong command line\n",
                                          "\n   78  wrong job file\n",
                                          "\n    0  every item succeeded\n",
                                          "kernel.name = \"square\"",
                                          "\n  pool.chunk_size "};
    char *text = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&text, &size);
    pe_cli_help(out);
    ck_assert_int_eq(fclose(out), 0);
    for (size_t i = 0; i < sizeof needles / sizeof *needles; i++)
        ck_assert_msg(strstr(text, needles[i]) != NULL, "%s", needles[i]);
    free(text);
}
END_TEST

START_TEST(help_fits_a_terminal_of_80_columns)
{
    char *text = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&text, &size);
    pe_cli_help(out);
    ck_assert_int_eq(fclose(out), 0);
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
        ck_assert_msg(strcspn(line, "\n") <= 80, "%.*s", (int)strcspn(line, "\n"), line);
    free(text);
}
END_TEST

START_TEST(version_is_one_line)
{
    char *text = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&text, &size);
    pe_cli_version(out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(strncmp(text, "pengine ", 8), 0);
    ck_assert_ptr_eq(strchr(text, '\n'), text + size - 1);
    free(text);
}
END_TEST

static void forget_launchers(void)
{
    unsetenv("OMPI_COMM_WORLD_RANK");
    unsetenv("PMIX_RANK");
    unsetenv("PMI_RANK");
}

START_TEST(launcher_is_found_in_the_environment)
{
    const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
    forget_launchers();
    ck_assert_int_eq(pe_launcher_rank(), -1);
    ck_assert(!pe_launcher_is_present());
    for (size_t i = 0; i < 3; i++) {
        forget_launchers();
        setenv(names[i], "0", 1);
        ck_assert_int_eq(pe_launcher_rank(), 0);
        ck_assert(pe_launcher_is_present());
        setenv(names[i], "1023", 1);
        ck_assert_int_eq(pe_launcher_rank(), 1023);
    }
}
END_TEST

START_TEST(launcher_variable_that_is_no_rank_is_no_launcher)
{
    const char *const texts[] = {"", "-1", "x", "3x", " 3", "99999999999999999999", "4294967296"};
    forget_launchers();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        setenv("PMI_RANK", texts[i], 1);
        ck_assert_msg(pe_launcher_rank() == -1, "\"%s\"", texts[i]);
        ck_assert(!pe_launcher_is_present());
    }
}
END_TEST

UNIT_MAIN("cli", unknown_option_is_refused_with_the_nearest, shortened_option_is_taken_while_it_is_unique,
          missing_or_needless_value_is_refused, missing_job_is_refused, second_job_is_refused_with_both,
          wrong_threads_are_refused, wrong_set_is_refused, wrong_progress_is_refused, empty_output_is_refused,
          alternatives_are_refused, addition_alone_is_refused, listing_beside_a_job_is_refused,
          option_without_effect_is_refused_with_the_reason, what_has_an_effect_together_is_taken,
          job_alone_gets_the_defaults, each_option_is_taken_and_argv_stays, dash_is_a_job, double_dash_begins_a_program,
          overrides_come_in_their_order, output_of_any_path_is_quoted_as_toml, listings_need_no_job,
          keep_and_where_are_keys_of_the_job, help_names_options_exit_codes_and_keys,
          help_fits_a_terminal_of_80_columns, version_is_one_line, launcher_is_found_in_the_environment,
          launcher_variable_that_is_no_rank_is_no_launcher)
