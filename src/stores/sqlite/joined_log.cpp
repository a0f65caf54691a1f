#include "stores/sqlite/joined_log.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <new>
#include <string>

namespace ottobot::stores {
namespace {

// https://www.sqlite.org/fileformat2.html#walformat
constexpr int kFrameHeaderBytes = 24;
constexpr int kCommitField = 4;  // of a frame header: 4 bytes that are not 0 in the last frame of a transaction

// The system's VFS takes the length of a write modulo 128 KiB.
constexpr std::size_t kMaxKeptBytes = (std::size_t{1} << 17) - 1;
constexpr sqlite3_int64 kNowhere = -1;
constexpr int kOsFileBytes = 1024;  // room for the file of a VFS that becomes the default later

// The frames of the transaction that is being written.
struct Frames {
  std::string kept;              // not in the file yet
  sqlite3_int64 at = 0;          // where they go
  sqlite3_int64 end = kNowhere;  // of the newest write, while nothing else was done since
  bool commits = false;          // the newest frame ends its transaction
};

// What SQLite allocates for the log: this, and behind it the file of the system's VFS.
struct LogFile {
  sqlite3_file base;
  Frames* frames;
};

sqlite3_file* below(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<LogFile*>(file) + 1);
}
Frames& frames_of(sqlite3_file* file) { return *reinterpret_cast<LogFile*>(file)->frames; }

int write_kept(sqlite3_file* file) {
  Frames& frames = frames_of(file);
  frames.end = kNowhere;
  if (frames.kept.empty()) return SQLITE_OK;
  const int code =
      below(file)->pMethods->xWrite(below(file), frames.kept.data(), static_cast<int>(frames.kept.size()), frames.at);
  frames.kept.clear();
  return code;
}

// Calls the same function of the file below when nothing is kept any more.
template <class Function, class... Arguments>
int pass_on(sqlite3_file* file, Function function, Arguments... arguments) {
  if (const int code = write_kept(file); code != SQLITE_OK) return code;
  return (below(file)->pMethods->*function)(below(file), arguments...);
}

bool is_commit(const void* frame_header) {
  const auto* bytes = static_cast<const unsigned char*>(frame_header) + kCommitField;
  return (bytes[0] | bytes[1] | bytes[2] | bytes[3]) != 0;
}

// A header that does not follow the frame before it is a correction of an old frame, whose page stays as it is.
bool is_kept(const Frames& frames, int bytes, sqlite3_int64 offset) {
  if (offset != frames.end) return false;
  return bytes == kFrameHeaderBytes || !frames.kept.empty();
}

int keep(sqlite3_file* file, const void* data, int bytes, sqlite3_int64 offset) {
  Frames& frames = frames_of(file);
  const auto size = static_cast<std::size_t>(bytes);
  if (frames.kept.size() + size > kMaxKeptBytes) {
    if (const int code = write_kept(file); code != SQLITE_OK) return code;
  }
  if (frames.kept.empty()) frames.at = offset;
  try {
    frames.kept.append(static_cast<const char*>(data), size);
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
  return SQLITE_OK;
}

int write_log(sqlite3_file* file, const void* data, int bytes, sqlite3_int64 offset) {
  Frames& frames = frames_of(file);
  int code = SQLITE_OK;
  if (!is_kept(frames, bytes, offset)) {
    code = pass_on(file, &sqlite3_io_methods::xWrite, data, bytes, offset);
  } else if (bytes == kFrameHeaderBytes) {
    frames.commits = is_commit(data);
    code = keep(file, data, bytes, offset);
  } else {
    code = keep(file, data, bytes, offset);
    if (code == SQLITE_OK && frames.commits) code = write_kept(file);
  }
  if (code == SQLITE_OK) frames.end = offset + bytes;
  return code;
}

// Without a commit behind them the frames count for nothing.
int close_log(sqlite3_file* file) {
  delete reinterpret_cast<LogFile*>(file)->frames;
  return below(file)->pMethods->xClose(below(file));
}

// Version 1: a log needs neither shared memory nor memory mapping.
sqlite3_io_methods make_log_methods() {
  sqlite3_io_methods methods{};
  methods.iVersion = 1;
  methods.xClose = close_log;
  methods.xWrite = write_log;
  methods.xRead = [](sqlite3_file* file, void* data, int bytes, sqlite3_int64 offset) {
    return pass_on(file, &sqlite3_io_methods::xRead, data, bytes, offset);
  };
  methods.xTruncate = [](sqlite3_file* file, sqlite3_int64 size) {
    return pass_on(file, &sqlite3_io_methods::xTruncate, size);
  };
  methods.xSync = [](sqlite3_file* file, int flags) { return pass_on(file, &sqlite3_io_methods::xSync, flags); };
  methods.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
    return pass_on(file, &sqlite3_io_methods::xFileSize, size);
  };
  methods.xLock = [](sqlite3_file* file, int level) { return below(file)->pMethods->xLock(below(file), level); };
  methods.xUnlock = [](sqlite3_file* file, int level) { return below(file)->pMethods->xUnlock(below(file), level); };
  methods.xCheckReservedLock = [](sqlite3_file* file, int* held) {
    return below(file)->pMethods->xCheckReservedLock(below(file), held);
  };
  methods.xFileControl = [](sqlite3_file* file, int operation, void* argument) {
    return below(file)->pMethods->xFileControl(below(file), operation, argument);
  };
  methods.xSectorSize = [](sqlite3_file* file) { return below(file)->pMethods->xSectorSize(below(file)); };
  methods.xDeviceCharacteristics = [](sqlite3_file* file) {
    return below(file)->pMethods->xDeviceCharacteristics(below(file));
  };
  return methods;
}

int open_file(sqlite3_vfs* ours, const char* name, sqlite3_file* file, int flags, int* opened_flags) {
  static const sqlite3_io_methods kMethods = make_log_methods();
  // The default of this moment, as for a database that is opened without a name: the program may have put in its own.
  sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
  file->pMethods = nullptr;  // nothing to close yet
  if (!system || static_cast<int>(sizeof(LogFile)) + system->szOsFile > ours->szOsFile) return SQLITE_CANTOPEN;
  if ((flags & SQLITE_OPEN_WAL) == 0) return system->xOpen(system, name, file, flags, opened_flags);
  auto* log = reinterpret_cast<LogFile*>(file);
  log->frames = new (std::nothrow) Frames;
  if (!log->frames) return SQLITE_NOMEM;
  const int code = system->xOpen(system, name, below(file), flags, opened_flags);
  if (code == SQLITE_OK) {
    log->base.pMethods = &kMethods;
  } else {
    delete log->frames;
  }
  return code;
}

// Everything but opening is the system's as it stands.
sqlite3_vfs make_vfs(const sqlite3_vfs& system) {
  sqlite3_vfs vfs = system;
  vfs.iVersion = 1;
  vfs.szOsFile = static_cast<int>(sizeof(LogFile)) + std::max(system.szOsFile, kOsFileBytes);
  vfs.pNext = nullptr;
  vfs.zName = "joined-log";
  vfs.xOpen = open_file;
  return vfs;
}

const char* register_vfs() {
  const sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
  if (!system) return nullptr;
  static sqlite3_vfs vfs = make_vfs(*system);
  return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? vfs.zName : nullptr;
}

}  // namespace

const char* joined_log_vfs() {
  static const char* const name = register_vfs();
  return name;
}

}  // namespace ottobot::stores
