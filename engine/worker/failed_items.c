/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failed_items.c - what becomes of the failed items of a batch: fill values, records for the log, the end of the run.
 *
 * Design:   a line of the log has a column for each argument, with the whole value: numbers as Python's repr, texts byte by
 *           byte, vectors as "[1.0, 2.0]"; quoted as RFC 4180 asks. A message for people has the item as people write it,
 *           cut where it is long.
 * Threads:  one worker's own.
 * Not here: which items failed (kernel/failures.c), the file of the log (report/failure_log.c).
 */
#include "worker/failed_items.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fixed_point.h"
#include "kernel/item_text.h"
#include "report/failure_record.h"
#include "sink/encode/encode_text.h"
#include "types/number.h"
#include "worker/stop_record.h"

#define SECONDS_DECIMALS 6
#define LINE_BYTES 166 /* of a record with its line, beside the arguments, with a reason of 64 bytes */
#define TEXT_BYTES 40  /* of a text argument, as it is taken to be */

/* Where the records of one batch are put together. */
typedef struct record_writer {
    const pe_work_kernel *kernel;
    int rank;
    uint64_t first;
    const void *const *args;
    pe_buffer line;
} record_writer;

/* ---- the line of the log ---- */

static pe_status append_text(pe_buffer *line, const char *text, size_t size, pe_error *err)
{
    const pe_status status = pe_buffer_reserve(line, 2 * size + 2, err);
    if (status == PE_OK) {
        char *const at = (char *)line->data + line->size;
        line->size += (size_t)(pe_print_field(at, text, size, ',', false) - at);
    }
    return status;
}

static pe_status append_number(pe_buffer *line, pe_dtype dtype, const void *element, pe_error *err)
{
    char number[PE_NUMBER_ROOM];
    return pe_buffer_append(line, number, (size_t)(pe_print_element(number, dtype, element) - number), err);
}

/* "[1.0, 2.0]" in quotes, since it has commas. */
static pe_status append_vector(pe_buffer *line, pe_type type, const unsigned char *at, pe_error *err)
{
    pe_status status = pe_buffer_append(line, "\"[", 2, err);
    for (uint32_t e = 0; e < type.width && status == PE_OK; e++) {
        if (e > 0)
            status = pe_buffer_append(line, ", ", 2, err);
        if (status == PE_OK)
            status = append_number(line, type.dtype, at + e * pe_dtype_bytes(type.dtype), err);
    }
    return status == PE_OK ? pe_buffer_append(line, "]\"", 2, err) : status;
}

static pe_status append_argument(pe_buffer *line, pe_type type, const unsigned char *at, pe_error *err)
{
    pe_text text;
    if (type.dtype == PE_TEXT) {
        memcpy(&text, at, sizeof text);
        return append_text(line, text.data, text.size, err);
    }
    return type.width > 0 ? append_vector(line, type, at, err) : append_number(line, type.dtype, at, err);
}

static pe_status write_line(record_writer *self, const pe_failure *failure, pe_error *err)
{
    const pe_signature *signature = &self->kernel->signature;
    const uint64_t at = failure->item - self->first;
    char seconds[PE_FIXED_ROOM];
    self->line.size = 0;
    pe_status status = pe_buffer_printf(&self->line, err, "%" PRIu64 ",", failure->item);
    for (int a = 0; a < signature->arg_count && status == PE_OK; a++) {
        const pe_type type = signature->args[a];
        if (self->args != NULL)
            status = append_argument(&self->line, type, (const unsigned char *)self->args[a] + at * pe_type_bytes(type),
                                     err);
        if (status == PE_OK)
            status = pe_buffer_append(&self->line, ",", 1, err);
    }
    if (status == PE_OK)
        status = append_text(&self->line, failure->reason, strlen(failure->reason), err);
    return status == PE_OK ? pe_buffer_printf(&self->line, err, ",%u,%d,%s\n", (unsigned)failure->attempts, self->rank,
                                              pe_print_fixed(seconds, failure->seconds, SECONDS_DECIMALS))
                           : status;
}

/* ---- records ---- */

