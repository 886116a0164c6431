/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fuzz.h - the entry that libFuzzer calls, and how a target says that something does not hold.
 */
#ifndef PE_FUZZ_H
#define PE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of the code under test: where it is broken the fuzzer, or the replay, ends here with the current input. */
#define FUZZ_HOLDS(promise) ((promise) ? (void)0 : __builtin_trap())

#endif
