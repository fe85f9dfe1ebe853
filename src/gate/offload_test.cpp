// Large arguments and results are looked at beside the loop. Meanwhile everybody else is answered,
// and what happens meanwhile counts: the switch, a client that leaves, another policy, a link that
// moved, a ceiling.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

#include <crash/gate_world.h>

namespace pawl::crash {
namespace {

constexpr std::size_t large_bytes = (4UL << 20) - 1024;

std::string repeated(std::string_view pattern, std::size_t bytes) {
  std::string out;
  while (out.size() + pattern.size() <= bytes) out += pattern;
  return out;
}

std::string with_text(std::string_view text) {
  json::Writer out;
  out.object().key("a").string(text).end();
  return out.take();
}

std::string role(std::string_view entry) {
  return R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: small, class: read_only}
    - )" +
         std::string(entry) +
         R"(
approval: {reviewers: [leads]}
)";
}

// Its calls of `large` stay beside the loop until `finish`.
class Beside {
 public:
  explicit Beside(const std::string& text) : world_(text) {
    world_.start();
    world_.open();
    world_.executor.holds_offloaded = true;
  }
  World* operator->() { return &world_; }
  Asked& large(const std::string& arguments) {
    Asked& asked = world_.ask("large", arguments);
    world_.settle();
    EXPECT_FALSE(asked.done());
    EXPECT_GE(world_.executor.offloaded(), 1U);
    return asked;
  }
  const Settled& finish(Asked& asked) {
    while (world_.executor.offloaded() > 0) {
      world_.executor.finish_one();
      world_.settle();
    }
    EXPECT_TRUE(asked.done());
    static const Settled none;
    return asked.done() ? *asked.reply : none;
  }
  // Another client and the switch, while the large one is under way.
  void expect_answers() {
    EXPECT_EQ(world_.call("small").kind, Settled::Kind::result);
    ASSERT_TRUE(world_.gate->kill_switch.kill("all", "", "ann", "stop"));
    EXPECT_EQ(world_.call("small").code, Code::killed);
  }

 private:
  World world_;
};

struct Worst {
  const char* name;
  const char* entry;  // of the policy
  // Made where it is used: each test is a process that lists them all.
  std::function<std::string()> arguments;
};

void PrintTo(const Worst& worst, std::ostream* out) {
  *out << worst.name;
}

std::function<std::string()> list_of(std::string_view element) {
  return [element] {
    std::string out = R"({"a":[)" + std::string(element);
    while (out.size() + element.size() + 3 < large_bytes) (out += ',') += element;
    return out + "]}";
  };
}

#define LARGE_TOOL(args) "{name: large, class: read_only, args: {" args "}}"

std::vector<Worst> worst() {
  const auto text = [](std::string_view pattern) {
    return [pattern] { return with_text(repeated(pattern, large_bytes)); };
  };
  return {
      {"hosts_in", LARGE_TOOL("a: {hosts_in: [a.example]}"), text("data:a!")},
      {"hosts_in_undone", LARGE_TOOL("a: {hosts_in: [a.example]}"), text("%2525")},
      {"hosts_in_stops", LARGE_TOOL("a: {hosts_in: [a.example]}"), text("\u3002")},
      {"in", LARGE_TOOL("a: {in: [x, y]}"), text("\uFF41")},
      {"not_in", LARGE_TOOL("a: {not_in: [x, y]}"), text("\uFF41")},
      {"matches", LARGE_TOOL("a: {matches: '(a|b|[^x])*y'}"), text("ab")},
      {"max_length", LARGE_TOOL("a: {max_length: 100}"), text("\u20ac")},
      {"prefix", LARGE_TOOL("a: {prefix: [b]}"), text("a")},
      {"path", LARGE_TOOL("a: {under: [/srv]}"), text("/a")},
      {"paths", LARGE_TOOL("a: {under: [/srv], base: /srv}"), list_of("\"a\"")},
      {"url", LARGE_TOOL("a: {host: [a.example]}"), text("https://")},
      {"email_domain", LARGE_TOOL("a: {email_domain: [a.example]}"), text("a@")},
      {"cidr", LARGE_TOOL("a: {cidr: [10.0.0.0/8]}"), text("1.")},
      {"shell", LARGE_TOOL("a: {shell: {allow: [ls]}}"), text("$(")},
      {"argv", LARGE_TOOL("a: {argv: {allow: [ls]}}"), list_of("\"a\"")},
      {"json", LARGE_TOOL("a: {json: {b: {max_length: 3}}}"), text("[")},
      {"manifest", LARGE_TOOL("a: {manifest: {kinds: [ConfigMap]}}"), text("a: b\n")},
      {"k8s_kind", LARGE_TOOL("a: {k8s_kind: {in: [Pod]}}"), text("pod")},
      {"sql", LARGE_TOOL("a: {sql: {dialect: postgresql, statements: [select], tables: [t]}}"),
       list_of("\"select 1\"")},
      {"min", LARGE_TOOL("a: {min: 3}"), list_of("1")},
      {"max_items", LARGE_TOOL("a: {max_items: 3}"), list_of("1")},
      {"from", LARGE_TOOL("a: {from: [user], else: hold}"), list_of("\"a\"")},
      {"unnamed", "{name: large, class: read_only}", text("\n")},
      {"credentials", "{name: large, class: read_only external_sink}", text("eyJsk-")},
      {"encoded", "{name: large, class: read_only external_sink}", text("%41")},
  };
}

class WorstMessage : public testing::TestWithParam<Worst> {};

TEST_P(WorstMessage, KeepsNoClientWaiting) {
  Beside world(role(GetParam().entry));
  Asked& asked = world.large(GetParam().arguments());
  world.expect_answers();
  EXPECT_FALSE(asked.done());
  EXPECT_EQ(world.finish(asked).code, Code::killed);
  EXPECT_EQ(world->server.count("large"), 0U);
}

