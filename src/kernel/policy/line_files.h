// The files and directories that a command line evidently touches, against the places that the
// policy gives: `reads` and `writes` of an entry and of its rows, and the working directory.
//
// A path is compared as written, from every directory in which the shell may stand by then (`cd`),
// and, where facts were gathered, also where it really is. A listed path (`not_in`) denies, as it
// does for the tools of files; everything else that does not lie where it should, or that is not
// known, is not covered and follows `else`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/constraint/path_text.h"
#include "kernel/policy/commands.h"
#include "lang/shell/rows.h"

namespace pawl {

// Where a line is read.
struct LinePlace {
  std::string_view base;                // where its shell starts; empty: not known
  const PathRule* directory = nullptr;  // what the policy says of that
  std::span<const PathFact> facts = {};
  std::string_view argument = {};  // that holds the line; its facts are named by it
};

class LineFiles {
 public:
  LineFiles(const CommandRule& rule, const shell::Analysis& analysis, const LinePlace& place);

  struct Objection {
    const Rule* denies = nullptr;  // null: it is not covered
    std::string why;               // empty: nothing is objected
  };
  // What the entry says of all commands.
  Objection whole() const;
  // What a row says of one of them.
  Objection row(const CommandRow& row, std::uint32_t command) const;

  // The paths whose place has to be known, each with the pointer of its fact.
  std::vector<std::pair<std::string, std::string>> to_resolve() const;

 private:
  struct Spot {
    std::string path;        // absolute and clean
    std::string raw;         // with the `..` at its beginning, which links may lead elsewhere
    bool anywhere = false;   // below a directory that is not known
    std::string_view wrong;  // why it is no such path
  };
  std::vector<Spot> spots(std::string_view path) const;
  Objection check(const shell::FileEffect& file, const FilePlaces& places) const;
  bool takes_all(std::string_view path, const PathRule& rule) const;
  Objection check_spot(const Spot& spot, const shell::FileEffect& file,
                       const FilePlaces& places) const;
  Objection directories() const;
  Objection made_below() const;
  const PathFact* fact(std::string_view path) const;
  std::string ordinal_of(std::uint32_t command) const;

  const CommandRule& rule_;
  const shell::Analysis& analysis_;
  const LinePlace& place_;
  shell::Effects effects_;
  std::vector<std::string> bases_;  // in which the shell may stand; one that is empty is not known
  bool lost_ = false;               // it may stand anywhere
  bool resolved_ = false;           // facts were gathered
};

// What is asked of the working directory of a tool, and where it is.
struct WorkingDirectory {
  const PathRule* rule = nullptr;
  std::string base;  // empty: not known
};
WorkingDirectory working_directory(const BoundTool& tool, json::View arguments);

}  // namespace pawl
