// Manifests: what a rule lets through, and spellings that try to get something else through.
#include "lang/document/manifest.h"

#include <gtest/gtest.h>

#include <string>

#include "lang/document/kinds.h"

namespace pawl::document {
namespace {

const std::string kDigest = "app@sha256:" + std::string(64, 'a');

ManifestRule rule() {
  ManifestRule out;
  out.kinds = {"Deployment", "ConfigMap", "HorizontalPodAutoscaler", "example.org/Widget"};
  out.namespaces = {"checkout", "search"};
  out.denies = deny_words();
  EXPECT_TRUE(compile(out));
  return out;
}

std::string judged(std::string_view text) {
  static const ManifestRule one = rule();
  return check_manifest(one, text);
}

// A Deployment whose container has these lines too.
std::string deployment(std::string_view in_container = "", std::string_view in_pod = "") {
  std::string out =
      "apiVersion: apps/v1\n"
      "kind: Deployment\n"
      "metadata:\n"
      "  name: web\n"
      "  namespace: checkout\n"
      "  labels: {app: web, image: none}\n"
      "  annotations:\n"
      "    example.org/privileged: \"yes\"\n"
      "spec:\n"
      "  template:\n"
      "    spec:\n";
  if (!in_pod.empty()) out += "      " + std::string(in_pod) + "\n";
  out += "      containers:\n        - name: web\n          image: " + kDigest + "\n";
  if (!in_container.empty()) out += "          " + std::string(in_container) + "\n";
  return out;
}

TEST(Manifest, LetsThroughWhatTheRuleNames) {
  const std::string config =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: search}\n"
      "data:\n  privileged: \"true\"\n  image: nginx\n";
  const std::string widget =
      "apiVersion: example.org/v2\nkind: Widget\nmetadata: {namespace: checkout}\nspec: {size: "
      "3}\n";
  EXPECT_EQ(judged(deployment()), "");
  EXPECT_EQ(judged(deployment("securityContext: {privileged: false}")), "");
  EXPECT_EQ(judged(deployment("securityContext: {capabilities: {drop: [ALL]}}")), "");
  EXPECT_EQ(judged(deployment("", "hostNetwork: false")), "");
  EXPECT_EQ(judged("---\n" + deployment() + "---\n" + config), "");
  EXPECT_EQ(judged("# nothing\n--- # first\n" + config + "---\n# nothing\n---\n" + widget), "");
  EXPECT_EQ(judged("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":"
                   "\"search\"},\"data\":{\"a\":\"b\"}}"),
            "");
  EXPECT_EQ(judged("apiVersion: v1\nkind: List\nitems:\n"
                   "  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {namespace: search}\n"),
            "");
}

struct Attack {
  std::string_view name;
  std::string text;
};

std::string kind(std::string_view version, std::string_view of,
                 std::string_view more = "metadata: {namespace: checkout}\n") {
  return "apiVersion: " + std::string(version) + "\nkind: " + std::string(of) + "\n" +
         std::string(more);
}

std::vector<Attack> other_kinds() {
  return {
      // kinds
      {"another kind", kind("v1", "Secret")},
      {"the kind in another group", kind("evil.example/v1", "Deployment")},
      {"the old group of the kind", kind("extensions/v1beta1", "Deployment")},
      {"the kind without a group", kind("v1", "Deployment")},
      {"a core kind in a group", kind("x/v1", "ConfigMap")},
      {"small letters", kind("apps/v1", "deployment")},
      {"a blank behind the kind", kind("apps/v1", "\"Deployment \"")},
      {"a letter that looks the same", kind("apps/v1", "\"D\xD0\xB5ployment\"")},
      {"no kind", "apiVersion: v1\nmetadata: {namespace: checkout}\n"},
      {"a kind that is a list", kind("v1", "[ConfigMap]")},
      {"Kind with a capital", "apiVersion: v1\nKind: ConfigMap\nmetadata: {namespace: search}\n"},
      {"two kinds", kind("v1", "ConfigMap\nkind: Secret")},
      {"two kinds, one with a capital", kind("v1", "ConfigMap\nKind: Secret")},
      {"a list of other kinds",
       "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: "
       "Secret\n    metadata: {namespace: checkout}\n"},
      {"a typed list",
       "apiVersion: v1\nkind: SecretList\nitems:\n  - apiVersion: v1\n    kind: "
       "Secret\n    metadata: {namespace: checkout}\n"},
      {"a typed list whose members have no kind",
       "apiVersion: v1\nkind: SecretList\nitems:\n  - metadata: {namespace: checkout}\n"},
      {"a list without items", kind("v1", "List")},
      {"lists in lists in lists",
       "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items: [{apiVersion: "
       "v1, kind: List, items: [{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: List, "
       "items: []}]}]}]}\n"},
      {"a second document", deployment() + "---\n" + kind("v1", "Secret")},
      {"a second document after a long line of dashes",
       deployment() + "---------\n" + kind("v1", "Secret")},
      {"text behind the dashes", deployment() + "--- {kind: Secret}\n"},
      {"an end of document", deployment() + "...\n" + kind("v1", "Secret")},
      {"a document inside of a block",
       "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: "
       "search}\ndata:\n  a: |\n    x\n---\n" +
           kind("v1", "Secret")},
      {"a document inside of quotes",
       "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: "
       "search}\ndata: {a: \"\n---\n" +
           kind("v1", "Secret") + "\"}\n"},
      {"two objects of JSON",
       "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
       "\"namespace\":\"search\"}}{\"kind\":\"Secret\"}"},
      {"a key of JSON twice",
       "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"kind\":\"Secret\","
       "\"metadata\":{\"namespace\":\"search\"}}"},
      {"an array of JSON", "[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"}]"},
      {"a comment in JSON", "{\"apiVersion\":\"v1\", // x\n\"kind\":\"ConfigMap\"}"},
  };
}

