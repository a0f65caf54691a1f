// Lua that scripts have in common.
#pragma once

namespace ottobot::stores {

// The very first line of a script that must run however full Redis is: what ends something, or frees memory. It may
// then name only keys of the slot of its KEYS.
inline constexpr const char* kEvenWhenFull = "#!lua flags=allow-oom";

// Starts a line. again: the script may have been run before, with these arguments. clock(text): Unix milliseconds; of
// "", Redis' own.
inline constexpr const char* kLuaClock = R"(
local again = ARGV[1] == '1'
local function clock(text)
  if text ~= '' then return tonumber(text) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
)";

}  // namespace ottobot::stores
