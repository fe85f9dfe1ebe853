// Requests at the control socket of a node that has a run, a question and a reviewer.
//
// The input is a script, a line per request as it arrives. A line that begins with `!` is an act
// which the reviewer signs; one that begins with `?` is an act with a made-up proof. What
// loosens happens as often as the reviewer asked for it, and not once more.
#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "crash/gate_world.h"
#include "doors/control/control.h"
#include "fuzz/must.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using fuzz::must;

constexpr std::size_t script_bytes_max = 8192;

constexpr const char* policy = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: read, class: read_only}
    - {name: mail, class: irreversible small, approval: {by: [leads], within: 1h}}
execution: {max_steps: 20}
approval: {reviewers: [leads]}
)";

// A reviewer's key without the slow way from a passphrase to it.
class Pen {
 public:
  Pen() {
    const std::array<unsigned char, 32> seed{7};
    key_ = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size());
    std::string bytes(32, '\0');
    std::size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key_, reinterpret_cast<unsigned char*>(bytes.data()), &size);
    verifier_ = "argon2id$m=65536,t=3,p=1$" + base64(std::string(16, 's')) + "$" + base64(bytes);
  }
  Pen(const Pen&) = delete;
  ~Pen() { EVP_PKEY_free(key_); }

  const std::string& verifier() const { return verifier_; }
  std::string sign(const Challenge& over) const {
    const std::string text = fmt::format("pawl-proof-v1\n{}\n{}\n{}\n{}\n", over.node, over.nonce,
                                         over.person, over.act);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::string signature(64, '\0');
    std::size_t size = signature.size();
    EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key_);
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    return base64(signature);
  }

 private:
  EVP_PKEY* key_ = nullptr;
  std::string verifier_;
};

// A node as far as the control door knows one.
class Office {
 public:
  Office() : world_(policy) {
    world_.start();
    world_.open();
    must(world_.gate->reviewers.enroll("ann", "passphrase", pen().verifier(), "").has_value(),
         "enrolment");
    world_.ask("mail");
    world_.settle();
    control_.emplace(ports());
  }

  std::string ask(std::string request) {
    std::string said;
    bool done = false;
    spawn(deliver(std::move(request), said, done));
    world_.settle();
    must(done, "a request has no answer");
    const auto answer = json::parse(said);
    must(answer && answer->root()["ok"].kind() == json::Kind::boolean,
         "an answer is not an answer");
    if (!answer->root()["ok"].boolean()) {
      must(answer->root().text("fault") != "internal", "a mistake of ours");
    }
    return said;
  }

  void signed_act(std::string_view act, bool made_up) {
    const auto parsed = json::parse(act);
    const auto opened = json::parse(ask(R"({"op":"challenge","person":"ann"})"));
    const auto nonce = opened->root().text("nonce");
    if (!parsed || !parsed->root().is_object() || !nonce) return;
    Challenge over{world_.journal->public_key(), std::string(*nonce), "ann",
                   act_digest(parsed->root())};
    if (made_up) over.act = "sha256:another";
    const std::string said =
        ask(fmt::format(R"({{"op":"act","person":"ann","nonce":"{}","signature":"{}","act":{}}})",
                        *nonce, pen().sign(over), json::write(parsed->root())));
    const auto answer = json::parse(said);
    if (!answer->root()["ok"].boolean()) return;
    must(!made_up, "an act was done on a proof of another one");
    const auto kind = parsed->root().text("kind");
    const bool several = kind == "accept" || kind == "answer_together";
    const char* const list = kind == "accept" ? "items" : "answers";
    allowed_ += several ? parsed->root()[list].size() : 1;
  }

  // What loosens, counted in the journal, beside what the reviewer asked for.
  void close() {
    std::uint64_t loosened = 0;
    for (const Record& record : world_.records()) {
      const auto* pin = std::get_if<PinAccepted>(&record.body);
      const auto* enrolled = std::get_if<ReviewerEnrolled>(&record.body);
      loosened += std::holds_alternative<ApprovalAnswered>(record.body) ? 1 : 0;
      loosened += std::holds_alternative<Resumed>(record.body) ? 1 : 0;
      loosened += pin != nullptr && !pin->person.empty() ? 1 : 0;
      loosened += enrolled != nullptr && !enrolled->by.empty() ? 1 : 0;
    }
    must(loosened <= allowed_, "something was loosened that no reviewer asked for");
    world_.stop();
  }

 private:
  static const Pen& pen() {
    static const Pen one;
    return one;
  }
  Task<void> deliver(std::string request, std::string& said, bool& done) {
    said = co_await control_->answer(std::move(request));
    done = true;
  }
  ControlPorts ports() {
    return {.gate = *world_.gate,
            .journal = *world_.journal,
            .clock = world_.clock,
            .challenges = challenges_,
            .random = [this](std::size_t count) { return world_.random.bytes(count); },
            .sign = [](std::string_view) { return std::string("c2ln"); },
            .groups_of = [](std::string_view) { return std::vector<std::string>{"leads"}; },
            .killed = {},
            .reread = [] { return Result<std::string>(std::string()); },
            .open_run = {},
            .rotate_keys = {},
            .notices = {},
            .processes = {},
            .drill = {},
            .config = "deployment.yaml",
            .version = "0"};
  }

  crash::World world_;
  Challenges challenges_;
  std::optional<Control> control_;
  std::uint64_t allowed_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > script_bytes_max) return 0;
  std::string_view script(reinterpret_cast<const char*>(bytes), size);
  Office office;
  while (!script.empty()) {
    const std::string_view line = script.substr(0, script.find('\n'));
    script.remove_prefix(std::min(line.size() + 1, script.size()));
    if (line.starts_with('!') || line.starts_with('?')) {
      office.signed_act(line.substr(1), line.front() == '?');
    } else {
      office.ask(std::string(line));
    }
  }
  office.close();
  return 0;
}
