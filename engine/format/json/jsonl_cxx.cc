// SPDX-FileCopyrightText: the pengine authors
// SPDX-License-Identifier: BSD-3-Clause
//
// jsonl_cxx.cc - reads lines of JSON with simdjson, for the C functions of jsonl.h.
//
// Invariant: no exception leaves this file.
// Design:   simdjson's first stage finds the structure of the line and checks its UTF-8; then the tokens are walked once, in
//           their order. The walk checks what simdjson leaves to its caller: the grammar of numbers and words, escapes.
//           Which paths a value belongs to is a set of bits, one per path.
// Threads:  no state but the reader.
// Not here: the fast way for lines that are as they should be (json_window_cxx.cc); lines (format/lines.c); values as
//           numbers of a dtype (source/text/).

#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "format/json/json_path_cxx.h"
#include "format/json/json_token.h"
#include "format/json/json_window_cxx.h"
#include "format/json/jsonl.h"

namespace od = simdjson::ondemand;

struct pe_jsonl {
    od::parser parser;
    std::vector<pe_json_path> paths;
    pe_json_window window;
    std::string padded;               // a line at the end of the readable bytes
    std::vector<std::string> strings; // unescaped, one per path
    std::string scratch;              // an unescaped key
    std::vector<std::uint8_t> unescape_room;
    bool has_escapes = false; // somewhere in the line
    const char *begin = nullptr, *end = nullptr;
    pe_json_value *values = nullptr;
    const char *bad = nullptr;
    const char *reason = nullptr;
};

