# One set of flags for every target of ours.
add_library(pawl_flags INTERFACE)
target_compile_options(pawl_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough -Wswitch-enum -fstack-protector-strong -msse4.2)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(pawl_flags INTERFACE -Wthread-safety)
endif()
# Where files are compiled together, a name of one of them is no mistake in the next.
if(NOT PAWL_UNITY)
  target_compile_options(pawl_flags INTERFACE -Wshadow)
endif()
target_compile_definitions(pawl_flags INTERFACE
  _GLIBCXX_ASSERTIONS PAWL_VERSION="${PROJECT_VERSION}")

if(PAWL_SANITIZE)
  target_compile_options(pawl_flags INTERFACE
    -fsanitize=${PAWL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(pawl_flags INTERFACE -fsanitize=${PAWL_SANITIZE})
  if(PAWL_SANITIZE MATCHES "undefined")
    # This check asks the kernel through a pipe whether an object may be read, and calls it broken
    # where there is no descriptor left, which is what some tests bring about. AddressSanitizer
    # finds what it would find. So it does of objects that are too small for an access, whose check
    # is a fifth of the time of compiling.
    target_compile_options(pawl_flags INTERFACE -fno-sanitize=vptr,object-size)
    target_link_options(pawl_flags INTERFACE -fno-sanitize=vptr)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_link_options(pawl_flags INTERFACE -fuse-ld=lld)
endif()
