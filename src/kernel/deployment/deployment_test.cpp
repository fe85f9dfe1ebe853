#include "kernel/deployment/deployment.h"

#include <gmock/gmock.h>

#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kLeast = R"(version: 1
roles: {support-agent-v2: {file: policies/support-agent-v2.yaml, directories: [~/src/support]}}
servers: {crm: {command: [node, crm-server.js, --port, 8080, --port, 8081], env: [CRM_URL]}}
people:
  first.lastname: {groups: [support-leads], proof: passphrase}
  second: {verifier: "v1:abc"}
  groups: {support-leads: [second, first.lastname], empty-handed: [second]}
  default_reviewers: [support-leads]
notify: {desktop: off, command: [notify-me, --loud]}
credentials: {mail-relay: {env: MAIL_TOKEN}}
)";

TEST(Deployment, TheLeastFile) {
  const LoadedDeployment loaded = load_deployment(kLeast, "pawl.yaml");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const Deployment& d = *loaded.deployment;
  EXPECT_EQ(d.roles.at("support-agent-v2").file, "policies/support-agent-v2.yaml");
  EXPECT_THAT(d.roles.at("support-agent-v2").directories, ElementsAre("~/src/support"));
  EXPECT_THAT(d.servers.at("crm").command,
              ElementsAre("node", "crm-server.js", "--port", "8080", "--port", "8081"));
  EXPECT_THAT(d.servers.at("crm").env, ElementsAre("CRM_URL"));
  EXPECT_THAT(d.persons({"support-leads"}), ElementsAre("first.lastname", "second"));
  EXPECT_THAT(d.persons({"second", "support-leads", "no one"}),
              ElementsAre("first.lastname", "second"));
  EXPECT_EQ(d.people.at("second").verifier, "v1:abc");
  EXPECT_EQ(d.people.at("first.lastname").proof, "passphrase");
  EXPECT_THAT(d.default_reviewers, ElementsAre("support-leads"));
  EXPECT_EQ(d.notices.desktop, Notices::Desktop::off);
  EXPECT_THAT(d.notices.command, ElementsAre("notify-me", "--loud"));
  EXPECT_THAT(d.credential_names(), ElementsAre("mail-relay"));
  EXPECT_EQ(d.credentials.at("mail-relay").env, "MAIL_TOKEN");
  EXPECT_TRUE(d.knows("support-leads"));
  EXPECT_FALSE(d.knows("support"));
}

TEST(Deployment, ARoleComesIntoForceBySteps) {
  const LoadedDeployment loaded = load_deployment(
      "roles:\n"
      "  a: {file: x, candidate: next/x, observe: {until: 2026-12-01, reason: first week}}\n"
      "  b: {file: y, observe: {until: 2026-12-02T12:00:00Z, reason: second}}\n",
      "d");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const Deployment& d = *loaded.deployment;
  EXPECT_EQ(d.roles.at("a").candidate, "next/x");
  EXPECT_EQ(d.roles.at("a").observe->reason, "first week");
  EXPECT_EQ(d.roles.at("a").observe->until, *parse_instant("2026-12-02T00:00:00Z"))
      << "the day is part of it";
  const Instant end = d.roles.at("b").observe->until;
  EXPECT_THAT(observed_too_long(d, Instant{end.ns - observe_max.ns}), IsEmpty());
  const auto errors = observed_too_long(d, Instant{end.ns - observe_max.ns - 1});
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(to_string(errors.front()),
            "d:3:33: `observe` of `b` may last 14 days at most from now, and its end is "
            "2026-12-02T12:00:00Z");
}

