/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_function.h - what the loops need where the kernel is a C function of the user's.
 *
 * Design: before it come PE_FUNCTION, the function's name, and the two types that the signature allows: pe_expected has
 *         int64_t, pe_expected_too has long long, which C holds to be another type of the same size.
 */
#define PE_IS_LONG_LONG !__builtin_types_compatible_p(__typeof__(PE_FUNCTION), pe_expected)
#define PE_RESULT_DTYPE 0
#define PE_RESULT_DTYPES PE_RESULT_DTYPE

typedef __typeof__(__builtin_choose_expr(PE_IS_LONG_LONG, 0LL, (int64_t)0)) pe_int64;
typedef __typeof__(__builtin_choose_expr(PE_IS_LONG_LONG, 0ULL, (uint64_t)0)) pe_uint64;

static inline __attribute__((unused)) void pe_fail_returned(const pe_object_call *call, size_t item, const char *name,
                                                            int returned)
{
    char reason[96];
    snprintf(reason, sizeof reason, "%s returned %d", name, returned);
    call->fail(call->host, item, reason);
}

/* Takes a text of size bytes that the function wrote to its first buffer, room. NULL when that is done, or when the item
 * failed; else the text did not fit: the result is the buffer for the second call. *seen is PE_IS_BROKEN without memory. */
static inline __attribute__((unused)) char *pe_take_text(const pe_object_call *call, size_t item, const char room[256],
                                                         size_t size, int *seen)
{
    if (size > (size_t)1 << 40) {
        call->fail(call->host, item, "a text of more than 2^40 bytes was asked for");
        return NULL;
    }
    char *text = call->text(call->host, 0, item, size < 256 ? size : size + 1);
    if (text == NULL)
        *seen = PE_IS_BROKEN;
    if (text == NULL || size >= 256)
        return text;
    memcpy(text, room, size);
    return NULL;
}

/* The second call, for a buffer of size + 1 bytes, returned `again`. */
static inline __attribute__((unused)) void pe_end_text(const pe_object_call *call, size_t item, const char *text,
                                                       size_t size, size_t again)
{
    if (again > size) {
        call->fail(call->host, item, "the text is longer than the length that the call before returned");
        return;
    }
    char *shorter = call->text(call->host, 0, item, again);
    if (shorter != NULL && shorter != text)
        memcpy(shorter, text, again);
}

/* clang-format off */
/* A function with "or error"; then follows its call. */
#define PE_OR_ERROR(name, ...)                                                                                         \
    const int pe_error = __VA_ARGS__;                                                                                  \
    if (pe_error != 0)                                                                                                 \
        pe_fail_returned(call, pe_k, name, pe_error);

/* A function that gives a text; PE_TEXT_CALL(out, room) is the call. It returns its length as snprintf does: a length of
 * `room` or more means that the text and its last byte 0 did not fit, so the function is called again. */
#define PE_TEXT_RESULT                                                                                                 \
    char pe_room[256];                                                                                                 \
    const size_t pe_size = PE_TEXT_CALL(pe_room, sizeof pe_room);                                                      \
    char *const pe_large = pe_take_text(call, pe_k, pe_room, pe_size, &pe_seen);                                       \
    if (pe_large != NULL)                                                                                              \
        pe_end_text(call, pe_k, pe_large, pe_size, PE_TEXT_CALL(pe_large, pe_size + 1));
/* clang-format on */
