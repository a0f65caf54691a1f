#include "llm/scripted/demo_project.hpp"

namespace ottobot::llm::scripted::demo {

// clang-format off
const char* const kPackageJson = R"~({
  "name": "todo-list",
  "version": "1.0.0",
  "description": "A small to-do list for the command line",
  "license": "MIT",
  "private": true,
  "main": "dist/todo.js",
  "bin": { "todo": "dist/cli.js" },
  "scripts": {
    "build": "tsc -p .",
    "start": "node dist/cli.js",
    "test": "node test/todo.test.js"
  },
  "devDependencies": {
    "typescript": "^5.4.0"
  }
}
)~";

const char* const kTsconfig = R"~({
  "compilerOptions": {
    "target": "es2020",
    "module": "commonjs",
    "lib": ["es2020"],
    "types": [],
    "rootDir": "src",
    "outDir": "dist",
    "declaration": true,
    "strict": true
  },
  "include": ["src"]
}
)~";

const char* const kReadme = R"~(# todo-list

A small to-do list for the command line, written in TypeScript.

    npm install
    npm run build
    npm test
    npm start -- add "Buy milk"
    npm start -- list
    npm start -- done 1

The list is kept in `todos.json`, or in the file that `TODO_FILE` names.

| file | holds |
|---|---|
| `src/todo.ts` | the list itself, without input or output |
| `src/store.ts` | reading and writing it |
| `src/format.ts` | showing it |
| `src/cli.ts` | the commands |
)~";

const char* const kEnvironment = R"~(// The few things of Node.js that this project uses, so that it compiles without further packages.
interface FileSystem {
  existsSync(path: string): boolean;
  readFileSync(path: string, encoding: "utf8"): string;
  writeFileSync(path: string, data: string): void;
}

declare function require(name: "fs"): FileSystem;

declare const console: {
  log(message: string): void;
  error(message: string): void;
};

declare const process: {
  argv: string[];
  env: { [name: string]: string | undefined };
  exitCode?: number;
};
)~";

const char* const kTodo = R"~(export interface Todo {
  id: number;
  title: string;
  done: boolean;
}

export class TodoList {
  constructor(private readonly todos: Todo[] = []) {}

  add(title: string): Todo {
    const trimmed = title.trim();
    if (trimmed === "") throw new Error("a to-do needs a title");
    const id = this.todos.reduce((highest, todo) => Math.max(highest, todo.id), 0) + 1;
    const todo = { id, title: trimmed, done: false };
    this.todos.push(todo);
    return todo;
  }

  complete(id: number): Todo {
    const todo = this.todos.find((candidate) => candidate.id === id);
    if (!todo) throw new Error(`there is no to-do ${id}`);
    todo.done = true;
    return todo;
  }

  all(): readonly Todo[] {
    return this.todos;
  }
}
)~";

const char* const kStore = R"~(import { Todo, TodoList } from "./todo";

const fs = require("fs");

export function load(path: string): TodoList {
  if (!fs.existsSync(path)) return new TodoList();
  const text = fs.readFileSync(path, "utf8");
  return new TodoList(text.trim() === "" ? [] : (JSON.parse(text) as Todo[]));
}

export function save(path: string, list: TodoList): void {
  fs.writeFileSync(path, JSON.stringify(list.all(), null, 2) + "\n");
}
)~";

const char* const kFormat = R"~(import { Todo } from "./todo";

export function format(todos: readonly Todo[]): string {
  if (todos.length === 0) return "Nothing to do.";
  return todos.map((todo) => `${todo.id}. [${todo.done ? "x" : " "}] ${todo.title}`).join("\n");
}
)~";

const char* const kCli = R"~(import { format } from "./format";
import { load, save } from "./store";

function run(args: string[]): string {
  const path = process.env["TODO_FILE"] || "todos.json";
  const list = load(path);
  const [command, ...rest] = args;
  switch (command) {
    case "add":
      list.add(rest.join(" "));
      break;
    case "done":
      list.complete(Number(rest[0]));
      break;
    case "list":
    case undefined:
      return format(list.all());
    default:
      throw new Error(`unknown command ${command}; use add, done or list`);
  }
  save(path, list);
  return format(list.all());
}

try {
  console.log(run(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
)~";

const char* const kTest = R"~(const assert = require("assert");
const { TodoList } = require("../dist/todo");
const { format } = require("../dist/format");

const list = new TodoList();
assert.strictEqual(format(list.all()), "Nothing to do.");

list.add("  Buy milk ");
list.add("Write tests");
assert.strictEqual(list.all().length, 2);
assert.strictEqual(list.all()[0].title, "Buy milk");

list.complete(2);
assert.strictEqual(format(list.all()), "1. [ ] Buy milk\n2. [x] Write tests");

assert.throws(() => list.add("   "), /needs a title/);
assert.throws(() => list.complete(9), /no to-do 9/);

console.log("all tests passed");
)~";

const char* const kStats = R"~(import { Todo } from "./todo";

export interface Stats {
  total: number;
  done: number;
  open: number;
}

export function stats(todos: readonly Todo[]): Stats {
  const done = todos.filter((todo) => todo.done).length;
  return { total: todos.length, done, open: todos.length - done };
}

export function formatStats({ total, done, open }: Stats): string {
  const percent = total === 0 ? 100 : Math.round((100 * done) / total);
  return `${total} in all, ${done} done, ${open} open (${percent} % done)`;
}
)~";

const char* const kCliWithStats = R"~(import { format } from "./format";
import { formatStats, stats } from "./stats";
import { load, save } from "./store";

function run(args: string[]): string {
  const path = process.env["TODO_FILE"] || "todos.json";
  const list = load(path);
  const [command, ...rest] = args;
  switch (command) {
    case "add":
      list.add(rest.join(" "));
      break;
    case "done":
      list.complete(Number(rest[0]));
      break;
    case "stats":
      return formatStats(stats(list.all()));
    case "list":
    case undefined:
      return format(list.all());
    default:
      throw new Error(`unknown command ${command}; use add, done, list or stats`);
  }
  save(path, list);
  return format(list.all());
}

try {
  console.log(run(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
)~";

const char* const kTestWithStats = R"~(const assert = require("assert");
const { TodoList } = require("../dist/todo");
const { format } = require("../dist/format");
const { formatStats, stats } = require("../dist/stats");

const list = new TodoList();
assert.strictEqual(format(list.all()), "Nothing to do.");

list.add("  Buy milk ");
list.add("Write tests");
assert.strictEqual(list.all().length, 2);
assert.strictEqual(list.all()[0].title, "Buy milk");

list.complete(2);
assert.strictEqual(format(list.all()), "1. [ ] Buy milk\n2. [x] Write tests");

assert.throws(() => list.add("   "), /needs a title/);
assert.throws(() => list.complete(9), /no to-do 9/);

assert.deepStrictEqual(stats(list.all()), { total: 2, done: 1, open: 1 });
assert.strictEqual(formatStats(stats(list.all())), "2 in all, 1 done, 1 open (50 % done)");

console.log("all tests passed");
)~";

// clang-format on

}  // namespace ottobot::llm::scripted::demo
