// SPDX-FileCopyrightText: the pengine authors
// SPDX-License-Identifier: BSD-3-Clause
//
// json_shape_cxx.cc - see json_shape_cxx.h.

#include "format/json/json_shape_cxx.h"

#include <cstring>

#include "format/bytes8.h"
#include "format/json/json_token.h"

namespace
{

constexpr std::size_t most_tokens = 256; // so that a shape is small beside the window

const char *at(const pe_json_tokens &tokens, std::size_t t)
{
    return tokens.base + tokens.first[t];
}

bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// A number or a word, which ends in front of the next token.
std::string_view scalar_text(const pe_json_tokens &tokens, std::size_t t)
{
    const char *const from = at(tokens, t);
    const char *to = at(tokens, t + 1);
    while (to > from && is_blank(to[-1]))
        to--;
    return {from, static_cast<std::size_t>(to - from)};
}

bool take_kind(std::string_view text, pe_json_kind &kind)
{
    kind = PE_JSON_NUMBER;
    if (pe_json_is_number(text.data(), text.size()))
        return true;
    kind = text == "null" ? PE_JSON_MISSING : PE_JSON_BOOL;
    return kind == PE_JSON_MISSING || text == "true" || text == "false";
}

// The common numbers without a branch for each digit: an integer of at most seven digits.
bool is_short_integer(std::string_view text, const char *readable_end)
{
    return text.size() <= 7 && readable_end - text.data() >= 8 && !text.empty() &&
           bytes8_digits(text.data()) >= text.size() && (text.front() != '0' || text.size() == 1);
}

// A string with its quotes; no line with a shape has an escape.
std::string_view string_text(const pe_json_tokens &tokens, std::size_t t)
{
    const char *const from = at(tokens, t);
    const auto *const quote =
        static_cast<const char *>(std::memchr(from + 1, '"', static_cast<std::size_t>(at(tokens, t + 1) - from - 1)));
    return {from, quote == nullptr ? 0 : static_cast<std::size_t>(quote + 1 - from)};
}

} // namespace

// ---- learning ----

bool pe_json_shape::learn_key(const pe_json_tokens &tokens, std::size_t t)
{
    key next{t, std::string(string_text(tokens, t)), 0, 0};
    const std::size_t size = next.text.size();
    if (size > 0 && size <= sizeof next.word) {
        std::memcpy(&next.word, next.text.data(), size);
        std::memset(&next.mask, 0xFF, size);
    }
    keys.push_back(next);
    return size > 0;
}

bool pe_json_shape::learn_token(const pe_json_tokens &tokens, std::size_t t)
{
    const char c = *at(tokens, t);
    if (c == '"' && *at(tokens, t + 1) == ':')
        return learn_key(tokens, t);
    if (std::string_view("\"{}[]:,").find(c) == std::string_view::npos)
        scalars.push_back(scalar{t, {}, PE_JSON_MISSING});
    else
        marks.push_back(mark{t, c});
    return true;
}

// Where a value of the line is among its tokens.
bool pe_json_shape::learn_place(const pe_json_tokens &tokens, const pe_json_value &value)
{
    if (value.own == nullptr) {
        places.push_back(place{where::nowhere, 0});
        return true;
    }
    std::size_t t = 0;
    while (t < count && at(tokens, t) != value.own)
        t++;
    std::size_t s = 0;
    while (s < scalars.size() && scalars[s].token != t)
        s++;
    const bool is_string = value.kind == PE_JSON_STRING;
    places.push_back(place{is_string ? where::string : where::scalar, is_string ? t : s});
    return is_string ? t < count : s < scalars.size();
}

void pe_json_shape::learn(const pe_json_tokens &tokens, const pe_json_value *values, std::size_t paths)
{
    marks.clear();
    keys.clear();
    scalars.clear();
    places.clear();
    count = static_cast<std::size_t>(tokens.end - tokens.first);
    bool is_good = count <= most_tokens;
    for (std::size_t t = 0; t < count && is_good; t++)
        is_good = learn_token(tokens, t);
    for (std::size_t p = 0; p < paths && is_good; p++)
        is_good = learn_place(tokens, values[p]);
    if (!is_good)
        count = 0;
}

// ---- matching ----

bool pe_json_shape::has_marks(const pe_json_tokens &tokens) const
{
    int differs = 0;
    for (const mark &wanted : marks)
        differs |= *at(tokens, wanted.token) ^ wanted.byte;
    return differs == 0;
}

bool pe_json_shape::has_keys(const pe_json_tokens &tokens) const
{
    for (const key &wanted : keys) {
        const char *const text = at(tokens, wanted.token);
        std::uint64_t word;
        if (wanted.mask != 0 && tokens.readable_end - text >= static_cast<std::ptrdiff_t>(sizeof word)) {
            std::memcpy(&word, text, sizeof word);
            if (((word ^ wanted.word) & wanted.mask) != 0)
                return false;
        } else if (static_cast<std::size_t>(at(tokens, wanted.token + 1) - text) < wanted.text.size() ||
                   std::memcmp(text, wanted.text.data(), wanted.text.size()) != 0) {
            return false;
        }
    }
    return true;
}

bool pe_json_shape::take_scalars(const pe_json_tokens &tokens)
{
    for (scalar &one : scalars) {
        one.text = scalar_text(tokens, one.token);
        if (is_short_integer(one.text, tokens.readable_end))
            one.kind = PE_JSON_NUMBER;
        else if (!take_kind(one.text, one.kind))
            return false;
    }
    return true;
}

bool pe_json_shape::match(const pe_json_tokens &tokens, const char *line_end)
{
    if (count == 0 || static_cast<std::size_t>(tokens.end - tokens.first) < count)
        return false;
    return at(tokens, count - 1) < line_end && at(tokens, count) >= line_end && has_marks(tokens) && has_keys(tokens) &&
           take_scalars(tokens);
}

// ---- the values of the line that matched ----

void pe_json_shape::values(const pe_json_tokens &tokens, pe_json_value *out) const
{
    for (std::size_t p = 0; p < places.size(); p++) {
        const place &to = places[p];
        const bool is_string = to.kind == where::string;
        const pe_json_kind kind = is_string                   ? PE_JSON_STRING
                                  : to.kind == where::nowhere ? PE_JSON_MISSING
                                                              : scalars[to.at].kind;
        const std::string_view own = is_string                   ? string_text(tokens, to.at)
                                     : to.kind == where::nowhere ? std::string_view()
                                                                 : scalars[to.at].text;
        const std::string_view text = is_string                 ? own.substr(1, own.size() - 2)
                                      : kind == PE_JSON_MISSING ? std::string_view()
                                                                : own;
        out[p] = pe_json_value{kind, text.data(), text.size(), 0, own.data(), own.size()};
    }
}

bool pe_json_shape::numbers(const char *from, std::uint32_t *ends) const
{
    for (const place &to : places) {
        const pe_json_kind kind = to.kind == where::scalar ? scalars[to.at].kind : PE_JSON_MISSING;
        if (to.kind == where::string || kind == PE_JSON_BOOL)
            return false;
        const std::string_view text = kind == PE_JSON_NUMBER ? scalars[to.at].text : std::string_view(from, 0);
        *ends++ = static_cast<std::uint32_t>(text.data() - from - 1);
        *ends++ = static_cast<std::uint32_t>(text.data() + text.size() - from);
    }
    return true;
}
