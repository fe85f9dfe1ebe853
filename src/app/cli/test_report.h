// How the results of `pawl test` are written: for people, for a program, for a CI server.
#pragma once

#include <string>
#include <vector>

#include "analysis/trial/coverage.h"
#include "analysis/trial/trial.h"

namespace pawl::app {

struct TestedFile {
  std::string path;
  TrialFile tests;
  std::vector<TrialResult> results;
  std::vector<Error> errors;  // the file or its policy does not load
  std::string policy;         // path of the policy
  std::vector<RuleReach> coverage;
  std::string accepted;  // the file's text with what was found; empty: nothing to change

  std::size_t failed() const;
};

// `ok` and `FAIL` lines, with what differs and what decided.
std::string test_text(const TestedFile& file);
std::string coverage_text(const TestedFile& file);
// The expectations that `--accept` writes, as lines that go and lines that come.
std::string accept_text(const TestedFile& file, const std::string& before);
std::string test_json(const std::vector<TestedFile>& files);
// The XML that CI servers read.
std::string test_junit(const std::vector<TestedFile>& files);

}  // namespace pawl::app
