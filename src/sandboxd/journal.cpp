#include "sandboxd/journal.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <system_error>

#include "net/unique_fd.hpp"
#include "ottobot/ids.hpp"
#include "sandboxd/files.hpp"

namespace ottobot::sandboxd {

struct Journal::Entry {
  enum class State { running, done, cancelled_before };
  std::string id, fingerprint;
  State state = State::running;
  std::stop_source stop;
  mcp::CallToolResult result;  // when done and not spilled
  std::string file;            // when spilled
  std::uint64_t file_bytes = 0;
  bool acknowledged = false;  // to be forgotten at its end
  bool by_owner = true;
  bool read_only = false;
  int waiting = 0;                                          // for its result
  std::optional<std::list<std::string>::iterator> done_at;  // in others_done_

  // The latest report, for whoever waits; older ones may be missed.
  std::uint64_t reports = 0;
  double done_amount = 0;
  std::string message;
};

namespace {

bool write_file(const std::string& path, std::string_view bytes) {
  net::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  while (fd && !bytes.empty()) {
    ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return static_cast<bool>(fd);
}

std::size_t content_bytes(const mcp::CallToolResult& result) {
  std::size_t bytes = 0;
  for (const Json& block : result.content) {
    for (const char* key : {"text", "data"}) {
      if (const Json* value = find_member(block, key); value != nullptr && value->is_string()) {
        bytes += value->get_ref<const std::string&>().size();
      }
    }
  }
  if (!result.structured.is_null()) bytes += dump_json(result.structured).size();
  return bytes;
}

}  // namespace

Journal::Journal(JournalOptions options) : options_(std::move(options)) {}

Journal::~Journal() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  for (auto& [id, entry] : entries_) entry->stop.request_stop();
  changed_.wait(lock, [this] { return threads_.empty(); });
  lock.unlock();
  join_finished();
}

std::size_t Journal::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

Result<Journal::Opened> Journal::open_entry(const JournalCall& call) {
  auto known = entries_.find(call.id);
  if (known != entries_.end()) {
    Entry& entry = *known->second;
    if (entry.state != Entry::State::cancelled_before && entry.fingerprint != call.fingerprint) {
      return conflict("call id '" + call.id + "' was used for another call", "give every call an id of its own");
    }
    return Opened{known->second, false};
  }
  if (stopping_) return cancelled("the sandbox is shutting down");
  if (acknowledged_.count(call.id) > 0) {
    return conflict("call id '" + call.id + "' was acknowledged: it does not run again",
                    "give every call an id of its own");
  }
  if (auto room = make_room(call.by_owner); !room) return fail(room.error());
  auto entry = std::make_shared<Entry>();
  entry->id = call.id;
  entry->fingerprint = call.fingerprint;
  entry->by_owner = call.by_owner;
  entry->read_only = call.read_only;
  entries_.emplace(call.id, entry);
  ++use_of(*entry).entries;
  return Opened{std::move(entry), true};
}

Result<void> Journal::make_room(bool by_owner) {
  if (by_owner) {
    if (owner_.entries < options_.max_entries && owner_.spilled_bytes <= options_.max_spilled_bytes) return {};
    return resource_exhausted("the journal of calls is full", "acknowledge results (POST /control/ack)");
  }
  while (others_.entries >= options_.max_others_entries || others_.spilled_bytes > options_.max_others_spilled_bytes) {
    if (!evict_oldest_of_others()) {
      return resource_exhausted("too many calls with an id are running", "wait for some of them to end");
    }
  }
  return {};
}

bool Journal::evict_oldest_of_others() {
  const auto oldest = std::find_if(others_done_.begin(), others_done_.end(),
                                   [this](const std::string& id) { return entries_.at(id)->waiting == 0; });
  if (oldest == others_done_.end()) return false;
  evict(std::string(*oldest));
  return true;
}

Journal::Use& Journal::use_of(const Entry& entry) { return entry.by_owner ? owner_ : others_; }

Result<Journal::Outcome> Journal::call(const JournalCall& call, CallBody body, const Progress& progress,
                                       const CallContext& ctx) {
  join_finished();
  std::unique_lock lock(mutex_);
  auto opened = open_entry(call);
  if (!opened) return fail(opened.error());
  EntryPtr entry = opened->entry;
  if (entry->state == Entry::State::cancelled_before) return Outcome{mcp::error_result("cancelled, not run"), false};
  if (opened->is_new) {
    try {
      threads_.emplace(call.id, std::thread([this, entry, body = std::move(body)] { run(entry, body); }));
    } catch (const std::system_error&) {
      evict(call.id);
      return resource_exhausted("cannot start a thread for the call");
    }
  }
  ++entry->waiting;
  lock.unlock();
  auto result = wait(*entry, progress, ctx);
  if (!result) return fail(result.error());
  return Outcome{std::move(*result), !opened->is_new};
}

void Journal::run(const EntryPtr& entry, const CallBody& body) {
  CallContext ctx;
  ctx.stop = entry->stop.get_token();
  Progress report = [this, &entry](double done, const std::string& message) {
    std::lock_guard lock(mutex_);
    ++entry->reports;
    entry->done_amount = done;
    entry->message = message;
    changed_.notify_all();
  };
  mcp::CallToolResult result = body(report, ctx);
  std::lock_guard lock(mutex_);
  store(*entry, std::move(result));
  if (!entry->by_owner) entry->done_at = others_done_.insert(others_done_.end(), entry->id);
  auto own = threads_.find(entry->id);
  finished_.push_back(std::move(own->second));
  threads_.erase(own);
  if (entry->acknowledged) evict_acknowledged(entry->id);
  changed_.notify_all();
}

void Journal::store(Entry& entry, mcp::CallToolResult result) {
  entry.state = Entry::State::done;
  entry.message.clear();
  if (content_bytes(result) > options_.max_memory_result_bytes) {
    std::string text = dump_json(mcp::to_json(result));
    std::string path = options_.folder + "/" + sha256_hex(entry.id) + ".json";
    if (write_file(path, text)) {
      entry.file = path;
      entry.file_bytes = text.size();
      use_of(entry).spilled_bytes += text.size();
      return;
    }
    std::remove(path.c_str());  // no room there: memory it is
  }
  entry.result = std::move(result);
}

Result<mcp::CallToolResult> Journal::wait(Entry& entry, const Progress& progress, const CallContext& ctx) {
  auto result = wait_and_load(entry, progress, ctx);
  std::lock_guard lock(mutex_);
  --entry.waiting;
  return result;
}

Result<mcp::CallToolResult> Journal::wait_and_load(Entry& entry, const Progress& progress, const CallContext& ctx) {
  std::unique_lock lock(mutex_);
  std::uint64_t seen = entry.reports;
  auto news = [&] { return entry.state == Entry::State::done || entry.reports != seen; };
  while (entry.state != Entry::State::done) {
    if (ctx.deadline == SteadyTime::max()) {
      changed_.wait(lock, ctx.stop, news);
    } else {
      changed_.wait_until(lock, ctx.stop, ctx.deadline, news);
    }
    if (entry.reports != seen) {
      seen = entry.reports;
      double done = entry.done_amount;
      std::string message = entry.message;
      lock.unlock();
      if (progress && !message.empty()) progress(done, message);
      lock.lock();
      continue;
    }
    if (auto alive = ctx.check(); !alive && entry.state != Entry::State::done) return fail(alive.error());
  }
  return load(entry);
}

Result<mcp::CallToolResult> Journal::load(const Entry& entry) const {
  if (entry.file.empty()) return entry.result;
  net::UniqueFd fd(::open(entry.file.c_str(), O_RDONLY | O_CLOEXEC));
  auto text = fd ? read_range(fd.get(), 0, entry.file_bytes) : Result<std::string>(data_loss("not there"));
  auto json = text ? parse_json(*text) : Result<Json>(fail(text.error()));
  if (!json) return data_loss("the stored result of call '" + entry.id + "' cannot be read");
  return mcp::call_tool_result_from_json(*json);
}

bool Journal::cancel(const std::string& id) {
  std::stop_source stop;
  {
    std::lock_guard lock(mutex_);
    auto known = entries_.find(id);
    if (known == entries_.end()) {
      if (owner_.entries >= options_.max_entries) return false;
      auto entry = std::make_shared<Entry>();
      entry->id = id;
      entry->state = Entry::State::cancelled_before;
      entries_.emplace(id, std::move(entry));
      ++owner_.entries;
      return true;
    }
    if (known->second->state != Entry::State::running) return known->second->state == Entry::State::cancelled_before;
    stop = known->second->stop;
  }
  stop.request_stop();
  return true;
}

void Journal::acknowledge(const std::vector<std::string>& ids) {
  std::lock_guard lock(mutex_);
  for (const std::string& id : ids) {
    auto known = entries_.find(id);
    if (known == entries_.end()) continue;
    known->second->acknowledged = true;
    if (known->second->state != Entry::State::running) evict_acknowledged(id);
  }
}

// Under mutex_.
void Journal::evict(const std::string& id) {
  auto known = entries_.find(id);
  const Entry& entry = *known->second;
  Use& use = use_of(entry);
  --use.entries;
  if (!entry.file.empty()) {
    std::remove(entry.file.c_str());
    use.spilled_bytes -= entry.file_bytes;
  }
  if (entry.done_at) others_done_.erase(*entry.done_at);
  entries_.erase(known);
}

// Under mutex_.
void Journal::evict_acknowledged(const std::string& id) {
  if (!entries_.at(id)->read_only && acknowledged_.insert(id).second) acknowledged_order_.push_back(id);
  if (acknowledged_order_.size() > options_.max_acknowledged) {
    acknowledged_.erase(acknowledged_order_.front());
    acknowledged_order_.pop_front();
  }
  evict(id);
}

void Journal::join_finished() {
  std::vector<std::thread> finished;
  {
    std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (std::thread& thread : finished) thread.join();
}

}  // namespace ottobot::sandboxd
