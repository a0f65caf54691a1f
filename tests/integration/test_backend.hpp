// What the sandboxes of this test run are made with: bubblewrap, or the containers of one of the run's engines when
// OTTOBOT_TEST_ENGINE is `docker` or `podman`. CTest runs some tests once with each.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "containers/test_engine.hpp"

namespace ottobot::integration {

using Environment = std::map<std::string, std::string>;

// nullopt = bubblewrap.
std::optional<containers::EngineKind> test_engine();

// Its settings for a server; none with bubblewrap.
Environment backend_settings();
Environment backend_settings(containers::EngineKind engine);

// Below a server's data directory: a folder for each sandbox.
const char* sandboxes_folder();

}  // namespace ottobot::integration
