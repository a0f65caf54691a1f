#include "containers/docker/docker_record.hpp"

#include "containers/common/files.hpp"
#include "containers/common/record_json.hpp"

namespace ottobot::containers {

Json to_json(const DockerRecord& record) {
  return {{"name", record.name},
          {"labels", record.labels},
          {"token", record.token},
          {"image", record.image},
          {"created_at", record.created_at},
          {"uid", record.uid},
          {"in_folders", record.in_folders},
          {"endpoint_url", record.endpoint_url},
          {"confined_start", record.confined_start},
          {"warnings", record.warnings}};
}

Result<DockerRecord> docker_record_from_json(const Json& json) {
  DockerRecord record;
  record.name = get_string(json, "name");
  record.token = get_string(json, "token");
  if (record.name.empty() || record.token.empty()) return data_loss("not a sandbox record");
  record.labels = strings_from_json(find_member(json, "labels"));
  record.image = get_string(json, "image");
  record.created_at = get_int(json, "created_at");
  record.uid = static_cast<uid_t>(get_int(json, "uid"));
  record.in_folders = get_bool(json, "in_folders", true);
  record.endpoint_url = get_string(json, "endpoint_url");
  record.confined_start = get_string(json, "confined_start");
  record.warnings = texts_from_json(find_member(json, "warnings"));
  return record;
}

Result<DockerRecord> load_docker_record(const std::string& path) {
  auto json = load_record_json(path);
  if (!json) return fail(json.error());
  auto record = docker_record_from_json(*json);
  if (!record) return fail(record.error(), path);
  return record;
}

Result<void> save_docker_record(const std::string& path, const DockerRecord& record) {
  return replace_file(path, dump_json(to_json(record)), 0600);
}

}  // namespace ottobot::containers
