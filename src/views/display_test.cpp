#include <string>

#include <gtest/gtest.h>

#include "views/display.h"

namespace pawl::views {

namespace {

Approval question() {
  Approval approval;
  approval.asked.approval = "a-1";
  approval.asked.binding = KeptDigest("sha256:b");
  approval.asked.terms = std::make_shared<QuestionTerms>(QuestionTerms{.tool = "send_mail"});
  return approval;
}

Display of(const std::string& arguments, bool full = false) {
  const auto document = json::parse(arguments);
  EXPECT_TRUE(document.has_value());
  return display(question(), document->root(), full);
}

bool plain(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

TEST(Display, WhatMovesOrHidesTextIsAnEscapeAndFlagged) {  // H01
  for (const std::string hostile : {"\\u202etxt.exe", "a\\u200bb", "a\\udb40\\udc41b", "\\u001b[2J",
                                    "\\u001b]52;c;eA==\\u0007"}) {
    const Display shown = of(R"({"to":")" + hostile + "\"}");
    ASSERT_EQ(shown.arguments.size(), 1u);
    EXPECT_TRUE(shown.arguments[0].hidden) << hostile;
    EXPECT_TRUE(plain(shown.arguments[0].text)) << hostile;
    EXPECT_EQ(shown.arguments[0].text.find("\xe2\x80"), std::string::npos) << hostile;
    EXPECT_FALSE(shown.digest.empty());
  }
}

TEST(Display, NamesAreAsUntrustedAsValues) {
  const Display shown = of(R"({"a\u202eb":1})");
  EXPECT_TRUE(shown.arguments[0].hidden);
  EXPECT_EQ(shown.arguments[0].name, "a\\u{202e}b");
}

TEST(Display, AWordOfTwoAlphabetsIsFlaggedAndAWordOfOneIsNot) {
  EXPECT_TRUE(of("{\"to\":\"p\u0430ypal.example\"}").arguments[0].mixed);
  EXPECT_FALSE(of("{\"to\":\"\u043f\u0440\u0438\u0432\u0435\u0442 Ada\"}").arguments[0].mixed);
  EXPECT_FALSE(of(R"({"to":"plain text, 1 and 0"})").arguments[0].mixed);
}

TEST(Display, WhatIsFoldedHasNoDigestUntilAllOfItIsShown) {  // H01
  const std::string padded = R"({"to":"a@x.example)" + std::string(100 << 10, ' ') + "b\"}";
  const Display folded = of(padded);
  EXPECT_EQ(folded.arguments[0].text.size(), folded_bytes_shown);
  EXPECT_GT(folded.arguments[0].folded, std::size_t{100 << 10} - folded_bytes_shown);
  EXPECT_TRUE(folded.digest.empty());
  const Display whole = of(padded, true);
  EXPECT_EQ(whole.arguments[0].folded, 0u);
  EXPECT_FALSE(whole.digest.empty());
}

TEST(Display, ManySmallArgumentsAreTooManyToo) {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i)
    text += "\"k" + std::to_string(i) + "\":\"" + std::string(40, 'x') + "\",";
  text.back() = '}';
  EXPECT_TRUE(of(text).digest.empty());
  EXPECT_FALSE(of(text, true).digest.empty());
}

TEST(Display, TheDigestIsOfTheQuestionAndOfEveryCharacter) {
  const std::string one = of(R"({"to":"a"})").digest;
  EXPECT_EQ(one, of(R"({"to":"a"})", true).digest);
  EXPECT_NE(one, of(R"({"to":"b"})").digest);
  EXPECT_NE(one, of(R"({"too":"a"})").digest);
  Approval other = question();
  other.asked.approval = "a-2";
  EXPECT_NE(one, display(other, json::parse(R"({"to":"a"})")->root(), false).digest);
}

TEST(Display, AFoldNeverCutsACharacter) {
  std::string text = R"({"to":"x)";
  for (int i = 0; i < 3000; ++i) text += "\u20ac";
  const Display shown = of(text + "\"}");
  ASSERT_GT(shown.arguments[0].folded, 0u);
  EXPECT_TRUE(shown.arguments[0].text.ends_with("\u20ac"));
}

}  // namespace

