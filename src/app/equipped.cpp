#include "app/equipped.h"

#include <fmt/format.h>

#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "doors/mcp/transport/process_pool.h"

namespace pawl::app {
namespace {

struct Equipping {
  std::shared_ptr<broker::Broker> broker;
  EquippedServer what;
};

std::string assignment(const mcp::ProcessCredentials::Variable& one) {
  std::string text;
  text.reserve(one.name.size() + 1 + one.value.bytes().size());
  text += one.name;
  text += '=';
  text += one.value.bytes();
  return text;
}

// Of two that are equal the values are: nobody gets a process that was started with another one.
std::string mark_of(const mcp::ProcessCredentials& equipment) {
  Digest digest{};
  for (const auto& one : equipment.variables) {
    digest = sha256({bytes_of(digest), one.name, "=", bytes_of(sha256(one.value.bytes()))});
  }
  return hex(digest);
}

Task<Result<mcp::ProcessCredentials>> equipment_for(std::shared_ptr<const Equipping> how,
                                                    mcp::Pass pass) {
  const EquippedServer& what = how->what;
  const std::string name = pass.credential.empty() ? what.server.credential : pass.credential;
  mcp::ProcessCredentials out;
  if (name.empty()) co_return out;
  auto minted = co_await how->broker->mint(
      {what.roles, what.name, pass.tool, name, std::move(pass.arguments)});
  if (!minted) co_return std::unexpected(minted.error());
  out.used = std::move(minted->used);
  for (auto& [variable, value] : minted->variables) {
    out.variables.push_back({variable, std::move(value)});
  }
  if (out.variables.empty()) {
    out.variables.push_back({what.server.variable, std::move(minted->value)});
  }
  for (const auto& one : out.variables) {
    // What a program says is read line by line.
    if (one.value.bytes().find_first_of("\r\n") == std::string_view::npos) continue;
    co_return fail(ErrorKind::invalid,
                   fmt::format("the credential `{}` has several lines, which could "
                               "not be taken out of what the server says",
                               escape_untrusted(name)));
  }
  out.mark = mark_of(out);
  co_return out;
}

}  // namespace

std::unique_ptr<mcp::Transport> equipped_wire(net::Loop& loop, ServerStarts& starts,
                                              std::shared_ptr<broker::Broker> broker,
                                              EquippedServer what) {
  const auto how = std::make_shared<const Equipping>(Equipping{std::move(broker), std::move(what)});
  mcp::ServerPrograms programs;
  programs.own = how->what.server.credential;
  programs.equip = [how](mcp::Pass pass) { return equipment_for(how, std::move(pass)); };
  programs.scrub = [how](std::string& text) { how->broker->scrub(how->what.name, text); };
  programs.start = [how, &starts, scrub = programs.scrub](
                       const mcp::ProcessCredentials& with) -> Result<mcp::Program> {
    std::vector<std::string> carried;
    carried.reserve(with.variables.size());
    for (const auto& one : with.variables) carried.push_back(assignment(one));
    auto process = starts.start(how->what.name, how->what.server, how->what.directory,
                                std::move(carried), scrub, how->what.of);
    if (!process) return std::unexpected(process.error());
    mcp::Program program;
    program.transport = starts.transport(**process);
    program.life = starts.life(*process);
    return program;
  };
  return mcp::over_programs(loop, std::move(programs));
}

}  // namespace pawl::app
