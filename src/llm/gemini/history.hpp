// The conversation, mended for Gemini's rules of turns. Pure.
//
// The result starts and ends with a user content, roles alternate, every call has exactly one result in the user
// content behind it and in call order, results of no call are gone, nothing is empty.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "ottobot/message.hpp"

namespace ottobot::llm::gemini {

struct Content {
  Role role = Role::user;
  std::vector<const Part*> parts;  // borrowed from the conversation, or from History::made
};

struct History {
  std::vector<Content> contents;
  std::deque<Part> made;  // what was missing; a deque, because contents points into it
};

// `messages` is borrowed by the result. Parts that only another model could use are left out.
History mend_history(std::span<const Message> messages, const std::string& model);

}  // namespace ottobot::llm::gemini