namespace
{

bool fail(pe_jsonl &r, const char *at, const char *reason)
{
    if (r.reason == nullptr) {
        r.bad = at;
        r.reason = reason;
    }
    return false;
}

const char *reason_of(simdjson::error_code code)
{
    if (code == simdjson::UTF8_ERROR)
        return "the bytes are not UTF-8";
    if (code == simdjson::UNCLOSED_STRING)
        return "a string that is never closed";
    if (code == simdjson::UNESCAPED_CHARS)
        return "a control character in a string, which JSON writes with a backslash";
    if (code == simdjson::EMPTY)
        return "an empty line (errors.on_error = \"skip\" leaves it out)";
    if (code == simdjson::DEPTH_ERROR)
        return "objects and arrays are too deep in one another";
    return "a comma, a colon or a bracket is missing or too many";
}

bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// What a string holds; false: a wrong escape.
bool unescape(pe_jsonl &r, od::raw_json_string raw, std::string &out)
{
    const std::size_t most = static_cast<std::size_t>(r.end - raw.raw()) + simdjson::SIMDJSON_PADDING;
    if (r.unescape_room.size() < most)
        r.unescape_room.resize(most);
    std::uint8_t *room = r.unescape_room.data();
    std::string_view text;
    if (r.parser.unescape(raw, room).get(text) != simdjson::SUCCESS)
        return fail(r, raw.raw(), "a string with a backslash that JSON does not know");
    out.assign(text);
    return true;
}

// The string's bytes as they stand, where no line has an escape.
std::string_view plain(const pe_jsonl &r, od::raw_json_string raw)
{
    const auto *const quote =
        static_cast<const char *>(std::memchr(raw.raw(), '"', static_cast<std::size_t>(r.end - raw.raw())));
    return {raw.raw(), static_cast<std::size_t>((quote == nullptr ? r.end : quote) - raw.raw())};
}

// Does a string hold a backslash? It ends with the first quote that has none before it.
bool text_of(pe_jsonl &r, od::raw_json_string raw, std::string &room, std::string_view &out)
{
    out = plain(r, raw);
    if (!r.has_escapes || std::memchr(out.data(), '\\', out.size()) == nullptr)
        return true;
    if (!unescape(r, raw, room))
        return false;
    out = room;
    return true;
}

// A string's bytes, with its quotes; it was found to be good.
std::string_view quoted(od::raw_json_string raw)
{
    const char *end = raw.raw();
    while (*end != '"')
        end += *end == '\\' ? 2 : 1;
    return {raw.raw() - 1, static_cast<std::size_t>(end - raw.raw()) + 2};
}

bool walk(pe_jsonl &r, od::value value, pe_json_set paths, std::size_t level);

bool take_string(pe_jsonl &r, od::value value, pe_json_set to)
{
    od::raw_json_string raw;
    if (value.get_raw_json_string().get(raw) != simdjson::SUCCESS)
        return fail(r, r.begin, "a string that cannot be read");
    if (to == 0 && !r.has_escapes)
        return true;
    std::string &room = to == 0 ? r.scratch : r.strings[static_cast<std::size_t>(__builtin_ctzll(to))];
    std::string_view text;
    if (!text_of(r, raw, room, text))
        return false;
    if (to != 0)
        pe_json_put(r.values, to, PE_JSON_STRING, text, text.data() == room.data(), quoted(raw));
    return true;
}

bool take_scalar(pe_jsonl &r, od::value value, pe_json_set to)
{
    std::string_view token = value.raw_json_token();
    if (token.data() + token.size() > r.end)
        token = token.substr(0, static_cast<std::size_t>(r.end - token.data()));
    while (!token.empty() && is_space(token.back()))
        token.remove_suffix(1);
    if (token == "null") {
        pe_json_put(r.values, to, PE_JSON_MISSING, {}, false, token);
        return true;
    }
    const bool is_bool = token == "true" || token == "false";
    if (!is_bool && !pe_json_is_number(token.data(), token.size()))
        return fail(r, token.data(), "expected a value: a number, a string, true, false, null, an object or an array");
    pe_json_put(r.values, to, is_bool ? PE_JSON_BOOL : PE_JSON_NUMBER, token, false, token);
    return true;
}

bool walk_array(pe_jsonl &r, od::array array, pe_json_set paths, std::size_t level)
{
    std::size_t index = 0;
    for (auto element : array) {
        od::value value;
        const auto code = element.get(value);
        if (code != simdjson::SUCCESS)
            return fail(r, nullptr, reason_of(code));
        const pe_json_set inside = paths == 0 ? 0 : pe_json_matching(r.paths, paths, level, std::to_string(index));
        if (!walk(r, value, inside, level + 1))
            return false;
        index++;
    }
    return true;
}

bool walk_object(pe_jsonl &r, od::object object, pe_json_set paths, std::size_t level)
{
    for (auto field : object) {
        od::raw_json_string raw;
        od::value value;
        auto code = field.key().get(raw);
        if (code == simdjson::SUCCESS)
            code = field.value().get(value);
        if (code != simdjson::SUCCESS)
            return fail(r, nullptr, reason_of(code));
        pe_json_set inside = 0;
        if (r.has_escapes) {
            std::string_view key;
            if (!text_of(r, raw, r.scratch, key))
                return false;
            inside = pe_json_matching(r.paths, paths, level, key);
        } else {
            inside = pe_json_matching_raw(r.paths, paths, level, raw.raw(), r.end);
        }
        pe_json_put(r.values, inside, PE_JSON_MISSING, {}, false, {}); // of a key given twice the last counts
        if (!walk(r, value, inside, level + 1))
            return false;
    }
    return true;
}

// An object's or an array's bytes; value is at its bracket, and is walked.
bool walk_tree(pe_jsonl &r, od::value value, simdjson::ondemand::json_type type, pe_json_set paths, std::size_t level)
{
    if (level >= PE_JSON_DEEPEST)
        return fail(r, nullptr, reason_of(simdjson::DEPTH_ERROR));
    const pe_json_set here = pe_json_ending(r.paths, paths, level);
    const char *const begin = std::string_view(value.raw_json_token()).data();
    simdjson::error_code code;
    bool is_good;
    if (type == od::json_type::array) {
        od::array array;
        code = value.get_array().get(array);
        is_good = code == simdjson::SUCCESS && walk_array(r, array, paths & ~here, level);
    } else {
        od::object object;
        code = value.get_object().get(object);
        is_good = code == simdjson::SUCCESS && walk_object(r, object, paths & ~here, level);
    }
    if (code != simdjson::SUCCESS)
        return fail(r, begin, reason_of(code));
    if (is_good)
        pe_json_put(r.values, here, PE_JSON_TREE, {begin, 0}, false,
                    {begin, 0}); // its end is found when the line is read
    return is_good;
}

bool walk(pe_jsonl &r, od::value value, pe_json_set paths, std::size_t level)
{
    od::json_type type;
    if (value.type().get(type) != simdjson::SUCCESS)
        return fail(r, std::string_view(value.raw_json_token()).data(), "expected a value");
    if (type == od::json_type::array || type == od::json_type::object)
        return walk_tree(r, value, type, paths, level);
    const pe_json_set here = pe_json_ending(r.paths, paths, level);
    return type == od::json_type::string ? take_string(r, value, here) : take_scalar(r, value, here);
}

pe_status report(pe_jsonl &r, od::document *document, std::size_t *bad, pe_error *err)
{
    if (r.bad == nullptr && document != nullptr) {
        const char *at = nullptr;
        r.bad = document->current_location().get(at) == simdjson::SUCCESS ? at : r.end;
    }
    *bad =
        r.bad == nullptr || r.bad < r.begin ? 0 : static_cast<std::size_t>((r.bad > r.end ? r.end : r.bad) - r.begin);
    return pe_fail(err, PE_EDATA, "%s", r.reason);
}

// The line with the bytes after it that simdjson may read.
void set_line(pe_jsonl &r, const char *data, std::size_t size, std::size_t readable)
{
    if (readable - size < simdjson::SIMDJSON_PADDING) {
        r.padded.reserve(size + simdjson::SIMDJSON_PADDING);
        r.padded.assign(data, size);
        r.padded.append(simdjson::SIMDJSON_PADDING, ' ');
        data = r.padded.data();
    }
    r.begin = data;
    r.end = data + size;
    r.has_escapes = size > 0 && std::memchr(data, '\\', size) != nullptr;
    r.bad = r.reason = nullptr;
}

pe_status open_object(pe_jsonl &r, od::document &document, od::object &object, std::size_t *bad, pe_error *err)
{
    const auto size = static_cast<std::size_t>(r.end - r.begin);
    auto code = r.parser.iterate(r.begin, size, size + simdjson::SIMDJSON_PADDING).get(document);
    if (code != simdjson::SUCCESS) {
        fail(r, code == simdjson::UTF8_ERROR ? r.begin + pe_json_bad_byte(r.begin, size) : r.begin, reason_of(code));
        return report(r, nullptr, bad, err);
    }
    code = document.get_object().get(object);
    if (code == simdjson::SUCCESS)
        return PE_OK;
    fail(r, r.begin, "expected one object, {\"key\": value}, and nothing after it");
    return report(r, nullptr, bad, err);
}

// Nothing may stand after the object.
bool has_ended(od::document &document)
{
    const char *at = nullptr;
    return document.current_location().get(at) == simdjson::OUT_OF_BOUNDS;
}

// The values point into `data`, also where the line was copied.
void settle(pe_jsonl &r, const char *data, std::size_t count)
{
    for (std::size_t p = 0; p < count; p++) {
        pe_json_value &value = r.values[p];
        if (value.kind == PE_JSON_TREE)
            value.size = value.own_size = pe_json_tree_bytes(value.data, static_cast<std::size_t>(r.end - value.data));
        if (value.data != nullptr && value.is_copy == 0)
            value.data = data + (value.data - r.begin);
        if (value.own != nullptr)
            value.own = data + (value.own - r.begin);
    }
}

} // namespace

