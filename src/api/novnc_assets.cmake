# Makes a source file that embeds noVNC's pages (Debian's package novnc) into the library; an empty table without it.
# novnc_assets(OUTPUT_VARIABLE)
set(OTTOBOT_NOVNC_DIR /usr/share/novnc CACHE PATH "noVNC's files, embedded into the library")

function(novnc_assets output)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/novnc_assets.cpp)
  set(paths "")
  if(EXISTS ${OTTOBOT_NOVNC_DIR}/vnc.html)
    foreach(folder app core vendor)
      file(GLOB_RECURSE found FOLLOW_SYMLINKS RELATIVE ${OTTOBOT_NOVNC_DIR} CONFIGURE_DEPENDS
           ${OTTOBOT_NOVNC_DIR}/${folder}/*)
      list(APPEND paths ${found})
    endforeach()
    list(FILTER paths INCLUDE REGEX "\\.(js|json|css|svg|png|woff|ttf|mp3|oga)$")
    list(APPEND paths vnc.html)
    list(SORT paths)
  else()
    message(NOTICE "noVNC is not at ${OTTOBOT_NOVNC_DIR} (apt-get install novnc): built without the desktop page")
  endif()

  set(symbols "")
  set(rows "")
  set(files "")
  set(index 0)
  foreach(path IN LISTS paths)
    set(file ${OTTOBOT_NOVNC_DIR}/${path})
    file(SHA256 ${file} hash)
    string(SUBSTRING ${hash} 0 32 hash)
    set(begin novnc_asset_${index}_begin)
    set(end novnc_asset_${index}_end)
    string(APPEND symbols "asm(\".pushsection .rodata\\n${begin}:\\n.incbin \\\"${file}\\\"\\n${end}:\\n.popsection\\n\");\n")
    string(APPEND symbols "extern const char ${begin}[] asm(\"${begin}\");\n")
    string(APPEND symbols "extern const char ${end}[] asm(\"${end}\");\n")
    string(APPEND rows "      {\"${path}\", \"${hash}\", {${begin}, static_cast<std::size_t>(${end} - ${begin})}},\n")
    list(APPEND files ${file})
    math(EXPR index "${index} + 1")
  endforeach()

  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [=[
// Made by novnc_assets.cmake.
#include "api/novnc_assets.hpp"

@symbols@
namespace ottobot::api {

const std::vector<NovncAsset>& novnc_assets() {
  static const std::vector<NovncAsset> assets{
@rows@  };
  return assets;
}

}  // namespace ottobot::api
]=])
  # Outside the shared precompiled header and ccache's sight: what it holds is not in its text.
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${files}" SKIP_PRECOMPILE_HEADERS ON)
  set(${output} ${source} PARENT_SCOPE)
endfunction()
