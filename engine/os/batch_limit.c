/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* batch_limit.c - when the batch system ends this job.
 *
 * Design:  the first batch system whose job number is in the environment is asked. SLURM has an environment variable for
 *          it since 23.02; everything else takes the system's own program, which is started with posix_spawn, so that it
 *          can be asked again while threads run. A program that hangs is killed after ten seconds.
 * Source:  scontrol(1): EndTime in local time, "Unknown" without limit. PBS Professional's qstat -f:
 *          Resource_List.walltime and resources_used.walltime; Torque's: Walltime.Remaining. LSF's bjobs, field time_left:
 *          "HOURS:MINUTES L" of a run limit, "E" and "X" of an estimate, which ends nothing. flux-job(1): seconds.
 * Threads: any.
 */
#include "os/batch_limit.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define ANSWER_ROOM 65536u
#define PATIENCE_NS UINT64_C(10000000000)
#define NS_PER_MS UINT64_C(1000000)
#define HUGE_S INT64_C(4000000000) /* flux: 2^32 - 1 is no limit */

extern char **environ;

/* ---- what the programs print ---- */

/* Digits at *at, at most nine of them. */
static bool take_number(const char **at, int64_t *out)
{
    int64_t value = 0;
    int digits = 0;
    for (; isdigit((unsigned char)**at) && digits < 9; (*at)++, digits++)
        value = value * 10 + (**at - '0');
    *out = value;
    return digits > 0 && !isdigit((unsigned char)**at);
}

/* "[[hours:]minutes:]seconds", or plain seconds. */
static bool read_clock(const char *text, int64_t *seconds)
{
    int64_t number = 0, sum = 0;
    for (int part = 0; part < 3; part++) {
        if (!take_number(&text, &number))
            return false;
        sum = sum * 60 + number;
        if (*text != ':')
            break;
        text++;
    }
    *seconds = sum;
    return true;
}

/* After "key", blanks and an equals sign; NULL: there is none. */
static const char *find_value(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    if (at == NULL)
        return NULL;
    at += strlen(key);
    at += strspn(at, " \t");
    if (*at != '=')
        return NULL;
    at++;
    return at + strspn(at, " \t");
}

/* "2026-11-29T20:31:53", local time. */
static bool read_date(const char *text, struct tm *out)
{
    static const char separators[] = "--T::";
    int64_t parts[6];
    for (int p = 0; p < 6; p++) {
        if (!take_number(&text, &parts[p]) || (p < 5 && *text++ != separators[p]))
            return false;
    }
    *out = (struct tm){.tm_year = (int)parts[0] - 1900,
                       .tm_mon = (int)parts[1] - 1,
                       .tm_mday = (int)parts[2],
                       .tm_hour = (int)parts[3],
                       .tm_min = (int)parts[4],
                       .tm_sec = (int)parts[5],
                       .tm_isdst = -1};
    return true;
}

static bool read_slurm(const char *text, int64_t now, int64_t *left_s)
{
    struct tm end;
    const char *const value = find_value(text, "EndTime");
    if (value == NULL || !read_date(value, &end))
        return false;
    const time_t at = mktime(&end);
    *left_s = (int64_t)at - now;
    return at != (time_t)-1;
}

static bool read_pbs(const char *text, int64_t *left_s)
{
    int64_t limit = 0, used = 0;
    const char *const left = find_value(text, "Walltime.Remaining");
    if (left != NULL)
        return read_clock(left, left_s);
    const char *const of_limit = find_value(text, "Resource_List.walltime");
    const char *const of_used = find_value(text, "resources_used.walltime"); /* not there in the first seconds */
    if (of_limit == NULL || !read_clock(of_limit, &limit) || (of_used != NULL && !read_clock(of_used, &used)))
        return false;
    *left_s = limit - used;
    return true;
}

