// The parts of the local backend that need no sandbox.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "containers/common/files.hpp"
#include "containers/common/folder_lock.hpp"
#include "containers/local/bwrap_command.hpp"
#include "containers/local/cgroup.hpp"
#include "containers/local/egress.hpp"
#include "containers/local/host_abilities.hpp"
#include "containers/local/process_identity.hpp"
#include "containers/local/sandbox_etc.hpp"
#include "containers/local/sandbox_record.hpp"
#include "containers/local/uid_range.hpp"
#include "containers/local_fixture.hpp"

namespace ottobot::containers {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::Not;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += word + " ";
  return text;
}

TEST(BwrapArguments, IsolateEverythingAndEndReadOnly) {
  BwrapPlan plan;
  plan.root = {{{"/bin", "usr/bin"}}, {"/usr"}, {"/etc/ssl"}};
  plan.workspace = "/w";
  plan.run_dir = "/r";
  plan.sandboxd = "/s";
  plan.etc_dir = "/e";
  const std::string text = joined(bwrap_arguments(plan));
  for (const char* part : {"--unshare-user", "--unshare-pid", "--unshare-net", "--cap-drop ALL", "--as-pid-1",
                           "--ro-bind /usr /usr", "--symlink usr/bin /bin", "--bind /w /home/developer/workspace",
                           "--bind /r /run/ottobot", "--ro-bind /e /etc --ro-bind /etc/ssl /etc/ssl", "--clearenv"}) {
    EXPECT_THAT(text, ::testing::HasSubstr(part));
  }
  EXPECT_GT(text.find("--remount-ro / "), text.find("--bind /w"));
}

TEST(BwrapArguments, LeaveTheNetworkAloneThatWasMadeBefore) {
  BwrapPlan plan;
  plan.own_network = false;
  EXPECT_THAT(bwrap_arguments(plan), Not(Contains("--unshare-net")));
}

TEST(SandboxEnvironment, CannotReplaceTheTokenAndNamesADisplayOnlyWithADesktop) {
  const auto env = sandbox_environment({{"OTTOBOT_SANDBOX_TOKEN", "forged"}, {"A", "b"}}, "real", false);
  EXPECT_EQ(env.at("OTTOBOT_SANDBOX_TOKEN"), "real");
  EXPECT_EQ(env.at("A"), "b");
  EXPECT_EQ(env.count("DISPLAY"), 0u);
  EXPECT_EQ(sandbox_environment({}, "t", true).at("DISPLAY"), ":1");
}

TEST(SlirpArguments, KeepTheHostsLoopbackOutOfReach) {
  EgressPlan plan;
  plan.slirp4netns = "/usr/bin/slirp4netns";
  plan.target.pid = 42;
  EXPECT_THAT(slirp_arguments(plan), ::testing::IsSupersetOf({"--disable-host-loopback", "--enable-sandbox", "42"}));
  plan.network_fd = 17;
  EXPECT_THAT(slirp_arguments(plan), ::testing::IsSupersetOf({"--disable-host-loopback", "--netns-type=path"}));
  EXPECT_THAT(slirp_arguments(plan), Not(Contains("42")));
}

