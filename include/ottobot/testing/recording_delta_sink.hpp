// What a provider streamed, for tests to look at. Used by one thread at a time, and records which ones they were.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "ottobot/llm_provider.hpp"

namespace ottobot::testing {

class RecordingDeltaSink final : public DeltaSink {
 public:
  void on_text(std::string_view delta) override { text.append(delta), take(delta); }
  void on_thinking(std::string_view delta) override { thinking.append(delta), take(delta); }
  void on_reset() override { text.clear(), thinking.clear(), ++resets; }

  std::string text, thinking;
  int resets = 0;
  bool all_valid_utf8 = true;
  std::set<std::thread::id> threads;

 private:
  void take(std::string_view delta) {
    all_valid_utf8 = all_valid_utf8 && utf8_length(delta).has_value();
    threads.insert(std::this_thread::get_id());
  }
};

}  // namespace ottobot::testing
