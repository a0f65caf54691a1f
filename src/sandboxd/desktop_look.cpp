// How the desktop looks: settings of the window manager and of terminal windows.
#include <filesystem>

#include "sandboxd/desktop.hpp"
#include "sandboxd/shell_word.hpp"

namespace ottobot::sandboxd {
namespace {

std::string escape_xml(const std::string& text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

constexpr const char* kStyles = R"(
  <WindowStyle decorations="flat">
    <Font>@FONT@-11:bold</Font>
    <Width>1</Width>
    <Height>28</Height>
    <Corner>6</Corner>
    <Foreground>#8b95a7</Foreground>
    <Background>#1b212c</Background>
    <Outline>#0d1117</Outline>
    <Active>
      <Foreground>#e6edf3</Foreground>
      <Background>#2b3445</Background>
      <Outline>#3d4a61</Outline>
    </Active>
  </WindowStyle>
  <TrayStyle decorations="flat">
    <Font>@FONT@-11</Font>
    <Background>#161b24</Background>
    <Foreground>#c9d3e0</Foreground>
    <Outline>#0d1117</Outline>
  </TrayStyle>
  <TrayButtonStyle><Font>@FONT@-11:bold</Font><Foreground>#6cb6ff</Foreground><Background>#161b24</Background></TrayButtonStyle>
  <TaskListStyle list="all" group="false">
    <Font>@FONT@-11</Font>
    <Foreground>#8b95a7</Foreground>
    <Background>#161b24</Background>
    <Active><Foreground>#e6edf3</Foreground><Background>#2b3445</Background></Active>
  </TaskListStyle>
  <ClockStyle><Font>@FONT@-11</Font><Foreground>#c9d3e0</Foreground><Background>#161b24</Background></ClockStyle>
  <MenuStyle decorations="flat">
    <Font>@FONT@-11</Font>
    <Foreground>#c9d3e0</Foreground>
    <Background>#1b212c</Background>
    <Outline>#3d4a61</Outline>
    <Active><Foreground>#ffffff</Foreground><Background>#2f6fb3</Background></Active>
  </MenuStyle>
  <PopupStyle><Font>@FONT@-10</Font><Foreground>#e6edf3</Foreground><Background>#2b3445</Background><Outline>#3d4a61</Outline></PopupStyle>
  <Desktops width="1" height="1">
    <Background type="gradient">#1c2733:#0f141b</Background>
  </Desktops>
  <FocusModel>click</FocusModel>
  <SnapMode distance="10">border</SnapMode>
  <MoveMode>opaque</MoveMode>
  <ResizeMode>opaque</ResizeMode>
  <Key mask="A" key="Tab">nextstacked</Key>
  <Key mask="A" key="F4">close</Key>
)";

std::string with_font(std::string text, const std::string& font) {
  for (auto at = text.find("@FONT@"); at != std::string::npos; at = text.find("@FONT@", at)) {
    text.replace(at, 6, font);
  }
  return text;
}

}  // namespace

bool has_outline_fonts() {
  std::error_code error;
  return std::filesystem::exists("/usr/share/fonts/truetype", error) ||
         std::filesystem::exists("/usr/share/fonts/opentype", error) ||
         std::filesystem::exists("/usr/local/share/fonts", error);
}

std::vector<std::string> terminal_command(bool has_fonts, const std::string& title, const std::string& geometry,
                                          const std::vector<std::string>& program) {
  std::vector<std::string> command{"xterm", "-u8", "-T",      title, "-b",      "12",  "-sl",     "20000", "+sb",
                                   "-bc",   "-bg", "#10141c", "-fg", "#d6dde8", "-cr", "#6cb6ff", "-bd",   "#10141c"};
  if (!geometry.empty()) command.insert(command.end(), {"-geometry", geometry});
  if (has_fonts) {
    command.insert(command.end(), {"-fa", "DejaVu Sans Mono,monospace", "-fs", "14"});
  } else {
    command.insert(command.end(), {"-fn", "fixed"});
  }
  for (const char* resource : {"XTerm*allowTitleOps: false", "XTerm*allowWindowOps: false", "XTerm*internalBorder: 12",
                               "XTerm*faceSize: 14", "XTerm*boldMode: false"}) {
    command.insert(command.end(), {"-xrm", resource});
  }
  if (program.empty()) return command;
  command.emplace_back("-e");
  command.insert(command.end(), program.begin(), program.end());
  return command;
}

std::string window_manager_settings(const DesktopOptions& options, bool has_fonts) {
  auto terminal = escape_xml(shell_line(terminal_command(has_fonts, "Terminal", "110x32", {})));
  auto console = escape_xml(shell_line(terminal_command(has_fonts, "OttoBot console", "120x36",
                                                        {options.own_program, "--follow", options.console_file})));
  std::string settings = "<?xml version=\"1.0\"?>\n<JWM>\n  <RootMenu onroot=\"123\" height=\"28\">\n";
  settings += "    <Program label=\"Terminal\">" + terminal + "</Program>\n";
  settings += "    <Program label=\"OttoBot console\">" + console + "</Program>\n  </RootMenu>\n";
  settings +=
      "  <Tray x=\"0\" y=\"-1\" height=\"34\" autohide=\"off\">\n    <TrayButton label=\" OttoBot "
      "\">root:1</TrayButton>\n"
      "    <Spacer width=\"6\"/>\n    <TaskList maxwidth=\"280\"/>\n    <Dock/>\n    <Spacer width=\"6\"/>\n"
      "    <Clock format=\"%a %d %b  %H:%M\"/>\n    <Spacer width=\"10\"/>\n  </Tray>\n";
  return settings + with_font(kStyles, has_fonts ? "DejaVu Sans,sans" : "fixed") + "</JWM>\n";
}

}  // namespace ottobot::sandboxd