/* Estimates (E, X) end no job. With LSB_HMS_TIME_FORMAT there are seconds too. */
static bool read_lsf(const char *text, int64_t *left_s)
{
    int64_t parts[3] = {0, 0, 0};
    const char *at = text + strspn(text, " \t\n");
    int count = 0;
    while (count < 3 && take_number(&at, &parts[count])) {
        count++;
        if (*at != ':')
            break;
        at++;
    }
    at += strspn(at, " \t");
    if (count < 2 || *at == 'E' || *at == 'X')
        return false;
    *left_s = parts[0] * 3600 + parts[1] * 60 + parts[2];
    return true;
}

/* Seconds, or a duration of Flux: "59.5m". */
static bool read_flux(const char *text, int64_t *left_s)
{
    char *end = NULL;
    const char *const at = text + strspn(text, " \t\n");
    if (!isdigit((unsigned char)*at)) /* "inf", and what strtod takes for a number besides */
        return false;
    const double number = strtod(at, &end);
    const double unit = *end == 'm' && end[1] != 's' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 1;
    if (number * unit > (double)HUGE_S)
        return false;
    *left_s = (int64_t)(number * unit);
    return true;
}

bool pe_batch_limit_read(pe_batch_system system, const char *text, int64_t now, int64_t *left_s)
{
    switch (system) {
    case PE_BATCH_SLURM:
        return read_slurm(text, now, left_s);
    case PE_BATCH_PBS:
        return read_pbs(text, left_s);
    case PE_BATCH_LSF:
        return read_lsf(text, left_s);
    case PE_BATCH_FLUX:
        return read_flux(text, left_s);
    case PE_BATCH_NONE:
    default:
        return false;
    }
}

static bool begins_with(const char *text, const char *word)
{
    return word[0] != '\0' && strncmp(text + strspn(text, " \t\n"), word, strlen(word)) == 0;
}

static bool is_no_limit(pe_batch_system system, const char *text)
{
    const char *end = NULL;
    const bool is_number = isdigit((unsigned char)text[strspn(text, " \t\n")]) != 0;
    switch (system) {
    case PE_BATCH_SLURM:
        end = find_value(text, "EndTime");
        return end != NULL && begins_with(end, "Unknown");
    case PE_BATCH_PBS: /* a job, of which no walltime is known */
        return strstr(text, "Job Id:") != NULL && strstr(text, "Resource_List.walltime") == NULL;
    case PE_BATCH_LSF: /* "-", or an estimate */
        return begins_with(text, "-") || (is_number && strpbrk(text, "EX") != NULL);
    case PE_BATCH_FLUX:
        return begins_with(text, "inf") || is_number;
    case PE_BATCH_NONE:
    default:
        return false;
    }
}

/* ---- asking ---- */

#define NO_ANSWER "it gave no answer within ten seconds"
#define NOT_RUN "it could not be run, or failed"
#define NOT_UNDERSTOOD "its answer is not understood"

/* stdout of the program, up to its end or the deadline. */
static bool read_answer(int fd, char answer[ANSWER_ROOM])
{
    const uint64_t deadline = pe_clock_ns() + PATIENCE_NS;
    size_t size = 0;
    for (;;) {
        struct pollfd from = {.fd = fd, .events = POLLIN};
        const uint64_t now = pe_clock_ns();
        if (now >= deadline || poll(&from, 1, (int)((deadline - now) / NS_PER_MS) + 1) < 0)
            return false;
        if (from.revents == 0)
            continue;
        char spare[512]; /* an answer that is too long is read to its end, so that the program can end */
        const bool is_full = size == ANSWER_ROOM - 1;
        const ssize_t got = read(fd, is_full ? spare : answer + size, is_full ? sizeof spare : ANSWER_ROOM - 1 - size);
        if (got < 0)
            return false;
        size += is_full ? 0 : (size_t)got;
        answer[size] = '\0';
        if (got == 0)
            return true;
    }
}

static bool spawn(char *const argv[], int out, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    const bool is_started = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
                            posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) == 0 &&
                            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
                            posix_spawnp(pid, argv[0], &actions, NULL, argv, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    return is_started;
}

