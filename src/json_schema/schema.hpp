// JSON Schema 2020-12: compiled once, then asked about many values.
//
// Source: JSON Schema Core and Validation, draft 2020-12. All assertion and applicator keywords; `format` and
// `content*` are annotations, as the specification has it by default. Forms of older drafts that tools in the wild
// still send are understood where they mean nothing else today: `items` as an array with `additionalItems`,
// `definitions`, `dependencies`. Nothing is ever fetched: a $ref reaches into the schema itself, the documents that
// were given along, and the specification's own meta-schemas.
//
// Regular expressions are ECMA-262 with the u flag, without what only other dialects have.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ottobot/json.hpp"

namespace ottobot::json_schema {

// What is wrong at one place of the value.
struct Issue {
  enum class Kind {
    mismatch,  // the value at `path` breaks a rule: `text` completes a sentence about it ("must be a string, not …")
    missing,   // the member at `path` is required; `text` says what it would be ("a string"), and may be empty
    unknown    // the member at `path` is not allowed; `text` is the allowed name that comes nearest, and may be empty
  };
  Kind kind = Kind::mismatch;
  std::string path;  // as in programs: files[2].name; empty for the value itself
  std::string text;
};

struct CompileOptions {
  // What $ref and $schema may name beside the schema itself, by absolute URI.
  std::map<std::string, Json> documents;
};

// Immutable and thread-safe; cheap to copy.
class Schema {
 public:
  // Errors: invalid_argument (the message names the place in the schema): a keyword of the wrong form, a pattern that
  // is no ECMA regular expression, a $ref to something that is not there.
  static Result<Schema> compile(const Json& schema, const CompileOptions& options = {});

  // Work is bounded: a value that takes more steps or depth than any honest one is invalid.
  bool accepts(const Json& value) const;
  // The first `max_issues` problems in the order of the value; empty exactly when accepts(value).
  std::vector<Issue> check(const Json& value, std::size_t max_issues = 8) const;

 private:
  struct Compiled;
  explicit Schema(std::shared_ptr<const Compiled> compiled);
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace ottobot::json_schema
