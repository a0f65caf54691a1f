// Those who use a service while its processes come and go: they only ever do what a user's program would.
#pragma once

#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "api/socket_client.hpp"
#include "integration/chaos_service.hpp"
#include "integration/chat_view.hpp"

namespace ottobot::integration {

inline constexpr int kChaosLines = 4;  // of a turn, each written by a command of its own

// The model of every session: prompt P's command N writes "P.N", and a moment later "P.Nb".
Json chaos_scenario(int prompts);
std::string chaos_lines(int prompts);

// What all of them have seen so far.
struct ChaosTally {
  std::atomic<int> acknowledged{0}, sent_again{0}, turns{0}, reconnections{0}, done{0};
};

// One session, with a chat that asks and a second reader. Both begin at once and end by themselves when they have seen
// the last turn, or when time is over.
class ChaosSession {
 public:
  ChaosSession(ChaosService& service, const ChaosOptions& options, ChaosTally& tally, int number);

  // Joins; afterwards what was seen can be looked at.
  void wait();
  const std::string& id() const { return id_; }
  int acknowledged() const { return acknowledged_; }
  const Seqs& chat_seqs() const { return chat_seqs_; }
  const Seqs& reader_seqs() const { return reader_seqs_; }

 private:
  struct Sending {
    int prompt = 0;  // 0 = nothing that is not acknowledged
    std::chrono::steady_clock::time_point again_at;
  };

  void run();
  bool create();
  void chat();
  void chat_once();
  void take(const Json& frame);
  void send_what_is_due(api::test::SocketClient& socket);
  void send(api::test::SocketClient& socket, int prompt);
  void acknowledge(int prompt);
  void read_along();
  void read_pages();
  void read_stream();
  bool in_time() const { return std::chrono::steady_clock::now() < give_up_at_; }
  bool chance(int one_in) { return std::uniform_int_distribution<int>(1, one_in)(random_) == 1; }

  ChaosService& service_;
  const ChaosOptions options_;
  ChaosTally& tally_;
  const int number_;
  std::mt19937 random_;  // of the chat's thread
  const std::chrono::steady_clock::time_point begun_at_, give_up_at_;
  std::string id_;
  int acknowledged_ = 0;
  Sending sending_;
  int chat_turns_ = 0, reader_turns_ = 0;
  Seqs chat_seqs_, reader_seqs_;
  std::thread thread_;
};

}  // namespace ottobot::integration
