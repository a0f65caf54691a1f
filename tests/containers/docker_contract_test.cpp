#include "containers/docker_fixture.hpp"
#include "ottobot/ids.hpp"
#include "ottobot/testing/container_backend_contract.hpp"

namespace ottobot::testing {
namespace {

using containers::EngineKind;

ContainerBackendSubject docker_subject(const char* name, EngineKind kind) {
  auto folder = std::make_shared<containers::TemporaryFolder>();
  // One instance for all tests of the process: they find their own by name and label.
  return {name, [folder, kind, instance = "contract-" + new_id().substr(0, 8)]() -> std::unique_ptr<ContainerBackend> {
            const auto engine = containers::engine_options(kind);
            if (!engine) {
              if (!containers::is_missing_for_good_reason(kind)) {
                EXPECT_EQ(std::getenv("CI"), nullptr) << containers::missing_engine();
              }
              return nullptr;
            }
            auto backend = containers::make_docker_backend(containers::docker_options(*folder, instance, *engine),
                                                           system_clock(), null_logger());
            EXPECT_TRUE(backend) << backend.error().to_string();
            return backend ? std::move(*backend) : nullptr;
          }};
}

INSTANTIATE_TEST_SUITE_P(Docker, ContainerBackendContract,
                         ::testing::Values(docker_subject("docker", EngineKind::docker),
                                           docker_subject("docker_by_tls", EngineKind::docker_by_tls),
                                           docker_subject("podman", EngineKind::podman)));

}  // namespace
}  // namespace ottobot::testing
