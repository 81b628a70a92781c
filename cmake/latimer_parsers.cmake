# latimer_parser_table(<out.cc> <function> <file>…): writes a table of report parsers. File mytool_log.cc is the parser
# "mytool_log" and defines MytoolLog(). <function> is in namespace latimer::command.
function(latimer_parser_table out function)
  set(declarations "")
  set(entries "")
  foreach(file ${ARGN})
    get_filename_component(name ${file} NAME_WE)
    string(REPLACE "_" ";" parts ${name})
    set(symbol "")
    foreach(part ${parts})
      string(SUBSTRING ${part} 0 1 first)
      string(SUBSTRING ${part} 1 -1 rest)
      string(TOUPPER ${first} first)
      string(APPEND symbol ${first}${rest})
    endforeach()
    string(APPEND declarations "absl::StatusOr<Report> ${symbol}(const ReportFiles& files);\n")
    string(APPEND entries "      {\"${name}\", &parsers::${symbol}},\n")
  endforeach()
  set(text "// Made by cmake/latimer_parsers.cmake.
#include \"backends/command/report_parser.h\"

namespace latimer::command {
namespace parsers {
${declarations}}  // namespace parsers

const ParserTable& ${function}() {
  static const ParserTable* const table = new ParserTable{
${entries}  };
  return *table;
}

}  // namespace latimer::command
")
  file(GENERATE OUTPUT ${out} CONTENT "${text}")
endfunction()
