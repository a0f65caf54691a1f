#include "json_schema/schema.hpp"

#include "json_schema/compiler.hpp"
#include "json_schema/evaluation.hpp"

namespace ottobot::json_schema {

struct Schema::Compiled {
  explicit Compiled(const CompileOptions& options) : documents(options.documents), graph(documents) {}
  const std::map<std::string, Json> documents;
  Graph graph;
};

Schema::Schema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

Result<Schema> Schema::compile(const Json& schema, const CompileOptions& options) {
  auto compiled = std::make_shared<Compiled>(options);
  if (auto done = Compiler(compiled->graph).run(schema); !done) return fail(done.error());
  return Schema(std::move(compiled));
}

bool Schema::accepts(const Json& value) const { return Evaluation(nullptr, 0).run(*compiled_->graph.root, value); }

std::vector<Issue> Schema::check(const Json& value, std::size_t max_issues) const {
  std::vector<Issue> issues;
  // Most values are right, and that is quickly told.
  if (accepts(value)) return issues;
  Evaluation(&issues, std::max<std::size_t>(1, max_issues)).run(*compiled_->graph.root, value);
  return issues;
}

}  // namespace ottobot::json_schema
