// What a process has to do as PID 1.
#pragma once

namespace ottobot::sandboxd {

// As PID 1: forks, and returns in the child only. The parent reaps every orphan, passes signals on to the child, and
// ends with the child's exit code after killing what is left. Any other process: returns at once. Before any thread.
void become_init_if_first();

}  // namespace ottobot::sandboxd
