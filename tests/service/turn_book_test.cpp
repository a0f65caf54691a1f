#include "chat/turn_book.hpp"

#include <gtest/gtest.h>

namespace ottobot::cli::chat {
namespace {

Json prompt(Seq seq, const char* client_id = "") {
  Json frame{{"type", "user_prompt"}, {"content", "x"}, {"seq", seq}};
  if (*client_id != 0) frame["metadata"] = {{"client_id", client_id}};
  return frame;
}

Json finished(Seq seq, const char* outcome = "completed") {
  return {{"type", "system_update"}, {"seq", seq}, {"metadata", {{"outcome", outcome}, {"session_status", "ready"}}}};
}

TEST(TurnBook, IsQuietOnceEveryPromptIsLoggedAndAnswered) {
  TurnBook book;
  book.sent("a", "one");
  EXPECT_FALSE(book.is_quiet());
  book.frame(prompt(2, "a"));
  EXPECT_FALSE(book.is_quiet());
  book.frame(prompt(3, "b"));
  book.frame(finished(4));
  EXPECT_TRUE(book.is_running());
  book.frame(finished(5));
  EXPECT_TRUE(book.is_quiet());
  EXPECT_FALSE(book.has_failed());
}

TEST(TurnBook, HistoryIsLookedThroughAndNotCounted) {
  TurnBook book;
  book.start({10, 9, 1});
  EXPECT_TRUE(book.is_running());
  book.frame(finished(7));
  book.frame(prompt(9));
  EXPECT_EQ(book.waiting(), 1u);
  book.frame(finished(12));
  EXPECT_TRUE(book.is_quiet());
}

TEST(TurnBook, OnlyOurTurnsCountWhenWeSentAny) {
  TurnBook book;
  book.sent("a", "one");
  book.frame(prompt(1));
  book.frame(prompt(2, "a"));
  book.frame(finished(3, "failed"));
  EXPECT_FALSE(book.has_failed());
  book.frame(finished(4, "stopped"));
  EXPECT_TRUE(book.has_failed());
}

TEST(TurnBook, ABrokenSessionIsAFailure) {
  TurnBook book;
  book.frame({{"type", "system_update"}, {"seq", 3}, {"metadata", {{"session_status", "error"}}}});
  EXPECT_TRUE(book.is_broken());
  EXPECT_TRUE(book.has_failed());
}

}  // namespace
}  // namespace ottobot::cli::chat
