// The life of the isolated parser: a process that reads texts from its standard input and writes
// summaries to its standard output until the input ends (frame.h says how).
//
// Before the first text it is confined (io/net/confine.h); where the kernel refuses that it does
// not serve.
#pragma once

namespace pawl::sql {

// The exit status.
int serve();

}  // namespace pawl::sql