// What is found ahead is what would be found at once.
TEST_P(WorstMessage, HasTheSameVerdictAsOnTheLoop) {
  Settled found[2];
  for (const bool beside : {false, true}) {
    World world(role(GetParam().entry));
    world.limits.offload_bytes_min = beside ? 1024 : SIZE_MAX;
    world.start();
    world.open();
    Asked& asked = world.ask({.run = world.run,
                              .tool = "large",
                              .arguments = GetParam().arguments(),
                              .patience = Duration::seconds(0)});
    world.settle();
    ASSERT_TRUE(asked.done());
    found[beside ? 1 : 0] = *asked.reply;
  }
  EXPECT_EQ(found[0].kind, found[1].kind);
  EXPECT_EQ(found[0].code, found[1].code);
  EXPECT_EQ(found[0].kind == Settled::Kind::pending ? "" : found[0].text,
            found[1].kind == Settled::Kind::pending ? "" : found[1].text);
}

INSTANTIATE_TEST_SUITE_P(Kinds, WorstMessage, testing::ValuesIn(worst()),
                         [](const auto& each) { return std::string(each.param.name); });

const std::string plain = with_text(repeated("a", 64UL << 10));

TEST(Offload, AClientThatLeavesMeanwhileHasNothingRun) {
  Beside world(role("{name: large, class: read_only}"));
  Asked& asked = world.large(plain);
  asked.leave();
  EXPECT_EQ(world.finish(asked).kind, Settled::Kind::gone);
  EXPECT_EQ(world->server.count("large"), 0U);
  EXPECT_EQ(world->count("call.ended"), 1U);
}

TEST(Offload, AClientThatLeavesMeanwhileIsNotWaitedFor) {
  Beside world(role("{name: large, class: read_only, requires_approval: true}"));
  Asked& asked = world.large(plain);
  asked.leave();
  EXPECT_EQ(world.finish(asked).kind, Settled::Kind::gone);
  EXPECT_EQ(world->server.count("large"), 0U);
}

TEST(Offload, AStricterPolicyMeanwhileCounts) {
  Beside world(role("{name: large, class: read_only}"));
  Asked& asked = world.large(plain);
  world->gate->policies.offer_policy(world->load(role(LARGE_TOOL("a: {max_length: 100}"))));
  EXPECT_EQ(world.finish(asked).code, Code::constraint);
  EXPECT_EQ(world->server.count("large"), 0U);
}

TEST(Offload, ALinkThatMovedMeanwhileCounts) {
  Beside world(role(LARGE_TOOL("a: {under: [/srv]}, b: {max_length: 100000}")));
  std::string leads = "/srv/x";
  json::Writer arguments;
  arguments.object().key("a").string("/srv/link").key("b").string(repeated("b", 64UL << 10)).end();
  Asked& asked = world->ask({.run = world->run,
                             .tool = "large",
                             .arguments = arguments.text(),
                             .resolve = [&leads](std::string_view pointer, std::string_view) {
                               return PathFact{std::string(pointer), leads, ""};
                             }});
  world->settle();
  leads = "/etc/passwd";
  EXPECT_EQ(world.finish(asked).code, Code::constraint);
  EXPECT_EQ(world->server.count("large"), 0U);
}

TEST(Offload, CeilingsAreReadWhenItIsDecided) {
  Beside world(role("{name: large, class: read_only, max_calls_per_run: 1}"));
  Asked& one = world.large(plain);
  Asked& two = world.large(plain);
  EXPECT_EQ(world.finish(two).code, Code::ceiling);
  EXPECT_EQ(one.reply->kind, Settled::Kind::result);
  EXPECT_EQ(world->server.count("large"), 1U);
}

TEST(Offload, AProcessThatDiesMeanwhileLeavesNothing) {
  Beside world(role("{name: large, class: reversible small}"));
  world.large(plain);
  world->kill();
  world->start();
  EXPECT_EQ(world->count("call.decided"), 0U);
  EXPECT_TRUE(world->gate->state().consistent());
}

TEST(Offload, ALargeResultIsProjectedBesideTheLoop) {
  Beside world(role("{name: large, class: read_only, scope: [name]}"));
  std::string rows;
  for (int i = 0; i < 20'000; ++i) {
    rows += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + R"(":{"name":"n","ssn":"SECRET"})";
  }
  world->server.result = R"({"content":[],"structuredContent":{)" + rows + "}}";
  Asked& asked = world.large("{}");
  world->server.result = R"({"content":[{"text":"done","type":"text"}]})";
  EXPECT_EQ(world->call("small").kind, Settled::Kind::result);
  const Settled& settled = world.finish(asked);
  EXPECT_EQ(settled.kind, Settled::Kind::result);
  EXPECT_THAT(settled.text, testing::Not(testing::HasSubstr("SECRET")));
  EXPECT_THAT(settled.text, testing::HasSubstr(R"("name":"n")"));
}

TEST(Offload, AScopeThatBecameNarrowerMeanwhileCounts) {
  Beside world(role("{name: large, class: read_only, scope: [name, ssn]}"));
  world->server.result = R"({"content":[],"structuredContent":{"name":"n","ssn":"SECRET","x":")" +
                         repeated("x", 64UL << 10) + "\"}}";
  Asked& asked = world.large("{}");
  world->gate->policies.offer_policy(
      world->load(role("{name: large, class: read_only, scope: [name]}")));
  EXPECT_THAT(world.finish(asked).text, testing::Not(testing::HasSubstr("SECRET")));
}

}  // namespace
}  // namespace pawl::crash
