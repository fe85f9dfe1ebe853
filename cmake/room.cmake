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
    target_link_libraries(${name}_test PRIVATE ${name} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE PAWL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    gtest_discover_tests(${name}_test TEST_PREFIX "${path}: " DISCOVERY_MODE PRE_TEST
      DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT 300)
  endif()
endfunction()
