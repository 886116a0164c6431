/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failure_log.c - what rank 0 knows of the failed items: how many for which reason, and the csv of all of them.
 *
 * Threads:  one thread of rank 0 at a time.
 * Not here: what is done with a failed item, and its line (worker/failed_items.c).
 */
#include "report/failure_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/enum_names.h"
#include "os/file/file.h"
#include "report/progress.h"

#define WRITE_BYTES ((size_t)64 << 10) /* of lines are written at once */

/* ---- counts ---- */

static void count_kind(pe_failure_log *failures, const char *reason, uint64_t item, uint64_t count)
{
    char name[PE_FAILURE_REASON_ROOM];
    (void)snprintf(name, sizeof name, "%.*s", (int)pe_failure_kind_bytes(reason), reason);
    for (int k = 0; k < failures->kind_count; k++) {
        if (!pe_failure_is_same_kind(failures->kinds[k].name, name))
            continue;
        failures->kinds[k].count += count;
        if (item < failures->kinds[k].first_item) { /* the name is that of the first item, whatever its numbers are */
            failures->kinds[k].first_item = item;
            memcpy(failures->kinds[k].name, name, sizeof name);
        }
        return;
    }
    const bool is_last = failures->kind_count >= PE_FAILURE_REASONS - 1;
    const int at = is_last ? PE_FAILURE_REASONS - 1 : failures->kind_count;
    memcpy(failures->kinds[at].name, name, sizeof name);
    if (is_last)
        (void)snprintf(failures->kinds[at].name, PE_FAILURE_REASON_ROOM, "other reasons");
    if (failures->kinds[at].count == 0 || item < failures->kinds[at].first_item)
        failures->kinds[at].first_item = item;
    failures->kinds[at].count += count;
    failures->kind_count = at + 1;
}

void pe_failure_log_count(pe_failure_log *failures, const pe_failure_record *record)
{
    if (failures->count == 0 || record->item < failures->first_item) {
        failures->first_item = record->item;
        (void)snprintf(failures->first_text, sizeof failures->first_text, "%s", record->message);
    }
    failures->count += record->count;
    count_kind(failures, record->message + record->reason_at, record->item, record->count);
}

const char *pe_failure_log_describe(const pe_failure_log *failures, uint64_t items, char out[PE_FAILURE_TEXT_ROOM])
{
    char count[32], all[32];
    int size = snprintf(out, PE_FAILURE_TEXT_ROOM, "%s of %s item%s failed", pe_print_count(count, failures->count),
                        pe_print_count(all, items), pe_plural(items));
    for (int k = 0; k < failures->kind_count && size < PE_FAILURE_TEXT_ROOM - PE_FAILURE_REASON_ROOM - 40; k++)
        size += snprintf(out + size, PE_FAILURE_TEXT_ROOM - (size_t)size, "%s%s x %s", k == 0 ? ": " : ", ",
                         pe_print_count(count, failures->kinds[k].count), failures->kinds[k].name);
    return out;
}

/* ---- the csv ---- */

static const char *const own_columns[] = {"index", "reason", "attempts", "rank", "seconds"};
#define OWN_COLUMNS (sizeof own_columns / sizeof *own_columns)

/* Is other the name with this many underscores after it? */
static bool equals(const char *name, size_t underscores, const char *other)
{
    const size_t size = strlen(name);
    return strncmp(name, other, size) == 0 && strspn(other + size, "_") == underscores &&
           other[size + underscores] == '\0';
}

/* How many underscores make the name of an argument's column differ from all others. */
static size_t count_underscores(const char *const *arguments, int count, int argument)
{
    const char *const name = arguments[argument];
    size_t underscores = 0;
    bool is_taken = true;
    for (int a = 0; a < argument; a++) /* each of the same name has one more than the one before */
        underscores += equals(name, 0, arguments[a]);
    while (is_taken) {
        is_taken = false;
        for (size_t i = 0; i < OWN_COLUMNS; i++)
            is_taken = is_taken || equals(name, underscores, own_columns[i]);
        for (int a = 0; a < count && underscores > 0; a++)
            is_taken = is_taken || (a != argument && equals(name, underscores, arguments[a]));
        underscores += is_taken;
    }
    return underscores;
}

static pe_status append_name(pe_buffer *out, const char *name, size_t underscores, pe_error *err)
{
    const char *const quote = strpbrk(name, ",\"\r\n") != NULL ? "\"" : "";
    pe_status status = pe_buffer_printf(out, err, "%s", quote);
    for (const char *at = name; *at != '\0' && status == PE_OK; at++)
        status = pe_buffer_append(out, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1, err);
    for (size_t u = 0; u < underscores && status == PE_OK; u++)
        status = pe_buffer_append(out, "_", 1, err);
    return status == PE_OK ? pe_buffer_printf(out, err, "%s,", quote) : status;
}

