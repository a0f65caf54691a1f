// What a process holds: memory, file descriptors, threads.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace ottobot::hostile {

struct VitalSigns {
  std::int64_t resident_kib = 0;
  std::int64_t peak_kib = 0;  // the most that it was
  int files = 0;
  int threads = 0;
};

VitalSigns vital_signs(pid_t pid);
std::string describe(const VitalSigns& signs);

}  // namespace ottobot::hostile
