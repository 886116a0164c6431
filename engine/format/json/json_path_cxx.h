// SPDX-FileCopyrightText: the pengine authors
// SPDX-License-Identifier: BSD-3-Clause
//
// json_path_cxx.h - a path of jsonl.h as the keys on its way.

#ifndef PE_JSON_PATH_CXX_H
#define PE_JSON_PATH_CXX_H

#include <string>
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

#endif
