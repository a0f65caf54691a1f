// Frames that break RFC 6455 close their chat with the code that says why; frames that break only the contract get an
// error frame, and the chat goes on.
#include "api/socket_client.hpp"
#include "hostile/hostile_fixture.hpp"

namespace ottobot::hostile {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using api::test::SocketClient;

constexpr int kText = 0x81, kBinary = 0x82, kClose = 0x88, kPing = 0x89;
constexpr int kProtocolError = 1002, kNotUtf8 = 1007, kTooBig = 1009;

// Masked with zeros, so the payload is as it is.
std::string frame(int head, const std::string& payload) {
  std::string bytes(1, static_cast<char>(head));
  if (payload.size() < 126) {
    bytes += static_cast<char>(0x80 | payload.size());
  } else {
    const bool is_long = payload.size() > 0xffff;
    bytes += static_cast<char>(0x80 | (is_long ? 127 : 126));
    for (int shift = is_long ? 56 : 8; shift >= 0; shift -= 8) bytes += static_cast<char>(payload.size() >> shift);
  }
  return bytes + std::string(4, '\0') + payload;
}

struct BadFrame {
  std::string name;
  std::string bytes;
  int close_code;
};

std::vector<BadFrame> frames_against_the_rfc() {
  return {
      {"not masked", "\x81\x02hi", kProtocolError},
      {"a reserved bit", frame(kText | 0x40, "x"), kProtocolError},
      {"a reserved opcode", frame(0x83, "x"), kProtocolError},
      {"a reserved control opcode", frame(0x8b, "x"), kProtocolError},
      {"a ping in parts", frame(kPing & 0x7f, "x"), kProtocolError},
      {"a long ping", frame(kPing, std::string(126, 'x')), kProtocolError},
      {"a continuation of nothing", frame(0x80, "x"), kProtocolError},
      {"a message within a message", frame(0x01, "a") + frame(kText, "b"), kProtocolError},
      {"a close with half a code", frame(kClose, "\x03"), kProtocolError},
      {"a close with a code that is none", frame(kClose, "\x00\x01"s), kProtocolError},
      {"no UTF-8", frame(kText, "\xff\xfe"), kNotUtf8},
      {"half a character", frame(kText, "\xe2\x82"), kNotUtf8},
      {"more than a mebibyte", frame(kText, std::string((1 << 20) + 1, 'x')), kTooBig},
      {"many parts of more than a mebibyte",
       frame(0x01, std::string(700'000, 'x')) + frame(0x80, std::string(700'000, 'x')), kTooBig},
      {"a claim of an exbibyte", "\x81\xff\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"s, kTooBig},
  };
}

struct BadCommand {
  std::string name;
  int head;
  std::string payload;
};

std::vector<BadCommand> frames_against_the_contract() {
  const auto text = [](std::string name, std::string payload) {
    return BadCommand{std::move(name), kText, std::move(payload)};
  };
  return {
      {"binary", kBinary, R"({"type":"user_prompt","content":"x"})"},
      text("nothing", ""),
      text("no JSON", "hello"),
      text("deep JSON", std::string(100'000, '[')),
      text("a list", "[1]"),
      text("no type", "{}"),
      text("an unknown type", R"({"type":"sudo"})"),
      text("a type of another type", R"({"type":5})"),
      text("a server's type", R"({"type":"agent_response","content":"x"})"),
      text("no content", R"({"type":"user_prompt"})"),
      text("empty content", R"({"type":"user_prompt","content":""})"),
      text("long content", R"({"type":"user_prompt","content":")" + std::string(10'001, 'x') + "\"}"),
      text("content of another type", R"({"type":"user_prompt","content":["x"]})"),
      text("half a surrogate pair", R"({"type":"user_prompt","content":"\ud800"})"),
      text("a long id", R"({"type":"user_prompt","content":"x","id":")" + std::string(300, 'i') + "\"}"),
      text("a NUL", "{\"type\":\"stop\"\0}"s),
      text("a mebibyte of blanks", std::string(1 << 20, ' ')),
  };
}

class BadFrames : public HostileTest {
 protected:
  // A chat that has been greeted.
  static std::unique_ptr<SocketClient> chat() {
    const auto last = get_int(client().get("/session/" + session()), "last_seq");
    auto chat = std::make_unique<SocketClient>(port(), "/session/" + session() + "/chat?after=" + std::to_string(last));
    EXPECT_TRUE(chat->accepted()) << chat->handshake().head;
    EXPECT_EQ(chat->next_json()["content"], "Connected to session");
    return chat;
  }
};

// False when the chat ends or falls silent before such a frame.
template <class Holds>
bool reads_up_to(SocketClient& chat, const Holds& holds) {
  for (Json frame = chat.next_json(); !frame.is_null(); frame = chat.next_json()) {
    if (holds(frame)) return true;
  }
  return false;
}

TEST_F(BadFrames, ThoseAgainstTheProtocolCloseTheChatAndSayWhy) {
  expect_nothing_left_by([] {
    for (const BadFrame& bad : frames_against_the_rfc()) {
      SCOPED_TRACE(bad.name);
      const auto attacked = chat();
      attacked->send_raw(bad.bytes);
      EXPECT_EQ(attacked->close_code(), bad.close_code);
    }
  });
}

TEST_F(BadFrames, ThoseAgainstTheContractGetAnErrorAndTheChatGoesOn) {
  expect_nothing_left_by([] {
    const auto attacked = chat();
    for (const BadCommand& bad : frames_against_the_contract()) {
      SCOPED_TRACE(bad.name);
      attacked->send_raw(frame(bad.head, bad.payload));
      const Json answer = attacked->next_json();
      EXPECT_EQ(get_string(answer, "type"), "error") << answer;
      EXPECT_FALSE(get_string(answer, "content").empty()) << answer;
      EXPECT_FALSE(get_string(answer, "error").empty()) << answer;
    }
    attacked->send_json({{"type", "stop"}});
    attacked->send_raw(frame(kPing, "still there?"));
    attacked->send_json({{"type", "user_prompt"}, {"content", "Are you still there?"}});
    EXPECT_TRUE(reads_up_to(*attacked, [](const Json& frame) { return frame["content"] == "Are you still there?"; }));
    EXPECT_TRUE(reads_up_to(*attacked, [](const Json& frame) {
      return frame.contains("metadata") && frame["metadata"].contains("outcome");
    }));
  });
}

TEST_F(BadFrames, AFloodOfThemIsAnsweredOneByOne) {
  static constexpr int kFlood = 5000;
  expect_nothing_left_by([] {
    const auto attacked = chat();
    std::thread flood([&] {
      for (int n = 0; n < kFlood; ++n) attacked->send_raw(frame(kText, R"({"type":"sudo"})"));
    });
    int answers = 0;
    while (answers < kFlood && get_string(attacked->next_json(), "type") == "error") ++answers;
    flood.join();
    EXPECT_EQ(answers, kFlood);
  });
}

TEST_F(BadFrames, ADesktopThatIsSpokenToFirstHangsUp) {
  expect_nothing_left_by([] {
    for (const std::string& target : {"/session/" + session() + "/vnc/websockify", "/websockify"s}) {
      SocketClient viewer(target[1] == 's' ? port() : port_of("vnc_port"), target,
                          "Sec-WebSocket-Protocol: binary\r\n");
      ASSERT_TRUE(viewer.accepted()) << viewer.handshake().head;
      viewer.send_raw("\x81\x02hi");
      EXPECT_EQ(viewer.close_code(), kProtocolError) << target;
    }
  });
}

}  // namespace
}  // namespace ottobot::hostile