extern "C" pe_status pe_jsonl_open(const char *const *paths, size_t count, pe_jsonl **out, pe_error *err)
try {
    auto *const reader = new pe_jsonl;
    reader->paths.resize(count);
    reader->strings.resize(count);
    for (size_t p = 0; p < count; p++)
        if (!pe_json_path_split(paths[p], reader->paths[p])) {
            delete reader;
            return pe_fail(err, PE_ECONFIG, "\"%s\" has an empty key: expected keys with dots between them, \"a.b\"",
                           paths[p]);
        }
    *out = reader;
    return PE_OK;
} catch (const std::bad_alloc &) {
    return pe_fail(err, PE_ENOMEM, "out of memory: a reader of JSON");
}

extern "C" void pe_jsonl_close(pe_jsonl *reader)
{
    delete reader;
}

extern "C" void pe_jsonl_start(pe_jsonl *reader, uint64_t lines)
{
    reader->window.start(lines);
}

extern "C" pe_status pe_jsonl_read(pe_jsonl *reader, const char *data, size_t size, size_t readable,
                                   pe_json_value *values, size_t *bad, pe_error *err)
try {
    pe_jsonl &r = *reader;
    const size_t count = r.paths.size();
    if (r.window.read(pe_json_line{data, size, readable}, r.paths, values))
        return PE_OK;
    od::document document;
    od::object object;
    set_line(r, data, size, readable);
    r.values = values;
    for (size_t p = 0; p < count; p++)
        values[p] = pe_json_value{PE_JSON_MISSING, nullptr, 0, 0, nullptr, 0};
    const pe_status status = open_object(r, document, object, bad, err);
    if (status != PE_OK)
        return status;
    const pe_json_set all = count == PE_JSONL_PATHS ? ~pe_json_set{0} : (pe_json_set{1} << count) - 1;
    if (!walk_object(r, object, all, 0))
        return report(r, &document, bad, err);
    if (!has_ended(document)) {
        fail(r, nullptr, "expected the end of the line after the object");
        return report(r, &document, bad, err);
    }
    settle(r, data, count);
    return PE_OK;
} catch (const std::bad_alloc &) {
    return pe_fail(err, PE_ENOMEM, "out of memory: a line of %zu bytes of JSON", size);
}

