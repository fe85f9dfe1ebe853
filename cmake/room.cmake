# A program of tests. GoogleTest is read once for all of them. The program's own code is only quick
# to compile; what is tested, the rooms, keeps the optimisation of the preset.
function(pawl_test_program name)
  target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest_main)
  set(options -pthread -O0)
  if(NOT TARGET pawl_gtest)
    add_library(pawl_gtest OBJECT ${PROJECT_SOURCE_DIR}/cmake/gtest.cpp)
    target_link_libraries(pawl_gtest PRIVATE pawl_flags GTest::gmock)
    target_compile_options(pawl_gtest PRIVATE ${options})
    target_precompile_headers(pawl_gtest PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  target_compile_options(${name} PRIVATE ${options})
  target_precompile_headers(${name} REUSE_FROM pawl_gtest)
endfunction()

# Half of the time of a compilation goes into the same twenty headers of the standard library: they
# are read once for all rooms. A file still has to include what it uses: tools/check compiles every
# header alone, without them.
function(pawl_quick name)
  if(NOT TARGET pawl_standard)
    add_library(pawl_standard OBJECT ${PROJECT_SOURCE_DIR}/cmake/standard.cpp)
    target_link_libraries(pawl_standard PRIVATE pawl_flags fmt::fmt)
    target_compile_options(pawl_standard PRIVATE -pthread)
    if(PAWL_FUZZ)
      target_compile_options(pawl_standard PRIVATE -fsanitize=fuzzer-no-link)
    endif()
    target_precompile_headers(pawl_standard PRIVATE
      <algorithm> <array> <charconv> <cstdint> <cstring> <expected> <fmt/format.h> <functional>
      <map> <memory> <optional> <set> <span> <string> <string_view> <unordered_map> <utility>
      <variant> <vector>)
  endif()
  target_compile_options(${name} PRIVATE -pthread)
  target_precompile_headers(${name} REUSE_FROM pawl_standard)
endfunction()

# One folder is one library.
#   pawl_room(kernel/admit ROOMS base model kernel/state LINK PkgConfig::RE2)
# takes every .cpp of the folder; the files that end in _test.cpp make one test program beside it.
# ROOMS are the rooms it may include from: tools/check reads the same list and fails on others.
function(pawl_room path)
  cmake_parse_arguments(ROOM "" "" "ROOMS;LINK;TEST_ROOMS" ${ARGN})
  string(REPLACE "/" "_" name "pawl_${path}")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  set(libraries ${ROOM_LINK})
  foreach(room ${ROOM_ROOMS})
    string(REPLACE "/" "_" dependency "pawl_${room}")
    list(APPEND libraries ${dependency})
  endforeach()

  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC
      ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(${name} PUBLIC pawl_flags ${libraries})
    pawl_quick(${name})
    if(PAWL_FUZZ)
      # The rooms tell a fuzzer which branches a text takes; other programs do not listen.
      target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE
      ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(${name} INTERFACE pawl_flags ${libraries})
  endif()

  if(PAWL_TESTS AND tests)
    add_executable(${name}_test ${tests})
    foreach(room ${ROOM_TEST_ROOMS})
      string(REPLACE "/" "_" dependency "pawl_${room}")
      target_link_libraries(${name}_test PRIVATE ${dependency})
    endforeach()
    target_link_libraries(${name}_test PRIVATE ${name})
    pawl_test_program(${name}_test)
    target_compile_definitions(${name}_test PRIVATE PAWL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    gtest_discover_tests(${name}_test TEST_PREFIX "${path}: " DISCOVERY_MODE PRE_TEST
      DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT 300)
  endif()
endfunction()
