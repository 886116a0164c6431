/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_text_source.c - csv and tsv files: items, columns, and every message with its line and column.
 */
#include "source_file_helpers.h"

static const pe_type INT64 = {PE_INT64, 0}, UINT8 = {PE_UINT8, 0}, FLOAT64 = {PE_FLOAT64, 0}, TEXT = {PE_TEXT, 0};

static char folder[32];

static pe_source_spec headless(const char *name, const char *text)
{
    pe_source_spec spec = text_file(name, text);
    spec.header = false;
    return spec;
}

START_TEST(csv_empty_file_has_no_header)
{
    enter_folder(folder);
    pe_source_spec spec = text_file("x.csv", "");
    open_fails(&spec, PE_EDATA, "x.csv: is empty: expected a header that names the columns (or header = false)");
    spec = text_file("x.csv", "\xEF\xBB\xBF");
    open_fails(&spec, PE_EDATA, "x.csv: is empty: expected a header that names the columns (or header = false)");
    spec = headless("x.csv", "");
    check_column(&spec, INT64, NULL, 0);
    leave_folder(folder);
}
END_TEST

START_TEST(csv_header_alone_has_no_items)
{
    enter_folder(folder);
    static const char *const texts[] = {"a", "a\n", "\"a\"\r\n", "\xEF\xBB\xBF\"a\"\n"};
    for (size_t i = 0; i < LENGTH(texts); i++) {
        const pe_source_spec spec = text_file("x.csv", texts[i]);
        check_column(&spec, INT64, NULL, 0);
    }
    leave_folder(folder);
}
END_TEST

START_TEST(csv_all_columns_in_order_are_arguments)
{
    enter_folder(folder);
    const pe_source_spec spec = text_file("x.csv", "id,name,price\n1,\"a, \"\"b\"\"\",2.5\n-2,c,1e3\n");
    ck_assert_int_eq(facts(spec).columns, 3);
    ck_assert(facts(spec).untyped[0]);
    opened o = {.first = NULL};
    open_items(&o, &spec, (const pe_type[]){INT64, TEXT, FLOAT64}, 3);
    int64_t ids[2];
    pe_text names[2];
    double prices[2];
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_reader_read(o.reader, (pe_block){0, 2}, NULL, NULL, (void *const[]){ids, names, prices}, &err), err);
    ck_assert_int_eq(ids[0], 1);
    ck_assert_int_eq(ids[1], -2);
    ck_assert_uint_eq(names[0].size, 6);
    ck_assert_int_eq(memcmp(names[0].data, "a, \"b\"", 6), 0);
    ck_assert_uint_eq(names[1].size, 1);
    ck_assert(prices[0] == 2.5 && prices[1] == 1000);
    close_items(&o);
    leave_folder(folder);
}
END_TEST

START_TEST(csv_columns_are_chosen_by_name_or_number)
{
    enter_folder(folder);
    pe_source_spec spec = text_file("x.csv", "a,\"b \"\"2\"\"\",c\n1,2,3\n4,5,6\n");
    spec.column_count = 1;
    spec.columns = (const pe_column_choice[]){{"b \"2\"", 0}};
    check_column(&spec, INT64, (const int64_t[]){2, 5}, 2);
    spec.columns = (const pe_column_choice[]){{NULL, 2}};
    check_column(&spec, INT64, (const int64_t[]){3, 6}, 2);
    spec = headless("x.tsv", "1\t2\n3\t4\n");
    spec.column_count = 1;
    spec.columns = (const pe_column_choice[]){{NULL, 1}};
    check_column(&spec, INT64, (const int64_t[]){2, 4}, 2);
    leave_folder(folder);
}
END_TEST

