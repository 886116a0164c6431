/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* record.c - self-contained binary records, each with its kind, length and checksum.
 *
 * Design:  a head of 32 bytes {magic, kind, 0, length, XXH3-64 of kind, length and data}, then the data, padded with
 *          zeros to a multiple of 8 bytes. Numbers are little-endian.
 * Threads: any.
 */
#include "checkpoint/record.h"

#include <string.h>
#include <xxhash.h>

static const unsigned char magic[8] = {'p', 'e', 'R', 'e', 'c', 'r', 'd', '\n'};

typedef struct record_head {
    unsigned char magic[8];
    uint32_t kind, zero;
    uint64_t size;
    uint64_t checksum;
} record_head;

static uint64_t checksum_of(const record_head *head, const void *data, size_t size)
{
    const uint64_t seed = ((uint64_t)head->kind << 32) ^ head->size;
    return XXH3_64bits_withSeed(data, size, seed);
}

static size_t padded(size_t size)
{
    return (size + 7) / 8 * 8;
}

pe_status pe_record_open(pe_buffer *out, pe_error *err)
{
    return pe_buffer_append(out, &(record_head){.size = 0}, sizeof(record_head), err);
}

pe_status pe_record_close(pe_buffer *out, size_t at, uint32_t kind, pe_error *err)
{
    static const unsigned char zeros[8] = {0};
    record_head head = {.kind = kind, .size = out->size - at - sizeof head};
    memcpy(head.magic, magic, sizeof magic);
    head.checksum = checksum_of(&head, out->data + at + sizeof head, head.size);
    memcpy(out->data + at, &head, sizeof head);
    return pe_buffer_append(out, zeros, padded(head.size) - head.size, err);
}

pe_status pe_record_append(pe_buffer *out, uint32_t kind, const void *data, size_t size, pe_error *err)
{
    const size_t at = out->size;
    pe_status status = pe_record_open(out, err);
    if (status == PE_OK)
        status = pe_buffer_append(out, data, size, err);
    return status == PE_OK ? pe_record_close(out, at, kind, err) : status;
}

static bool read_at(const unsigned char *data, size_t left, pe_record *out)
{
    record_head head;
    if (left < sizeof head)
        return false;
    memcpy(&head, data, sizeof head);
    if (memcmp(head.magic, magic, sizeof magic) != 0 || head.size > left - sizeof head)
        return false;
    *out = (pe_record){.kind = head.kind, .data = data + sizeof head, .size = (size_t)head.size};
    return checksum_of(&head, out->data, out->size) == head.checksum;
}

bool pe_record_next(const unsigned char *data, size_t size, size_t *at, pe_record *out, uint64_t *damaged)
{
    const size_t from = *at;
    while (*at < size) {
        if (read_at(data + *at, size - *at, out)) {
            const size_t whole = sizeof(record_head) + padded(out->size);
            *damaged += *at > from ? 1 : 0;
            *at = whole < size - *at ? *at + whole : size;
            return true;
        }
        const unsigned char *const next = memchr(data + *at + 1, magic[0], size - *at - 1);
        *at = next == NULL ? size : (size_t)(next - data);
    }
    *damaged += size > from ? 1 : 0;
    return false;
}
