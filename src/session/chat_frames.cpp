#include "ottobot/session/chat_frames.hpp"
