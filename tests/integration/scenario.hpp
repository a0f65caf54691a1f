// Builders for the scenarios of ottobot/llm/scripted.hpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ottobot/json.hpp"

namespace ottobot::integration {

inline Json call(std::string name, Json args) {
  return Json::object({{"name", std::move(name)}, {"args", std::move(args)}});
}

inline Json run_command(std::string command) {
  return call("execute_command", Json::object({{"command", std::move(command)}}));
}

inline Json step(std::string text, std::vector<Json> calls = {}) {
  Json step = Json::object({{"text", std::move(text)}});
  if (!calls.empty()) step["tool_calls"] = std::move(calls);
  return step;
}

// Of the conversation's prompt with this number, counted from 1.
inline Json turn(int prompt, std::vector<Json> steps) {
  Json turn = Json::object({{"prompt", prompt}});
  turn["steps"] = std::move(steps);
  return turn;
}

inline Json scenario(std::vector<Json> turns) {
  Json scenario = Json::object();
  scenario["turns"] = std::move(turns);
  return scenario;
}

}  // namespace ottobot::integration