TEST(Deployment, ListensWhereItSays) {
  const LoadedDeployment loaded = load_deployment(
      "listen:\n"
      "  mcp: \"[::1]:8443\"\n"
      "  hosts: [gate.example, \"gate.example:8443\"]\n"
      "  origins: [\"https://app.example\"]\n"
      "  tls: {certificate: tls/gate.pem, key: tls/gate.key}\n"
      "roles: {a: {file: x, servers: [two, one]}}\n"
      "servers: {one: {command: [x]}, two: {command: [y]}}\n",
      "d");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const Deployment::Listen& listen = *loaded.deployment->listen;
  EXPECT_EQ(listen.mcp.host, "[::1]");
  EXPECT_EQ(listen.mcp.port, 8443);
  EXPECT_TRUE(listen.mcp.local());
  EXPECT_THAT(listen.hosts, ElementsAre("gate.example", "gate.example:8443"));
  EXPECT_THAT(listen.origins, ElementsAre("https://app.example"));
  EXPECT_EQ(listen.certificate, "tls/gate.pem");
  EXPECT_EQ(listen.key, "tls/gate.key");
  EXPECT_THAT(loaded.deployment->roles.at("a").servers, ElementsAre("two", "one"));
}

TEST(Deployment, WherePeopleLookAndWhoOnlyLooks) {
  const LoadedDeployment loaded = load_deployment(
      "listen: {mcp: \"127.0.0.1:1\", console: \"[::1]:8443\"}\n"
      "people: {ada: {groups: [leads]}, eve: {groups: [audit]}, auditors: [audit]}\n",
      "d");
  ASSERT_TRUE(loaded.deployment) << to_string(loaded.errors.at(0));
  EXPECT_EQ(loaded.deployment->listen->console.host, "[::1]");
  EXPECT_EQ(loaded.deployment->listen->console.port, 8443);
  EXPECT_THAT(loaded.deployment->persons(loaded.deployment->auditors), ElementsAre("eve"));
  for (const char* wrong : {"people: {ada: {}, auditors: [eve]}\n",
                            "listen: {mcp: \"127.0.0.1:1\", console: \"/run/x.sock\"}\n"}) {
    EXPECT_FALSE(load_deployment(wrong, "d").deployment) << wrong;
  }
}

TEST(Deployment, WhereMetricsAndTracesGo) {
  const LoadedDeployment loaded = load_deployment(
      "listen: {mcp: \"127.0.0.1:1\", metrics: \"/run/pawl/metrics.sock\"}\n"
      "traces: {url: \"http://localhost:4318/v1/traces\", one_in: 10}\n",
      "d");
  ASSERT_TRUE(loaded.deployment) << to_string(loaded.errors.at(0));
  EXPECT_EQ(loaded.deployment->listen->metrics.socket, "/run/pawl/metrics.sock");
  const Deployment::Traces& traces = *loaded.deployment->traces;
  EXPECT_EQ(traces.collector.host, "localhost");
  EXPECT_EQ(traces.collector.port, 4318);
  EXPECT_TRUE(traces.collector.own_network);
  EXPECT_EQ(traces.one_in, 10U);
}

TEST(Deployment, WhatTheCollectorGetsIsForItAlone) {
  const std::string rest =
      "roles: {r: {file: a, servers: [crm]}, s: {file: b}}\nservers: {crm: {url: "
      "\"https://crm.example/\"}}\n";
  const std::string traces = "traces: {url: \"https://otel.example/v1\", credential: c}\n";
  const LoadedDeployment loaded = load_deployment(
      "version: 1\n" + rest + traces + "credentials: {c: {env: KEY, hosts: [otel.example]}}\n",
      "d");
  ASSERT_TRUE(loaded.deployment) << to_string(loaded.errors.at(0));
  EXPECT_EQ(loaded.deployment->traces->credential, "c");
  EXPECT_FALSE(loaded.deployment->check_use("c", {"r"}, "crm", "t"));
  const std::string key = "credentials: {c: {env: KEY}}\n";
  for (const std::string& wrong :
       {rest + traces, rest + traces + "credentials: {c: {env: K, roles: [r]}}\n",
        rest + traces + "credentials: {c: {env: K, servers: [crm]}}\n",
        rest + traces + "credentials: {c: {env: K, tools: [crm/x]}}\n",
        rest + traces + "credentials: {c: {env: K, hosts: [crm.example]}}\n",
        traces + key + "servers: {crm: {url: \"https://crm.example/\", credential: c}}\n",
        traces + "credentials: {c: {login: {issuer: \"https://i.example\", store: s}}}\n",
        key + "traces: {url: \"https://otel.example/v1\", header: x-key}\n",
        key + "traces: {url: \"https://o.example/v1\", credential: c, header: \"x: y\"}\n"}) {
    EXPECT_FALSE(load_deployment("version: 1\n" + wrong, "d").deployment) << wrong;
  }
}