START_TEST(csv_columns_that_are_not_there_are_refused)
{
    enter_folder(folder);
    pe_source_spec spec = text_file("x.csv", "price,amount,amount\n1,2,3\n");
    spec.column_count = 1;
    spec.columns = (const pe_column_choice[]){{"prise", 0}};
    open_fails(&spec, PE_ECONFIG,
               WHERE ": columns: x.csv has no column \"prise\": did you mean \"price\"? It has \"price\", \"amount\", "
                     "\"amount\"");
    spec.columns = (const pe_column_choice[]){{"zzzzzz", 0}};
    open_fails(&spec, PE_ECONFIG,
               WHERE ": columns: x.csv has no column \"zzzzzz\": it has \"price\", \"amount\", \"amount\"");
    spec.columns = (const pe_column_choice[]){{"amount", 0}};
    open_fails(&spec, PE_ECONFIG, WHERE ": columns: x.csv has 2 columns named \"amount\": choose by number (from 0)");
    spec.columns = (const pe_column_choice[]){{NULL, 3}};
    open_fails(&spec, PE_ECONFIG, WHERE ": columns: there is no column 3: x.csv has 3 (from 0)");
    spec.header = false;
    spec.columns = (const pe_column_choice[]){{"price", 0}};
    open_fails(&spec, PE_ECONFIG,
               WHERE ": columns: \"price\": x.csv has no header (header = false): expected numbers from 0");
    spec.header = true;
    spec.columns = (const pe_column_choice[]){{"price", 0}}; /* the twins do no harm where they are not asked for */
    check_column(&spec, INT64, (const int64_t[]){1}, 1);
    leave_folder(folder);
}
END_TEST

START_TEST(csv_rows_of_another_length_are_reported)
{
    enter_folder(folder);
    const pe_type three[] = {INT64, INT64, INT64};
    pe_source_spec spec = text_file("x.csv", "a,b,c\n1,2,3\n4,5\n");
    read_fails(&spec, three, 3, 1, "x.csv:3: expected 3 fields, got 2");
    spec = text_file("x.csv", "a,b,c\n1,2,3,4\n");
    read_fails(&spec, three, 3, 0, "x.csv:2: expected 3 fields, got 4");
    spec = text_file("x.csv", "a,b,c\n\n1,2,3\n");
    read_fails(&spec, three, 3, 0, "x.csv:2: expected 3 fields, got 1 (an empty line)");
    spec = headless("x.csv", "1,2,3\n\"4\n\n\",5,6\n7,8\n");
    read_fails(&spec, (const pe_type[]){TEXT, TEXT, TEXT}, 3, 2, "x.csv:5: expected 3 fields, got 2");
    leave_folder(folder);
}
END_TEST

START_TEST(csv_final_empty_line_is_no_record)
{
    enter_folder(folder);
    static const char *const texts[] = {"a,b\n1,2\n3,4\n", "a,b\n1,2\n3,4\n\n", "a,b\r\n1,2\r\n3,4\r\n\r\n"};
    for (size_t i = 0; i < LENGTH(texts); i++) {
        pe_source_spec spec = text_file("x.csv", texts[i]);
        spec.columns = (const pe_column_choice[]){{"b", 0}};
        spec.column_count = 1;
        check_column(&spec, INT64, (const int64_t[]){2, 4}, 2);
    }
    pe_source_spec spec = text_file("x.csv", "a,b\n\n");
    spec.columns = (const pe_column_choice[]){{"b", 0}};
    spec.column_count = 1;
    check_column(&spec, INT64, NULL, 0);
    spec = text_file("x.csv", "a\nx\n\n"); /* one column: an empty line is a field as any other */
    CHECK_TEXTS(spec, "x", "");
    leave_folder(folder);
}
END_TEST

