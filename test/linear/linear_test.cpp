// Every scan over untrusted text and values is linear: the processor time of this thread for an
// input and for one sixteen times as long. A machine that is slow is slow for both; caches and the
// allocator may cost the long one a few times more, what is quadratic costs it 256 times more.
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <string>
#include <vector>

#include "test/linear/subjects.h"

namespace pawl::linear {
namespace {

constexpr std::size_t times_longer = 16;
constexpr double ratio_max = 96;  // quadratic would be 256
constexpr int tries = 5;
constexpr std::size_t longest = 256UL << 10;
// Below this, what is measured is the clock.
constexpr double least_seconds = 200e-6;

double seconds_of(const Work& work) {
  timespec before{}, after{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
  work();
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
  return static_cast<double>(after.tv_sec - before.tv_sec) +
         1e-9 * static_cast<double>(after.tv_nsec - before.tv_nsec);
}

// The best of the tries.
double ratio_of(const Subject& subject) {
  const std::size_t large = std::min(longest, subject.bytes_most);
  const Work short_one = subject.prepare(large / times_longer);
  const Work long_one = subject.prepare(large);
  double best = 1e9;
  for (int i = 0; i < tries && best > ratio_max; ++i) {
    const double base = std::max(seconds_of(short_one), least_seconds);
    best = std::min(best, seconds_of(long_one) / base);
  }
  return best;
}

std::string kind_of(const Subject& subject) {
  return subject.name.substr(0, subject.name.find(": "));
}

std::vector<std::string> kinds() {
  std::vector<std::string> out;
  for (const Subject& subject : subjects()) {
    if (out.empty() || out.back() != kind_of(subject)) out.push_back(kind_of(subject));
  }
  return out;
}

class EveryScanIsLinear : public testing::TestWithParam<std::string> {};

TEST_P(EveryScanIsLinear, InTheLengthOfItsInput) {
  for (const Subject& subject : subjects()) {
    if (kind_of(subject) != GetParam()) continue;
    EXPECT_LE(ratio_of(subject), ratio_max) << subject.name;
  }
}

std::string named(const testing::TestParamInfo<std::string>& each) {
  std::string out = std::to_string(each.index) + "_";
  for (const char c : each.param) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += plain ? c : '_';
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryScanIsLinear, testing::ValuesIn(kinds()), named);

// What the test would say of a scan that is not.
TEST(Ratio, FindsWhatIsQuadratic) {
  const Subject quadratic{"", longest, [](std::size_t bytes) -> Work {
                            return [bytes] {
                              volatile std::size_t sum = 0;
                              for (std::size_t i = 0; i < bytes / 16; ++i) {
                                for (std::size_t j = 0; j < i; ++j) sum = sum + 1;
                              }
                            };
                          }};
  EXPECT_GT(ratio_of(quadratic), ratio_max);
}

}  // namespace
}  // namespace pawl::linear
