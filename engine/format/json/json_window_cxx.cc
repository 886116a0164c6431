// SPDX-FileCopyrightText: the pengine authors
// SPDX-License-Identifier: BSD-3-Clause
//
// json_window_cxx.cc - reads lines of JSON by the tokens that simdjson's first stage finds for many lines at once.
//
// Invariant: a line that is read here has the values that jsonl_cxx.cc finds: fuzz_jsonl.c compares them.
// Design:    the first stage refuses a newline within a string, so that where it succeeds every string ends in its own line,
//            and the tokens of a line are those between its ends. Between two tokens it finds nothing but blanks: a grammar of
//            tokens is enough to check a line, and numbers and words have a check of their own. Nothing after the window is
//            read: the first stage copies its last block, and after the last token comes the window's size.
//            Most lines have the keys of a line before them: they are compared with the last few that differed
//            (json_shape_cxx.h), and walked only where they are like none of them.
// Threads:   no state but the window.
// Not here:  lines with escapes, and all that is wrong (jsonl_cxx.cc).

#include "format/json/json_window_cxx.h"

#include <algorithm>

#include "format/json/json_token.h"

namespace
{

constexpr std::size_t most_bytes = std::size_t{32} << 10; // of a window: its tokens stay in the cache
constexpr std::size_t least_lines = 4;
constexpr unsigned most_lessons = 8; // where every line has another shape, to learn them is in vain

struct walk {
    const char *base;
    const std::uint32_t *next;
    const char *end; // of the line
    const std::vector<pe_json_path> &paths;
    pe_json_value *values;
    const char *last = nullptr; // the bracket that closed the last object or array

    // The line is one object, and these are the values.
    bool line(pe_json_set all)
    {
        const char *const first = take();
        return first != nullptr && *first == '{' && object(all, 0) && take() == nullptr;
    }

    // NULL: the line has no other token.
    const char *take()
    {
        const char *const at = base + *next;
        if (at >= end)
            return nullptr;
        next++;
        return at;
    }

    bool object(pe_json_set wanted, std::size_t level)
    {
        const char *at = take();
        if (at != nullptr && *at == '}')
            return close(at);
        while (at != nullptr && *at == '"') {
            const char *const key = at + 1;
            at = take();
            if (at == nullptr || *at != ':')
                return false;
            const pe_json_set inside = wanted == 0 ? 0 : pe_json_matching_raw(paths, wanted, level, key, end);
            pe_json_put(values, inside, PE_JSON_MISSING, {}, false, {}); // of a key given twice the last counts
            if (!value(inside, level + 1))
                return false;
            at = take();
            if (at == nullptr || *at != ',')
                return at != nullptr && *at == '}' && close(at);
            at = take();
        }
        return false;
    }

    bool array(pe_json_set wanted, std::size_t level)
    {
        if (base + *next < end && base[*next] == ']')
            return close(take());
        for (std::size_t index = 0;; index++) {
            if (!value(wanted == 0 ? 0 : pe_json_matching(paths, wanted, level, std::to_string(index)), level + 1))
                return false;
            const char *const at = take();
            if (at == nullptr || *at != ',')
                return at != nullptr && *at == ']' && close(at);
        }
    }

    bool close(const char *at)
    {
        last = at;
        return true;
    }

    bool value(pe_json_set wanted, std::size_t level)
    {
        const char *const at = take();
        const pe_json_set here = wanted == 0 ? 0 : pe_json_ending(paths, wanted, level);
        if (at == nullptr)
            return false;
        if (*at == '"')
            return here == 0 || string(at + 1, here);
        if (*at != '{' && *at != '[')
            return scalar(at, here);
        if (level >= PE_JSON_DEEPEST || !(*at == '{' ? object(wanted & ~here, level) : array(wanted & ~here, level)))
            return false;
        const std::string_view tree(at, static_cast<std::size_t>(last + 1 - at));
        pe_json_put(values, here, PE_JSON_TREE, tree, false, tree);
        return true;
    }

    bool string(const char *text, pe_json_set here)
    {
        const auto *const quote =
            static_cast<const char *>(std::memchr(text, '"', static_cast<std::size_t>(end - text)));
        if (quote == nullptr)
            return false;
        const auto size = static_cast<std::size_t>(quote - text);
        pe_json_put(values, here, PE_JSON_STRING, {text, size}, false, {text - 1, size + 2});
        return true;
    }

    bool scalar(const char *at, pe_json_set here)
    {
        const char *to = std::min(base + *next, end);
        while (to > at && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
            to--;
        const std::string_view token(at, static_cast<std::size_t>(to - at));
        if (pe_json_is_number(token.data(), token.size()))
            pe_json_put(values, here, PE_JSON_NUMBER, token, false, token);
        else if (token == "true" || token == "false")
            pe_json_put(values, here, PE_JSON_BOOL, token, false, token);
        else if (token == "null")
            pe_json_put(values, here, PE_JSON_MISSING, {}, false, token);
        else
            return false;
        return true;
    }
};

// The whole lines of the first `most` bytes.
std::size_t whole_lines(const char *data, std::size_t most)
{
    while (most > 0 && data[most - 1] != '\n')
        most--;
    return most;
}

} // namespace

void pe_json_window::start(std::uint64_t count)
{
    lines = count;
    begin = end = unknown_end = nullptr;
}

bool pe_json_window::has_room(std::size_t bytes)
{
    if (bytes <= capacity)
        return true;
    capacity = 0;
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(bytes, 1, scanner) != simdjson::SUCCESS)
        return false;
    capacity = bytes;
    return true;
}

