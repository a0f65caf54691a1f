#include "llm/scripted/demo_project.hpp"
#include "ottobot/llm/scripted.hpp"

namespace ottobot {
namespace {

using namespace llm::scripted::demo;

constexpr const char* kBuild =
    "if command -v tsc >/dev/null 2>&1; then tsc -p . && echo 'compiled without errors'; "
    "else echo 'tsc is not installed here: the project was written but not compiled'; fi";

constexpr const char* kRunTests =
    "if ! command -v node >/dev/null 2>&1; then echo 'node is not installed here: the tests were not run'; "
    "elif [ ! -f dist/cli.js ]; then echo 'the project is not compiled here: the tests were not run'; "
    "else node test/todo.test.js; fi";

std::string run_program(const std::string& last_command) {
  return "if ! command -v node >/dev/null 2>&1 || [ ! -f dist/cli.js ]; then "
         "echo 'the program cannot be run here: node or the compiled files are missing'; "
         "else export TODO_FILE=\"$(mktemp)\" && node dist/cli.js add Try the demonstration && "
         "node dist/cli.js add Set a model key && node dist/cli.js done 1 && node dist/cli.js " +
         last_command + "; rm -f \"$TODO_FILE\"; fi";
}

Json write_file(const char* path, const char* content) {
  return {{"name", "write_file"}, {"args", {{"path", path}, {"content", content}}}};
}

Json execute(const std::string& command) { return {{"name", "execute_command"}, {"args", {{"command", command}}}}; }

Json step(const char* text, std::initializer_list<Json> calls) {
  Json step = {{"text", text}};
  if (calls.size() > 0) step["tool_calls"] = Json(Json::array_t(calls));
  return step;
}

Json first_turn() {
  return {
      {"prompt", 1},
      {"steps",
       Json::array({
           step("This is a demonstration without a model key: it does not read your prompt, it builds one fixed small "
                "project. Set GEMINI_API_KEY for a real agent.\n\nI will write a to-do list for the command line in "
                "TypeScript, beginning with the project's own files.",
                {write_file("package.json", kPackageJson), write_file("tsconfig.json", kTsconfig)}),
           step("Now the list itself, and what the compiler has to know of Node.js.",
                {write_file("src/env.d.ts", kEnvironment), write_file("src/todo.ts", kTodo)}),
           step("Next: storing and showing it.",
                {write_file("src/store.ts", kStore), write_file("src/format.ts", kFormat)}),
           step("The commands.", {write_file("src/cli.ts", kCli)}),
           step("Let me compile it.", {execute(kBuild)}),
           step("A test, and a description for whoever comes next.",
                {write_file("test/todo.test.js", kTest), write_file("README.md", kReadme)}),
           step("Running the test.", {execute(kRunTests)}),
           step("And trying the program itself.", {execute(run_program("list"))}),
           step("A last look at what is there.", {{{"name", "list_files"}, {"args", {{"path", "."}}}},
                                                  {{"name", "read_file"}, {"args", {{"path", "README.md"}}}}}),
           step("The to-do list is ready: `npm install && npm run build && npm test` builds and checks it, "
                "`npm start -- add \"Buy milk\"` uses it. Send another prompt to see this demonstration change it, or "
                "set GEMINI_API_KEY to give the work to a real agent.",
                {}),
       })}};
}

Json second_turn() {
  return {
      {"prompt", 2},
      {"steps",
       Json::array({
           step("Still the demonstration without a model key, so this change is a fixed one too: a `stats` command.",
                {{{"name", "read_file"}, {"args", {{"path", "src/cli.ts"}}}}}),
           step("The new part, and its command and test.",
                {write_file("src/stats.ts", kStats), write_file("src/cli.ts", kCliWithStats),
                 write_file("test/todo.test.js", kTestWithStats)}),
           step("Compiling and testing again.", {execute(kBuild), execute(kRunTests)}),
           step("And a try.", {execute(run_program("stats"))}),
           step("`todo stats` now says how much is done. Set GEMINI_API_KEY for an agent that does what you ask.", {}),
       })}};
}

Json further_turns() {
  return {
      {"steps", Json::array({step("Thank you for trying OttoBot. This is a demonstration without a model key and its "
                                  "script ends here; set GEMINI_API_KEY for a real agent. The files, the desktop and "
                                  "the download stay yours to look at.",
                                  {})})}};
}

}  // namespace

Json make_demo_scenario() {
  return {{"model", "demo"}, {"turns", Json::array({first_turn(), second_turn(), further_turns()})}};
}

}  // namespace ottobot
