// A key with its reader: one row describes the key, and says into which member its value is read.
//
//   constexpr auto kDrillKeys = section_keys<DeploymentBuild, DrillPlan>(Section::drill, {
//       {"role", "text", "required", 0, "The role whose run …", text<&DrillPlan::role>},
//       {"every", "duration", "required", 0, "…", duration<kEvery, &DrillPlan::every>},
//   });
//   …
//   read_section(build, node, kDrillKeys, plan);
//
// `Build` is what the readers of a file share; it has a `reading`. `Into` is what the mapping is
// read into. A row without a reader is a key that this version knows and does not enforce. Members
// are named by a path: `text<&Mail::at, &Host::ca>` is `mail.at.ca`.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernel/config/reading.h"

namespace pawl {

template <class Build, class Into>
struct KeySpec : Key {
  using Read = void (*)(Build& build, Into& into, const yaml::Entry& key);

  // Keys of an earlier turn are read first, wherever they stand in the file.
  constexpr KeySpec(std::string_view key, KeyType written, std::string_view without, int of_rule,
                    std::string_view says, Read reader = nullptr, int in_turn = 0)
      : Key{Section::file, key, written, without, of_rule, says, reader == nullptr},
        read(reader),
        turn(in_turn) {}
  constexpr KeySpec(std::string_view key, KeyType written, std::string_view without, int of_rule,
                    std::string_view says, Read reader, CompareAs compared)
      : KeySpec(key, written, without, of_rule, says, reader) {
    compare_as = compared;
  }

  Read read;
  int turn;
};

template <class Build, class Into, std::size_t N>
struct SectionKeys {
  Section section;
  std::array<KeySpec<Build, Into>, N> rows;

  // The row of a key as it is written; null: no such key.
  constexpr const KeySpec<Build, Into>* find(std::string_view name) const {
    const KeySpec<Build, Into>* pattern = nullptr;
    for (const KeySpec<Build, Into>& row : rows) {
      if (!row.covers(name)) continue;
      if (!row.is_pattern()) return &row;
      pattern = &row;
    }
    return pattern;
  }
  // Whether every required key is there.
  bool complete(const yaml::Node& node) const {
    return std::ranges::all_of(rows, [&](const KeySpec<Build, Into>& row) {
      return !row.required() || node.entry(row.name) != nullptr;
    });
  }
  void list(std::vector<Key>& into) const { into.insert(into.end(), rows.begin(), rows.end()); }
};

template <class Build, class Into, std::size_t N>
constexpr SectionKeys<Build, Into, N> section_keys(Section section,
                                                   const KeySpec<Build, Into> (&rows)[N]) {
  SectionKeys<Build, Into, N> out{section, std::to_array(rows)};
  for (Key& row : out.rows) row.section = section;
  return out;
}

// Reads every key of the mapping, and reports those that are unknown and those that are missing.
// False where the node is no mapping.
template <class Build, class Into, std::size_t N>
bool read_section(Build& build, const yaml::Node& node, const SectionKeys<Build, Into, N>& keys,
                  std::type_identity_t<Into>& into) {
  if (!build.reading.section(node, keys.section)) return false;
  const int last = std::ranges::max(keys.rows, {}, &KeySpec<Build, Into>::turn).turn;
  for (int turn = 0; turn <= last; ++turn) {
    for (const yaml::Entry& entry : node.entries) {
      const KeySpec<Build, Into>* row = keys.find(entry.key);
      if (row != nullptr && row->read != nullptr && row->turn == turn) {
        row->read(build, into, entry);
      }
    }
  }
  return true;
}

// The readers of values. What a value is called in a message is its key.

template <auto... Members, class Into>
constexpr auto& member(Into& into) {
  return (into.*....*Members);
}

template <class T>
void keep(std::optional<T>& into, auto&& value) {
  if (value) into.emplace(*std::forward<decltype(value)>(value));
}
template <class T>
void keep(T& into, auto&& value) {
  if (value) into = static_cast<T>(*std::forward<decltype(value)>(value));
}

template <auto... Members, class Build, class Into>
void text(Build& build, Into& into, const yaml::Entry& key) {
  keep(member<Members...>(into), build.reading.text(key.value, key.key));
}

// A text that may have line breaks.
template <auto... Members, class Build, class Into>
void lines(Build& build, Into& into, const yaml::Entry& key) {
  keep(member<Members...>(into), build.reading.text(key.value, key.key, Lines::several));
}

template <auto... Members, class Build, class Into>
void boolean(Build& build, Into& into, const yaml::Entry& key) {
  keep(member<Members...>(into), build.reading.boolean(key.value, key.key));
}

template <Between Bounds, auto... Members, class Build, class Into>
void count(Build& build, Into& into, const yaml::Entry& key) {
  keep(member<Members...>(into), build.reading.count(key.value, key.key, Bounds));
}

template <LengthBetween Bounds, auto... Members, class Build, class Into>
void duration(Build& build, Into& into, const yaml::Entry& key) {
  keep(member<Members...>(into), build.reading.duration(key.value, key.key, Bounds));
}

// A date or an instant; a date counts to its last moment, in UTC.
template <auto... Members, class Build, class Into>
void end(Build& build, Into& into, const yaml::Entry& key) {
  keep(member<Members...>(into), build.reading.end(key.value, key.key));
}

// One text, or a list of them.
template <auto... Members, class Build, class Into>
void texts(Build& build, Into& into, const yaml::Entry& key) {
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    member<Members...>(into).push_back(std::move(one.text));
  }
}

// By a method of what the mapping is read into.
template <auto Method, class Build, class Into>
void method(Build& /*build*/, Into& into, const yaml::Entry& key) {
  (into.*Method)(key);
}

// The only version there is.
template <class Build, class Into>
void version(Build& build, Into& /*into*/, const yaml::Entry& key) {
  build.reading.count(key.value, key.key, {1, 1});
}

// A mapping whose keys are names that the author chooses: each of them by `Read`.
template <auto Read, class Build, class Into>
void each_name(Build& build, Into& into, const yaml::Entry& key) {
  build.reading.names(key.value, key.key, [&](const yaml::Entry& one) { Read(build, into, one); });
}

// A list: each element of it by `Read`.
template <auto Read, class Build, class Into>
void each_item(Build& build, Into& into, const yaml::Entry& key) {
  build.reading.items(key.value, key.key, [&](const yaml::Node& one) { Read(build, into, one); });
}

// Read with keys beside it, by the reader of the section.
template <class Build, class Into>
void read_later(Build& /*build*/, Into& /*into*/, const yaml::Entry& /*key*/) {}

}  // namespace pawl
