// DesktopControl: who looks at the desktops of this process's sessions, and who of them controls one.
//
// One person at a time. A viewer of the control role that sends input gets control when nobody has it, and keeps it
// until it leaves, has sent nothing for `idle`, or control is taken or given back by an explicit call. An explicit take
// lasts longer: until `hold` has gone by without input. A viewer of the view role never gets it. While a person
// controls, the agent's own input is parked.
//
// Thread-safe; never blocks but on its own lock.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/caller.hpp"
#include "ottobot/clock.hpp"
#include "ottobot/json.hpp"

namespace ottobot::api {

struct DesktopControlOptions {
  std::chrono::milliseconds idle{5000};
  std::chrono::milliseconds hold{std::chrono::minutes(5)};
  std::chrono::milliseconds log_gap{5000};  // between two lines in a session's log
};

struct DesktopViewer {
  std::string id;
  DesktopRole role = DesktopRole::control;
  UnixMillis connected_at = 0;
};

struct DesktopState {
  std::vector<DesktopViewer> viewers;  // in the order in which they came
  std::string controller;              // a viewer's id; empty = none
  bool person_controls = false;        // a viewer does, or control was taken for people in general
};

class DesktopControl {
 public:
  // `clock` must outlive it, but for calls that name viewers that have left.
  DesktopControl(Clock& clock, DesktopControlOptions options) : clock_(clock), options_(options) {}

  // `changed` is called with the session's id, without a lock, when control may have changed: what to do then is
  // next_step()'s to say. Set before the first viewer.
  void on_change(std::function<void(const std::string& session_id)> changed) { changed_ = std::move(changed); }

  // A viewer has come. Its id is `wished_id` if that could be one of new_id() and no viewer has it, else a new one.
  std::string join(const std::string& session_id, DesktopRole role, const std::string& wished_id);
  void leave(const std::string& session_id, const std::string& viewer_id);
  // The viewer sends input: may it? Gives control to it when it is free.
  bool takes_input(const std::string& session_id, const std::string& viewer_id);
  bool controls(const std::string& session_id, const std::string& viewer_id);

  // Gives control to the viewer, or with an empty `viewer_id` keeps it for whichever person sends input next. Errors:
  // not_found (no such viewer), permission_denied (it has the view role).
  Result<void> take(const std::string& session_id, const std::string& viewer_id);
  // Gives control back to the agent; with a `viewer_id` only if that one has it. Errors: not_found.
  Result<void> release(const std::string& session_id, const std::string& viewer_id);

  DesktopState state(const std::string& session_id);
  bool person_controls(const std::string& session_id);

  // What is to be done about a desktop now. The caller logs `log_message`, and asks again when `again_in` has passed.
  struct Step {
    std::string log_message;  // empty = none
    Json log_metadata;
    std::optional<std::chrono::milliseconds> again_in;
  };
  Step next_step(const std::string& session_id);

 private:
  enum class Hold { none, people, viewer };
  struct Told {  // what the log says
    bool person_controls = false;
    std::string controller;  // the last one that it named
    std::optional<SteadyTime> at;
  };
  struct Desktop {
    std::vector<DesktopViewer> viewers;
    std::string controller;
    Hold hold = Hold::none;
    SteadyTime last_input;  // or when control was taken; while a person controls
    Told told;
    std::optional<SteadyTime> next_step_at;  // somebody asks again then

    const DesktopViewer* find(const std::string& viewer_id) const;
    bool person_controls() const { return !controller.empty() || hold != Hold::none; }
    void give_back();
  };
  using Desktops = std::map<std::string, Desktop>;

  void expire(Desktop& desktop, SteadyTime now) const;
  SteadyTime expires_at(const Desktop& desktop) const;
  Desktop* current(const std::string& session_id, SteadyTime now);
  void tell(Desktop& desktop, SteadyTime now, Step& step) const;
  std::optional<SteadyTime> next_change(const Desktop& desktop) const;
  bool is_forgettable(const Desktop& desktop, SteadyTime now) const;
  void changed(const std::string& session_id) const;

  Clock& clock_;
  const DesktopControlOptions options_;
  std::function<void(const std::string&)> changed_;
  std::mutex mutex_;  // guards desktops_
  Desktops desktops_;
};

}  // namespace ottobot::api
