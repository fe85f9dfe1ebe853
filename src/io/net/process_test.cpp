#include "io/net/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/net/end_now.h"

namespace pawl::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kRest =
    " 0 -1 4194560 100 0 0 0 1 2 3 4 20 0 1 0 987654321 1000000 200 18446744073709551615 1 1 0 0";

std::string stat_of(const std::string& name) {
  return "4321 (" + name + ") S 77 4321 4000" + kRest + "\n";
}

TEST(ParseStat, reads_an_ordinary_line) {
  const auto stat = parse_stat(stat_of("node"));
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->id, (ProcessId{4321, 987654321}));
  EXPECT_EQ(stat->name, "node");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 77);
  EXPECT_EQ(stat->group, 4321);
  EXPECT_EQ(stat->session, 4000);
  EXPECT_FALSE(stat->dead());
}

TEST(ParseStat, is_not_fooled_by_names) {
  for (const std::string name :
       {"a b", "a) S 1 1 1", "((", "))", ")", "", "x) R 1 (y", "line\nbreak", ") Z 9 9 9 9"}) {
    const auto stat = parse_stat(stat_of(name));
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(stat->name, name);
    EXPECT_EQ(stat->parent, 77) << name;
    EXPECT_EQ(stat->id.started_ticks, 987654321U) << name;
  }
}

TEST(ParseStat, refuses_everything_else) {
  for (const std::string text : {"", "1", "1 (x", "1 x) S", "(x) S 1 1 1", "1 (x) S 1 1",
                                 "x (x) S 77 1 1", "1 2 (x) S 77 1 1"}) {
    EXPECT_FALSE(parse_stat(text)) << text;
  }
  EXPECT_FALSE(parse_stat(std::string("12 (x) SS 77 1 1") + kRest));
  EXPECT_FALSE(parse_stat(std::string("12 (x) S 77x 1 1") + kRest));
  EXPECT_FALSE(parse_stat(std::string("99999999999999 (x) S 77 1 1") + kRest));
}

TEST(ParseCommandLine, splits_at_nul_and_keeps_empty_words) {
  EXPECT_THAT(parse_command_line(std::string_view("sh\0-c\0\0echo a b\0", 16)),
              ElementsAre("sh", "-c", "", "echo a b"));
  EXPECT_THAT(parse_command_line("no end"), ElementsAre("no end"));
  EXPECT_THAT(parse_command_line(""), IsEmpty());
}

TEST(Process, knows_this_one) {
  const auto stat = read_stat(::getpid());
  ASSERT_TRUE(stat) << to_string(stat.error());
  EXPECT_EQ(stat->id.pid, ::getpid());
  EXPECT_EQ(stat->parent, ::getppid());
  EXPECT_EQ(stat->group, ::getpgrp());
  EXPECT_GT(stat->id.started_ticks, 0U);
  EXPECT_TRUE(alive(stat->id));
  EXPECT_FALSE(alive({stat->id.pid, stat->id.started_ticks + 1}));

  const auto program = executable(::getpid());
  ASSERT_TRUE(program);
  EXPECT_THAT(*program, testing::HasSubstr("pawl_io_net_test"));
  const auto words = command_line(::getpid());
  ASSERT_TRUE(words);
  EXPECT_FALSE(words->empty());
  EXPECT_EQ(boot_id()->size(), 36U);
}

TEST(Process, says_missing_where_there_is_none) {
  // The kernel's largest process number is 2^22.
  const auto stat = read_stat(4'194'305);
  ASSERT_FALSE(stat);
  EXPECT_EQ(stat.error().fault, ErrorKind::missing);
  EXPECT_EQ(executable(4'194'305).error().fault, ErrorKind::missing);
  EXPECT_EQ(command_line(4'194'305).error().fault, ErrorKind::missing);
}

ProcessStat process(pid_t pid, pid_t parent, pid_t group) {
  return {.id = {pid, 1}, .name = "x", .state = 'S', .parent = parent, .group = group};
}

std::vector<pid_t> pids(const std::vector<ProcessStat>& all) {
  std::vector<pid_t> found;
  found.reserve(all.size());
  for (const ProcessStat& one : all) found.push_back(one.id.pid);
  return found;
}

TEST(Processes, descendants_are_found_through_all_generations) {
  const std::vector<ProcessStat> all{process(5, 4, 5), process(1, 0, 1), process(4, 3, 3),
                                     process(3, 2, 3), process(9, 1, 9), process(2, 1, 2)};
  EXPECT_THAT(pids(descendants(2, all)), testing::UnorderedElementsAre(3, 4, 5));
  EXPECT_THAT(pids(descendants(9, all)), IsEmpty());
  EXPECT_THAT(pids(group_members(3, all)), testing::UnorderedElementsAre(3, 4));
}

TEST(Processes, a_circle_of_parents_ends) {
  const std::vector<ProcessStat> all{process(2, 3, 2), process(3, 2, 2)};
  EXPECT_THAT(pids(descendants(2, all)), ElementsAre(3));
}

TEST(Processes, the_list_holds_this_one_and_it_is_a_child_of_its_parent) {
  EXPECT_THAT(pids(processes()), testing::Contains(::getpid()));
  if (::getppid() > 0) EXPECT_THAT(pids(children(::getppid())), testing::Contains(::getpid()));
}

TEST(Processes, only_the_one_that_is_meant_is_ended) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (;;) ::pause();
  }
  const auto stat = read_stat(child);
  ASSERT_TRUE(stat);
  end_now({child, stat->id.started_ticks + 1});  // one that had this number before
  EXPECT_TRUE(alive(stat->id));
  end_now(stat->id);
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  EXPECT_TRUE(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
  end_now(stat->id);  // it is gone
}

}  // namespace
}  // namespace pawl::net
