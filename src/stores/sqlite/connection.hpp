// One connection to the database and its prepared statements.
//
// Everything here may throw SQLite::Exception; Writer and ReadPool, through which all use goes, turn that into an Error
// (current_database_error). One thread at a time per connection.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ottobot/error.hpp"

namespace ottobot::stores {

// A prepared statement in use; resets it when destroyed.
class Query {
 public:
  explicit Query(SQLite::Statement& statement) : statement_(statement) {}
  ~Query() { statement_.tryReset(); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Values of ?1, ?2, … Lvalue strings are borrowed for the life of the Query.
  template <class... Values>
  Query& bind(Values&&... values) {
    int index = 0;
    (bind_one(++index, std::forward<Values>(values)), ...);
    return *this;
  }
  // True while there is a row.
  bool next() { return statement_.executeStep(); }
  // For statements without rows; the number of rows changed.
  int run() { return statement_.exec(); }

  std::int64_t integer(int column) const { return statement_.getColumn(column).getInt64(); }
  double real(int column) const { return statement_.getColumn(column).getDouble(); }
  std::string text(int column) const { return statement_.getColumn(column).getString(); }
  bool is_null(int column) const { return statement_.isColumnNull(column); }

 private:
  void bind_one(int index, const std::string& text) { statement_.bindNoCopy(index, text); }
  void bind_one(int index, std::string&& text) { statement_.bind(index, text); }
  void bind_one(int index, std::string_view text) { statement_.bind(index, std::string(text)); }
  void bind_one(int index, double number) { statement_.bind(index, number); }
  template <class Integer>
  requires std::is_integral_v<Integer>
  void bind_one(int index, Integer number) { statement_.bind(index, static_cast<std::int64_t>(number)); }
  template <class Value>
  void bind_one(int index, const std::optional<Value>& value) {
    if (value) {
      bind_one(index, *value);
    } else {
      statement_.bind(index);
    }
  }

  SQLite::Statement& statement_;
};

class Connection {
 public:
  enum class Mode { read_only, read_write };
  Connection(const std::filesystem::path& file, Mode mode);

  // `sql` is a string literal: statements are kept by its address.
  Query query(const char* sql);
  void execute(const std::string& sql) { database_.exec(sql); }
  std::int64_t pragma(const char* name);
  std::int64_t last_rowid() const { return database_.getLastInsertRowid(); }
  bool in_transaction() const;
  // Everything committed so far is on the disk afterwards (WAL mode, outside of a transaction).
  void sync_log();

 private:
  SQLite::Database database_;
  std::unordered_map<const char*, std::unique_ptr<SQLite::Statement>> statements_;
};

// What the exception in flight means; call it inside a catch block.
Error current_database_error();

}  // namespace ottobot::stores