pe_status pe_failure_log_header(const char *const *arguments, int count, pe_buffer *out, pe_error *err)
{
    pe_status status = pe_buffer_printf(out, err, "%s,", own_columns[0]);
    for (int a = 0; a < count && status == PE_OK; a++)
        status = append_name(out, arguments[a], count_underscores(arguments, count, a), err);
    for (size_t i = 1; i < OWN_COLUMNS && status == PE_OK; i++)
        status = pe_buffer_printf(out, err, "%s%c", own_columns[i], i + 1 < OWN_COLUMNS ? ',' : '\n');
    return status;
}

pe_status pe_failure_log_begin(pe_failure_log *failures, const char *path, const pe_buffer *header, bool is_ordered,
                               pe_error *err)
{
    if (path == NULL)
        return PE_OK;
    failures->is_sorted_late = !is_ordered;
    pe_sorted_lines_init(&failures->late, path);
    pe_status status = pe_out_begin(path, PE_OUT_LOG, NULL, &failures->file, err);
    if (status == PE_OK)
        status = pe_write_full(failures->file.fd, header->data, header->size, path, err);
    if (status == PE_OK)
        status = pe_out_publish(&failures->file, err);
    if (status != PE_OK)
        pe_out_abort(&failures->file);
    failures->has_file = status == PE_OK;
    return status;
}

static pe_status flush(pe_failure_log *failures, pe_buffer *lines, size_t most, pe_error *err)
{
    if (lines->size <= most)
        return PE_OK;
    const pe_status status = pe_write_full(failures->file.fd, lines->data, lines->size, failures->file.path, err);
    lines->size = 0;
    return status;
}

static pe_status take_line(pe_failure_log *failures, const pe_failure_record *record, pe_buffer *lines, pe_error *err)
{
    if (failures->is_sorted_late)
        return pe_sorted_lines_add(&failures->late, record->item, record->line, record->line_bytes, err);
    const pe_status status = pe_buffer_append(lines, record->line, record->line_bytes, err);
    return status == PE_OK ? flush(failures, lines, WRITE_BYTES, err) : status;
}

pe_status pe_failure_log_take(pe_failure_log *failures, const pe_buffer *log, pe_error *err)
{
    pe_buffer lines = {0};
    pe_failure_record record;
    pe_status status = PE_OK;
    for (size_t at = 0; at < log->size && status == PE_OK;) {
        at = pe_failure_record_read(log, at, &record);
        if (record.count > 0)
            pe_failure_log_count(failures, &record);
        if (failures->has_file && record.line_bytes > 0 && !record.is_list && !record.is_job)
            status = take_line(failures, &record, &lines, err);
    }
    if (status == PE_OK)
        status = flush(failures, &lines, 0, err);
    pe_buffer_fini(&lines);
    return status;
}

pe_status pe_failure_log_end(pe_failure_log *failures, bool is_durable, pe_error *err)
{
    pe_status status = PE_OK;
    if (!failures->has_file)
        return PE_OK;
    if (failures->is_sorted_late)
        status = pe_sorted_lines_write(&failures->late, failures->file.fd, failures->file.path, err);
    pe_sorted_lines_fini(&failures->late);
    const pe_status closed = pe_out_commit(&failures->file, is_durable, err);
    failures->has_file = false;
    return status == PE_OK ? closed : status;
}

/* ---- between runs ---- */

pe_status pe_failure_log_save(const pe_failure_log *failures, pe_buffer *out, pe_error *err)
{
    return pe_buffer_append(out, failures, PE_FAILURE_COUNTED_BYTES, err);
}

pe_status pe_failure_log_load(pe_failure_log *failures, const void *data, size_t size, pe_error *err)
{
    if (size != PE_FAILURE_COUNTED_BYTES)
        return pe_fail(err, PE_EDATA, "the counts of failed items are those of another version, or damaged");
    memcpy(failures, data, size);
    return PE_OK;
}

pe_status pe_failure_log_write(pe_failure_log *failures, uint64_t item, const char *line, size_t bytes, pe_error *err)
{
    if (!failures->has_file || bytes == 0)
        return PE_OK;
    if (failures->is_sorted_late)
        return pe_sorted_lines_add(&failures->late, item, line, bytes, err);
    return pe_write_full(failures->file.fd, line, bytes, failures->file.path, err);
}
