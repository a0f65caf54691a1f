# One target per component, with alias ottobot::NAME, explicit sources, common flags and a shared precompiled header.

find_program(OTTOBOT_CCACHE ccache)
if(OTTOBOT_CCACHE AND PROJECT_IS_TOP_LEVEL)
  # One clone's objects serve another: paths below the clone count from the build's folder.
  set(_ccache_settings CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=true
                       CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env ${_ccache_settings} ${OTTOBOT_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

add_library(ottobot_flags INTERFACE)
target_compile_features(ottobot_flags INTERFACE cxx_std_20)
target_compile_options(ottobot_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -fvisibility=hidden
                                               -ffunction-sections -fdata-sections)
# Options are aggregates with defaults: naming only the first ones is how they are meant to be used.
target_compile_options(ottobot_flags INTERFACE -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # g++ 12 sees overlaps and overruns inside std::string's own operator+ (GCC bugs 105329, 105651).
  target_compile_options(ottobot_flags INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(OTTOBOT_WERROR)
  target_compile_options(ottobot_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(ottobot_flags INTERFACE -Wthread-safety)
else()
  target_compile_options(ottobot_flags INTERFACE -fpch-preprocess)
endif()
if(OTTOBOT_SANITIZE)
  list(JOIN OTTOBOT_SANITIZE "," _sanitizers)
  add_compile_options(-fsanitize=${_sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${_sanitizers})
  if(OTTOBOT_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # Asio has fences that ThreadSanitizer does not model; ours are switched off (ASIO_DISABLE_FENCED_BLOCK).
    add_compile_options(-Wno-tsan)
  endif()
endif()

if(OTTOBOT_FUZZ)
  # Every branch of the product guides the fuzzers; libFuzzer itself is linked into their programs only.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(OTTOBOT_COVERAGE)
  # Only what src/ compiles is counted; tests and programs just link the runtime.
  add_library(ottobot_coverage INTERFACE)
  # Not as built-ins: g++ would have every child write the counters, and complain on its stderr, before its exec.
  target_compile_options(
    ottobot_coverage INTERFACE --coverage -fprofile-update=atomic -fno-builtin-fork -fno-builtin-execl
                               -fno-builtin-execlp -fno-builtin-execle -fno-builtin-execv -fno-builtin-execvp
                               -fno-builtin-execve)
  add_link_options(--coverage)
endif()

# The precompiled header of every component. Position-independent everywhere, so that all targets can share it.
add_library(ottobot_pch OBJECT ${PROJECT_SOURCE_DIR}/src/core/pch.cpp)
target_compile_options(ottobot_flags INTERFACE -fPIC)
target_link_libraries(ottobot_pch PRIVATE ottobot_flags $<TARGET_NAME_IF_EXISTS:ottobot_coverage> nlohmann_json::nlohmann_json tl::expected)
target_precompile_headers(ottobot_pch PRIVATE ${PROJECT_SOURCE_DIR}/src/core/pch.hpp)

# ottobot_library(NAME SOURCES file... [PUBLIC target...] [PRIVATE target...] [NO_PCH])
# Includes: <ottobot/...> from include/, "component/..." from src/.
function(ottobot_library name)
  cmake_parse_arguments(arg "NO_PCH" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(ottobot_${name} STATIC ${arg_SOURCES})
  add_library(ottobot::${name} ALIAS ottobot_${name})
  target_include_directories(
    ottobot_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(ottobot_${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:ottobot_flags>
                               $<BUILD_INTERFACE:$<TARGET_NAME_IF_EXISTS:ottobot_coverage>>)
  if(OTTOBOT_COVERAGE)
    target_link_options(ottobot_${name} PUBLIC --coverage)
  endif()
  set_target_properties(ottobot_${name} PROPERTIES EXPORT_NAME ${name})
  if(NOT arg_NO_PCH)
    target_precompile_headers(ottobot_${name} REUSE_FROM ottobot_pch)
  endif()
  set_property(GLOBAL APPEND PROPERTY OTTOBOT_COMPONENTS ottobot_${name})
endfunction()

# ottobot_program(NAME SOURCES file... LIBRARIES target...): an executable with the project's own flags.
function(ottobot_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} ottobot_flags)
  target_link_options(${name} PRIVATE -Wl,--gc-sections)
endfunction()

# ottobot_test_program(NAME SOURCES file... LIBRARIES target...): a GoogleTest program.
function(ottobot_test_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  ottobot_program(${name} SOURCES ${arg_SOURCES} LIBRARIES ${arg_LIBRARIES} GTest::gtest_main GTest::gmock)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_precompile_headers(${name} REUSE_FROM ottobot_test_pch)
endfunction()

# ottobot_test(NAME SOURCES file... LIBRARIES target... [LABELS label...] [TIMEOUT seconds] [FIXTURES fixture...]
# [SERIAL]): one GoogleTest program, one ctest per test; with SERIAL nothing else runs meanwhile.
function(ottobot_test name)
  cmake_parse_arguments(arg "SERIAL" "TIMEOUT" "SOURCES;LIBRARIES;LABELS;FIXTURES" ${ARGN})
  ottobot_test_program(${name} SOURCES ${arg_SOURCES} LIBRARIES ${arg_LIBRARIES})
  # Several become one, as integration-redis: a list would be taken apart on the way, and its second half for properties.
  # The expressions of ctest -L and -LE find each in it.
  list(JOIN arg_LABELS "-" label)
  if(NOT label)
    set(label unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  # No empty values: they would be lost on the way, and the names after them taken for values.
  set(more)
  if(arg_FIXTURES)
    list(APPEND more FIXTURES_REQUIRED "${arg_FIXTURES}")
  endif()
  if(arg_SERIAL)
    list(APPEND more RUN_SERIAL TRUE)
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${label} TIMEOUT ${arg_TIMEOUT} ${more})
endfunction()

# ottobot_test_on_engine(docker|podman NAME FILTER tests [SERIAL]): tests of NAME, as GoogleTest filters them, with sandboxes
# that are containers of the test run's engine. Nothing with a sanitizer runs in containers.
function(ottobot_test_on_engine engine name)
  cmake_parse_arguments(arg "SERIAL" "FILTER" "" ${ARGN})
  if(NOT OTTOBOT_STATIC_SANDBOXD OR OTTOBOT_SANITIZE)
    return()
  endif()
  set(more)
  if(arg_SERIAL)
    list(APPEND more RUN_SERIAL TRUE)
  endif()
  gtest_discover_tests(
    ${name}
    DISCOVERY_MODE PRE_TEST
    TEST_PREFIX ${engine}/
    TEST_FILTER "${arg_FILTER}"
    TEST_LIST ${name}_${engine}_${arg_SERIAL}
    PROPERTIES LABELS docker TIMEOUT 300 FIXTURES_REQUIRED docker_engine ENVIRONMENT OTTOBOT_TEST_ENGINE=${engine} ${more})
endfunction()
