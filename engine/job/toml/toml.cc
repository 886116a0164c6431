// SPDX-FileCopyrightText: the pengine authors
// SPDX-License-Identifier: BSD-3-Clause
//
// toml.cc - parses TOML text with toml++ and copies the result into a tree of C nodes.
//
// Invariant: no C++ exception leaves this file: all calls of toml++, which throws errors, are inside one try.
// Design:   nesting is bounded before parsing. toml++ limits nested values but not dotted keys, and both its tree and
//           the C tree are freed by recursion.
// Threads:  any.
// Not here: operations on the tree (toml.c); parsing of numbers (charconv_cxx.cc, a separate file without exceptions).

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "job/toml/toml.h"

#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 32
// The parser of toml++ asserts conditions that malformed text such as "[=" violates, before the next line refuses that
// text. With NDEBUG toml++ turns these assertions into assumptions of the optimiser, which would be undefined
// behaviour. So every build compiles them out.
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#include <toml++/toml.h>

namespace
{

constexpr unsigned most_dots = TOML_MAX_NESTED_VALUES; // in one key; with nested values, about 1,000 levels at most

struct place {
    std::uint32_t line, column;
};

// Scans the text for keys with too many dots. It skips comments and strings, whose dots do not nest.
class key_scan
{
  public:
    explicit key_scan(std::string_view all) : text(all)
    {
    }

    // Line and column of the first key with too many dots; line 0: there is none.
    place find_too_deep()
    {
        while (at < text.size()) {
            const char c = text[at];
            if (c == '"' || c == '\'')
                skip_string(c);
            else if (c == '#')
                skip_comment();
            else if (step(c) > most_dots)
                return {line, static_cast<std::uint32_t>(at - line_start)};
        }
        return {0, 0};
    }

  private:
    std::string_view text;
    std::size_t at = 0, line_start = 0;
    std::uint32_t line = 1;
    unsigned dots = 0; // since the last byte that can end a key

    unsigned step(char c)
    {
        at++;
        if (c == '.')
            dots++;
        else if (c == '\n' || c == '=' || c == ',')
            dots = 0;
        if (c == '\n') {
            line++;
            line_start = at;
        }
        return dots;
    }

    // Skips to the end of the line, or to a control byte, which a comment must not contain.
    void skip_comment()
    {
        while (at < text.size() && (text[at] == '\t' || static_cast<unsigned char>(text[at]) >= 0x20))
            at++;
    }

