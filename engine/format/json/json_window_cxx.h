/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_window_cxx.h - many lines of JSON at once, and simdjson itself (C++, private to this folder).
 *
 * Design: the window reads a line that is one object without escapes, and leaves every other to jsonl_cxx.cc, which also reads
 *         what is wrong with it.
 */
#ifndef PE_JSON_WINDOW_CXX_H
#define PE_JSON_WINDOW_CXX_H

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wswitch-enum"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <simdjson.h>
#pragma GCC diagnostic pop

#include "format/json/json_path_cxx.h"
#include "format/json/json_shape_cxx.h"
#include "format/json/jsonl.h"

constexpr unsigned PE_JSON_DEEPEST = 500;

// The value of some paths; `own` is its bytes in the line.
inline void pe_json_put(pe_json_value *values, pe_json_set to, pe_json_kind kind, std::string_view text, bool is_copy,
                        std::string_view own)
{
    const pe_json_value value{kind, text.data(), text.size(), is_copy ? 1 : 0, own.data(), own.size()};
    for (pe_json_set left = to; left != 0; left &= left - 1)
        values[__builtin_ctzll(left)] = value;
}

// A line, and how much from its first byte on can be read.
struct pe_json_line {
    const char *data;
    std::size_t size, readable;
};

class pe_json_window
{
  public:
    // The next lines are read one after the other, about this many; 0: nothing is known. Forgets what was read.
    void start(std::uint64_t lines);
    // The values of a line; false: they are not known, and `values` means nothing.
    bool read(const pe_json_line &line, const std::vector<pe_json_path> &paths, pe_json_value *values);
    // pe_jsonl_find
    std::uint64_t find(const char *data, std::size_t size, std::uint64_t most, std::uint32_t *ends, std::size_t stride);

  private:
    bool reach(const pe_json_line &line);
    bool look_at(const pe_json_line &line);
    pe_json_tokens tokens_from(const std::uint32_t *first, const std::uint32_t *last) const;
    bool has_room(std::size_t bytes);
    pe_json_shape *shape_of(const pe_json_line &line);
    void learn(const std::uint32_t *end_of_line, const pe_json_value *values, std::size_t paths);

    std::unique_ptr<simdjson::internal::dom_parser_implementation> scanner;
    std::size_t capacity = 0;
    std::uint64_t lines = 0;                     // still to come, or 0
    const char *begin = nullptr, *end = nullptr; // of the window
    const char *unknown_end = nullptr;   // where a window began that could not be made: up to here none is tried
    const std::uint32_t *next = nullptr; // the first token not yet passed
    const std::uint32_t *tokens_end = nullptr;
    std::array<pe_json_shape, 4> shapes; // of the lines seen last
    std::size_t usual = 0;               // of shapes: that of the line before
    unsigned lessons = 0;                // how many more lines of this window a shape may be learnt from
};

#endif
