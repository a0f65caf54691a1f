#include "json_schema/uri.hpp"

#include <gtest/gtest.h>

namespace ottobot::json_schema {
namespace {

// RFC 3986 §5.4.
TEST(ResolveReference, GivesTheExamplesOfTheRfc) {
  const std::string base = "http://a/b/c/d;p?q";
  const std::vector<std::pair<std::string, std::string>> examples{{"g:h", "g:h"},
                                                                  {"g", "http://a/b/c/g"},
                                                                  {"./g", "http://a/b/c/g"},
                                                                  {"g/", "http://a/b/c/g/"},
                                                                  {"/g", "http://a/g"},
                                                                  {"//g", "http://g"},
                                                                  {"?y", "http://a/b/c/d;p?y"},
                                                                  {"g?y", "http://a/b/c/g?y"},
                                                                  {"", "http://a/b/c/d;p?q"},
                                                                  {".", "http://a/b/c/"},
                                                                  {"./", "http://a/b/c/"},
                                                                  {"..", "http://a/b/"},
                                                                  {"../g", "http://a/b/g"},
                                                                  {"../..", "http://a/"},
                                                                  {"../../../g", "http://a/g"}};
  for (const auto& [reference, expected] : examples)
    EXPECT_EQ(resolve_reference(base, reference).uri, expected) << reference;
}

TEST(ResolveReference, SplitsAndDecodesTheFragment) {
  EXPECT_EQ(resolve_reference("http://a/b", "#/x%25y").uri, "http://a/b");
  EXPECT_EQ(resolve_reference("http://a/b", "#/x%25y").fragment, "/x%y");
  EXPECT_EQ(resolve_reference("", "other.json#part").uri, "other.json");
  EXPECT_EQ(resolve_reference("urn:uuid:1", "#part").uri, "urn:uuid:1");
  EXPECT_EQ(resolve_reference("", "#100%").fragment, "100%");
}

}  // namespace
}  // namespace ottobot::json_schema