namespace {

std::string spelled_diff(const std::vector<DiffLine>& lines) {
  std::string out;
  for (const DiffLine& line : lines) out += std::string(1, line.sign) + line.text + "\n";
  return out;
}

std::string diff_in(const std::string& arguments) {
  const auto document = json::parse(arguments);
  EXPECT_TRUE(document.has_value());
  return spelled_diff(diff_of_edits(document->root()));
}

TEST(LineDiff, WhatStaysWhatGoesWhatComes) {
  const auto lines = line_diff("a\nb\nc\n", "a\nx\nc\nd\n");
  EXPECT_EQ(spelled_diff(lines), " a\n-b\n+x\n c\n+d\n");
  EXPECT_EQ(lines[3].before, 3u);
  EXPECT_EQ(lines[3].after, 3u);
  EXPECT_EQ(lines[4].before, 0u);
  EXPECT_EQ(lines[4].after, 4u);
}

TEST(LineDiff, ToNothingAndFromNothing) {
  EXPECT_EQ(spelled_diff(line_diff("", "a")), "+a\n");
  EXPECT_EQ(spelled_diff(line_diff("a\n", "")), "-a\n");
  EXPECT_TRUE(line_diff("", "").empty());
}

TEST(LineDiff, TooManyLinesHaveNone) {
  std::string many;
  for (std::size_t i = 0; i <= diff_lines_max; ++i) many += "x\n";
  EXPECT_TRUE(line_diff(many, "y").empty());
  EXPECT_TRUE(line_diff("y", many).empty());
}

TEST(LineDiff, EditsOfTheServersThatThereAre) {
  EXPECT_EQ(diff_in(R"({"path":"/a","old_string":"x","new_string":"y"})"), "-x\n+y\n");
  EXPECT_EQ(diff_in(R"({"path":"/a","edits":[{"oldText":"x","newText":"y"},)"
                    R"({"oldText":"1","newText":"1\n2"}]})"),
            "-x\n+y\n@\n 1\n+2\n");
  EXPECT_EQ(diff_in(R"({"path":"/a","content":"x"})"), "");
  EXPECT_EQ(diff_in(R"({"edits":[]})"), "");
}

TEST(LineDiff, ADiffOfSomeEditsIsNone) {
  EXPECT_EQ(diff_in(R"({"edits":[{"oldText":"x","newText":"y"},{"oldText":"x"}]})"), "");
  EXPECT_EQ(diff_in(R"({"edits":[{"oldText":"x","newText":"y"},7]})"), "");
  std::string many;
  for (std::size_t i = 0; i <= diff_lines_max; ++i) many += "x\\n";
  EXPECT_EQ(diff_in(R"({"edits":[{"oldText":"x","newText":"y"},{"oldText":")" + many +
                    R"(","newText":"y"}]})"),
            "");
}

// What a person reads first.
TEST(Wants, SaysWhatIsAboutToHappenToWhat) {
  const auto wants = [](std::string_view tool, const std::string& arguments) {
    const auto document = json::parse(arguments);
    return wants_text(tool, document->root());
  };
  EXPECT_EQ(wants("fs/edit_file", R"({"path":"/srv/app.conf","edits":[]})"), "edit app.conf");
  EXPECT_EQ(wants("write_text_file", R"({"path":"notes.md"})"), "write notes.md");
  EXPECT_EQ(wants("move_file", R"({"source":"/a/x","destination":"/b/y"})"), "move x to y");
  EXPECT_EQ(wants("create_directory", R"({"path":"/a/logs/"})"), "create directory logs");
  EXPECT_EQ(wants("shell", R"({"command":"make test"})"), "run: make test");
  EXPECT_EQ(wants("execute_sql", R"({"sql":"DELETE FROM orders"})"),
            "execute sql: DELETE FROM orders");
  EXPECT_EQ(wants("crm/send_customer_email", R"({"to":"ann@x.example","body":"hi"})"),
            "send customer email to ann@x.example, body hi");
  EXPECT_EQ(wants("frobnicate", R"({"order_id":77})"), "use frobnicate with order_id 77");
  EXPECT_EQ(wants("frobnicate", R"({"path":"/etc/x"})"), "use frobnicate on x");
  EXPECT_EQ(wants("crm/pawl:access:merge", "{}"), "access to crm/merge");
  // It is its agent's text, on one line and not endless.
  const std::string hostile = wants("edit_file", R"({"path":"/a/\u001b[2J\n\u202ex"})");
  EXPECT_TRUE(plain(hostile)) << hostile;
  EXPECT_LT(wants("edit_file", R"({"path":")" + std::string(5000, 'x') + "\"}").size(), 200U);
}

TEST(Display, ATextIsShownAsATextWhereItCanBeNothingElse) {
  const Display shown = of(R"({"body":"a\nb","five":"5","true":"true","none":"","number":5})");
  ASSERT_EQ(shown.arguments.size(), 5u);
  for (const ShownArgument& argument : shown.arguments) {
    EXPECT_EQ(argument.plain.has_value(), argument.name == "body") << argument.name;
  }
  EXPECT_EQ(of(R"({"body":"a\nb\u00a0"})").arguments[0].plain, "a\nb\\u{a0}");
  EXPECT_FALSE(of(R"({"body":")" + std::string(5000, 'x') + "\"}").arguments[0].plain);
}

TEST(Display, BlanksInDisguiseAreFlagged) {  // E15
  for (const std::string blank : {"\\u00a0", "\\u2800", "\\ufe0f", "\\u3000"}) {
    const Display shown = of(R"({"to":"a)" + blank + "b\"}");
    EXPECT_TRUE(shown.arguments[0].hidden) << blank;
    EXPECT_NE(shown.arguments[0].text.find("\\u{"), std::string::npos) << blank;
  }
}

TEST(Diff, SaysWhichArgumentsItSaysAllOf) {
  const auto names = [](const std::string& arguments) {
    const auto document = json::parse(arguments);
    return names_in_diff(document->root());
  };
  EXPECT_EQ(names(R"({"path":"p","old_string":"a","new_string":"b"})"),
            (std::vector<std::string>{"old_string", "new_string"}));
  EXPECT_EQ(names(R"({"path":"p","edits":[{"oldText":"a","newText":"b"}]})"),
            (std::vector<std::string>{"edits"}));
  // What an edit says besides would be hidden.
  EXPECT_TRUE(names(R"({"edits":[{"oldText":"a","newText":"b","path":"/etc"}]})").empty());
}

TEST(Display, ALineOfArgumentsWritesItsLineBreaksAsProgramsDo) {
  const auto document = json::parse(R"({"content":"a\nb\u200b","to":"x"})");
  ASSERT_TRUE(document);
  EXPECT_EQ(arguments_text(document->root(), 100), R"(content a\nb\u{200b}, to x)");
}

}  // namespace

}  // namespace pawl::views
