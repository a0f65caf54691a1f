// What Redis answers (RESP2), and what it is asked, by hiredis' codec: bytes in, values out, no I/O.
#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::redis {

// A value inside a Reply, valid while that is.
class ReplyView {
 public:
  explicit ReplyView(const redisReply* reply) : reply_(reply) {}

  bool is_nil() const { return reply_ == nullptr || reply_->type == REDIS_REPLY_NIL; }
  bool is_error() const { return reply_ != nullptr && reply_->type == REDIS_REPLY_ERROR; }
  bool is_array() const { return reply_ != nullptr && reply_->type == REDIS_REPLY_ARRAY; }
  // Of a string, status or error; empty otherwise.
  std::string_view text() const;
  std::string str() const { return std::string(text()); }
  // Of an integer, or of a string that is one; 0 otherwise.
  std::int64_t number() const;
  // Elements of an array; past its end, and in anything else, nil.
  std::size_t size() const { return is_array() ? reply_->elements : 0; }
  ReplyView operator[](std::size_t index) const {
    return ReplyView(index < size() ? reply_->element[index] : nullptr);
  }

 private:
  const redisReply* reply_;
};

class Reply : public ReplyView {
 public:
  Reply() : ReplyView(nullptr) {}
  explicit Reply(redisReply* reply) : ReplyView(reply), owned_(reply) {}

 private:
  struct Free {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  std::unique_ptr<redisReply, Free> owned_;
};

class ReplyReader {
 public:
  ReplyReader() : reader_(redisReaderCreate()) {}

  void feed(std::string_view bytes) { redisReaderFeed(reader_.get(), bytes.data(), bytes.size()); }
  // nullopt when more bytes are needed. Errors: internal (not Redis' protocol); nothing can be read afterwards.
  Result<std::optional<Reply>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  std::unique_ptr<redisReader, Free> reader_;
};

using Arguments = std::vector<std::string>;

// Appends the command to `out`, as it goes over the wire.
void append_command(std::string& out, const Arguments& arguments);

}  // namespace ottobot::redis
