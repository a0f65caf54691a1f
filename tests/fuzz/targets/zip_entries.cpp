// An archive that a sandbox made, as the server reads it.
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "stores/memory/memory_blobs.hpp"
#include "zip/entry_name.hpp"
#include "zip/zip_reader.hpp"

namespace ottobot::fuzz {
namespace {

constexpr std::size_t kReadBytes = 1 << 20;  // of each entry: a bomb need not go off

void read_file(zip::ZipReader& reader) {
  std::vector<char> buffer(16 << 10);
  for (std::size_t all = 0; all < kReadBytes;) {
    const auto got = reader.read(buffer);
    if (!got || *got == 0) return;
    require(*got <= buffer.size(), "no more is read than fits");
    all += *got;
  }
}

void check_names(std::string_view name) {
  require(zip::path_of_entry(zip::entry_name(name)) == name, "a name comes back from its entry");
  require(zip::target_of_entry(zip::entry_target(name)) == name, "a target comes back from its entry");
}

}  // namespace

void zip_entries(std::string_view input) {
  auto reader = zip::ZipReader::open(stores::make_memory_blob_reader(std::make_shared<const std::string>(input)));
  if (!reader) return;
  // Every entry has a head of 30 bytes.
  const std::size_t most = input.size() / 30 + 1;
  for (std::size_t count = 0;; ++count) {
    const auto entry = reader->next();
    if (!entry || !*entry) return;
    require(count < most, "there are no more entries than heads");
    if ((*entry)->type == zip::EntryType::file) read_file(*reader);
    if ((*entry)->path.find('\0') == std::string::npos) check_names((*entry)->path);
  }
}

}  // namespace ottobot::fuzz
