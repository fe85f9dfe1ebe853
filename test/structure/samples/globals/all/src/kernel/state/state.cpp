#include <map>
namespace pawl {
namespace {
int counter = 0;
std::map<int, int> table;
std::function<void(int)> hook;
const char* name = "changes";
const char* const fixed = "stays";
constexpr int limit_max = 3;
const std::map<int, int> known = {{1, 2}, {3, 4}};
inline constexpr std::string_view kWord = "x";
using Names = std::map<int, int>;
typedef int Number;
struct Row { int a = 0; int b{}; };
class Forward;
int declared(int a, int b);
template <class T> concept Small = sizeof(T) < 8;
template <class T> bool ask(T value) { return value < 3; }
Row operator+(Row a, Row b);
static_assert(sizeof(Row) == 8);
}  // namespace
class Pool {
 public:
  static Pool make();
  static Pool& instance() { static Pool pool; return pool; }
  static int live;
  static constexpr int size_max = 8;
  int members = 0;
};
void count() {
  static int calls = 0;
  static const int once = 3;
  thread_local std::string scratch;
  const auto lambda = [] { static int hidden = 1; return hidden; };
  int local = 0;
  static Pool by_parens(3);
}
extern int elsewhere;
}  // namespace pawl
