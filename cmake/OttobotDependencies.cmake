# Debian 12's packages; docs/dependencies.md says what each is for.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(LibArchive REQUIRED)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)

find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
find_path(WEBSOCKETPP_INCLUDE_DIR websocketpp/version.hpp REQUIRED)
find_path(HTTP_PARSER_INCLUDE_DIR http_parser.h REQUIRED)
# The archive: ottobot-sandboxd is static, and the server needs no further package at run time.
find_library(HTTP_PARSER_LIBRARY NAMES libhttp_parser.a http_parser REQUIRED)

add_library(ottobot_asio INTERFACE)
target_include_directories(ottobot_asio SYSTEM INTERFACE ${ASIO_INCLUDE_DIR})
target_compile_definitions(ottobot_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
target_link_libraries(ottobot_asio INTERFACE Threads::Threads)

add_library(ottobot_http_parser INTERFACE)
target_include_directories(ottobot_http_parser SYSTEM INTERFACE ${HTTP_PARSER_INCLUDE_DIR})
target_link_libraries(ottobot_http_parser INTERFACE ${HTTP_PARSER_LIBRARY})

if(OTTOBOT_BUILD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(OTTOBOT_BUILD_SERVER)
  find_package(CLI11 2.1 REQUIRED)
endif()
