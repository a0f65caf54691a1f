# Makes a source file that embeds FILE into the library as `std::string_view NAME()` of namespace ottobot::api.
# embedded_file(OUTPUT_VARIABLE NAME FILE)
function(embedded_file output name file)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [=[
// Made by embedded_file.cmake.
#include "api/docs_routes.hpp"

asm(".pushsection .rodata\n@name@_begin:\n.incbin \"@file@\"\n@name@_end:\n.popsection\n");
extern const char @name@_begin[] asm("@name@_begin");
extern const char @name@_end[] asm("@name@_end");

namespace ottobot::api {

std::string_view @name@() { return {@name@_begin, static_cast<std::size_t>(@name@_end - @name@_begin)}; }

}  // namespace ottobot::api
]=])
  # Outside the shared precompiled header and ccache's sight: what it holds is not in its text.
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${file}" SKIP_PRECOMPILE_HEADERS ON)
  set(${output} ${source} PARENT_SCOPE)
endfunction()
