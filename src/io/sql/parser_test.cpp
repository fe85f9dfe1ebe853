#include "io/sql/parser.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <string>

#include "io/net/process.h"

namespace pawl::sql {
namespace {

const std::vector<std::string> kProcess = {PAWL_SQL_PROCESS};

std::vector<std::string> shell(const std::string& script) {
  return {"/bin/sh", "-c", script};
}

// The processes of the parser that this test started.
std::vector<net::ProcessStat> served() {
  return net::children(::getpid());
}

TEST(Parser, AnswersManyTexts) {
  Parser parser(kProcess);
  for (int i = 0; i < 300; ++i) {
    const auto summary = parser.read("SELECT id FROM orders WHERE id = " + std::to_string(i));
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->reads, std::vector<std::string>{"orders"});
  }
  EXPECT_EQ(served().size(), 1U);
}

TEST(Parser, ARefusalIsAnAnswerAndKeepsTheProcess) {
  Parser parser(kProcess);
  ASSERT_TRUE(parser.read("SELECT 1"));
  const auto before = served();
  const auto refused = parser.read("SELEC secret");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, ErrorKind::invalid);
  EXPECT_THAT(refused.error().message, testing::Not(testing::HasSubstr("secret")));
  EXPECT_FALSE(parser.read(std::string("SELECT 1\0", 9)));
  ASSERT_EQ(served().size(), 1U);
  EXPECT_EQ(served()[0].id, before[0].id);
}

TEST(Parser, TheLargestTextGoesThrough) {
  Parser parser(kProcess);
  const std::string text = "SELECT '" + std::string((64UL << 10) - 9, 'x') + "'";
  EXPECT_TRUE(parser.read(text));
  EXPECT_FALSE(parser.read(text + " "));
}

TEST(Parser, AKilledProcessIsReplaced) {
  Parser parser(kProcess);
  ASSERT_TRUE(parser.read("SELECT 1"));
  const auto before = served();
  ASSERT_EQ(before.size(), 1U);
  ASSERT_EQ(::kill(before[0].id.pid, SIGKILL), 0);
  EXPECT_TRUE(parser.read("SELECT 2"));
  ASSERT_EQ(served().size(), 1U);
  EXPECT_NE(served()[0].id, before[0].id);
}

TEST(Parser, GivesUpWhatItDoesNotNeed) {
  Parser parser(kProcess);
  ASSERT_TRUE(parser.read("SELECT 1"));
  ASSERT_EQ(served().size(), 1U);
  std::ifstream status("/proc/" + std::to_string(served()[0].id.pid) + "/status");
  const std::string text((std::istreambuf_iterator<char>(status)), {});
  EXPECT_THAT(text, testing::HasSubstr("NoNewPrivs:\t1"));
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  EXPECT_THAT(text, testing::HasSubstr("Seccomp:\t2"));
#endif
}

TEST(Parser, ATextThatEndsTwoProcessesIsNotTriedAgain) {
  const std::string counted = testing::TempDir() + "/pawl_sql_starts_" + std::to_string(::getpid());
  std::ofstream(counted).close();
  Parser parser(shell("echo >> " + counted + "; head -c 1 > /dev/null"));
  const auto starts = [&] {
    std::ifstream file(counted);
    return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
  };
  for (int i = 0; i < 10; ++i) {
    const auto answer = parser.read("SELECT 1");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, ErrorKind::environment);
  }
  EXPECT_EQ(starts(), 2);
}

TEST(Parser, AFloodOfHostileTextsStartsABoundedNumberOfProcesses) {
  Parser parser(shell("exit 3"), {.starts_max = 6, .starts_window = Duration::seconds(3600)});
  std::string last;
  for (int i = 0; i < 50; ++i) {
    const auto answer = parser.read("SELECT " + std::to_string(i));
    ASSERT_FALSE(answer);
    last = answer.error().message;
  }
  EXPECT_THAT(last, testing::HasSubstr("ended too often"));
}

TEST(Parser, SilenceEndsTheProcess) {
  Parser parser(shell("exec sleep 3600"), {.patience = Duration::milliseconds(20)});
  const auto answer = parser.read("SELECT 1");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, testing::HasSubstr("took too long"));
  EXPECT_TRUE(served().empty());
}

TEST(Parser, LiesAreErrors) {
  // Too long, no letter of ours, no JSON, a summary that is not sorted, more than one answer.
  for (const char* lie :
       {R"(\377\377\377\377+)", R"(\001\000\000\000?)", R"(\003\000\000\000+{])",
        R"(\017\000\000\000+{"kinds":[""]})", R"(\003\000\000\000+{}\003\000\000\000+{})"}) {
    Parser parser(shell(std::string("head -c 12 >/dev/null; printf '") + lie + "'; sleep 1"));
    const auto answer = parser.read("SELECT 1");
    EXPECT_FALSE(answer) << lie;
  }
}

TEST(Parser, AProgramThatIsNotThereIsAnError) {
  Parser parser({"/nonexistent/program"});
  EXPECT_FALSE(parser.read("SELECT 1"));
}

}  // namespace
}  // namespace pawl::sql
