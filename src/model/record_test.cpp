#include "model/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "model/record_members.h"

namespace pawl {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// One section of docs/formats/records.md.
struct Section {
  std::set<std::string> members, always;
  std::vector<std::string> examples;
};

std::map<std::string, Section> sections() {
  std::map<std::string, Section> found;
  std::string type = "";
  for (const std::string& line : lines_of(PAWL_SOURCE_DIR "/docs/formats/records.md")) {
    if (line.starts_with("## ")) type = line.substr(3);
    if (type.empty()) continue;
    Section& section = found[type];
    if (line.starts_with("| `")) {
      const std::string name = line.substr(3, line.find('`', 3) - 3);
      section.members.insert(name);
      const std::string cell = line.substr(0, line.find('|', 1));
      if (cell.find("*always*") != std::string::npos) section.always.insert(name);
    }
    if (line.starts_with("{")) section.examples.push_back(line);
  }
  return found;
}

// Every alternative of Body with every member at a value that is written out.
template <std::size_t... index>
std::vector<Body> all_bodies(std::index_sequence<index...>) {
  return {Body(std::in_place_index<index>)...};
}
std::vector<Body> all_bodies() {
  return all_bodies(std::make_index_sequence<std::variant_size_v<Body> - 1>{});
}

TEST(RecordTest, EveryExampleOfThePageIsOneRecordInCanonicalForm) {
  for (const auto& [type, section] : sections()) {
    EXPECT_FALSE(section.examples.empty()) << type;
    for (const std::string& example : section.examples) {
      const auto record = parse_record(example);
      ASSERT_TRUE(record) << type << ": " << record.error().message;
      EXPECT_EQ(type_of(record->body), type);
      EXPECT_EQ(to_json(*record), example);
      const auto document = json::parse(example);
      ASSERT_TRUE(document);
      EXPECT_EQ(json::write(document->root()), example) << "not canonical";
    }
  }
}

TEST(RecordTest, ThePageNamesEveryTypeAndNoOther) {
  std::set<std::string> described;
  for (const auto& [type, section] : sections()) described.insert(type);
  std::set<std::string> known;
  for (const Body& body : all_bodies()) known.insert(std::string(type_of(body)));
  EXPECT_EQ(described, known);
}

// Collects the names that the description of a record says.
struct Names {
  static constexpr bool writes = true;
  std::set<std::string> all, always;

