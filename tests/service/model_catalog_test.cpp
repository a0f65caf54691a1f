#include "service/model_catalog.hpp"

#include <gtest/gtest.h>

#include "ottobot/llm/scripted.hpp"

namespace ottobot::service {
namespace {

ModelCatalog catalog_with_demo() {
  ScriptedOptions options;
  options.scenario = make_demo_scenario();
  auto demo = make_scripted_provider(std::move(options));
  EXPECT_TRUE(demo);
  Providers providers;
  providers.emplace_back("scripted", std::move(*demo));
  return ModelCatalog(std::move(providers));
}

TEST(ModelCatalog, ResolvesWhatAProviderHas) {
  const auto catalog = catalog_with_demo();
  EXPECT_EQ(catalog.resolve("scripted:demo"), "scripted:demo");
  auto handle = catalog.lookup("scripted:demo");
  ASSERT_TRUE(handle);
  EXPECT_EQ(handle->model, "demo");
  EXPECT_NE(handle->provider, nullptr);
}

TEST(ModelCatalog, AModelThatTheProviderLacksIsInvalid) {
  auto resolved = catalog_with_demo().resolve("scripted:other");
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().code, ErrorCode::invalid_argument);
}

TEST(ModelCatalog, AMissingProviderListsThoseThatAreThere) {
  for (const char* model : {"gpt-5", "claude-sonnet-4", "gemini-2.5-pro"}) {
    auto resolved = catalog_with_demo().resolve(model);
    ASSERT_FALSE(resolved) << model;
    EXPECT_EQ(resolved.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(resolved.error().hint.find("scripted"), std::string::npos);
  }
  EXPECT_NE(catalog_with_demo().resolve("gemini-2.5-pro").error().hint.find("GEMINI_API_KEY"), std::string::npos);
}

}  // namespace
}  // namespace ottobot::service
