# cmake -DFOLDER=page -DOUT=FILE -P page.cmake: the console's page as texts of the
# program, so that it needs no file beside it, and nobody can put another one there. Sorted by name,
# byte for byte.
cmake_minimum_required(VERSION 3.25)
file(GLOB files ${FOLDER}/*)
list(SORT files)
set(text "// Written by cmake/page.cmake from the files of the page.\n")
string(APPEND text "#include \"doors/console/page_files.h\"\n\n")
string(APPEND text "#include <array>\n\nnamespace pawl::console {\n\nnamespace {\n\n")
string(APPEND text "constexpr auto kPageFiles = std::to_array<PageFile>({\n")
foreach(path ${files})
  get_filename_component(name ${path} NAME)
  file(READ ${path} bytes)
  string(APPEND text "    {\"${name}\", R\"pawlpage(${bytes})pawlpage\"},\n")
endforeach()
string(APPEND text "});\n\n}  // namespace\n\n")
string(APPEND text "std::span<const PageFile> page_files() {\n  return kPageFiles;\n}\n\n")
string(APPEND text "}  // namespace pawl::console\n")
file(CONFIGURE OUTPUT ${OUT} CONTENT "@text@" @ONLY)
