// SPDX-FileCopyrightText: the pengine authors
// SPDX-License-Identifier: BSD-3-Clause
//
// json_shape_cxx.h - the brackets, commas and keys of a line of JSON, which other lines mostly have too.
//
// Invariant: a line that matches has the values that a walk through its tokens finds. Its tokens have the same first bytes, its
//            keys are the same, and its numbers and words are checked; so every path leads to the same token.
// Design:    a walk decides at each token what may follow. To compare with a line that was walked takes no decision, so that
//            the processor mispredicts nothing.
// Threads:   no state but the shape.

#ifndef PE_JSON_SHAPE_CXX_H
#define PE_JSON_SHAPE_CXX_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/json/jsonl.h"

// The tokens from a line's first on: their offsets from `base`. After the last comes the offset of the end.
struct pe_json_tokens {
    const char *base;
    const std::uint32_t *first, *end;
    const char *readable_end; // of the bytes
};

class pe_json_shape
{
  public:
    // Takes the shape of a line that was walked: its tokens, and its `paths` values. A line with a value that is an object or
    // an array is none to learn from.
    void learn(const pe_json_tokens &tokens, const pe_json_value *values, std::size_t paths);
    // Has the line that ends at `line_end` this shape? Then the values of this line can be asked for.
    bool match(const pe_json_tokens &tokens, const char *line_end);
    void values(const pe_json_tokens &tokens, pe_json_value *out) const;
    // Value p lies between ends[2 * p] + 1 and ends[2 * p + 1], seen from `from`; one that is missing is empty there. false: one
    // is no number.
    bool numbers(const char *from, std::uint32_t *ends) const;
    std::size_t tokens() const
    {
        return count;
    }

  private:
    struct mark {
        std::size_t token;
        char byte; // its first
    };
    struct key {
        std::size_t token;
        std::string text;         // with its quotes
        std::uint64_t word, mask; // the text, where it has at most eight bytes
    };
    struct scalar {
        std::size_t token;
        std::string_view text; // of the current line
        pe_json_kind kind;
    };
    enum class where { nowhere, string, scalar };
    struct place {
        where kind;
        std::size_t at; // a token, or of scalars
    };

    bool learn_key(const pe_json_tokens &tokens, std::size_t t);
    bool learn_token(const pe_json_tokens &tokens, std::size_t t);
    bool learn_place(const pe_json_tokens &tokens, const pe_json_value &value);
    bool has_marks(const pe_json_tokens &tokens) const;
    bool has_keys(const pe_json_tokens &tokens) const;
    bool take_scalars(const pe_json_tokens &tokens);

    std::size_t count = 0;   // of tokens; 0: no line has this shape
    std::vector<mark> marks; // brackets, commas, colons, and strings that are values
    std::vector<key> keys;
    std::vector<scalar> scalars;
    std::vector<place> places; // of the values
};

#endif
