#include "api/tickets.hpp"

#include <gtest/gtest.h>

namespace ottobot::api {
namespace {

const Ticket kTicket{"alice", "session-1", DesktopRole::view, 2000};
constexpr const char* kSecret = "a secret of the server";

TEST(Tickets, SayWhatWasSigned) {
  const auto ticket = verify_ticket(sign_ticket(kTicket, kSecret), kSecret, 1999);
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->user, "alice");
  EXPECT_EQ(ticket->session_id, "session-1");
  EXPECT_EQ(ticket->role, DesktopRole::view);
  EXPECT_EQ(ticket->expires_at, 2000);
}

TEST(Tickets, NeedNoEscapeInAUrl) {
  EXPECT_EQ(sign_ticket(kTicket, kSecret)
                .find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
            std::string::npos);
}

TEST(Tickets, Expire) {
  EXPECT_EQ(verify_ticket(sign_ticket(kTicket, kSecret), kSecret, 2000).error(), TicketProblem::expired);
}

TEST(Tickets, OfAnotherSecretAreForged) {
  EXPECT_EQ(verify_ticket(sign_ticket(kTicket, "another secret"), kSecret, 0).error(), TicketProblem::forged);
}

TEST(Tickets, AreForgedWhereverACharacterIsChanged) {
  const std::string good = sign_ticket(kTicket, kSecret);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(verify_ticket(bad, kSecret, 0).error(), TicketProblem::forged) << i;
  }
  for (const std::string& bad : {std::string(), std::string("."), good + "A", good + ".", good.substr(1), good + good,
                                 good.substr(0, good.find('.')), std::string(100'000, 'A')}) {
    EXPECT_FALSE(verify_ticket(bad, kSecret, 0)) << bad.substr(0, 200);
  }
}

}  // namespace
}  // namespace ottobot::api
