/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* error_policy.c - what workers do with failed items, from the job's [errors]: policy, retries, fill values.
 *
 * Threads:  the main thread.
 * Not here: finding and recording failed items (worker/worker.c, worker/failed_items.c), how many may fail
 *           (run/output/failure_limit.c).
 */
#include "run/prepare/error_policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "types/number.h"

/* The default is nan for floats and the empty text for texts. Integers and bool have no value that is recognisable as
 * missing. */
static pe_status fill_default(pe_dtype dtype, void *out, const pe_job *job, pe_error *err)
{
    const double missing = NAN;
    size_t bad = 0;
    if (pe_dtype_is_float(dtype) || pe_dtype_is_complex(dtype))
        return pe_convert(PE_FLOAT64, &missing, dtype, out, 1, &bad, err);
    if (dtype != PE_TEXT)
        return pe_fail(err, PE_ECONFIG, "%s: on_error = \"fill\" needs a fill value for results of %s: add errors.fill",
                       job->errors.where, pe_dtype_name(dtype));
    return PE_OK;
}

static pe_status fill_text(const pe_job *job, const pe_scalar *fill, void *out, pe_error *err)
{
    if (fill->dtype != PE_TEXT)
        return pe_fail(err, PE_ECONFIG, "%s.fill: expected a string for results of text", job->errors.where);
    memcpy(out, &fill->text, sizeof fill->text);
    return PE_OK;
}

static pe_status fill_given(const pe_job *job, const pe_scalar *fill, pe_dtype dtype, void *out, pe_error *err)
{
    const bool truth = fill->integer != 0;
    pe_error reason = PE_ERROR_INIT;
    size_t bad = 0;
    if (dtype == PE_TEXT)
        return fill_text(job, fill, out, err);
    if (fill->dtype == PE_TEXT && pe_scalar_may_be_text(dtype) &&
        pe_parse_element(fill->text.data, fill->text.size, dtype, out))
        return PE_OK;
    if (fill->dtype == PE_TEXT)
        return pe_fail(err, PE_ECONFIG, "%s.fill: expected a number for results of %s, got \"%.*s\"", job->errors.where,
                       pe_dtype_name(dtype), (int)(fill->text.size < 60 ? fill->text.size : 60), fill->text.data);
    if (fill->dtype == PE_FLOAT64 && pe_dtype_rounds(PE_FLOAT64, dtype)) {
        pe_round_floats(PE_FLOAT64, &fill->real, dtype, out, 1); /* as results are */
        return PE_OK;
    }
    const pe_dtype from = fill->dtype == PE_INT64 ? PE_INT128 : fill->dtype; /* a scalar's integer is 128 bits wide */
    const void *value = from == PE_FLOAT64 ? (const void *)&fill->real
                        : from == PE_BOOL  ? (const void *)&truth
                                           : (const void *)&fill->integer;
    if (pe_convert(from, value, dtype, out, 1, &bad, &reason) == PE_OK)
        return PE_OK;
    return pe_fail(err, PE_ECONFIG, "%s.fill: %s", job->errors.where, reason.text);
}

pe_status pe_error_policy_set(pe_work_errors *errors, const pe_job *job, const pe_type *results, int count,
                              pe_error *err)
{
    pe_status status = PE_OK;
    errors->policy = job->errors.policy;
    errors->retries = (uint32_t)job->errors.retries;
    const int given = job->errors.fill_count;
    if (errors->policy == PE_ON_ERROR_FILL && given > 1 && given != count)
        return pe_fail(err, PE_ECONFIG, "%s.fill: expected one value, or %d, one per result, got %d", job->errors.where,
                       count, given);
    for (int r = 0; r < count && errors->policy == PE_ON_ERROR_FILL && status == PE_OK; r++) {
        const pe_dtype dtype = results[r].dtype;
        status = pe_make_array(&errors->fill[r], 1, pe_dtype_bytes(dtype), err);
        if (status == PE_OK)
            status = given > 0 ? fill_given(job, &job->errors.fill[given > 1 ? r : 0], dtype, errors->fill[r], err)
                               : fill_default(dtype, errors->fill[r], job, err);
    }
    return status;
}

void pe_error_policy_unset(pe_work_errors *errors)
{
    for (int r = 0; r < PE_MAX_COLUMNS; r++) {
        free(errors->fill[r]);
        errors->fill[r] = NULL;
    }
}
