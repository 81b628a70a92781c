# Run as a script: writes OUT, a map of the files FILES (separated by "|") by their names without extension.
set(entries "")
string(REPLACE "|" ";" files "${FILES}")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND entries "      {\"${name}\", R\"latimer(${text})latimer\"},\n")
endforeach()
file(WRITE ${OUT} "// Made by cmake/embed_texts.cmake.
#include \"backends/command/toolchain_file.h\"

namespace latimer::command {

const std::map<std::string, std::string>& BuiltInToolchains() {
  static const auto* const texts = new std::map<std::string, std::string>{
${entries}  };
  return *texts;
}

}  // namespace latimer::command
")
