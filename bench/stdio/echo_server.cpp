// The tool server of the end-to-end benchmark: two tools that answer at once, in native code, so
// that what is measured is what stands before it.
#include <unistd.h>

#include <string>
#include <string_view>

#include "../echo.h"

int main() {
  std::string buffer;
  std::string out;
  char chunk[65536];
  ssize_t count = 0;
  while ((count = ::read(0, chunk, sizeof chunk)) > 0) {
    buffer.append(chunk, static_cast<std::size_t>(count));
    std::size_t start = 0;
    for (std::size_t end = buffer.find('\n'); end != std::string::npos;
         end = buffer.find('\n', start)) {
      const std::size_t before = out.size();
      echo::answer({buffer.data() + start, end - start}, out);
      if (out.size() > before) out += '\n';
      start = end + 1;
    }
    buffer.erase(0, start);
    for (std::size_t done = 0; done < out.size();) {
      const ssize_t written = ::write(1, out.data() + done, out.size() - done);
      if (written <= 0) return 1;
      done += static_cast<std::size_t>(written);
    }
    out.clear();
  }
  return 0;
}
