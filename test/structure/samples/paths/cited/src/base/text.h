// Text. See house.md and src/base/gone.cpp; docs/page.md is there, and so are text.h, base/text.h,
// src/base, src/base/*.cpp, <linux/gone.h>, _test.cpp and tools/list.
const char* path = "src/base/absent.h";
