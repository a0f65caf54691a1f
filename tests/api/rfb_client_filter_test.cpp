#include "api/rfb_client_filter.hpp"

#include <gtest/gtest.h>

#include "api/rfb_client_messages.hpp"

namespace ottobot::api {
namespace {

using namespace test::rfb;

constexpr std::uint32_t kCaps = 1U << 24, kRequest = 1U << 25, kPeek = 1U << 26, kNotify = 1U << 27,
                        kProvide = 1U << 28;
constexpr std::int32_t kExtendedMouseButtons = -316;

class Policy final : public RfbInputPolicy {
 public:
  bool takes_input() override {
    ++asked;
    return may;
  }
  bool controls() override { return may; }

  bool may = false;
  int asked = 0;
};

class RfbClientFilterTest : public ::testing::Test {
 protected:
  // What passes of `bytes` after the handshake; "broken" when the client is found to break the protocol.
  std::string passed(std::string_view bytes) {
    std::string out;
    return filter_.feed(bytes, out) ? out : "broken";
  }
  std::string whole(const std::string& bytes) {
    std::string out;
    return RfbClientFilter(policy_).feed(hello() + bytes, out) ? out.substr(hello().size()) : "broken";
  }

  Policy policy_;
  RfbClientFilter filter_{policy_};
};

const std::string kLooking = pixel_format() + encodings({7, -239, -224}) + update_request() + continuous_updates() +
                             fence("") + fence(std::string(64, 'f')) + extended_clipboard(kRequest | 1) +
                             extended_clipboard(kPeek) +
                             extended_clipboard(kCaps | kRequest | kPeek | kNotify | kProvide | 1, u32(1 << 20));
const std::string kInput[] = {key('a', true),
                              pointer(1, 10, 20),
                              cut_text("text"),
                              cut_text(""),
                              extended_clipboard(kNotify | 1),
                              extended_clipboard(kProvide | 1, "deflated"),
                              extended_clipboard(kCaps | 1, std::string(65, 'x')),
                              extended_clipboard(0),
                              extended_clipboard(kRequest | kProvide | 1),
                              xvp(),
                              desktop_size(0),
                              desktop_size(3),
                              gii_event("event"),
                              qemu_key('a', 30, true)};

TEST_F(RfbClientFilterTest, ThreeVersionsOfTheHandshakePass) {
  EXPECT_EQ(passed(hello()), hello());
  std::string out;
  const std::string old = "RFB 003.003\n" + u8(1) + update_request();
  EXPECT_TRUE(RfbClientFilter(policy_).feed(old, out));
  EXPECT_EQ(out, old) << "the server chooses the security type";
  out.clear();
  const std::string middle = "RFB 003.007\n" + u8(1) + u8(1);
  EXPECT_TRUE(RfbClientFilter(policy_).feed(middle, out));
  EXPECT_EQ(out, middle);
}

TEST_F(RfbClientFilterTest, OtherVersionsAndSecurityTypesEndIt) {
  for (const std::string& start :
       {std::string("RFB 003.889\n"), std::string("RFB 004.001\n"), std::string("GET / HTTP/1.1\r\n"),
        std::string("RFB 003.008\n") + u8(2), std::string("RFB 003.008\n") + u8(0)}) {
    std::string out;
    EXPECT_FALSE(RfbClientFilter(policy_).feed(start, out)) << start;
  }
}

TEST_F(RfbClientFilterTest, NobodyGetsTheDesktopAlone) {
  EXPECT_EQ(passed(hello(0)), hello(1));
  std::string out;
  EXPECT_TRUE(RfbClientFilter(policy_).feed("RFB 003.003\n" + u8(0), out));
  EXPECT_EQ(out, "RFB 003.003\n" + u8(1));
}

TEST_F(RfbClientFilterTest, WhoMayOnlyLookGivesNoInput) {
  EXPECT_EQ(whole(kLooking), kLooking);
  EXPECT_EQ(policy_.asked, 0) << "looking is not input";
  for (const std::string& input : kInput) {
    policy_.asked = 0;
    EXPECT_EQ(whole(update_request() + input + fence("after")), update_request() + fence("after"));
    EXPECT_EQ(policy_.asked, 1) << static_cast<int>(static_cast<unsigned char>(input[0]));
  }
}

TEST_F(RfbClientFilterTest, WhoControlsGivesInput) {
  policy_.may = true;
  for (const std::string& input : kInput) EXPECT_EQ(whole(input + kLooking), input + kLooking);
}

TEST_F(RfbClientFilterTest, EverySplittingGivesTheSame) {
  std::string all = hello(0) + kLooking;
  for (const std::string& input : kInput) all += input + update_request();
  for (const bool may : {false, true}) {
    policy_.may = may;
    std::string at_once;
    ASSERT_TRUE(RfbClientFilter(policy_).feed(all, at_once));
    std::string by_bytes;
    RfbClientFilter filter(policy_);
    for (const char& byte : all) ASSERT_TRUE(filter.feed({&byte, 1}, by_bytes));
    EXPECT_EQ(by_bytes, at_once);
  }
}

TEST_F(RfbClientFilterTest, WhatIsNoMessageEndsItForGood) {
  EXPECT_EQ(passed(hello() + update_request()), hello() + update_request());
  for (const int type : {1, 7, 127, 128, 149, 151, 247, 249, 252, 254}) {
    EXPECT_EQ(whole(u8(static_cast<std::uint32_t>(type))), "broken") << type;
  }
  EXPECT_EQ(whole(u8(255) + u8(1) + std::string(10, '\0')), "broken") << "an unknown submessage";
  EXPECT_EQ(passed(u8(1)), "broken");
  EXPECT_EQ(passed(update_request()), "broken");
}

TEST_F(RfbClientFilterTest, AbsurdLengthsEndIt) {
  policy_.may = true;
  EXPECT_EQ(whole(u8(2) + u8(0) + u16(1025)), "broken");
  EXPECT_EQ(whole(fence(std::string(65, 'f'))), "broken");
  const std::string cut = u8(6) + u8(0) + u16(0);
  EXPECT_EQ(whole(cut + u32((16U << 20) + 1)), "broken");
  EXPECT_EQ(whole(cut + u32(0x7fffffff)), "broken");
  EXPECT_EQ(whole(cut + u32(0x80000000) + u32(kProvide)), "broken");
  EXPECT_EQ(whole(cut + u32(0U - 3) + u32(kProvide)), "broken") << "shorter than its own flags";
}

TEST_F(RfbClientFilterTest, PayloadsAreNotKept) {
  policy_.may = true;
  std::string out;
  ASSERT_TRUE(filter_.feed(hello() + u8(6) + u8(0) + u16(0) + u32(16U << 20), out));
  const std::string part(1 << 20, 'x');
  for (int i = 0; i < 16; ++i) {
    out.clear();
    ASSERT_TRUE(filter_.feed(part, out));
    EXPECT_EQ(out.size(), part.size());
    policy_.may = false;  // decided at its head: half a message would break the framing
  }
  EXPECT_EQ(passed(update_request() + key('a', true)), update_request());
}

TEST_F(RfbClientFilterTest, AnEncodingThatWouldChangeTheFramingIsHidden) {
  const std::string hidden = encodings({7, 0x4f54544f, -239});
  EXPECT_EQ(whole(encodings({7, kExtendedMouseButtons, -239}) + update_request()), hidden + update_request());
}

TEST_F(RfbClientFilterTest, WhatIsHeldDownIsLetGoWhenControlIsLost) {
  policy_.may = true;
  const std::string held = key('a', true) + key('b', true) + key('b', false) + qemu_key('c', 46, true) +
                           qemu_key('d', 32, true) + qemu_key('d', 32, false) + pointer(1, 30, 40);
  EXPECT_EQ(passed(hello() + held), hello() + held);
  EXPECT_EQ(passed(update_request()), update_request()) << "as long as it controls";
  policy_.may = false;
  const std::string released = key('a', false) + qemu_key('c', 46, false) + pointer(0, 30, 40);
  EXPECT_EQ(passed(update_request()), released + update_request());
  EXPECT_EQ(passed(update_request() + key('a', false)), update_request()) << "once";
}

TEST_F(RfbClientFilterTest, ADroppedMessageLetsGoToo) {
  policy_.may = true;
  EXPECT_EQ(passed(hello() + pointer(4, 1, 2)), hello() + pointer(4, 1, 2));
  policy_.may = false;
  EXPECT_EQ(passed(pointer(4, 9, 9)), pointer(0, 1, 2));
  policy_.may = true;
  EXPECT_EQ(passed(pointer(0, 5, 5) + key('x', true)), pointer(0, 5, 5) + key('x', true));
}

TEST_F(RfbClientFilterTest, OfVeryManyKeysNotAllAreRemembered) {
  policy_.may = true;
  std::string many;
  for (std::uint32_t keysym = 1; keysym <= 1000; ++keysym) many += key(keysym, true);
  EXPECT_EQ(passed(hello() + many), hello() + many);
  policy_.may = false;
  EXPECT_EQ(passed(update_request()).size(), 32 * 8 + update_request().size());
}

}  // namespace
}  // namespace ottobot::api