// Finds the tokens from this line on.
bool pe_json_window::look_at(const pe_json_line &line)
{
    if (lines < least_lines ||
        (line.data < unknown_end && unknown_end - line.data <= static_cast<std::ptrdiff_t>(most_bytes)))
        return false;
    const std::size_t guess = lines < most_bytes ? (line.size + 1) * lines * 5 / 4 : most_bytes;
    const std::size_t size = whole_lines(line.data, std::min({guess, line.readable, most_bytes}));
    unknown_end = line.data + size;
    begin = end = nullptr; // the tokens of the last window are overwritten
    if (size <= line.size || std::memchr(line.data, '\\', size) != nullptr || !has_room(most_bytes))
        return false;
    const auto *const bytes = reinterpret_cast<const std::uint8_t *>(line.data);
    if (scanner->stage1(bytes, size, simdjson::stage1_mode::regular) != simdjson::SUCCESS)
        return false;
    unknown_end = nullptr;
    begin = line.data;
    end = line.data + size;
    next = scanner->structural_indexes.get();
    tokens_end = next + scanner->n_structural_indexes;
    lessons = most_lessons;
    return true;
}

pe_json_tokens pe_json_window::tokens_from(const std::uint32_t *first, const std::uint32_t *last) const
{
    return {begin, first, last, end};
}

// Goes to the first token of the line; false: its tokens are not known.
bool pe_json_window::reach(const pe_json_line &line)
{
    const bool is_known = line.data >= begin && line.data < end && line.data + line.size <= end;
    if (!is_known && !look_at(line))
        return false;
    while (begin + *next < line.data) // tokens of a line that was left to jsonl_cxx.cc
        next++;
    return true;
}

// The shape that the line at `next` has; NULL: none of those seen last.
pe_json_shape *pe_json_window::shape_of(const pe_json_line &line)
{
    const pe_json_tokens rest = tokens_from(next, tokens_end);
    for (std::size_t i = 0; i < shapes.size(); i++) {
        const std::size_t s = (usual + i) % shapes.size();
        if (shapes[s].match(rest, line.data + line.size)) {
            usual = s;
            return &shapes[s];
        }
    }
    return nullptr;
}

// Takes the shape of the line at `next` in the place of another.
void pe_json_window::learn(const std::uint32_t *end_of_line, const pe_json_value *values, std::size_t paths)
{
    if (lessons == 0)
        return;
    lessons--;
    usual = (usual + 1) % shapes.size();
    shapes[usual].learn(tokens_from(next, end_of_line), values, paths);
}

bool pe_json_window::read(const pe_json_line &line, const std::vector<pe_json_path> &paths, pe_json_value *values)
{
    const bool is_found = reach(line);
    lines -= lines > 0 ? 1 : 0;
    if (!is_found)
        return false;
    if (const pe_json_shape *const shape = shape_of(line)) {
        shape->values(tokens_from(next, tokens_end), values);
        next += shape->tokens();
        return true;
    }
    for (std::size_t p = 0; p < paths.size(); p++)
        values[p] = pe_json_value{PE_JSON_MISSING, nullptr, 0, 0, nullptr, 0};
    walk one{begin, next, line.data + line.size, paths, values};
    const bool is_read =
        one.line(paths.size() == PE_JSONL_PATHS ? ~pe_json_set{0} : (pe_json_set{1} << paths.size()) - 1);
    if (is_read)
        learn(one.next, values, paths.size());
    next = one.next;
    return is_read;
}

std::uint64_t pe_json_window::find(const char *data, std::size_t size, std::uint64_t most, std::uint32_t *ends,
                                   std::size_t stride)
{
    const char *at = data;
    ends[0] = UINT32_MAX; // one less than the offset of the first line
    for (std::uint64_t found = 0; found < most; found++) {
        const std::size_t readable = size - static_cast<std::size_t>(at - data);
        const auto *const newline =
            static_cast<const char *>(readable == 0 ? nullptr : std::memchr(at, '\n', readable));
        if (newline == nullptr)
            return found;
        const pe_json_line line{at, static_cast<std::size_t>(newline - at), readable};
        const pe_json_shape *const shape = reach(line) ? shape_of(line) : nullptr;
        if (shape == nullptr || !shape->numbers(data, ends + 1))
            return found;
        next += shape->tokens();
        lines -= lines > 0 ? 1 : 0;
        at = newline + 1;
        ends += stride;
        ends[0] = static_cast<std::uint32_t>(newline - data);
    }
    return most;
}