std::vector<Attack> other_readings() {
  return {
      // YAML that readers take differently
      {"an alias", "apiVersion: v1\nkind: ConfigMap\nmetadata: &m {namespace: search}\nx: *m\n"},
      {"a merge",
       "apiVersion: v1\nkind: ConfigMap\n<<: {kind: Secret}\nmetadata: {namespace: "
       "search}\n"},
      {"a tag", kind("v1", "!!str ConfigMap")},
      {"a directive", "%YAML 1.1\n---\n" + kind("v1", "ConfigMap")},
      {"a carriage return", "apiVersion: v1\rkind: Secret\n" + kind("v1", "ConfigMap")},
      {"a next line", "apiVersion: v1 #\xC2\x85kind: Secret\nkind: ConfigMap\n"},
      {"a line separator", "apiVersion: v1 #\xE2\x80\xA8kind: Secret\nkind: ConfigMap\n"},
      {"a tab", "apiVersion: v1\nkind:\tConfigMap\n"},
      {"a mark of byte order", "\xEF\xBB\xBF" + kind("v1", "ConfigMap")},
      {"a zero byte", kind("v1", "ConfigMap") + std::string(1, '\0')},
      {"no document", "# nothing\n---\n"},
      {"a scalar", "ConfigMap"},
      {"not UTF-8", kind("v1", "ConfigMap") + "x: \xFF\n"},
      {"too long", kind("v1", "ConfigMap") + "x: " + std::string(manifest_bytes_max, 'a')},
      // namespaces
      {"another namespace", kind("v1", "ConfigMap", "metadata: {namespace: kube-system}\n")},
      {"no namespace", kind("v1", "ConfigMap", "metadata: {name: x}\n")},
      {"no metadata", kind("v1", "ConfigMap", "")},
      {"an empty namespace", kind("v1", "ConfigMap", "metadata: {namespace: \"\"}\n")},
      {"a namespace that is a list", kind("v1", "ConfigMap", "metadata: {namespace: [search]}\n")},
      {"a namespace at the wrong place", kind("v1", "ConfigMap", "namespace: search\n")},
  };
}

