// SPDX-FileCopyrightText: the pengine authors
// SPDX-License-Identifier: BSD-3-Clause
//
// json_path_cxx.h - a path of jsonl.h as the keys on its way, and which of many paths a key is on.

#ifndef PE_JSON_PATH_CXX_H
#define PE_JSON_PATH_CXX_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

struct pe_json_path {
    std::vector<std::string> keys;
};

// "a.b\.c" as the keys a and b.c; false: one of them is empty.
inline bool pe_json_path_split(const char *text, pe_json_path &out)
{
    out.keys.emplace_back();
    for (; *text != '\0'; text++) {
        if (*text == '\\' && text[1] == '.')
            out.keys.back() += *++text;
        else if (*text == '.')
            out.keys.emplace_back();
        else
            out.keys.back() += *text;
    }
    for (const auto &key : out.keys)
        if (key.empty())
            return false;
    return true;
}

using pe_json_set = std::uint64_t; // of paths

// Those of `among` that have `key` at this level.
inline pe_json_set pe_json_matching(const std::vector<pe_json_path> &paths, pe_json_set among, std::size_t level,
                                    std::string_view key)
{
    pe_json_set out = 0;
    for (pe_json_set left = among; left != 0; left &= left - 1) {
        const auto p = static_cast<std::size_t>(__builtin_ctzll(left));
        const auto &keys = paths[p].keys;
        if (level < keys.size() && keys[level] == key)
            out |= pe_json_set{1} << p;
    }
    return out;
}

// The same for a key as it stands in a line without escapes, which ends at `end`.
inline pe_json_set pe_json_matching_raw(const std::vector<pe_json_path> &paths, pe_json_set among, std::size_t level,
                                        const char *key, const char *end)
{
    pe_json_set out = 0;
    const auto room = static_cast<std::size_t>(end - key);
    for (pe_json_set left = among; left != 0; left &= left - 1) {
        const auto p = static_cast<std::size_t>(__builtin_ctzll(left));
        const auto &keys = paths[p].keys;
        if (level >= keys.size())
            continue;
        const std::string &wanted = keys[level];
        const std::size_t size = wanted.size();
        if (size < room && key[size] == '"' && std::memcmp(wanted.data(), key, size) == 0)
            out |= pe_json_set{1} << p;
    }
    return out;
}

// Those of `among` whose last key is at this level.
inline pe_json_set pe_json_ending(const std::vector<pe_json_path> &paths, pe_json_set among, std::size_t level)
{
    pe_json_set out = 0;
    for (pe_json_set left = among; left != 0; left &= left - 1) {
        const auto p = static_cast<std::size_t>(__builtin_ctzll(left));
        if (paths[p].keys.size() == level)
            out |= pe_json_set{1} << p;
    }
    return out;
}

#endif
