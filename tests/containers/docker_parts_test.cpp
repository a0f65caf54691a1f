// What needs no engine: addresses, frames, progress, bodies of calls, and how answers are read.
#include <gtest/gtest.h>

#include <fcntl.h>

#include "containers/common/network_filter.hpp"
#include "containers/docker/container_spec.hpp"
#include "containers/docker/docker_record.hpp"
#include "containers/docker/engine_address.hpp"
#include "containers/docker/frame_decoder.hpp"
#include "containers/docker/images.hpp"
#include "containers/docker/pull_progress.hpp"
#include "net/unique_fd.hpp"

namespace ottobot::containers {
namespace {

using ::testing::HasSubstr;

TEST(EngineAddress, IsReadAsDockersClientReadsIt) {
  EXPECT_EQ(parse_engine_address({})->socket_path, "/var/run/docker.sock");
  EXPECT_EQ(parse_engine_address({.host = "unix:///x/podman.sock"})->socket_path, "/x/podman.sock");
  EXPECT_EQ(parse_engine_address({.host = "tcp://10.0.0.5"})->base_url, "http://10.0.0.5:2375");
  EXPECT_EQ(parse_engine_address({.host = "tcp://host:2376", .tls_verify = true})->base_url, "https://host:2376");
  EXPECT_EQ(parse_engine_address({.host = "tcp://[::1]:99"})->base_url, "http://[::1]:99");
  EXPECT_EQ(parse_engine_address({.host = "tcp://[::1]:99"})->host, "::1");
  const auto tls = parse_engine_address({.host = "tcp://host", .tls_verify = true, .cert_path = "/certs"});
  ASSERT_TRUE(tls);
  EXPECT_EQ(tls->base_url, "https://host:2376");
  EXPECT_EQ(tls->ca_file, "/certs/ca.pem");
  EXPECT_EQ(tls->cert_file, "/certs/cert.pem");
  EXPECT_EQ(tls->key_file, "/certs/key.pem");
  EXPECT_FALSE(tls->is_unix());
}

TEST(EngineAddress, WhatIsNoneIsRefusedWithTheForm) {
  for (const char* host : {"docker.sock", "unix://relative", "unix://", "tcp://", "ftp://host", "tcp://:2375"}) {
    auto address = parse_engine_address({.host = host});
    ASSERT_FALSE(address) << host;
    EXPECT_EQ(address.error().code, ErrorCode::invalid_argument) << host;
    EXPECT_THAT(address.error().hint, HasSubstr("unix:///PATH")) << host;
  }
  const auto ssh = parse_engine_address({.host = "ssh://user@host"});
  ASSERT_FALSE(ssh);
  EXPECT_EQ(ssh.error().code, ErrorCode::unsupported);
  EXPECT_THAT(ssh.error().hint, HasSubstr("ssh -nNT -L"));
}

std::string frame(char kind, const std::string& payload) {
  std::string bytes = {kind, 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(payload.size() >> shift);
  return bytes + payload;
}

TEST(FrameDecoder, GivesTheSameAtEverySplit) {
  const std::string stream = frame(1, "out ") + frame(2, "err ") + frame(1, "") + frame(0, "input") + frame(1, "end");
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    FrameDecoder decoder(1000);
    EXPECT_TRUE(decoder.feed(stream.substr(0, at)));
    EXPECT_TRUE(decoder.feed(stream.substr(at)));
    EXPECT_EQ(decoder.text(), "out err end") << at;
    EXPECT_FALSE(decoder.is_within_frame());
  }
}

TEST(FrameDecoder, KeepsTheEndAndRefusesWhatIsNoStream) {
  FrameDecoder decoder(10);
  for (int i = 0; i < 100; ++i) decoder.feed(frame(1, "line " + std::to_string(i) + "\n"));
  EXPECT_EQ(decoder.text(), "8\nline 99\n");
  EXPECT_TRUE(decoder.feed(std::string("\1\0\0\0\0\0\0\5ab", 10)));
  EXPECT_TRUE(decoder.is_within_frame());
  FrameDecoder raw(10);
  EXPECT_FALSE(raw.feed("plain text of a terminal"));
  EXPECT_FALSE(raw.feed(frame(1, "later")));
  EXPECT_EQ(raw.text(), "");
}

TEST(PullProgress, CountsLayersAndNeverFalls) {
  const std::string lines = R"({"status":"Pulling from library/x","id":"latest"})"
                            "\n"
                            R"({"status":"Downloading","progressDetail":{"current":1048576,"total":4194304},"id":"a"})"
                            "\r\n"
                            R"(not json)"
                            "\n"
                            R"({"status":"Downloading","progressDetail":{"current":0,"total":4194304},"id":"b"})"
                            "\n"
                            R"({"status":"Download complete","progressDetail":{},"id":"a"})"
                            "\n";
  for (std::size_t at = 0; at <= lines.size(); ++at) {
    PullProgress progress;
    progress.feed(lines.substr(0, at));
    const int before = progress.percent();
    progress.feed(lines.substr(at));
    EXPECT_GE(progress.percent(), before);
    EXPECT_EQ(progress.percent(), 50) << at;
    EXPECT_EQ(progress.message(), "4 of 8 MiB") << at;
    EXPECT_EQ(progress.error(), "");
  }
}

TEST(PullProgress, KeepsTheReasonOfAFailure) {
  PullProgress progress;
  EXPECT_EQ(progress.message(), "asking the registry");
  progress.feed(R"({"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"})"
                "\n");
  EXPECT_EQ(progress.error(), "manifest unknown");
  progress.feed(std::string(1 << 20, 'x'));  // a line without an end costs no memory
  progress.feed("\n{\"error\":\"second\"}\n");
  EXPECT_EQ(progress.error(), "second");
}

TEST(EngineError, SaysWhatTheStatusMeans) {
  EXPECT_EQ(engine_error(404, "No such container").code, ErrorCode::not_found);
  EXPECT_EQ(engine_error(409, "name in use").code, ErrorCode::conflict);
  EXPECT_EQ(engine_error(400, "bad").code, ErrorCode::invalid_argument);
  EXPECT_EQ(engine_error(403, "no").code, ErrorCode::permission_denied);
  EXPECT_EQ(engine_error(500, "runc failed").code, ErrorCode::unavailable);
  EXPECT_EQ(engine_error(500, "").message, "the container engine says: HTTP 500");
  const Error full = engine_error(500, "write /var/lib/docker/x: no space left on device");
  EXPECT_EQ(full.code, ErrorCode::resource_exhausted);
  EXPECT_THAT(full.hint, HasSubstr("docker system prune"));
}

TEST(EngineAnswers, AreReadWhateverTheirForm) {
  const Json inspected =
      Json::parse(R"({"Id":"abc","Name":"/n","State":{"Status":"exited","ExitCode":137,"OOMKilled":true,
    "Pid":0,"StartedAt":"t"},"Config":{"Labels":{"a":"b","c":1},"Env":["X=1"]},
    "NetworkSettings":{"Ports":{"8300/tcp":[{"HostIp":"127.0.0.1","HostPort":"32768"}]}}})");
  const ContainerFacts facts = container_facts(inspected);
  EXPECT_EQ(facts.name, "n");
  EXPECT_EQ(facts.state, SandboxState::exited);
  EXPECT_EQ(facts.ended_because, "exit code 137, out of memory");
  EXPECT_EQ(facts.labels, (LabelMap{{"a", "b"}}));
  EXPECT_EQ(facts.published, "32768");
  for (const char* odd : {"null", "[]", "7", R"({"State":7,"Config":[],"NetworkSettings":{"Ports":[1]}})"}) {
    EXPECT_EQ(container_facts(Json::parse(odd)).state, SandboxState::exited) << odd;
    EXPECT_EQ(listed_facts(Json::parse(odd)).name, "") << odd;
    EXPECT_EQ(network_facts(Json::parse(odd)).subnets.size(), 0u) << odd;
    EXPECT_EQ(stats_from_json(Json::parse(odd)).memory_bytes, 0u) << odd;
  }
  const Json stats = Json::parse(R"({"memory_stats":{"usage":100,"stats":{"total_inactive_file":30}},
    "cpu_stats":{"cpu_usage":{"total_usage":5000}},"pids_stats":{"current":3}})");
  EXPECT_EQ(stats_from_json(stats).memory_bytes, 70u);
  EXPECT_EQ(stats_from_json(stats).cpu_time_us, 5u);
  EXPECT_EQ(stats_from_json(stats).processes, 3u);
}