TEST(Deployment, WhoReachesAnAddress) {
  const auto local = [](std::string_view mcp) {
    const LoadedDeployment loaded =
        load_deployment("listen: {mcp: \"" + std::string(mcp) + "\"}", "d");
    return loaded.deployment && loaded.deployment->listen->mcp.local();
  };
  EXPECT_TRUE(local("/run/pawl/mcp.sock"));
  EXPECT_TRUE(local("localhost:0"));
  EXPECT_TRUE(local("127.8.8.8:80"));
  EXPECT_FALSE(local("0.0.0.0:80"));
  EXPECT_FALSE(local("[::]:80"));
  EXPECT_FALSE(local("128.0.0.1:80"));
}

struct Row {
  std::string_view text, says;
};
constexpr Row kDeploymentRows[] = {
    {"roles: {a: {file: x}, b: {file: y}}\ncredentials: {k: {store: s, roles: [a, b]}}\n",
     "2:15: `k` is for 2 roles, which are one and the same at the server then: expected a "
     "credential for each, or `accept_risk: {reason, owner, until}`\n"},
    {"roles: {a: {file: x}}\ncredentials:\n  k: {store: s, roles: [a], accept_risk: "
     "{reason: r, owner: o, until: 2030-01-01}}\n",
     "3:42: `k` is not for several roles, so there is no risk to accept\n"},
    {"roles: {a: {file: x}, b: {file: y}}\ncredentials:\n  k: {store: s, roles: [a, b], "
     "accept_risk: {reason: r, until: 2030-01-01}}\n",
     "3:45: `accept_risk` of a credential has no `owner`\n"},
    {"rols: {}", "1:1: unknown key `rols` in the deployment file: did you mean `roles`?\n"},
    {"policies: {}",
     "1:1: `policies` in the deployment file is not enforced by this version, so it is "
     "refused\n"},
    {"listen: {}", "1:9: `listen` has no `mcp`\n"},
    {"listen: {mcp: \"8080\"}",
     "1:15: `8080` is not an address to listen on: expected `ADDRESS:PORT` with a numeric address "
     "or "
     "`localhost`, or the path of a socket\n"},
    {"listen: {mcp: \"gate.example:80\"}",
     "1:15: `gate.example:80` is not an address to listen on: expected `ADDRESS:PORT` with a "
     "numeric "
     "address or `localhost`, or the path of a socket\n"},
    {"listen: {mcp: \"127.0.0.1:65536\"}",
     "1:15: `127.0.0.1:65536` is not an address to listen on: expected `ADDRESS:PORT` with a "
     "numeric "
     "address or `localhost`, or the path of a socket\n"},
    {"listen: {mcp: \"127.0.0.1:1\", hosts: [\"https://gate.example\"]}",
     "1:38: `https://gate.example` in `hosts`: expected a name in lower case or an address, as "
     "clients write it in `Host`\n"},
    {"listen: {mcp: \"127.0.0.1:1\", origins: [\"https://App.example\"]}",
     "1:40: `https://App.example` in `origins`: expected scheme and host in lower case, such as "
     "`https://app.example`\n"},
    {"listen: {mcp: \"127.0.0.1:1\", origins: [\"null\"]}",
     "1:40: `null` in `origins`: expected scheme and host in lower case, such as "
     "`https://app.example`\n"},
    {"listen: {mcp: \"127.0.0.1:1\", tls: {certificate: c.pem}}", "1:35: `tls` has no `key`\n"},
    {"listen: {mcp: \"127.0.0.1:1\", metrics: \"0.0.0.0:2\"}",
     "1:39: other machines can reach this address and read the metrics: expected "
     "an address of this machine alone, or a socket\n"},
    {"traces: {one_in: 10}", "1:9: `traces` has no `url`\n"},
    {"traces: {url: \"http://otel.example:4318/v1/traces\"}",
     "1:15: `http` is read by everybody on the way: expected `https`, or `private: true` where "
     "the way is your own\n"},
    {"traces: {url: \"https://a:b@otel.example/\"}",
     "1:15: this is not an address of a server: expected `https://HOST/PATH`, without a user and "
     "without `#`\n"},
    {"roles: {r: {file: a, servers: [crn]}}\nservers: {crm: {command: [x]}}",
     "1:32: there is no server `crn`: did you mean `crm`?\n"},
    {"servers: {g: {url: \"ftp://x.example/\"}}",
     "1:20: this is not an address of a server: expected `https://HOST/PATH`, without a user and "
     "without `#`\n"},
    {"servers: {g: {url: \"https://me:pw@x.example/\"}}",
     "1:20: this is not an address of a server: expected `https://HOST/PATH`, without a user and "
     "without `#`\n"},
    {"servers: {g: {url: \"http://x.example/\"}}",
     "1:20: `http` is read by everybody on the way: expected `https`, or `private: true` where "
     "the way is your own\n"},
    {"servers: {g: {url: \"https://x.example\", command: [x]}}",
     "1:41: `command` says again what `url` in line 1 says\n"},
    {"servers: {g: {url: \"https://x.example\", env: [A]}}",
     "1:41: `env` is about a server that has a `command`\n"},
    {"servers: {g: {command: [x], credential: c}}\ncredentials: {c: {env: A}}",
     "1:11: the credential `c` cannot reach `g`, which has no `variable` for it\n"},
    {"servers: {g: {url: \"https://x.example\", variable: A}}",
     "1:41: `variable` is about a server that has a `command`\n"},
    {"servers: {g: {command: [x], header: a}}",
     "1:29: `header` is about a server that has a `url`\n"},
    {"servers: {g: {url: \"https://x.example\", shared: true}}",
     "1:41: `shared` is about a server that has a `command`\n"},
    {"servers: {g: {command: [x], shared: true, variable: A}}",
     "1:29: a server that gets a secret is not shared: its process belongs to the credential that "
     "it was started with\n"},
    {"servers: {g: {command: [x], variable: a-b}}", "1:39: `a-b` is not a valid variable name\n"},
    {"servers: {g: {command: [x], env: [A], variable: A}}",
     "1:49: `A` stands in `env` too: it is either passed on or gets the credential\n"},
    {"servers: {g: {url: \"https://x.example\", credential: c}}",
     "1:53: there is no credential `c`\n"},
    {"servers: {g: {url: \"https://x.example\", header: \"a b\"}}",
     "1:49: `a b` is not a valid header field name\n"},
    {"servers: {g: {url: \"https://x.example\", credential: c}}\n"
     "credentials: {c: {env: A, hosts: [y.example]}}",
     "1:11: the credential `c` may not be sent to the host `x.example`\n"},
    {"servers: {g: {url: \"https://x.example\", credential: c}}\n"
     "credentials: {c: {env: A, tools: [g/x]}}",
     "1:11: the credential `c` is for calls of its `tools` only, and not for every message\n"},
    {"servers: {g: {command: node x.js}}", "1:24: `command` must be a list, found `node x.js`\n"},
    {"servers: {g: {command: []}}", "1:24: `command` is an empty list\n"},
    {"servers: {g: {env: [A]}}", "1:14: a server has no `command`\n"},
    {"servers: {pawl: {command: [x]}}", "1:11: `pawl` is a reserved name\n"},
    {"servers: {a/b: {command: [x]}}", "1:11: `a/b` is not a valid server name\n"},
    {"servers: {g: {command: [x], env: [A=b]}}",
     "1:35: `A=b` is not a valid variable name: the value is not written here\n"},
    {"servers: {g: {command: [x], env: [1A]}}", "1:35: `1A` is not a valid variable name\n"},
    {"roles: {r: {}}", "1:12: a role has no `file`\n"},
    {"roles: {r: {file: a, observe: {reason: x}}}", "1:31: `observe` of a role has no `until`\n"},
    {"roles: {r: {file: a, observe: {until: 2026-12-01}}}",
     "1:31: `observe` of a role has no `reason`\n"},
    {"roles: {r: {file: a, observe: {until: soon, reason: x}}}",
     "1:39: `until` must be a date such as `2027-03-31` or an instant such as "
     "`2027-03-31T12:00:00Z`, found `soon`\n"},
    {"roles: {r: {file: a, candidate: a}}", "1:33: the candidate is the policy that is in force\n"},
    {"roles: {r: {file: a, directories: [src]}}",
     "1:36: the directory `src` must begin with `/` or `~/`\n"},
    {"people: {ada: {proof: passkey}}",
     "1:23: `proof: passkey` is not enforced by this version, so it is refused\n"},
    {"people: {ada: {proof: password}}", "1:23: `proof` must be `passphrase`, found `password`\n"},
    {"people: {ada: {group: [x]}}",
     "1:16: unknown key `group` in a person: did you mean `groups`?\n"},
    {"people: {ada: {groups: x}}", "1:24: `groups` must be a list, found `x`\n"},
    {"people: {ada: {groups: [leads]}, default_reviewers: [leeds]}",
     "1:54: there is no person and no group `leeds`: did you mean `leads`?\n"},
    {"people: {ada: {}, groups: {leads: [adda]}}",
     "1:36: there is no person `adda`: did you mean `ada`?\n"},
    {"people: {ada: {groups: [ada]}}", "1:10: `ada` is a person and a group\n"},
    {"people: {groups: {leads: {oidc: \"okta:leads\"}}}",
     "1:26: the group `leads` has `oidc`, and `people` has no `idp`\n"},
    {"notify: {desktop: yes}", "1:19: `desktop` must be `auto` or `off`, found `yes`\n"},
    {"notify: {slack: {}}", "1:17: `slack` has no `token`\n"},
    {"credentials: {m: {}}",
     "1:18: a credential has none of `env`, `file`, `command`, `store`, `vault`, `oauth`, "
     "`github_app`, `aws_sts` and `login`\n"},
    {"credentials: {m: {roles: [a]}}\nroles: {a: {file: x}}",
     "1:18: a credential has none of `env`, `file`, `command`, `store`, `vault`, `oauth`, "
     "`github_app`, `aws_sts` and `login`\n"},
    {"credentials: {m: {env: A, store: m}}",
     "1:27: `store` beside `env`: a credential has one source\n"},
    {"credentials: {m: {store: M}}", "1:26: `M` is not a valid name of a stored credential\n"},
    {"credentials: {m: {command: print-it}}", "1:28: `command` must be a list, found `print-it`\n"},
    {"credentials: {m: {env: A, hosts: [\"https://x\"]}}",
     "1:35: `https://x` is not a host: expected `api.example` or `api.example:8443`, in small "
     "letters\n"},
    {"credentials: {m: {env: A, servers: [cmr]}}\nservers: {crm: {command: [x]}}",
     "1:37: there is no server `cmr`: did you mean `crm`?\n"},
    {"store: {}", "1:8: `store` has neither `key_file` nor `key_command`\n"},
    {"credentials: {m: {env: A, roles: [roel]}}\nroles: {role: {file: x}}",
     "1:35: there is no role `roel`: did you mean `role`?\n"},
    {"credentials: {m: {env: A}}\nroles: {a: {file: x}, b: {file: y}}",
     "1:15: `m` does not say which of the 2 roles may use it: expected `roles: [NAME]`\n"},
    {"credentials: {m: {login: crm}}", "1:26: `login` must be a mapping, found `crm`\n"},
    {"credentials: {m: {vault: kv/x}}", "1:26: `vault` must be a mapping, found `kv/x`\n"},
    {"credentials: {m: {env: \"a b\"}}", "1:24: `a b` is not a valid name of a variable\n"},
    {"version: 2", "1:10: `version` is 2, expected 1\n"},
    {"", "1:1: the file holds nothing\n"},
};

