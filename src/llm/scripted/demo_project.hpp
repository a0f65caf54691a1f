// The files of the demonstration's project: a to-do list for the command line, in TypeScript.
//
// It compiles with the compiler alone (no @types packages), because the sandbox may have no network.
#pragma once

namespace ottobot::llm::scripted::demo {

extern const char* const kPackageJson;
extern const char* const kTsconfig;
extern const char* const kReadme;
extern const char* const kEnvironment;  // src/env.d.ts
extern const char* const kTodo;         // src/todo.ts
extern const char* const kStore;        // src/store.ts
extern const char* const kFormat;       // src/format.ts
extern const char* const kCli;          // src/cli.ts
extern const char* const kTest;         // test/todo.test.js
extern const char* const kStats;        // src/stats.ts, of the second prompt
extern const char* const kCliWithStats;
extern const char* const kTestWithStats;

}  // namespace ottobot::llm::scripted::demo
