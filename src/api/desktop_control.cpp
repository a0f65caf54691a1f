#include "api/desktop_control.hpp"

#include <algorithm>

#include "ottobot/ids.hpp"

namespace ottobot::api {
namespace {

std::string log_line(bool person_controlled, bool person_controls) {
  if (!person_controls) return "The desktop was handed back to the agent";
  return person_controlled ? "Another person controls the desktop" : "A person controls the desktop";
}

}  // namespace

const DesktopViewer* DesktopControl::Desktop::find(const std::string& viewer_id) const {
  const auto found =
      std::find_if(viewers.begin(), viewers.end(), [&](const DesktopViewer& viewer) { return viewer.id == viewer_id; });
  return found == viewers.end() ? nullptr : &*found;
}

void DesktopControl::Desktop::give_back() {
  controller.clear();
  hold = Hold::none;
}

std::string DesktopControl::join(const std::string& session_id, DesktopRole role, const std::string& wished_id) {
  const std::lock_guard lock(mutex_);
  Desktop& desktop = desktops_[session_id];
  const bool usable = is_valid_id(wished_id) && desktop.find(wished_id) == nullptr;
  desktop.viewers.push_back({usable ? wished_id : new_id(), role, clock_.now_ms()});
  return desktop.viewers.back().id;
}

void DesktopControl::leave(const std::string& session_id, const std::string& viewer_id) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = desktops_.find(session_id);
    if (found == desktops_.end() || found->second.find(viewer_id) == nullptr) return;
    Desktop& desktop = found->second;
    std::erase_if(desktop.viewers, [&](const DesktopViewer& viewer) { return viewer.id == viewer_id; });
    if (desktop.controller == viewer_id) {
      desktop.controller.clear();
      if (desktop.hold == Hold::viewer) desktop.hold = Hold::none;
    }
  }
  changed(session_id);
}

bool DesktopControl::takes_input(const std::string& session_id, const std::string& viewer_id) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = desktops_.find(session_id);
    if (found == desktops_.end()) return false;
    Desktop& desktop = found->second;
    const DesktopViewer* viewer = desktop.find(viewer_id);
    if (viewer == nullptr || viewer->role != DesktopRole::control) return false;
    const SteadyTime now = clock_.steady_now();
    expire(desktop, now);
    if (!desktop.controller.empty() && desktop.controller != viewer_id) return false;
    desktop.last_input = now;
    if (desktop.controller == viewer_id) return true;
    desktop.controller = viewer_id;
  }
  changed(session_id);
  return true;
}

bool DesktopControl::controls(const std::string& session_id, const std::string& viewer_id) {
  const std::lock_guard lock(mutex_);
  const auto found = desktops_.find(session_id);
  if (found == desktops_.end() || found->second.find(viewer_id) == nullptr) return false;
  expire(found->second, clock_.steady_now());
  return found->second.controller == viewer_id;
}

Result<void> DesktopControl::take(const std::string& session_id, const std::string& viewer_id) {
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = clock_.steady_now();
    if (!viewer_id.empty()) {
      const Desktop* watched = current(session_id, now);
      const DesktopViewer* viewer = watched == nullptr ? nullptr : watched->find(viewer_id);
      if (viewer == nullptr) return not_found("no viewer " + viewer_id + " is connected to the desktop");
      if (viewer->role != DesktopRole::control) return permission_denied("viewer " + viewer_id + " may only look");
    }
    Desktop& desktop = desktops_[session_id];
    expire(desktop, now);
    desktop.hold = viewer_id.empty() ? Hold::people : Hold::viewer;
    if (!viewer_id.empty()) desktop.controller = viewer_id;
    desktop.last_input = now;
  }
  changed(session_id);
  return {};
}

Result<void> DesktopControl::release(const std::string& session_id, const std::string& viewer_id) {
  {
    const std::lock_guard lock(mutex_);
    Desktop* desktop = current(session_id, clock_.steady_now());
    if (!viewer_id.empty() && (desktop == nullptr || desktop->find(viewer_id) == nullptr)) {
      return not_found("no viewer " + viewer_id + " is connected to the desktop");
    }
    if (desktop == nullptr || (!viewer_id.empty() && desktop->controller != viewer_id)) return {};
    desktop->give_back();
  }
  changed(session_id);
  return {};
}

