#include "doors/console/tickets.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl::console {
namespace {

constexpr Duration kSoon = Duration::seconds(10);

Tickets some_tickets(TicketLimits limits = {}) {
  return Tickets(std::string(32, 's'), limits);
}

TEST(Tickets, OneCountsForOnePurposeOneKeyAndAWhile) {
  const Tickets tickets = some_tickets();
  const std::string ticket = tickets.give("sign-in", "key", std::string(16, 'r'), {});
  EXPECT_TRUE(tickets.good(ticket, "sign-in", "key", kSoon));
  EXPECT_FALSE(tickets.good(ticket, "enrol", "key", kSoon));
  EXPECT_FALSE(tickets.good(ticket, "sign-in", "other", kSoon));
  EXPECT_FALSE(tickets.good(ticket, "sign-in", "key", Duration::seconds(300)));
  EXPECT_FALSE(tickets.good("", "sign-in", "key", kSoon));
  for (std::size_t at = 0; at < ticket.size(); ++at) {
    std::string changed = ticket;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tickets.good(changed, "sign-in", "key", kSoon)) << at;
  }
}

TEST(Tickets, AnotherNodeGaveAnother) {
  const std::string ticket = Tickets(std::string(32, 't')).give("a", "b", std::string(16, 'r'), {});
  EXPECT_FALSE(some_tickets().good(ticket, "a", "b", kSoon));
}

TEST(Tickets, ItsAgeIsKnown) {
  const Tickets tickets = some_tickets({.life = Duration::seconds(60)});
  const std::string ticket = tickets.give("a", "b", std::string(16, 'r'), kSoon);
  EXPECT_EQ(tickets.age(ticket, kSoon).ns, 0);
  EXPECT_EQ(tickets.age(ticket, Duration::seconds(50)), Duration::seconds(40));
}

TEST(Tickets, SecretsBelongToTheirTicket) {
  const Tickets tickets = some_tickets();
  EXPECT_NE(tickets.secret_for("one", "nonce"), tickets.secret_for("one", "verifier"));
  EXPECT_NE(tickets.secret_for("one", "nonce"), tickets.secret_for("two", "nonce"));
  EXPECT_EQ(tickets.secret_for("one", "nonce").size(), 43U);
}

}  // namespace
}  // namespace pawl::console
