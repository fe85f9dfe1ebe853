// Repeats: whether a run goes in circles, as far as `max_repeats` has to know.
//
//   run.repeats.add(mark_of_the_call, mark_of_its_result);   // in the order in which calls end
//   if (run.repeats.of(mark_of_the_next_call) >= most) …
//
// A step is a call with what came of it. A repetition is a step, or a cycle of up to
// `repeats_cycle_max` steps, that comes once more just as before: the same calls in the same order,
// each with the same result, and nothing else in between. So what counts is that nothing new was
// learned. Asking for a status until it changes ends with the change.
//
// Marks are texts that are equal where what they stand for is; what makes them is the door's and
// the gate's business. A result that nobody knows is like no other.
//
// Memory: the last eight steps, and for every length of a cycle how many steps in a row were equal
// to the one a cycle before. Nothing else is needed: a cycle of k came m / k times again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

inline constexpr std::size_t repeats_cycle_max = 8;

class Repeats {
 public:
  struct Step {
    std::string call, result;
    friend bool operator==(const Step&, const Step&) = default;
  };

  // How often the cycle that this call would go on with was repeated already; 0: it goes on with
  // none.
  std::uint64_t of(std::string_view call) const;
  // … and that of the call that ended last, with it.
  std::uint64_t now() const;
  // What `now` would be after this step.
  std::uint64_t after(std::string_view call, std::string_view result) const;

  void add(std::string_view call, std::string_view result);
  // A call that did not run, because people did not let it: nothing was learned, so it counts as
  // the step that it would have repeated. Where it repeats none, `why` is what came of it.
  void add_unlearned(std::string_view call, std::string_view why);
  void clear() { *this = {}; }

  bool empty() const { return last_.empty(); }
  // For the snapshot. False: no steps can have left that.
  const std::vector<Step>& last() const { return last_; }
  const std::array<std::uint64_t, repeats_cycle_max>& matched() const { return matched_; }
  bool restore(std::vector<Step> last, const std::vector<std::uint64_t>& matched);

 private:
  // Of the longest repetition that this call goes on with; 0: of none.
  std::size_t cycle_of(std::string_view call) const;
  const Step& back(std::size_t steps) const { return last_[last_.size() - steps]; }

  std::vector<Step> last_;                                  // oldest first
  std::array<std::uint64_t, repeats_cycle_max> matched_{};  // by length of the cycle, from 1
};

}  // namespace pawl
