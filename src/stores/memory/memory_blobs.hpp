// Blobs as strings. A reader keeps its blob alive, also past the session's end.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ottobot/session_store.hpp"

namespace ottobot::stores {

// Called once by commit() with the blob and its id; returns what commit() answers.
using KeepBlob = std::function<Result<void>(const std::string& blob_id, std::shared_ptr<const std::string> bytes)>;

std::unique_ptr<BlobWriter> make_memory_blob_writer(KeepBlob keep);
std::unique_ptr<BlobReader> make_memory_blob_reader(std::shared_ptr<const std::string> bytes);

}  // namespace ottobot::stores
