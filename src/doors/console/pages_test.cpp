#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "doors/console/page_files.h"

namespace pawl::console {
namespace {

using ::testing::HasSubstr;

// A browser that learns of a module only from another one asks for them one after another.
TEST(Pages, EveryModuleIsNamedByThePage) {
  const auto files = page_files();
  const auto page = std::ranges::find(files, "index.html", &PageFile::name);
  ASSERT_NE(page, files.end());
  for (const PageFile& file : files) {
    if (!file.name.ends_with(".js") || file.name == "app.js") continue;
    EXPECT_THAT(std::string(page->text),
                HasSubstr("<link rel=\"modulepreload\" href=\"" + std::string(file.name) + "\">"));
  }
}

}  // namespace
}  // namespace pawl::console