TEST(Deployment, AServerIsReachedWhereItSays) {
  const LoadedDeployment loaded = load_deployment(
      "servers:\n"
      "  a: {url: \"https://API.example/mcp?x=1\", header: X-Api-Key, ca: ca.pem}\n"
      "  b: {url: \"http://[::1]:8080\"}\n"
      "  c: {url: \"https://inside.example:8443/\", private: true}\n",
      "d");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const auto& servers = loaded.deployment->servers;
  EXPECT_EQ(servers.at("a").host, "api.example");
  EXPECT_EQ(servers.at("a").port, 443);
  EXPECT_EQ(servers.at("a").header, "x-api-key");
  EXPECT_FALSE(servers.at("a").own_network);
  EXPECT_EQ(servers.at("b").host, "::1");
  EXPECT_EQ(servers.at("b").port, 8080);
  EXPECT_TRUE(servers.at("b").own_network);
  EXPECT_EQ(servers.at("c").port, 8443);
  EXPECT_TRUE(servers.at("c").own_network);
}

TEST(Deployment, ACredentialHasASourceAndUsers) {
  const LoadedDeployment loaded = load_deployment(
      "roles: {a: {file: x}, b: {file: y}}\n"
      "credentials:\n"
      "  one: {file: /run/secrets/one, roles: [a]}\n"
      "  two: {command: [op, read, 8080], roles: [b]}\n"
      "  both: {store: mail-relay, roles: [a, b],\n"
      "         accept_risk: {reason: one mailbox, owner: o@x, until: 2026-12-02}}\n",
      "d");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const Deployment& d = *loaded.deployment;
  const Instant end = d.credentials.at("both").risk->until;
  EXPECT_THAT(risks_ended(d, Instant{end.ns - 1}), IsEmpty());
  ASSERT_EQ(risks_ended(d, end).size(), 1U);
  EXPECT_EQ(to_string(risks_ended(d, end).front()),
            "d:6:23: the risk that several roles use `both` was accepted until " + to_string(end));
  EXPECT_EQ(d.credentials.at("one").file, "/run/secrets/one");
  EXPECT_THAT(d.credentials.at("two").command, ElementsAre("op", "read", "8080"));
  EXPECT_EQ(d.credentials.at("both").store, "mail-relay");
  EXPECT_THAT(d.credential_names(), ElementsAre("both", "one", "two"));
  EXPECT_THAT(d.credential_names({"a"}), ElementsAre("both", "one"));
  EXPECT_THAT(d.credential_names({"b"}), ElementsAre("both", "two"));
  // A file of two roles may name what both may use, and a file of none what is reserved for no
  // role.
  EXPECT_THAT(d.credential_names({"a", "b"}), ElementsAre("both"));
  EXPECT_THAT(d.credential_names({}), IsEmpty());
}

TEST(Deployment, MistakesAreLocated) {
  for (const Row& row : kDeploymentRows) {
    const LoadedDeployment loaded = load_deployment(row.text, "d");
    EXPECT_FALSE(loaded.deployment.has_value()) << row.text;
    std::string says;
    for (const Error& error : loaded.errors) says += to_string(error).substr(2) + "\n";
    EXPECT_EQ(says, row.says) << row.text;
  }
}

}  // namespace
}  // namespace pawl
