#include "ottobot/testing/container_backend_contract.hpp"
#include "ottobot/testing/fake_container_backend.hpp"

namespace ottobot::testing {
namespace {

ContainerBackendSubject fake_subject() {
  return {"fake", [host = make_fake_container_host()] {
            FakeContainerOptions options;
            options.host = host;
            return std::make_unique<FakeContainerBackend>(std::move(options));
          }};
}

INSTANTIATE_TEST_SUITE_P(Fake, ContainerBackendContract, ::testing::Values(fake_subject()));

}  // namespace
}  // namespace ottobot::testing