START_TEST(csv_field_that_is_no_number_is_reported_with_its_place)
{
    enter_folder(folder);
    const pe_type two[] = {TEXT, FLOAT64};
    pe_source_spec spec = text_file("x.csv", "name,price\nfoo,1\n\"b\nar\",abc\n");
    read_fails(&spec, two, 2, 1, "x.csv:4:5: column \"price\": \"abc\" is not a float64");
    spec = text_file("x.csv", "name,price\r\nfoo,\"1\"\"2\"\r\n");
    read_fails(&spec, two, 2, 0, "x.csv:2:5: column \"price\": \"1\"\"2\" is not a float64");
    spec = text_file("x.csv", "name,price\nfoo,\n");
    read_fails(&spec, two, 2, 0,
               "x.csv:2:5: column \"price\": \"\" is not a float64 (it is empty: input.missing = [\"\"] makes it nan)");
    spec = headless("x.csv", "name,price\nfoo,1\n");
    read_fails(&spec, two, 2, 0,
               "x.csv:1:6: column 1: \"price\" is not a float64 (header = false, so the first line is data: is it a "
               "header?)");
    leave_folder(folder);
}
END_TEST

START_TEST(csv_quotes_that_are_wrong_are_reported_with_their_place)
{
    enter_folder(folder);
    pe_source_spec spec = text_file("x.csv", "a,b\n1,2\n3,\"4\n5,6\n");
    open_fails(&spec, PE_EDATA, "x.csv:3:3: the quote that opens here is never closed");
    spec = text_file("x.csv", "a,\"b\n1,2\n");
    open_fails(&spec, PE_EDATA, "x.csv:1:3: the quote that opens here is never closed");
    spec = text_file("x.csv", "a,b\n1,2\n\"3\"4,5\n");
    read_fails(&spec, (const pe_type[]){TEXT, TEXT}, 2, 1,
               "x.csv:3:4: expected a comma or the end of the line after the closing quote, got \"4\" (a quote inside "
               "quotes is written twice)");
    leave_folder(folder);
}
END_TEST

START_TEST(csv_dtype_is_what_every_column_parses_as)
{
    enter_folder(folder);
    pe_source_spec spec = as(text_file("x.csv", "a\n1\n9007199254740993\n"), PE_INT64);
    ck_assert(!facts(spec).untyped[0]);
    check_column(&spec, INT64, (const int64_t[]){1, 9007199254740993}, 2);
    read_fails(&spec, &FLOAT64, 1, 1, "x.csv:3:1: column \"a\": 9007199254740993 is not exact as float64");
    bind_fails(&spec, &UINT8, 1, WHERE ": x.csv is int64 here and could lose value as uint8");
    bind_fails(&spec, &TEXT, 1, WHERE ": x.csv is int64 here and could lose value as text");
    spec = as(text_file("x.csv", "a\n1\n1.5\n"), PE_INT64);
    read_fails(
        &spec, &FLOAT64, 1, 1,
        "x.csv:3:1: column \"a\": \"1.5\" is not an int64 (as float64 it can be read: input.dtype = \"float64\")");
    spec = as(text_file("x.csv", "a\n1\nN/A\n"), PE_INT64);
    read_fails(&spec, &FLOAT64, 1, 1,
               "x.csv:3:1: column \"a\": \"N/A\" is not an int64 (input.missing = [\"N/A\"] makes it nan)");
    leave_folder(folder);
}
END_TEST

START_TEST(csv_columns_become_one_vector)
{
    enter_folder(folder);
    const double rows[6] = {1, 2, 3, 4, 5, 6}, second[2] = {4.5, 6};
    const pe_type vector = {PE_FLOAT64, 3};
    pe_source_spec spec = text_file("x.csv", "a,b,c\n1,2,3\n4,5,6\n");
    check_column(&spec, vector, rows, 2);
    bind_fails(&spec, (const pe_type[]){{PE_FLOAT64, 2}}, 1,
               WHERE ": x.csv gives 3 columns, but the arguments take 2: select them with columns = [...]");
    spec.has_dtype = true;
    spec.dtype = vector;
    ck_assert_int_eq(facts(spec).columns, 1);
    check_column(&spec, vector, rows, 2);
    spec.dtype.width = 2;
    open_fails(&spec, PE_ECONFIG, WHERE ": dtype: 3 columns of x.csv are no whole number of vectors of 2");
    spec = text_file("x.csv", "a,b,c\n1,2,4.5\n3,5,6\n");
    opened o = {.first = NULL};
    open_items(&o, &spec, (const pe_type[]){{PE_INT64, 2}, FLOAT64}, 2);
    int64_t pairs[4];
    double singles[2];
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_reader_read(o.reader, (pe_block){0, 2}, NULL, NULL, (void *const[]){pairs, singles}, &err), err);
    ck_assert_int_eq(memcmp(pairs, (const int64_t[]){1, 2, 3, 5}, sizeof pairs), 0);
    ck_assert_int_eq(memcmp(singles, second, sizeof singles), 0);
    close_items(&o);
    leave_folder(folder);
}
END_TEST