ino_t inode_of(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

TEST(SandboxEtc, HoldsOurFilesAndWhatEverybodyMayReadOfTheHosts) {
  TemporaryFolder folder;
  const std::string etc = folder.path() + "/etc";
  ASSERT_TRUE(update_sandbox_etc(etc, {}));
  EXPECT_THAT(read_text(etc + "/passwd").value(), ::testing::HasSubstr("developer:x:1000:1000"));
  EXPECT_EQ(read_text(etc + "/os-release"), read_text("/etc/os-release"));
  EXPECT_FALSE(fs::exists(etc + "/shadow"));
  for (const std::string& part : bound_parts_of_etc()) EXPECT_TRUE(fs::is_empty(etc + part.substr(4))) << part;
  for (const auto& entry : fs::recursive_directory_iterator(etc)) {
    if (entry.is_symlink()) continue;
    const auto mode = fs::is_directory(entry) ? fs::perms(0755) : fs::perms(0644);
    EXPECT_EQ(entry.symlink_status().permissions(), mode) << entry.path();
  }
}

TEST(SandboxEtc, IsBroughtUpToDateWithoutTouchingWhatIsRight) {
  TemporaryFolder folder;
  const std::string etc = folder.path() + "/etc";
  ASSERT_TRUE(update_sandbox_etc(etc, {}));
  const ino_t right = inode_of(etc + "/passwd");
  fs::remove(etc + "/os-release");
  fs::create_directories(etc + "/os-release/no-file");
  std::ofstream(etc + "/hosts") << "damaged";
  std::ofstream(etc + "/stray") << "not ours";
  ASSERT_TRUE(update_sandbox_etc(etc, {}));
  EXPECT_EQ(inode_of(etc + "/passwd"), right);
  EXPECT_EQ(read_text(etc + "/os-release"), read_text("/etc/os-release"));
  EXPECT_THAT(read_text(etc + "/hosts").value(), ::testing::HasSubstr("localhost"));
  EXPECT_FALSE(fs::exists(etc + "/stray"));
}

TEST(SandboxEtc, TakesMoreOfTheHostsWhereAsked) {
  TemporaryFolder folder;
  const std::string etc = folder.path() + "/etc";
  EXPECT_TRUE(is_below_etc("/etc/default/locale"));
  for (const char* path : {"/etc", "/etc/", "/etc/.", "etc/passwd", "/etcetera"})
    EXPECT_FALSE(is_below_etc(path)) << path;
  EXPECT_FALSE(is_below_etc("/etc/../root"));
  EXPECT_EQ(sandbox_etc_name({"/opt"}), sandbox_etc_name({}));
  EXPECT_NE(sandbox_etc_name({"/etc/default/locale"}), sandbox_etc_name({}));
  ASSERT_TRUE(update_sandbox_etc(etc, {"/etc/cron.d/e2scrub_all", "/etc/none/such", "/opt"}));
  ASSERT_TRUE(update_sandbox_etc(etc, {"/etc//security/limits.conf", "/etc/"}));
  EXPECT_FALSE(fs::exists(etc + "/cron.d"));
  EXPECT_EQ(read_text(etc + "/security/limits.conf"), read_text("/etc/security/limits.conf"));
  EXPECT_FALSE(fs::exists(etc + "/none"));
}

TEST(SandboxRecord, SurvivesTheRoundTripThroughItsFile) {
  TemporaryFolder folder;
  SandboxRecord record;
  record.name = "n";
  record.phase = SandboxRecord::Phase::running;
  record.labels = {{"a", "b"}};
  record.token = "t";
  record.run_dir = "/r";
  record.created_at = 17;
  record.uid = 210'003;
  record.boot_id = host_boot_id();
  record.init = {12, 345};
  record.warnings = {"w"};
  const std::string path = folder.path() + "/sandbox.json";
  ASSERT_TRUE(save_record(path, record));
  auto loaded = load_record(path);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(dump_json(to_json(*loaded)), dump_json(to_json(record)));
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(SandboxRecord, ForgetsProcessesOfAnEarlierBootAndReportsDamage) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/sandbox.json";
  SandboxRecord record;
  record.name = "n";
  record.boot_id = "earlier";
  record.init = {12, 345};
  ASSERT_TRUE(save_record(path, record));
  EXPECT_FALSE(load_record(path)->init);
  std::ofstream(path) << "{\"name\":";
  EXPECT_EQ(load_record(path).error().code, ErrorCode::data_loss);
  EXPECT_EQ(load_record(path + "-not").error().code, ErrorCode::not_found);
}

TEST(ProcessStatLine, IsReadThoughTheNameIsHostile) {
  const auto stat = parse_process_stat(
      "7 (a) b (c) S 3 7 5 0 -1 4194560 1 2 3 4 10 20 7 8 20 0 1 0 987 1000 55 18446744073709551615 1 1\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->command, "a) b (c");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 3);
  EXPECT_EQ(stat->session, 5);
  EXPECT_EQ(stat->cpu_ticks, 30u);
  EXPECT_EQ(stat->start_ticks, 987u);
  EXPECT_EQ(stat->resident_pages, 55u);
  EXPECT_FALSE(parse_process_stat("7 (a"));
}

TEST(ProcessIdentity, ASignalNeverReachesAnotherProcessOfThatPid) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  const ProcessIdentity real = identify(child);
  send_signal({real.pid, real.start_ticks + 1}, SIGKILL);
  EXPECT_TRUE(is_alive(real));
  EXPECT_FALSE(is_alive({real.pid, real.start_ticks + 1}));
  send_signal(real, SIGKILL);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_FALSE(is_alive(real));
}

TEST(UidMap, TellsWhetherARangeExists) {
  EXPECT_TRUE(maps_ids("         0          0 4294967295\n", 210'000, 4096));
  EXPECT_FALSE(maps_ids("         0       1000          1\n", 210'000, 4096));
  EXPECT_FALSE(maps_ids("0 1000 1\n1 100000 65536\n", 210'000, 4096));
  EXPECT_TRUE(maps_ids("0 1000 1\n1 100000 65536\n", 20'000, 4096));
}

TEST(UidRange, LeasesEachUidOnceAndTakesBackThoseOfVanishedSandboxes) {
  TemporaryFolder folder;
  const UidRange range(folder.path() + "/uids", 500, 2);
  const auto box = [&](const char* name) {
    const std::string path = folder.path() + "/" + name;
    fs::create_directory(path);
    return path;
  };
  const auto ctx = with_timeout(std::chrono::seconds(5));
  const auto one = range.lease(box("one"), {}, ctx);
  const auto two = range.lease(box("two"), {}, ctx);
  ASSERT_TRUE(one && two);
  EXPECT_NE(*one, *two);
  EXPECT_EQ(*range.lease(box("one"), *one, ctx), *one);
  EXPECT_EQ(range.lease(box("three"), {}, ctx).error().code, ErrorCode::resource_exhausted);
  range.release(box("three"), *one);
  EXPECT_FALSE(range.lease(box("three"), {}, ctx));
  fs::remove(box("one"));
  EXPECT_EQ(*range.lease(box("three"), {}, ctx), *one);
}

TEST(FolderLock, IsHeldByOneAndFollowsTheFolder) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/box";
  EXPECT_EQ(FolderLock::try_acquire(path, FolderLock::Missing::is_error).error().code, ErrorCode::not_found);
  auto first = FolderLock::try_acquire(path, FolderLock::Missing::is_made);
  ASSERT_TRUE(first);
  EXPECT_EQ(FolderLock::try_acquire(path, FolderLock::Missing::is_made).error().code, ErrorCode::conflict);
  const auto soon = with_timeout(std::chrono::milliseconds(30));
  EXPECT_EQ(FolderLock::acquire(path, FolderLock::Missing::is_made, soon).error().code, ErrorCode::deadline_exceeded);
  fs::remove(path);
  EXPECT_TRUE(FolderLock::try_acquire(path, FolderLock::Missing::is_made));
}

TEST(CgroupDetection, KnowsV1HybridV2AndNone) {
  TemporaryFolder folder;
  for (const char* name : {"memory", "freezer", "cpu"}) fs::create_directory(folder.path() + "/" + name);
  const auto v1_line = [&](const std::string& name, const std::string& options) {
    return "cgroup " + folder.path() + "/" + name + " cgroup rw,relatime," + options + " 0 0\n";
  };
  const std::string v2_line = "cgroup2 " + folder.path() + " cgroup2 rw 0 0\n";
  const auto v1 = detect_cgroups(
      v1_line("memory", "memory") + v1_line("freezer", "freezer") + v1_line("cpu", "cpu,cpuacct") + v2_line, "0::/\n",
      true);
  EXPECT_EQ(v1.version, CgroupHierarchy::Version::v1);
  EXPECT_EQ(v1.controllers.at("cpuacct"), folder.path() + "/cpu");
  const auto v2 = detect_cgroups(v2_line, "0::/\n", true);
  EXPECT_EQ(v2.version, CgroupHierarchy::Version::v2);
  EXPECT_EQ(v2.root, folder.path());
  EXPECT_EQ(detect_cgroups("", "", true).version, CgroupHierarchy::Version::none);
}

TEST(CgroupDetection, AnOrdinaryUserGetsTheOutermostDelegatedGroup) {
  TemporaryFolder folder;
  const std::string own = folder.path() + "/user.slice/manager/app";
  fs::create_directories(own);
  for (const char* group : {"/user.slice/manager/app", "/user.slice/manager"}) {
    std::ofstream(folder.path() + group + "/cgroup.procs") << "";
  }
  const auto found =
      detect_cgroups("cgroup2 " + folder.path() + " cgroup2 rw 0 0\n", "0::/user.slice/manager/app\n", false);
  EXPECT_EQ(found.root, folder.path() + "/user.slice/manager");
}

// A real v2 tree, which hybrid hosts have too, though without controllers.
TEST(CgroupV2, FreezesCountsAndKillsItsProcesses) {
  const char* root = fs::exists("/sys/fs/cgroup/unified/cgroup.procs") ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
  if (::access((std::string(root) + "/cgroup.procs").c_str(), W_OK) != 0) GTEST_SKIP() << "no writable cgroup v2 tree";
  const CgroupHierarchy hierarchy{CgroupHierarchy::Version::v2, {}, root};
  const auto group = open_cgroup(hierarchy, "unit-test", "box");
  const auto ctx = with_timeout(std::chrono::seconds(10));
  ASSERT_TRUE(group->create({}));
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  for (const auto& file : group->join_files()) ASSERT_TRUE(write_control(file, std::to_string(child)));
  EXPECT_THAT(group->processes(), Contains(child));
  ASSERT_TRUE(group->freeze(ctx));
  EXPECT_TRUE(group->frozen());
  // Killed while frozen.
  std::jthread reaper([child] { ::waitpid(child, nullptr, 0); });
  ASSERT_TRUE(group->kill_all(ctx));
  EXPECT_TRUE(group->processes().empty());
  ASSERT_TRUE(group->destroy(ctx));
  EXPECT_FALSE(group->exists());
  EXPECT_FALSE(fs::exists(std::string(root) + "/ottobot/unit-test"));
}

TEST(RemoveTree, FollowsNoLinksAndNeedsNoHelpFromModes) {
  TemporaryFolder folder;
  const std::string outside = folder.path() + "/outside";
  const std::string tree = folder.path() + "/tree";
  fs::create_directories(outside);
  std::ofstream(outside + "/kept") << "x";
  fs::create_directories(tree + "/a/b/.removing-0/c");
  fs::create_symlink(outside, tree + "/a/link");
  fs::permissions(tree + "/a/b", fs::perms::none);
  ASSERT_TRUE(remove_tree(tree));
  EXPECT_FALSE(fs::exists(tree));
  EXPECT_TRUE(fs::exists(outside + "/kept"));
  EXPECT_TRUE(remove_tree(tree));
}

TEST(TreeSize, CountsFilesOfAnyDepthOnceAndFollowsNoLinks) {
  TemporaryFolder folder;
  const std::string outside = folder.path() + "/outside";
  const std::string tree = folder.path() + "/tree";
  const auto ctx = with_timeout(std::chrono::seconds(20));
  EXPECT_EQ(tree_size(tree, ctx).value(), 0U);
  fs::create_directories(outside);
  fs::create_directories(tree);
  const auto write = [](const std::string& path) { std::ofstream(path) << std::string(1 << 20, 'x'); };
  write(outside + "/big");
  fs::create_symlink(outside, tree + "/link");
  EXPECT_LT(tree_size(tree, ctx).value(), 1u << 20);
  write(tree + "/one");
  fs::create_hard_link(tree + "/one", tree + "/other-name");
  std::string deep = tree;
  for (int level = 0; level < 150; ++level) deep += "/d";
  fs::create_directories(deep);
  write(deep + "/two");
  const std::uint64_t size = tree_size(tree, ctx).value();
  EXPECT_GE(size, 2u << 20);
  EXPECT_LT(size, (2u << 20) + (1u << 20));
  EXPECT_EQ(tree_size(tree, with_timeout(std::chrono::milliseconds(0))).error().code, ErrorCode::deadline_exceeded);
}

TEST(LocalBackendOptionsCheck, MalformedOnesAreRefused) {
  TemporaryFolder folder;
  auto options = local_options(folder, "a/b");
  EXPECT_EQ(make_local_backend(options).error().code, ErrorCode::invalid_argument);
  options = local_options(folder);
  options.state_dir = "relative";
  EXPECT_EQ(make_local_backend(options).error().code, ErrorCode::invalid_argument);
  options = local_options(folder);
  fs::create_directory(options.state_dir);
  fs::permissions(options.state_dir, fs::perms::all);
  EXPECT_EQ(make_local_backend(options).error().code, ErrorCode::permission_denied);
}

TEST(LocalProbe, NamesTheMissingDaemon) {
  TemporaryFolder folder;
  auto options = local_options(folder);
  options.sandboxd_path = "/nonexistent/ottobot-sandboxd";
  auto probed = (*make_local_backend(options))->probe(with_timeout(std::chrono::seconds(10)));
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().code, ErrorCode::unavailable);
  EXPECT_FALSE(probed.error().hint.empty());
}

}  // namespace
}  // namespace ottobot::containers
