/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_checkpoint.c - the record of finished work: what is written is read, and damage costs what it hit.
 */
#include <string.h>

#include "checkpoint/checkpoint.h"

#include "unit.h"

static void fill(pe_checkpoint *checkpoint)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_manifest_add(&checkpoint->manifest, "kernel.expr", "\"x*x\"", &err), err);
    ck_ok(pe_manifest_add(&checkpoint->manifest, "kernel.text", "a\\b\nc", &err), err);
    ck_ok(pe_item_set_add(&checkpoint->progress.done, (pe_block){0, 1000}, &err), err);
    checkpoint->progress.output_bytes = 4242;
    checkpoint->progress.is_complete = 1;
    ck_ok(pe_buffer_append(&checkpoint->progress.state, "state", 5, &err), err);
    ck_ok(pe_checkpoint_add_spilled(checkpoint, &(pe_spilled_range){{2000, 50}, 50, 0, 400, 0}, &err), err);
    ck_ok(pe_checkpoint_add_spilled(checkpoint, &(pe_spilled_range){{3000, 7}, 6, 400, 56, 800}, &err), err);
}

static uint64_t count_done(const pe_checkpoint *checkpoint)
{
    pe_error err = PE_ERROR_INIT;
    pe_item_set done = {0};
    ck_ok(pe_checkpoint_done(checkpoint, &done, &err), err);
    const uint64_t items = done.items;
    pe_item_set_fini(&done);
    return items;
}

static pe_buffer encoded(void)
{
    pe_error err = PE_ERROR_INIT;
    pe_checkpoint checkpoint = {0};
    pe_buffer bytes = {0};
    fill(&checkpoint);
    ck_ok(pe_checkpoint_encode(&checkpoint, &bytes, &err), err);
    pe_checkpoint_fini(&checkpoint);
    return bytes;
}

START_TEST(checkpoint_decoded_is_what_was_encoded)
{
    pe_error err = PE_ERROR_INIT;
    pe_checkpoint read = {0};
    pe_buffer bytes = encoded();
    ck_ok(pe_checkpoint_decode(&read, bytes.data, bytes.size, &err), err);
    ck_assert_str_eq(pe_manifest_find(&read.manifest, "kernel.expr"), "\"x*x\"");
    ck_assert_str_eq(pe_manifest_find(&read.manifest, "kernel.text"), "a\\b\nc");
    ck_assert_uint_eq(read.progress.done.items, 1000);
    ck_assert_uint_eq(read.progress.output_bytes, 4242);
    ck_assert_uint_eq(read.progress.is_complete, 1);
    ck_assert_int_eq(memcmp(read.progress.state.data, "state", 5), 0);
    ck_assert_uint_eq(read.spilled_count, 2);
    ck_assert_uint_eq(read.spilled[1].rows, 6);
    ck_assert_uint_eq(read.spilled[1].placed_end, 800);
    ck_assert_uint_eq(count_done(&read), 1000 + 57);
    ck_assert_uint_eq(read.damaged, 0);
    pe_checkpoint_fini(&read);
    pe_buffer_fini(&bytes);
}
END_TEST

/* Each record holds its items or none of them: 1000 in progress, 50 and 7 spilled. */
static bool is_some_of_it(uint64_t items)
{
    for (int subset = 0; subset < 8; subset++)
        if (items == (subset & 1 ? 1000u : 0) + (subset & 2 ? 50u : 0) + (subset & 4 ? 7u : 0))
            return true;
    return false;
}

START_TEST(checkpoint_damaged_at_any_byte_costs_one_record)
{
    pe_buffer bytes = encoded();
    for (size_t at = 0; at < bytes.size; at++) {
        pe_error err = PE_ERROR_INIT;
        pe_checkpoint read = {0};
        bytes.data[at] ^= 0x41;
        const pe_status status = pe_checkpoint_decode(&read, bytes.data, bytes.size, &err);
        bytes.data[at] ^= 0x41;
        const uint64_t items = status == PE_OK ? count_done(&read) : 0;
        const bool is_padding = items == 1057; /* nothing is lost, nothing is wrong */
        ck_assert_msg(status == PE_EDATA || is_padding || (read.damaged > 0 && is_some_of_it(items)),
                      "byte %zu: %llu items", at, (unsigned long long)items);
        pe_checkpoint_fini(&read);
    }
    pe_buffer_fini(&bytes);
}
END_TEST

START_TEST(checkpoint_cut_anywhere_keeps_whole_records)
{
    pe_buffer bytes = encoded();
    for (size_t size = 0; size < bytes.size; size++) {
        pe_error err = PE_ERROR_INIT;
        pe_checkpoint read = {0};
        const pe_status status = pe_checkpoint_decode(&read, bytes.data, size, &err);
        ck_assert_msg(status == PE_EDATA || (status == PE_OK && is_some_of_it(count_done(&read))), "cut at %zu", size);
        pe_checkpoint_fini(&read);
    }
    pe_buffer_fini(&bytes);
}
END_TEST

START_TEST(checkpoint_zeros_in_the_middle_cost_their_records_alone)
{
    pe_error err = PE_ERROR_INIT;
    pe_checkpoint read = {0};
    pe_buffer bytes = encoded();
    const size_t manifest = (size_t)(strstr((const char *)bytes.data, "manifest_xxh3") - (const char *)bytes.data) + 33;
    memset(bytes.data + manifest, 0, 40); /* the beginning of the first record */
    ck_ok(pe_checkpoint_decode(&read, bytes.data, bytes.size, &err), err);
    ck_assert_uint_eq(count_done(&read), 57);
    ck_assert_uint_gt(read.damaged, 0);
    pe_checkpoint_fini(&read);
    pe_buffer_fini(&bytes);
}
END_TEST

START_TEST(manifest_differences_name_each_key_with_both_values)
{
    pe_error err = PE_ERROR_INIT;
    pe_manifest was = {0}, is = {0};
    pe_buffer text = {0};
    size_t count = 0;
    ck_ok(pe_manifest_add(&was, "items", "10", &err), err);
    ck_ok(pe_manifest_add(&was, "output.dtype", "\"int64\"", &err), err);
    ck_ok(pe_manifest_add(&is, "items", "12", &err), err);
    ck_ok(pe_manifest_add(&is, "kernel.seed", "3", &err), err);
    ck_ok(pe_manifest_differences(&was, &is, &text, &count, &err), err);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq((const char *)text.data, "items: was 10, is 12; kernel.seed: was nothing, is 3; output.dtype: was "
                                              "\"int64\", is nothing");
    pe_buffer_fini(&text);
    pe_manifest_fini(&was);
    pe_manifest_fini(&is);
}
END_TEST

UNIT_MAIN("checkpoint", checkpoint_decoded_is_what_was_encoded, checkpoint_damaged_at_any_byte_costs_one_record,
          checkpoint_cut_anywhere_keeps_whole_records, checkpoint_zeros_in_the_middle_cost_their_records_alone,
          manifest_differences_name_each_key_with_both_values)
