# Half of the time of a compilation goes into the same headers: twenty of the standard library, and
# in every room above `kernel/policy` those that a policy is made of. They are read once, here. A
# file still has to include what it uses: `header_check` compiles every header alone, and
# scripts/tidy every file, without them.
set(pawl_standard_headers
  <algorithm> <array> <charconv> <cstdint> <cstring> <expected> <fmt/format.h> <functional>
  <map> <memory> <optional> <set> <span> <string> <string_view> <unordered_map> <utility>
  <variant> <vector>)
set(pawl_policy_headers
  base/error.h base/hash.h base/json.h base/text.h base/time.h model/call.h model/record.h
  kernel/policy/policy.h kernel/state/state.h)
list(TRANSFORM pawl_policy_headers PREPEND ${PROJECT_SOURCE_DIR}/src/)

# pawl_precompiled(NAME [HEADERS H...] [OPTIONS O...] [LINK L...]): the target that others take
# headers from.
function(pawl_precompiled name)
  cmake_parse_arguments(PRE "" "" "HEADERS;OPTIONS;LINK" ${ARGN})
  if(TARGET ${name})
    return()
  endif()
  add_library(${name} OBJECT ${PROJECT_SOURCE_DIR}/cmake/headers.cpp)
  target_link_libraries(${name} PRIVATE pawl_flags fmt::fmt ${PRE_LINK})
  target_include_directories(${name} PRIVATE
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_compile_options(${name} PRIVATE -pthread ${PRE_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${pawl_standard_headers} ${PRE_HEADERS})
endfunction()

# Whether the rooms of a target make it one that reads policies.
function(pawl_reads_policies result)
  set(${result} FALSE PARENT_SCOPE)
  if("kernel/policy" IN_LIST ARGN OR "kernel/deployment" IN_LIST ARGN)
    set(${result} TRUE PARENT_SCOPE)
  endif()
endfunction()

# pawl_test_program(NAME [ROOM...]): a program of tests over these rooms. Its own code is only quick
# to compile; what is tested, the rooms, keeps the optimisation of the preset.
function(pawl_test_program name)
  target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest_main)
  set(testing <gmock/gmock.h> <gtest/gtest.h>)
  pawl_reads_policies(policies ${ARGN})
  if(policies)
    set(source pawl_policy_test_headers)
    list(APPEND testing ${pawl_policy_headers})
  else()
    set(source pawl_test_headers)
  endif()
  pawl_precompiled(${source} HEADERS ${testing} OPTIONS -O0 LINK GTest::gmock)
  target_compile_options(${name} PRIVATE -pthread -O0)
  target_precompile_headers(${name} REUSE_FROM ${source})
endfunction()

# pawl_quick(NAME PATH [ROOM...]): a room that may include from these rooms.
function(pawl_quick name path)
  set(options)
  set(kind)
  if(PAWL_SANITIZE AND path MATCHES "^(app|node)(/|$)")
    # The commands are the largest room and wait for others; no fuzzer reads by them.
    set(kind _quick)
    set(options -O0)
  elseif(PAWL_FUZZ)
    # The rooms tell a fuzzer which branches a text takes; other programs do not listen.
    set(options -fsanitize=fuzzer-no-link)
  endif()
  pawl_reads_policies(policies ${ARGN})
  if(policies)
    set(source pawl_policy_headers${kind})
    pawl_precompiled(${source} HEADERS ${pawl_policy_headers} OPTIONS ${options})
  else()
    set(source pawl_standard_headers${kind})
    pawl_precompiled(${source} OPTIONS ${options})
  endif()
  target_compile_options(${name} PRIVATE -pthread ${options})
  target_precompile_headers(${name} REUSE_FROM ${source})
endfunction()

# Where a preset is built from nothing, most of the time goes into templates that every file of a
# room makes again. Compiled together they make them once. So names in the anonymous namespaces of
# a room differ, in its sources as in its tests; `dev` compiles each file alone, and finds what is
# not included.
function(pawl_together name)
  if(PAWL_UNITY)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  endif()
endfunction()

# A program under a sanitizer takes longer to start than most cases to run. Those of the pure floors
# share nothing that one of them could leave to the next, so there a program runs all of its cases,
# and writes down how many those are: `run_ctest` counts them one by one. `dev` starts each alone.
function(pawl_cases_together program path)
  add_test(NAME "${path}: every case" COMMAND ${program} --gtest_brief=1)
  set_tests_properties("${path}: every case" PROPERTIES TIMEOUT 1200 COST 50 ENVIRONMENT
    GTEST_OUTPUT=xml:${PROJECT_BINARY_DIR}/cases/${program}.xml)
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
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
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
    pawl_quick(${name} ${path} ${ROOM_ROOMS})
    pawl_together(${name})
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
    pawl_test_program(${name}_test ${path} ${ROOM_ROOMS} ${ROOM_TEST_ROOMS})
    pawl_together(${name}_test)
    target_compile_definitions(${name}_test PRIVATE PAWL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    if(PAWL_SANITIZE AND path MATCHES "^(base|model|kernel|analysis)(/|$)")
      pawl_cases_together(${name}_test ${path})
    else()
      gtest_discover_tests(${name}_test TEST_PREFIX "${path}: " DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT 300)
    endif()
  endif()
endfunction()