START_TEST(csv_more_columns_than_arguments_are_refused)
{
    enter_folder(folder);
    char line[512] = "";
    for (int i = 0; i < 70; i++)
        strcat(line, i == 0 ? "1" : ",1");
    strcat(line, "\n");
    pe_source_spec spec = headless("x.csv", line);
    refused(spec, PE_ECONFIG, "70 columns", "64");
    spec.has_dtype = true;
    spec.dtype = (pe_type){PE_UINT8, 70};
    unsigned char ones[70];
    memset(ones, 1, sizeof ones);
    check_column(&spec, spec.dtype, ones, 1);
    leave_folder(folder);
}
END_TEST

START_TEST(csv_first_and_count_keep_line_numbers)
{
    enter_folder(folder);
    const pe_source_spec all = text_file("x.csv", "a\n1\n2\n3\nx\n5\n");
    const pe_source_spec spec = only(from(all, 1), 2);
    check_column(&spec, INT64, (const int64_t[]){2, 3}, 2);
    const pe_source_spec tail = from(all, 2);
    read_fails(&tail, &INT64, 1, 1, "x.csv:5:1: column \"a\": \"x\" is not an int64");
    refused(only(from(all, 3), 3), PE_EDATA, "3 items from item 3", "5 items");
    leave_folder(folder);
}
END_TEST

/* The bad line is reached through the cursor, past skipped items, or from the byte_range's beginning. */
START_TEST(csv_line_numbers_hold_however_the_item_is_reached)
{
    enter_folder(folder);
    const pe_source_spec spec = text_file("x.csv", "a\n\"1\"\n\" 2\n\"\n3\nx\n");
    static const uint64_t before[] = {UINT64_MAX, 0, 2};
    for (size_t i = 0; i < LENGTH(before); i++) {
        opened o = {.first = NULL};
        pe_error err = PE_ERROR_INIT;
        int64_t number;
        void *const columns[] = {&number};
        open_items(&o, &spec, &INT64, 1);
        const pe_byte_range all = pe_source_byte_range(o.first, (pe_block){0, 4});
        const unsigned char *const bytes = pe_source_bytes(o.first, &all);
        if (before[i] != UINT64_MAX)
            ck_ok(pe_reader_read(o.reader, (pe_block){before[i], 1}, &all, bytes, columns, &err), err);
        ck_assert_int_eq(pe_reader_read(o.reader, (pe_block){3, 1}, &all, bytes, columns, &err), PE_EDATA);
        ck_assert_str_eq(err.text, "x.csv:6:1: column \"a\": \"x\" is not an int64");
        close_items(&o);
    }
    leave_folder(folder);
}
END_TEST