std::vector<Attack> denied_things() {
  return {
      // what the rule denies
      {"privileged", deployment("securityContext: {privileged: true}")},
      {"privileged: yes", deployment("securityContext: {privileged: yes}")},
      {"privileged, quoted", deployment("securityContext: {privileged: \"true\"}")},
      {"privileged without a value", deployment("securityContext: {privileged: }")},
      {"Privileged", deployment("securityContext: {Privileged: true}")},
      {"a long s", deployment("", "ho\xC5\xBFtNetwork: true")},
      {"hostNetwork", deployment("", "hostNetwork: true")},
      {"hostPID", deployment("", "hostPID: 1")},
      {"hostIPC", deployment("", "hostIPC: on")},
      {"hostPath", deployment("", "volumes: [{name: v, hostPath: {path: /}}]")},
      {"hostPort", deployment("ports: [{containerPort: 80, hostPort: 80}]")},
      {"capabilities", deployment("securityContext: {capabilities: {add: [SYS_ADMIN]}}")},
      {"capabilities in another case", deployment("securityContext: {capabilities: {Add: [ALL]}}")},
      {"escalation", deployment("securityContext: {allowPrivilegeEscalation: true}")},
      {"a service account", deployment("", "serviceAccountName: admin")},
      {"a secret as a variable",
       deployment("env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]")},
      {"a secret as a volume", deployment("", "volumes: [{name: v, secret: {secretName: s}}]")},
      {"a tag for an image", deployment("", "initContainers: [{name: i, image: \"app:1\"}]")},
      {"a short digest", deployment("", "initContainers: [{name: i, image: \"app@sha256:abc\"}]")},
      {"a digest behind a comment",
       deployment("", "initContainers: [{name: i, image: \"app:1 #" + kDigest + " \"}]")},
      {"no image", deployment("", "initContainers: [{name: i}]")},
      {"a template inside of an unknown kind",
       kind("example.org/v1", "Widget",
            "metadata: {namespace: checkout}\nspec: {a: {b: [{podSpec: {containers: [{image: "
            "nginx}]}}]}}\n")},
      {"payload of a kind that is not a ConfigMap",
       kind("example.org/v1", "Widget",
            "metadata: {namespace: checkout}\ndata: {hostNetwork: true}\n")},
      {"labels elsewhere", kind("example.org/v1", "Widget",
                                "metadata: {namespace: checkout}\nlabels: {hostPID: true}\n")},
  };
}

TEST(Manifest, NothingElseGetsThrough) {
  for (const auto& attacks : {other_kinds(), other_readings(), denied_things()}) {
    EXPECT_GE(attacks.size(), 20U);
    for (const Attack& attack : attacks) EXPECT_NE(judged(attack.text), "") << attack.name;
  }
}

TEST(Manifest, SaysWhereAndHoldsNoBytes) {
  EXPECT_EQ(judged(deployment() + "---\napiVersion: v1\nkind: Secret\n"),
            "holds a kind that the policy does not list (document 2)");
  EXPECT_EQ(judged(deployment("", "hostNetwork: true")),
            "holds what the policy denies: `host_network`");
}

TEST(Manifest, ARuleThatCannotMatchDoesNotCompile) {
  const auto error = [](ManifestRule one) {
    const Status compiled = compile(one);
    return compiled ? std::string() : compiled.error().message;
  };
  EXPECT_NE(error({.kinds = {"Deploymnt"}, .namespaces = {}, .denies = {}})
                .find("did you mean `Deployment`"),
            std::string::npos);
  EXPECT_NE(error({.kinds = {"Widget"}, .namespaces = {}, .denies = {}}).find("group/Kind"),
            std::string::npos);
  EXPECT_NE(error({.kinds = {}, .namespaces = {}, .denies = {}}), "");
  EXPECT_NE(error({.kinds = {"Pod"}, .namespaces = {}, .denies = {"priviledged"}})
                .find("did you mean `privileged`"),
            std::string::npos);
}

TEST(Kinds, AreComparedByMeaning) {
  for (const std::string_view word : {"Secret", "secret", "Secrets", "SECRETS", "secrets.v1",
                                      "secret.v1.", "secrets.v1.core", "SecretList"}) {
    EXPECT_NE(check_kind({"Secret"}, true, word), "") << word;
  }
  for (const std::string_view word : {"", "pods,secrets", "secret/x", "v1/Secret", "all", "all.v1",
                                      ".secret", " Secret", "Secret\n",
                                      "s\xC4\x97"
                                      "cret",
                                      "\xEF\xBC\xB3"
                                      "ecret"}) {
    EXPECT_NE(check_kind({"Secret"}, true, word), "") << word;
    EXPECT_NE(check_kind({"Secret"}, false, word), "") << word;
  }
  EXPECT_EQ(check_kind({"Secret"}, true, "po"), "");
  EXPECT_EQ(check_kind({"Pod"}, false, "po"), "");
  EXPECT_EQ(check_kind({"NetworkPolicy"}, false, "networkpolicies.networking.k8s.io"), "");
  EXPECT_EQ(check_kind({"Pod"}, false, "deploy"), "is a kind that the policy does not list");
  std::vector<std::string> kinds = {"secrets", "deploy", "widgets"};
  ASSERT_TRUE(compile_kinds(kinds));
  EXPECT_EQ(kinds, (std::vector<std::string>{"Secret", "Deployment", "widgets"}));
}

}  // namespace
}  // namespace pawl::document
