#include "mcp/http_binding.hpp"

#include <map>

#include "mcp/base64.hpp"
#include "mcp/modern_era.hpp"

namespace ottobot::mcp {
namespace {

using http_binding::decode_value;
using http_binding::encode_value;

TEST(Base64, MatchesTheVectorsOfTheRfc) {
  const std::map<std::string, std::string> vectors{{"", ""},
                                                   {"f", "Zg=="},
                                                   {"fo", "Zm8="},
                                                   {"foo", "Zm9v"},
                                                   {"foob", "Zm9vYg=="},
                                                   {"fooba", "Zm9vYmE="},
                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "====", "Z===", "Zm 8", "Zh==", "Zm9=", "Zm9v=", "Z-8_", "=Zm8"}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
}

TEST(HttpBinding, PlainValuesStayAndOthersAreMarked) {
  EXPECT_EQ(encode_value("tools/call"), "tools/call");
  EXPECT_EQ(encode_value("two words"), "two words");
  EXPECT_EQ(encode_value("Hello, \xE4\xB8\x96\xE7\x95\x8C"), "=?base64?SGVsbG8sIOS4lueVjA==?=");
  EXPECT_TRUE(encode_value("a\r\nb: c").starts_with("=?base64?"));
}

TEST(HttpBinding, EveryValueComesBack) {
  for (const std::string value :
       {"", "plain", " padded ", "tab\t", "line\nline", "=?base64?Zm8=?=", "\xC3\xA9", "\x7f"}) {
    const std::string encoded = encode_value(value);
    EXPECT_EQ(decode_value(encoded), value) << encoded;
    for (const char c : encoded) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << encoded;
  }
}

TEST(HttpBinding, BrokenMarkedValuesHaveNoMeaning) {
  EXPECT_EQ(decode_value("=?base64?SGVsbG8?="), std::nullopt);
  EXPECT_EQ(decode_value("=?base64?SGVs!G8=?="), std::nullopt);
  EXPECT_EQ(decode_value("SGVsbG8="), "SGVsbG8=");
}

class ModernHeaders : public ::testing::Test {
 protected:
  ModernHeaders() {
    Json params = {{"name", "r\xC3\xA9sum\xC3\xA9"}};
    modern::add_envelope(params, {"test", "1"});
    message_ = make_request(1, "tools/call", params);
    for (const auto& [name, value] : http_binding::modern_headers(*parse_message(message_))) headers_[name] = value;
  }

  int check() const {
    const auto find = [this](std::string_view name) -> std::optional<std::string_view> {
      const auto found = headers_.find(std::string(name));
      if (found == headers_.end()) return std::nullopt;
      return found->second;
    };
    const auto checked = http_binding::check_modern_headers(*parse_message(message_), find);
    return checked ? 0 : checked.error().code;
  }

  Json message_;
  std::map<std::string, std::string> headers_;
};

TEST_F(ModernHeaders, OfTheClientAreAcceptedByTheServer) {
  EXPECT_EQ(headers_.at("MCP-Protocol-Version"), kModernVersion);
  EXPECT_EQ(headers_.at("Mcp-Method"), "tools/call");
  EXPECT_EQ(check(), 0);
}

TEST_F(ModernHeaders, AreAllRequired) {
  for (const char* name : {"MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"}) {
    const auto complete = headers_;
    headers_.erase(name);
    EXPECT_EQ(check(), rpc_code::kHeaderMismatch) << name;
    headers_ = complete;
  }
}

TEST_F(ModernHeaders, MustEqualTheBodyToTheLetter) {
  for (const auto& [name, wrong] : std::map<std::string, std::string>{
           {"MCP-Protocol-Version", "2025-11-25"}, {"Mcp-Method", "Tools/Call"}, {"Mcp-Name", "other"}}) {
    const auto right = headers_;
    headers_[name] = wrong;
    EXPECT_EQ(check(), rpc_code::kHeaderMismatch) << name;
    headers_ = right;
  }
}

TEST(HttpBinding, StatusesFollowTheErrorCode) {
  const std::map<int, int> statuses{{-32601, 404}, {-32022, 400}, {-32021, 400}, {-32020, 400},
                                    {-32600, 400}, {-32602, 200}, {-32010, 200}};
  for (const auto& [code, status] : statuses) {
    EXPECT_EQ(http_binding::modern_status(make_error_response(1, {code, "x", nullptr})), status) << code;
  }
  EXPECT_EQ(http_binding::modern_status(make_response(1, Json::object())), 200);
}

}  // namespace
}  // namespace ottobot::mcp