/* NULL, or why there is no answer. */
static const char *run_program(char *const argv[], char answer[ANSWER_ROOM])
{
    int pipes[2], end = 0;
    pid_t pid = 0;
    if (pipe(pipes) != 0)
        return NOT_RUN;
    (void)fcntl(pipes[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(pipes[1], F_SETFD, FD_CLOEXEC);
    const bool is_started = spawn(argv, pipes[1], &pid);
    (void)close(pipes[1]);
    const bool is_read = is_started && read_answer(pipes[0], answer);
    (void)close(pipes[0]);
    if (!is_started)
        return NOT_RUN;
    if (!is_read)
        (void)kill(pid, SIGKILL);
    while (waitpid(pid, &end, 0) < 0)
        if (errno != EINTR)
            return NOT_RUN;
    if (!is_read)
        return NO_ANSWER;
    return WIFEXITED(end) && WEXITSTATUS(end) == 0 ? NULL : NOT_RUN;
}

static void ask_program(pe_batch_limit *limit, char *const argv[])
{
    char *const answer = malloc(ANSWER_ROOM);
    size_t size = 0;
    for (size_t a = 0; argv[a] != NULL && size < sizeof limit->asked; a++)
        size += (size_t)snprintf(limit->asked + size, sizeof limit->asked - size, "%s%s", a > 0 ? " " : "", argv[a]);
    limit->problem = NOT_RUN;
    if (answer == NULL)
        return;
    answer[0] = '\0';
    limit->problem = run_program(argv, answer);
    limit->is_known =
        limit->problem == NULL && pe_batch_limit_read(limit->system, answer, (int64_t)time(NULL), &limit->left_s);
    if (limit->problem == NULL && !limit->is_known && !is_no_limit(limit->system, answer))
        limit->problem = NOT_UNDERSTOOD;
    free(answer);
}

static void ask_slurm(pe_batch_limit *limit, char *job)
{
    const char *const end = getenv("SLURM_JOB_END_TIME");
    char *rest = NULL;
    const long long at = end == NULL ? 0 : strtoll(end, &rest, 10);
    if (at > 0 && *rest == '\0') {
        (void)snprintf(limit->asked, sizeof limit->asked, "SLURM_JOB_END_TIME");
        limit->is_known = true;
        limit->left_s = (int64_t)at - (int64_t)time(NULL);
        return;
    }
    ask_program(limit, (char *const[]){(char[]){"scontrol"}, (char[]){"show"}, (char[]){"job"}, job, NULL});
}

pe_batch_limit pe_batch_limit_ask(void)
{
    static const char *const job_variables[] = {[PE_BATCH_SLURM] = "SLURM_JOB_ID",
                                                [PE_BATCH_PBS] = "PBS_JOBID",
                                                [PE_BATCH_LSF] = "LSB_JOBID",
                                                [PE_BATCH_FLUX] = "FLUX_JOB_ID"};
    pe_batch_limit limit = {.system = PE_BATCH_NONE};
    char *job = NULL;
    for (pe_batch_system system = PE_BATCH_SLURM; system <= PE_BATCH_FLUX && job == NULL; system++) {
        job = getenv(job_variables[system]);
        limit.system = job == NULL ? PE_BATCH_NONE : system;
    }
    if (limit.system == PE_BATCH_SLURM)
        ask_slurm(&limit, job);
    else if (limit.system == PE_BATCH_PBS)
        ask_program(&limit, (char *const[]){(char[]){"qstat"}, (char[]){"-f"}, job, NULL});
    else if (limit.system == PE_BATCH_LSF)
        ask_program(&limit, (char *const[]){(char[]){"bjobs"}, (char[]){"-noheader"}, (char[]){"-o"},
                                            (char[]){"time_left"}, job, NULL});
    else if (limit.system == PE_BATCH_FLUX)
        ask_program(&limit, (char *const[]){(char[]){"flux"}, (char[]){"job"}, (char[]){"timeleft"}, NULL});
    return limit;
}