DesktopState DesktopControl::state(const std::string& session_id) {
  const std::lock_guard lock(mutex_);
  const Desktop* desktop = current(session_id, clock_.steady_now());
  if (desktop == nullptr) return {};
  return {desktop->viewers, desktop->controller, desktop->person_controls()};
}

bool DesktopControl::person_controls(const std::string& session_id) {
  const std::lock_guard lock(mutex_);
  const Desktop* desktop = current(session_id, clock_.steady_now());
  return desktop != nullptr && desktop->person_controls();
}

DesktopControl::Step DesktopControl::next_step(const std::string& session_id) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady_now();
  Step step;
  Desktop* desktop = current(session_id, now);
  if (desktop == nullptr) return step;
  if (desktop->next_step_at && *desktop->next_step_at <= now) desktop->next_step_at.reset();
  tell(*desktop, now, step);
  if (is_forgettable(*desktop, now)) {
    desktops_.erase(session_id);
    return step;
  }
  const auto change = next_change(*desktop);
  if (change && (!desktop->next_step_at || *change < *desktop->next_step_at)) {
    desktop->next_step_at = change;
    step.again_in = std::max(std::chrono::ceil<std::chrono::milliseconds>(*change - now), std::chrono::milliseconds(1));
  }
  return step;
}

DesktopControl::Desktop* DesktopControl::current(const std::string& session_id, SteadyTime now) {
  const auto found = desktops_.find(session_id);
  if (found == desktops_.end()) return nullptr;
  expire(found->second, now);
  return &found->second;
}

SteadyTime DesktopControl::expires_at(const Desktop& desktop) const {
  const bool short_lived = !desktop.controller.empty() && desktop.hold != Hold::viewer;
  return desktop.last_input + (short_lived ? options_.idle : options_.hold);
}

void DesktopControl::expire(Desktop& desktop, SteadyTime now) const {
  if (!desktop.person_controls() || now < expires_at(desktop)) return;
  desktop.controller.clear();
  if (desktop.hold == Hold::viewer || now >= desktop.last_input + options_.hold) desktop.hold = Hold::none;
}

// Once for each change that lasts, and never sooner than `log_gap` after the line before.
void DesktopControl::tell(Desktop& desktop, SteadyTime now, Step& step) const {
  Told& told = desktop.told;
  const bool person = desktop.person_controls();
  const bool is_another =
      person && !desktop.controller.empty() && !told.controller.empty() && told.controller != desktop.controller;
  if (person == told.person_controls && !is_another) {
    if (!desktop.controller.empty()) told.controller = desktop.controller;
    return;
  }
  if (told.at && now < *told.at + options_.log_gap) return;
  step.log_message = log_line(told.person_controls, person);
  if (!desktop.controller.empty()) step.log_metadata = {{"viewer", desktop.controller}};
  told = {person, desktop.controller, now};
}

// When time alone changes something; nullopt = never.
std::optional<SteadyTime> DesktopControl::next_change(const Desktop& desktop) const {
  std::optional<SteadyTime> next;
  if (desktop.person_controls()) next = expires_at(desktop);
  const Told& told = desktop.told;
  const bool waits_to_tell = told.at && (told.person_controls != desktop.person_controls() ||
                                         (!desktop.controller.empty() && told.controller != desktop.controller));
  const bool waits_to_forget =
      told.at && desktop.viewers.empty() && !desktop.person_controls() && !told.person_controls;
  if (waits_to_tell || waits_to_forget) {
    const SteadyTime due = *told.at + options_.log_gap;
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

bool DesktopControl::is_forgettable(const Desktop& desktop, SteadyTime now) const {
  const bool in_use = !desktop.viewers.empty() || desktop.person_controls() || desktop.told.person_controls;
  return !in_use && (!desktop.told.at || now >= *desktop.told.at + options_.log_gap);
}

void DesktopControl::changed(const std::string& session_id) const {
  if (changed_) changed_(session_id);
}

}  // namespace ottobot::api
