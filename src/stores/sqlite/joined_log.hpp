// A VFS of SQLite that writes the frames of a transaction to the write-ahead log at once.
//
// SQLite writes the header and the page of every frame apart: ten system calls for an append of ours. This one keeps
// them until the frame that commits and writes them as one run, in the order and at the places that SQLite chose, so
// that the file, and what a crash may leave in it, is the same. An error of that write is the error of the commit. All
// other files, and the log as any other connection sees it, are those of the system's VFS.
#pragma once

namespace ottobot::stores {

// The name to open a database with; nullptr (SQLite's default) when SQLite has no VFS to build on. Thread-safe.
const char* joined_log_vfs();

}  // namespace ottobot::stores