    void skip_string(char quote)
    {
        const std::string fence(3, quote);
        const bool is_long = text.substr(at, 3) == fence;
        at += is_long ? 3 : 1;
        while (at < text.size() && !(is_long ? text.substr(at, 3) == fence : text[at] == quote)) {
            if (quote == '"' && text[at] == '\\' && at + 1 < text.size() && text[at + 1] != '\n')
                at++;
            if (text[at] == '\n' && !is_long)
                return; // the string is not closed; the parser reports that
            if (text[at] == '\n') {
                line++;
                line_start = at + 1;
            }
            at++;
        }
        at = std::min(text.size(), at + (is_long ? 3 : 1));
        for (int i = 0; i < 2 && is_long && at < text.size() && text[at] == quote; i++)
            at++; // a multi-line string may end in one or two quotes before its closing three
    }
};

char *copy_text(std::string_view text)
{
    char *const copy = static_cast<char *>(std::malloc(text.size() + 1));
    if (copy == nullptr)
        throw std::bad_alloc();
    std::memcpy(copy, text.data(), text.size());
    copy[text.size()] = '\0';
    return copy;
}

// A zeroed node is a valid empty node, so an incomplete tree can be freed.
void make_children(pe_toml *node, std::size_t count)
{
    if (count == 0)
        return;
    node->children = static_cast<pe_toml *>(std::calloc(count, sizeof *node->children));
    if (node->children == nullptr)
        throw std::bad_alloc();
    node->count = count;
}

void copy_node(const toml::node &from, const char *origin, pe_toml *to);

void copy_table(const toml::table &from, const char *origin, pe_toml *to)
{
    using entry = std::pair<const toml::key *, const toml::node *>;
    std::vector<entry> entries;
    for (auto &&[key, value] : from)
        entries.emplace_back(&key, &value);
    std::stable_sort(entries.begin(), entries.end(), [](const entry &a, const entry &b) {
        return a.first->source().begin < b.first->source().begin; // toml++ sorts keys by name; restore the file's order
    });
    make_children(to, entries.size());
    for (std::size_t i = 0; i < entries.size(); i++) {
        const toml::key &key = *entries[i].first;
        pe_toml *const child = &to->children[i];
        child->key = copy_text(key.str());
        child->key_line = key.source().begin.line;
        child->key_column = key.source().begin.column;
        copy_node(*entries[i].second, origin, child);
    }
}

void copy_array(const toml::array &from, const char *origin, pe_toml *to)
{
    make_children(to, from.size());
    for (std::size_t i = 0; i < from.size(); i++)
        copy_node(from[i], origin, &to->children[i]);
}

void copy_scalar(const toml::node &from, pe_toml *to)
{
    if (const auto *text = from.as_string()) {
        to->kind = PE_TOML_STRING;
        to->string = copy_text(text->get());
        to->string_size = text->get().size();
    } else if (const auto *integer = from.as_integer()) {
        to->kind = PE_TOML_INT;
        to->integer = integer->get();
    } else if (const auto *real = from.as_floating_point()) {
        to->kind = PE_TOML_FLOAT;
        to->real = real->get();
    } else if (const auto *boolean = from.as_boolean()) {
        to->kind = PE_TOML_BOOL;
        to->boolean = boolean->get();
    } else {
        to->kind = PE_TOML_DATE;
    }
}

void copy_node(const toml::node &from, const char *origin, pe_toml *to)
{
    to->origin = origin;
    to->line = from.source().begin.line;
    to->column = from.source().begin.column;
    if (const toml::table *table = from.as_table()) {
        to->kind = PE_TOML_TABLE;
        copy_table(*table, origin, to);
    } else if (const toml::array *array = from.as_array()) {
        to->kind = PE_TOML_ARRAY;
        copy_array(*array, origin, to);
    } else {
        copy_scalar(from, to);
    }
}

// Rewrites a message of toml++: drops "Error while parsing ...", and replaces names of its limits and types.
std::string reworded(std::string reason)
{
    const auto swap = [&reason](std::string_view from, std::string_view to) {
        const std::size_t found = reason.find(from);
        if (found != std::string::npos)
            reason.replace(found, from.size(), to);
    };
    if (reason.compare(0, 6, "Error ") == 0)
        reason.erase(0, 6);
    swap("could not determine value type", "not a value (text stands in quotes)");
    swap("is not representable in 64 bits", "is not representable in 64 bits (a range takes it as text, in quotes)");
    swap(" (TOML_MAX_NESTED_VALUES)", "");
    swap("Encountered", "encountered");
    for (char &c : reason) // the message may quote control bytes of the file
        c = static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    return reason;
}

pe_status refuse(const char *origin, place where, std::string_view reason, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG, "%s:%u:%u: %s", origin, static_cast<unsigned>(where.line),
                   static_cast<unsigned>(where.column), reworded(std::string(reason)).c_str());
}

pe_status parse(std::string_view text, const char *origin, pe_toml *root, pe_error *err)
{
    const place deep = key_scan(text).find_too_deep();
    if (deep.line != 0)
        return refuse(origin, deep, "a key with more than " + std::to_string(most_dots) + " dots", err);
    try {
        const toml::table document = toml::parse(text);
        copy_node(document, origin, root);
        return PE_OK;
    } catch (const toml::parse_error &error) {
        const toml::source_position begin = error.source().begin;
        return refuse(origin, {begin.line, begin.column}, error.description(), err);
    }
}

} // namespace

pe_status pe_toml_parse(const char *text, size_t size, const char *origin, pe_toml **out, pe_error *err)
{
    pe_toml *root = nullptr;
    pe_status status = PE_OK;
    try {
        root = static_cast<pe_toml *>(std::calloc(1, sizeof *root));
        if (root == nullptr)
            throw std::bad_alloc();
        status = parse({text, size}, origin, root, err);
    } catch (const std::bad_alloc &) {
        status = pe_fail(err, PE_ENOMEM, "%s: out of memory while it was read", origin);
    } catch (const std::exception &error) {
        status = pe_fail(err, PE_EBUG, "%s: %s", origin, error.what());
    } catch (...) {
        status = pe_fail(err, PE_EBUG, "%s: unknown failure of the TOML parser", origin);
    }
    if (status == PE_OK)
        *out = root;
    else
        pe_toml_free(root);
    return status;
}
