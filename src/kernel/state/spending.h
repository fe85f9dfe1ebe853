// What requests to models have used of a run or of a standing budget, and what those under way have
// reserved of it.
//
// A request reserves before it is sent. Its end settles it: at what the provider said it used, or,
// where that is not known or not to be believed, at the whole reservation. One that never left
// gives everything back. A budget counts within a window of the calendar; a request settles in the
// window that admitted it, whatever time it is by then.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/spend.h"

namespace pawl {

struct Spending {
  struct Use {
    std::uint64_t settled = 0, reserved = 0;
    std::uint64_t total() const { return sum_of(settled, reserved); }
    friend bool operator==(const Use&, const Use&) = default;
  };
  Use input, output, money, calls;
  TokenUsage used;  // of what was measured, by kind

  std::uint64_t tokens_settled() const { return sum_of(input.settled, output.settled); }
  std::uint64_t tokens() const { return sum_of(input.total(), output.total()); }
  bool in_flight() const { return calls.reserved > 0; }

  bool can_reserve(const Spend& spend) const;
  void reserve(const Spend& spend);
  void release(const Spend& spend);
  // `spent`: null where the whole reservation is charged.
  void settle(const Spend& spend, const Spent* spent);
  friend bool operator==(const Spending&, const Spending&) = default;
};

inline constexpr std::string_view more_than_reserved =
    "a request to a model used more than it had reserved";
// Whether a request used more than it had reserved.
bool exceeds(const Spend& spend, const Spent& spent);

class StandingBudgets {
 public:
  using Windows = std::map<Instant, Spending>;

  // Null: nothing was spent of it in this window.
  const Spending* find(const BudgetWindow& window) const;
  Spending& at(const BudgetWindow& window);
  // Forgets the windows before this one that nothing under way belongs to.
  void forget_before(const BudgetWindow& window);

  bool empty() const { return budgets_.empty(); }
  const std::map<std::string, Windows, std::less<>>& all() const { return budgets_; }

 private:
  std::map<std::string, Windows, std::less<>> budgets_;
};

}  // namespace pawl
