# cmake -DDIST=folder -DOUTPUT=file.cpp -P embed_page.cmake: a source file that holds every file of the built page, and
# of those that have one their form in gzip (NAME.gz).
file(GLOB_RECURSE paths RELATIVE ${DIST} ${DIST}/*)
list(FILTER paths EXCLUDE REGEX "\\.gz$")
list(SORT paths)

set(symbols "")
function(embed name file)
  set(bytes "extern const char ${name}_begin[] asm(\"${name}_begin\");
extern const char ${name}_end[] asm(\"${name}_end\");
asm(\".pushsection .rodata\\n${name}_begin:\\n.incbin \\\"${file}\\\"\\n${name}_end:\\n.popsection\\n\");
")
  set(symbols "${symbols}${bytes}" PARENT_SCOPE)
endfunction()

set(rows "")
set(index 0)
foreach(path IN LISTS paths)
  set(name ottobot_page_${index})
  embed(${name} ${DIST}/${path})
  set(zipped "{}")
  if(EXISTS ${DIST}/${path}.gz)
    embed(${name}_gzip ${DIST}/${path}.gz)
    set(zipped "bytes(${name}_gzip_begin, ${name}_gzip_end)")
  endif()
  # Also what makes this text another one when the bytes are: ccache looks at nothing else.
  file(SHA256 ${DIST}/${path} hash)
  string(SUBSTRING ${hash} 0 32 hash)
  string(APPEND rows "      {\"${path}\", bytes(${name}_begin, ${name}_end), ${zipped}, \"${hash}\"},\n")
  math(EXPR index "${index} + 1")
endforeach()

file(WRITE ${OUTPUT} "// Made by embed_page.cmake.
#include \"page_files.hpp\"

${symbols}
namespace ottobot::cli {
namespace {

std::string_view bytes(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

}  // namespace

std::vector<PageFile> page_files() {
  return {
${rows}  };
}

}  // namespace ottobot::cli
")