  template <class T>
  void need(std::string_view name, const T&) {
    all.emplace(name);
    always.emplace(name);
  }
  template <class T>
  void may(std::string_view name, const T&, const T& = T{}) {
    all.emplace(name);
  }
  void object(std::string_view name, const std::string&) { all.emplace(name); }
  template <class T>
  void list(std::string_view name, const std::vector<T>&) {
    all.emplace(name);
  }
  template <class T>
  void part(std::string_view name, const std::optional<T>&) {
    all.emplace(name);
  }
};

TEST(RecordTest, ThePageListsEveryMemberAndMarksThoseThatAreAlwaysThere) {
  const auto page = sections();
  for (const Body& body : all_bodies()) {
    Names names;
    std::visit([&](const auto& part) { members(names, part); }, body);
    const Section& section = page.at(std::string(type_of(body)));
    EXPECT_EQ(section.members, names.all) << type_of(body);
    EXPECT_EQ(section.always, names.always) << type_of(body);
  }
}

// A member that the page does not list is refused, and one that it marks cannot be left out.
TEST(RecordTest, ThePageListsExactlyTheMembersThatAreRead) {
  for (const auto& [type, section] : sections()) {
    const std::string& example = section.examples.front();
    const auto document = json::parse(example);
    ASSERT_TRUE(document);
    for (const auto [key, value] : document->root().members()) {
      const std::set<std::string> envelope = {"at", "boot", "seq", "type", "v"};
      if (!envelope.contains(std::string(key))) {
        EXPECT_THAT(section.members, Contains(std::string(key))) << type;
      }
    }
    for (const std::string& member : section.always) {
      json::Writer without;
      without.object();
      for (const auto [key, value] : document->root().members()) {
        if (key != member) without.key(key).value(value);
      }
      without.end();
      const auto record = parse_record(without.text());
      ASSERT_FALSE(record) << type << " without " << member;
      EXPECT_THAT(record.error().message, HasSubstr(member));
    }
    json::Writer more;
    more.object().key("another").integer(1);
    for (const auto [key, value] : document->root().members()) more.key(key).value(value);
    more.end();
    const auto record = parse_record(more.text());
    ASSERT_FALSE(record) << type;
    EXPECT_THAT(record.error().message, HasSubstr("another"));
  }
}

TEST(RecordTest, EmptyMembersAreLeftOutAndUsualOnesToo) {
  Record record;
  record.body = ApprovalAttached{"a", "", true};
  EXPECT_EQ(to_json(record), R"({"approval":"a","at":"1970-01-01T00:00:00Z","boot":0,"seq":0,)"
                             R"("type":"approval.attached","v":1})");
  record.body = ApprovalAttached{"a", "", false};
  EXPECT_THAT(to_json(record), HasSubstr(R"("attached":false)"));
}

TEST(RecordTest, FactsAreAnObjectInTheRecord) {
  Record record;
  CallDecided decided;
  decided.call = "c";
  decided.run = "r";
  decided.effect = "deny";
  decided.code = "blocked";
  decided.facts = R"({"pin":"none"})";
  record.body = decided;
  const std::string text = to_json(record);
  EXPECT_THAT(text, HasSubstr(R"("facts":{"pin":"none"})"));
  const auto back = parse_record(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<CallDecided>(back->body).facts, decided.facts);
}

TEST(RecordTest, UnknownTypesAreKeptByName) {
  const auto record = parse_record(
      R"({"at":"2026-11-21T08:00:00Z","seq":9,"type":"moon.landed","v":1,"x":{"y":1}})");
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->seq, 9U);
  EXPECT_EQ(std::get<Unknown>(record->body).type, "moon.landed");
}

TEST(RecordTest, ANewerFormatIsUnknownWhateverItsType) {
  const auto record =
      parse_record(R"({"at":"2026-11-21T08:00:00Z","run":"r","seq":9,"type":"run.closed","v":2})");
  ASSERT_TRUE(record);
  EXPECT_TRUE(std::holds_alternative<Unknown>(record->body));
}

TEST(RecordTest, RefusesWhatIsNoRecord) {
  for (const char* text : {
           "",
           "[]",
           "{}",
           "null",
           R"({"at":"2026-11-21T08:00:00Z","seq":1,"type":"run.closed","v":0,"run":"r"})",
           R"({"at":"yesterday","seq":1,"type":"run.closed","v":1,"run":"r"})",
           R"({"at":"2026-11-21T08:00:00Z","seq":-1,"type":"run.closed","v":1,"run":"r"})",
           R"({"at":"2026-11-21T08:00:00Z","seq":1.5,"type":"run.closed","v":1,"run":"r"})",
           R"({"at":"2026-11-21T08:00:00Z","seq":1,"type":"run.closed","v":1,"run":7})",
           R"({"at":"2026-11-21T08:00:00Z","seq":1,"type":"run.closed","v":1,"run":"r","run":"s"})",
           R"({"at":"2026-11-21T08:00:00Z","seq":1,"type":"","v":1})",
       }) {
    EXPECT_FALSE(parse_record(std::string_view(text))) << text;
  }
}

TEST(RecordTest, NumbersThatDoNotFitAreRefused) {
  const std::string head = R"({"at":"2026-11-21T08:00:00Z","seq":1,"v":1,"type":"approval.opened",)"
                           R"("approval":"a","binding":"b","call":"c","run":"r",)"
                           R"("expires":"2026-11-21T08:00:00Z","quorum":)";
  EXPECT_TRUE(parse_record(head + "255}"));
  EXPECT_FALSE(parse_record(head + "256}"));
  EXPECT_FALSE(parse_record(head + "-1}"));
  EXPECT_FALSE(parse_record(head + "\"1\"}"));
}

}  // namespace
}  // namespace pawl
