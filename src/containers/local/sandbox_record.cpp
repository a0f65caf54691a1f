#include "containers/local/sandbox_record.hpp"

#include "containers/common/files.hpp"
#include "containers/common/record_json.hpp"

namespace ottobot::containers {
namespace {

constexpr std::pair<SandboxRecord::Phase, const char*> kPhases[] = {
    {SandboxRecord::Phase::launching, "launching"},
    {SandboxRecord::Phase::running, "running"},
    {SandboxRecord::Phase::stopped, "stopped"},
};

Json process_to_json(const ProcessIdentity& process) {
  return {{"pid", process.pid}, {"start_ticks", process.start_ticks}};
}

ProcessIdentity process_from_json(const Json& record, const char* key) {
  const Json* process = find_member(record, key);
  if (!process) return {};
  return {static_cast<pid_t>(get_int(*process, "pid")), static_cast<std::uint64_t>(get_int(*process, "start_ticks"))};
}

}  // namespace

Json to_json(const SandboxRecord& record) {
  Json json = {{"name", record.name},
               {"labels", record.labels},
               {"token", record.token},
               {"run_dir", record.run_dir},
               {"created_at", record.created_at},
               {"boot_id", record.boot_id},
               {"supervisor", process_to_json(record.supervisor)},
               {"init", process_to_json(record.init)},
               {"egress", process_to_json(record.egress)},
               {"paused", record.paused},
               {"warnings", record.warnings}};
  for (const auto& [phase, name] : kPhases) {
    if (phase == record.phase) json["phase"] = name;
  }
  if (record.uid) json["uid"] = *record.uid;
  return json;
}

Result<SandboxRecord> record_from_json(const Json& json) {
  SandboxRecord record;
  record.name = get_string(json, "name");
  const std::string phase_name = get_string(json, "phase");
  if (record.name.empty() || phase_name.empty()) return data_loss("not a sandbox record");
  for (const auto& [phase, name] : kPhases) {
    if (phase_name == name) record.phase = phase;
  }
  record.labels = strings_from_json(find_member(json, "labels"));
  record.token = get_string(json, "token");
  record.run_dir = get_string(json, "run_dir");
  record.created_at = get_int(json, "created_at");
  record.boot_id = get_string(json, "boot_id");
  record.supervisor = process_from_json(json, "supervisor");
  record.init = process_from_json(json, "init");
  record.egress = process_from_json(json, "egress");
  record.paused = get_bool(json, "paused");
  if (find_member(json, "uid")) record.uid = static_cast<uid_t>(get_int(json, "uid"));
  record.warnings = texts_from_json(find_member(json, "warnings"));
  return record;
}

Result<SandboxRecord> load_record(const std::string& path) {
  auto json = load_record_json(path);
  if (!json) return fail(json.error());
  auto record = record_from_json(*json);
  if (!record) return fail(record.error(), path);
  // Processes of an earlier boot are gone, and somebody else may have their pids.
  if (record->boot_id != host_boot_id()) record->supervisor = record->init = record->egress = ProcessIdentity{};
  return record;
}

Result<void> save_record(const std::string& path, const SandboxRecord& record, Durability durability) {
  return replace_file(path, dump_json(to_json(record)), 0600, durability);
}

}  // namespace ottobot::containers