extern "C" uint64_t pe_jsonl_find(pe_jsonl *reader, const char *data, size_t size, uint64_t most, uint32_t *ends)
{
    return reader->window.find(data, size, most, ends, 2 * reader->paths.size() + 1);
}

extern "C" pe_status pe_jsonl_keys(pe_jsonl *reader, const char *data, size_t size,
                                   pe_status (*take)(void *context, const char *key, size_t size, pe_error *err),
                                   void *context, size_t *bad, pe_error *err)
try {
    pe_jsonl &r = *reader;
    od::document document;
    od::object object;
    set_line(r, data, size, size);
    pe_status status = open_object(r, document, object, bad, err);
    if (status != PE_OK)
        return status;
    std::vector<std::string> seen;
    for (auto field : object) {
        od::raw_json_string raw;
        std::string_view key;
        const auto code = field.key().get(raw);
        if (code != simdjson::SUCCESS)
            fail(r, nullptr, reason_of(code));
        if (code != simdjson::SUCCESS || !text_of(r, raw, r.scratch, key))
            return report(r, &document, bad, err);
        bool is_new = true;
        for (const auto &other : seen)
            is_new = is_new && other != key;
        if (!is_new)
            continue;
        seen.emplace_back(key);
        status = take(context, key.data(), key.size(), err);
        if (status != PE_OK)
            return status;
    }
    return PE_OK;
} catch (const std::bad_alloc &) {
    return pe_fail(err, PE_ENOMEM, "out of memory: a line of %zu bytes of JSON", size);
}