static pe_status append_count(const record_writer *self, const pe_failure *failure, pe_buffer *counts, pe_error *err)
{
    const pe_work_kernel *const kernel = self->kernel;
    char text[PE_ITEM_TEXT_ROOM], message[PE_FAILURE_MESSAGE_ROOM];
    if (pe_failure_record_count(counts, failure->reason))
        return PE_OK;
    if (self->args != NULL)
        pe_item_text_print(kernel->descriptor->name, &kernel->signature, self->args, failure->item - self->first, text);
    else
        (void)snprintf(text, sizeof text, "%.*s(?)", (int)sizeof text - 4, kernel->descriptor->name);
    (void)snprintf(message, sizeof message, "%s: %s", text, failure->reason);
    const pe_failure_record record = {
        .item = failure->item, .count = 1, .message = message, .reason_at = strlen(text) + strlen(": ")};
    return pe_failure_record_append(counts, &record, err);
}

static pe_status append_line(record_writer *self, const pe_failure *failure, uint64_t row, pe_buffer *log,
                             pe_error *err)
{
    const pe_status status = write_line(self, failure, err);
    const pe_failure_record record = {.item = failure->item,
                                      .row = row,
                                      .message = "",
                                      .line = (const char *)self->line.data,
                                      .line_bytes = self->line.size};
    return status == PE_OK ? pe_failure_record_append(log, &record, err) : status;
}

pe_status pe_failed_items_log(const pe_failures *failures, const pe_work_kernel *kernel, const pe_work_errors *errors,
                              uint64_t first, const void *const *args, const pe_failed_items_logs *to, pe_error *err)
{
    record_writer writer = {.kernel = kernel, .rank = errors->rank, .first = first, .args = args};
    pe_status status = PE_OK;
    for (size_t i = 0; i < failures->count && status == PE_OK; i++) {
        const pe_failure *const failure = &failures->list[i];
        const uint64_t left_out = errors->policy == PE_ON_ERROR_SKIP ? i : 0;
        const pe_failure_place place = {.item = failure->item,
                                        .row = to->rows + (failure->item - to->first) - left_out};
        status = append_count(&writer, failure, to->counts, err);
        if (status == PE_OK && errors->has_log)
            status = append_line(&writer, failure, place.row, to->log, err);
        else if (status == PE_OK && errors->lists_failed)
            status = pe_buffer_append(to->places, &place, sizeof place, err);
    }
    pe_buffer_fini(&writer.line);
    return status;
}

pe_status pe_failed_items_stop(const pe_failures *failures, const pe_work_kernel *kernel, const pe_work_errors *errors,
                               uint64_t first, const void *const *args, pe_error *err)
{
    record_writer writer = {.kernel = kernel, .rank = errors->rank, .first = first, .args = args};
    const pe_failure *const failure = &failures->list[0];
    char text[PE_ITEM_TEXT_ROOM];
    pe_buffer record = {0};
    const pe_status status = errors->has_log ? append_line(&writer, failure, 0, &record, err) : PE_OK;
    if (status == PE_OK && errors->has_log)
        pe_stop_record_keep(errors->stop_record, failure->item, &record);
    pe_buffer_fini(&record);
    pe_buffer_fini(&writer.line);
    if (status != PE_OK)
        return status;
    pe_item_text_print(kernel->descriptor->name, &kernel->signature, args, failure->item - first, text);
    const int before = snprintf(NULL, 0, "item %" PRIu64 ": %s: ", failure->item, text);
    const bool is_first = err->status == PE_OK;
    (void)pe_fail_item(err, PE_EITEM, failure->item, "item %" PRIu64 ": %s: %s", failure->item, text, failure->reason);
    if (is_first && before > 0 && (size_t)before < sizeof err->text)
        err->reason_at = (uint64_t)before;
    return err->status;
}

size_t pe_failed_items_line_bytes(const pe_signature *signature)
{
    size_t bytes = LINE_BYTES;
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_type type = signature->args[a];
        bytes += type.dtype == PE_TEXT ? TEXT_BYTES : pe_type_elements(type) * (pe_number_room(type.dtype) + 2);
    }
    return bytes;
}

void pe_failed_items_fill(const pe_failures *failures, const pe_work_errors *errors, const pe_type *types, int count,
                          uint64_t first, void *const *written)
{
    for (int r = 0; r < count; r++) {
        const size_t bytes = pe_dtype_bytes(types[r].dtype);
        const size_t elements = pe_type_elements(types[r]);
        for (size_t i = 0; i < failures->count; i++) {
            unsigned char *at = (unsigned char *)written[r] + (failures->list[i].item - first) * elements * bytes;
            for (size_t e = 0; e < elements; e++)
                memcpy(at + e * bytes, errors->fill[r], bytes);
        }
    }
}