TEST(ContainerSpec, HasFoldersOrAVolumeAndAPort) {
  ContainerPlan plan;
  plan.image = "image";
  plan.token = "secret";
  plan.network = "net";
  plan.folders = HostFolders{"/w", "/r", "/s"};
  Json spec = container_spec(plan);
  EXPECT_EQ(spec["HostConfig"]["Mounts"].size(), 3u);
  EXPECT_EQ(spec["Cmd"][3], "unix:/run/ottobot/sandboxd.sock");
  EXPECT_FALSE(spec["HostConfig"].contains("PortBindings"));
  plan.folders.reset();
  plan.workspace_volume = "volume";
  plan.publish_at = "127.0.0.1";
  spec = container_spec(plan);
  EXPECT_EQ(spec["HostConfig"]["Mounts"][0]["Source"], "volume");
  EXPECT_EQ(spec["Cmd"][3], "0.0.0.0:8300");
  EXPECT_EQ(spec["HostConfig"]["PortBindings"]["8300/tcp"][0]["HostIp"], "127.0.0.1");
  EXPECT_EQ(spec["HostConfig"]["ReadonlyRootfs"], true);
}

TEST(Images, TheCallersAloneOrThoseOfTheEnvironment) {
  DockerOptions options;
  options.images = {{"python", {"a", "b"}}, {"", {"c"}}};
  EXPECT_EQ(image_candidates(options, "mine", "python"), (std::vector<std::string>{"mine"}));
  EXPECT_EQ(image_candidates(options, "", "python"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(image_candidates(options, "", "node"), (std::vector<std::string>{"c"}));
}

TEST(DockerRecord, IsReadAsItWasWritten) {
  DockerRecord record;
  record.name = "box";
  record.token = "token";
  record.labels = {{"a", "b"}};
  record.in_folders = false;
  record.endpoint_url = "http://127.0.0.1:1";
  record.confined_start = "t";
  record.warnings = {"w"};
  const auto read = docker_record_from_json(to_json(record));
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), to_json(record));
  EXPECT_EQ(docker_record_from_json(Json::object()).error().code, ErrorCode::data_loss);
}

TEST(NetworkFilter, NetworksAreReadAsTheyAreShown) {
  for (const char* text : {"10.0.0.0/8", "192.0.2.1/32", "0.0.0.0/0"}) {
    EXPECT_EQ(to_string(*parse_ipv4_network(text)), text);
  }
  EXPECT_EQ(to_string(*parse_ipv4_network("192.0.2.1")), "192.0.2.1/32");
  for (const char* text : {"", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/8x", "::1/64", "10.0.0.0/"}) {
    EXPECT_FALSE(parse_ipv4_network(text)) << text;
  }
}

TEST(NetworkFilter, IsNeverPutIntoOurOwnNamespace) {
  net::UniqueFd own(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(own);
  EXPECT_EQ(install_network_filter({}, own.get()).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ottobot::containers
