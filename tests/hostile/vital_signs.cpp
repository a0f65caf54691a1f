#include "hostile/vital_signs.hpp"

#include <filesystem>
#include <fstream>

namespace ottobot::hostile {
namespace {

namespace fs = std::filesystem;

int count_entries(const fs::path& folder) {
  std::error_code error;
  int entries = 0;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) ++entries;
  return entries;
}

}  // namespace

VitalSigns vital_signs(pid_t pid) {
  const fs::path process = fs::path("/proc") / std::to_string(pid);
  VitalSigns signs;
  std::ifstream status(process / "status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmRSS:", 0) == 0) signs.resident_kib = std::atoll(line.c_str() + 6);
    if (line.rfind("VmHWM:", 0) == 0) signs.peak_kib = std::atoll(line.c_str() + 6);
  }
  signs.files = count_entries(process / "fd");
  signs.threads = count_entries(process / "task");
  return signs;
}

std::string describe(const VitalSigns& signs) {
  return std::to_string(signs.resident_kib) + " KiB (at most " + std::to_string(signs.peak_kib) + "), " +
         std::to_string(signs.files) + " files, " + std::to_string(signs.threads) + " threads";
}

}  // namespace ottobot::hostile
