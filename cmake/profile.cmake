# Which way the program mostly goes, counted while it served calls (scripts/train), and kept in the
# tree: what was busy is inlined, ordered and laid out by these counts, the same in every build. A
# function that has changed since is compiled as if it had never been counted. Functions that only
# one file knows are counted under the name of that file, without its folders; files of a room are
# compiled in groups, and a new one moves its neighbours to another, so each such function is given
# under the names of all groups.
set(profile_names -mllvm -static-func-full-module-prefix=false)
if(PAWL_TRAIN)
  target_compile_options(pawl_flags INTERFACE
    -fprofile-generate -fprofile-update=atomic ${profile_names})
  target_link_options(pawl_flags INTERFACE -fprofile-generate)
elseif(PAWL_PROFILE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  string(REGEX MATCH "^[0-9]+" profile_version "${CMAKE_CXX_COMPILER_VERSION}")
  find_program(PAWL_PROFDATA NAMES llvm-profdata-${profile_version} llvm-profdata)
  set(counts ${CMAKE_SOURCE_DIR}/cmake/release.profile)
  # Named by what is in it: other counts are another flag, and everything is compiled again. Objects
  # of two profiles do not link.
  file(SHA256 ${counts} profile_hash)
  string(SUBSTRING ${profile_hash} 0 16 profile_hash)
  set(indexed ${CMAKE_BINARY_DIR}/release.${profile_hash}.profdata)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${counts})
  if(PAWL_PROFDATA AND NOT EXISTS ${indexed})
    set(in_each_group [=[
      /^unity_/ {
        for (group = 0; group < 10; ++group) {
          sub(/^unity_[0-9]+_/, "unity_" group "_")
          print
        }
        next
      }
      { print }
    ]=])
    set(spread ${CMAKE_BINARY_DIR}/release.profile)
    execute_process(COMMAND awk -v RS= -v "ORS=\n\n" "${in_each_group}" ${counts}
      OUTPUT_FILE ${spread} RESULT_VARIABLE profile_failed)
    if(NOT profile_failed)
      execute_process(COMMAND ${PAWL_PROFDATA} merge -o ${indexed} ${spread}
        RESULT_VARIABLE profile_failed)
    endif()
  endif()
  if(NOT PAWL_PROFDATA OR profile_failed)
    message(WARNING "no llvm-profdata of this compiler: the program will be about a fifth slower")
  else()
    target_compile_options(pawl_flags INTERFACE -fprofile-use=${indexed} ${profile_names}
      -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date -Wno-backend-plugin)
  endif()
endif()
