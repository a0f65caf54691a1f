#include "redis/reply.hpp"

#include <charconv>

namespace ottobot::redis {

std::string_view ReplyView::text() const {
  if (reply_ == nullptr || reply_->str == nullptr) return {};
  return {reply_->str, static_cast<std::size_t>(reply_->len)};
}

std::int64_t ReplyView::number() const {
  if (reply_ == nullptr) return 0;
  if (reply_->type == REDIS_REPLY_INTEGER) return reply_->integer;
  std::int64_t value = 0;
  const std::string_view digits = text();
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

Result<std::optional<Reply>> ReplyReader::next() {
  void* reply = nullptr;
  if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
    return internal_error(std::string("not an answer of Redis: ") + reader_->errstr,
                          "is the configured host and port really a Redis server?");
  }
  if (reply == nullptr) return std::nullopt;
  return std::optional<Reply>(Reply(static_cast<redisReply*>(reply)));
}

void append_command(std::string& out, const Arguments& arguments) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  texts.reserve(arguments.size());
  sizes.reserve(arguments.size());
  for (const std::string& argument : arguments) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  char* command = nullptr;
  const int size = redisFormatCommandArgv(&command, static_cast<int>(texts.size()), texts.data(), sizes.data());
  if (size > 0) out.append(command, static_cast<std::size_t>(size));
  redisFreeCommand(command);
}

}  // namespace ottobot::redis