/* Record i is `i,"...\n..."` with i % 7 letters: more records than the index has places. */
START_TEST(csv_many_records_are_found_through_the_sparse_index)
{
    enter_folder(folder);
    enum { MANY = 200000 };
    FILE *const out = fopen("x.csv", "w");
    ck_assert_ptr_nonnull(out);
    fputs("n,text\n", out);
    for (int i = 0; i < MANY; i++)
        fprintf(out, "%d,\"%.*s\n,\"\r\n", i, i % 7, "abcdefg");
    ck_assert_int_eq(fclose(out), 0);
    pe_source_spec spec = file("x.csv", PE_FORMAT_AUTO);
    spec.columns = (const pe_column_choice[]){{"n", 0}};
    spec.column_count = 1;
    opened o = {.first = NULL};
    open_items(&o, &spec, &INT64, 1);
    ck_assert_uint_eq(pe_source_get_info(o.source)->count, MANY);
    static const uint64_t firsts[] = {0, 199990, 7, 8, 100000, 99999, 131072, 131071, 65536, 65535, 199999};
    for (size_t i = 0; i < LENGTH(firsts); i++)
        for (int how = 0; how < WAYS; how++) {
            int64_t got[10];
            const uint64_t count = MANY - firsts[i] < 10 ? MANY - firsts[i] : 10;
            const pe_block block = {firsts[i], count};
            unsigned char *payload = NULL;
            pe_error err = PE_ERROR_INIT;
            ck_ok(read_block(&o, block, block, (way)how, (void *const[]){got}, &payload, &err), err);
            for (uint64_t k = 0; k < count; k++)
                ck_assert_int_eq(got[k], (int64_t)(firsts[i] + k));
            free(payload);
            const pe_byte_range byte_range = pe_source_byte_range(o.source, block);
            ck_assert_uint_le(byte_range.bytes, pe_source_chunk_bytes(o.source, count));
        }
    size_t reader_bytes = 0;
    ck_assert_uint_lt(pe_source_memory(o.source, 1000, &reader_bytes), (size_t)2 << 20);
    close_items(&o);
    leave_folder(folder);
}
END_TEST

START_TEST(csv_texts_live_until_the_rewind)
{
    enter_folder(folder);
    FILE *const out = fopen("x.csv", "w");
    ck_assert_ptr_nonnull(out);
    fputs("t\n", out);
    for (int i = 0; i < 3000; i++)
        fprintf(out, "\"\"\"%d\"\"\"\n", i);
    ck_assert_int_eq(fclose(out), 0);
    const pe_source_spec spec = file("x.csv", PE_FORMAT_AUTO);
    opened o = {.first = NULL};
    open_items(&o, &spec, &TEXT, 1);
    static pe_text texts[3000];
    pe_error err = PE_ERROR_INIT;
    size_t wrong = 0;
    for (int round = 0; round < 3; round++) {
        for (uint64_t b = 0; b < 3000; b += 100)
            ck_ok(pe_reader_read(o.reader, (pe_block){b, 100}, NULL, NULL, (void *const[]){texts + b}, &err), err);
        for (int i = 0; i < 3000; i++) {
            char expected[16];
            const int size = snprintf(expected, sizeof expected, "\"%d\"", i);
            wrong += texts[i].size != (size_t)size || memcmp(texts[i].data, expected, (size_t)size) != 0;
        }
        pe_reader_rewind(o.reader);
    }
    ck_assert_uint_eq(wrong, 0);
    close_items(&o);
    leave_folder(folder);
}
END_TEST

UNIT_MAIN("text_source", csv_empty_file_has_no_header, csv_header_alone_has_no_items,
          csv_all_columns_in_order_are_arguments, csv_columns_are_chosen_by_name_or_number,
          csv_columns_that_are_not_there_are_refused, csv_rows_of_another_length_are_reported,
          csv_final_empty_line_is_no_record, csv_field_that_is_no_number_is_reported_with_its_place,
          csv_quotes_that_are_wrong_are_reported_with_their_place, csv_dtype_is_what_every_column_parses_as,
          csv_columns_become_one_vector, csv_more_columns_than_arguments_are_refused,
          csv_first_and_count_keep_line_numbers, csv_line_numbers_hold_however_the_item_is_reached,
          csv_many_records_are_found_through_the_sparse_index, csv_texts_live_until_the_rewind)
