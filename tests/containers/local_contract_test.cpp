#include "containers/local_fixture.hpp"
#include "ottobot/testing/container_backend_contract.hpp"

namespace ottobot::testing {
namespace {

ContainerBackendSubject local_subject(const char* name, bool use_cgroups) {
  auto folder = std::make_shared<containers::TemporaryFolder>();
  return {name, [folder, use_cgroups]() -> std::unique_ptr<ContainerBackend> {
            auto options = containers::local_options(*folder, "contract");
            options.use_cgroups = use_cgroups;
            auto backend = containers::make_local_backend(options);
            if (!backend || !(*backend)->probe(with_timeout(std::chrono::seconds(10)))) return nullptr;
            return std::move(*backend);
          }};
}

INSTANTIATE_TEST_SUITE_P(Local, ContainerBackendContract,
                         ::testing::Values(local_subject("cgroups", true), local_subject("no_cgroups", false)));

}  // namespace
}  // namespace ottobot::testing
