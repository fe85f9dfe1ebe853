// The public conformance cases of CEL, file by file.
//
// The cases are not part of this tree. They are looked for in $PAWL_CONFORMANCE_DIR, then beside
// the tree in a folder `shared`; the test says so where it finds none.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "base/given.h"
#include "base/json.h"
#include "lang/cel/case.h"
#include "lang/cel/collection.h"

namespace pawl::cel {
namespace {

namespace files = std::filesystem;

std::string bytes_of(const files::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<Zone> zone(std::string_view name) {
  return Zone::parse(bytes_of("/usr/share/zoneinfo/" + std::string(name)), name);
}

files::path folder() {
  const files::path given = given::folder("PAWL_CONFORMANCE_DIR", "conformance", PAWL_SOURCE_DIR);
  return given.empty() ? given : given / "cel";
}

struct Tally {
  int passed = 0;
  int failed = 0;
  int with_messages = 0;  // of protobuf, which this language does not have
};

bool same(std::string_view line, json::View expected) {
  const auto answer = json::parse(line);
  if (!answer) return false;
  const json::View root = answer->root();
  if (expected["error"].exists()) return root["error"].is_string();
  if (!expected["value"].exists()) {
    return root["value"]["type"].is_string() &&
           root["value"]["type"].string() == expected["type"].string();
  }
  Scratch scratch(1UL << 20);
  Scratch work;
  const auto found = decode_value(root["value"], scratch);
  const auto wanted = decode_value(expected["value"], scratch);
  if (!found || !wanted || type_name(*found) != type_name(*wanted)) return false;
  Context context{work, fuel_default};
  return equal(context, *found, *wanted);
}

void run(json::View question, std::string_view file, Tally& tally) {
  if (question["needs_proto"].exists()) {
    ++tally.with_messages;
    return;
  }
  const std::string line = answer_case(question, zone);
  if (same(line, question["expected"])) {
    ++tally.passed;
    return;
  }
  ++tally.failed;
  ADD_FAILURE() << file << "/" << question["name"].string() << ": " << question["expr"].string()
                << "\n  expected " << json::write(question["expected"]) << "\n  found    " << line;
}

TEST(Conformance, EveryCaseThatNeedsNoProtobuf) {
  const files::path cases = folder();
  if (!files::is_directory(cases)) {
    GTEST_SKIP() << "there are no conformance cases here: $PAWL_CONFORMANCE_DIR names the folder "
                    "that has them in `cel/*.jsonl`";
  }
  std::vector<files::path> paths;
  for (const auto& entry : files::directory_iterator(cases)) {
    if (entry.path().extension() == ".jsonl") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  Tally all;
  for (const files::path& path : paths) {
    Tally tally;
    std::istringstream lines(bytes_of(path));
    for (std::string line; std::getline(lines, line);) {
      const auto parsed = json::parse(line);
      ASSERT_TRUE(parsed.has_value()) << path << ": " << line;
      run(parsed->root(), path.stem().string(), tally);
    }
    std::cout << path.stem().string() << ": " << tally.passed << " passed, " << tally.failed
              << " failed, " << tally.with_messages << " skipped (protobuf messages)\n";
    all.passed += tally.passed;
    all.failed += tally.failed;
    all.with_messages += tally.with_messages;
  }
  std::cout << all.passed << " passed, " << all.failed << " failed, " << all.with_messages
            << " skipped (protobuf messages)\n";
  EXPECT_GT(all.passed, 0);
}

}  // namespace
}  // namespace pawl::cel
