# cmake -DFILE=prices/models.yaml -DOUT=FILE -P prices.cmake: the price table as a text of the
# program, so that it needs no file beside it.
cmake_minimum_required(VERSION 3.25)
file(READ ${FILE} bytes)
set(text "// Written by cmake/prices.cmake from prices/models.yaml.\n")
string(APPEND text "#include \"kernel/metering/price.h\"\n\nnamespace pawl {\n\n")
string(APPEND text "std::string_view builtin_prices() {\n")
string(APPEND text "  return R\"pawlprices(${bytes})pawlprices\";\n}\n\n}  // namespace pawl\n")
file(CONFIGURE OUTPUT ${OUT} CONTENT "@text@" @ONLY)
