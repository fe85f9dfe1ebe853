namespace pawl {
struct Difference { int record; };
struct Forward;
enum class Weight { light, heavy };
template <class T> struct Box {};
namespace inner {
struct Own {};
}  // namespace inner
}  // namespace pawl
