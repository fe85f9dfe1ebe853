# A fuzzer is one file of test/fuzz: `pawl_fuzzer(json_door ROOMS base)` makes `fuzz_json_door` of
# json_door.cpp, which defines LLVMFuzzerTestOneInput. Seeds lie in test/fuzz/corpus/json_door,
# words of the format in test/fuzz/json_door.dict. scripts/fuzz runs them.
function(pawl_fuzzer name)
  cmake_parse_arguments(FUZZ "" "" "ROOMS;LINK" ${ARGN})
  set(libraries ${FUZZ_LINK})
  foreach(room ${FUZZ_ROOMS})
    string(REPLACE "/" "_" dependency "pawl_${room}")
    list(APPEND libraries ${dependency})
  endforeach()
  add_executable(fuzz_${name} ${CMAKE_CURRENT_SOURCE_DIR}/${name}.cpp)
  target_link_libraries(fuzz_${name} PRIVATE pawl_flags ${libraries})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endfunction()
