// The keys of a layer file.
#include <array>

#include "kernel/policy/build.h"

namespace pawl {
namespace {

using enum Section;

constexpr auto kLayerKeys = std::to_array<Key>({
    {layer, "version", "`1`", "1", 0, "Version of the file's grammar."},
    {layer, "layer", "text", "required", 0,
     "The layer's name. A file with this key grants nothing: it tightens what roles say."},
    {layer, "owner", "text", "required", 0, "The person who answers for it and its exceptions."},
    {layer, "lists", "mapping of names to lists", "none", 6,
     "Lists of values, used as `$name` in this file."},
    {layer, "blocked", "list of names", "none", 2,
     "Names that no role ever calls, on every server, in every spelling; a glob is permitted."},
    {layer, "require", list_of(requirement), "none", 11,
     "What is asked of every call of every role, after the role's own cases."},
    {layer, "except", list_of(exception), "none", 11,
     "Exceptions from `require` of this layer, each for one role and one tool, and with an end."},
    {layer, "execution", mapping(execution), "no ceilings", 9,
     "Upper bounds: a role may only be smaller."},
    {layer, "secrets", mapping(secrets), "the role's", 11,
     "The least that every role asks where a secret would leave, and texts that are secret too."},
    {layer, "escalation", mapping(escalation), "the role's", 0, "Who is told too."},
    {layer, "freeze", list_of(freeze), "none", 0, "Times in which classes of action stand still."},
    {layer, "modes", "mapping", "", 0, "Named changes of posture.", true},
    {layer, "egress", "mapping", "", 0, "Hosts that the agent's surroundings may reach.", true},
    {layer, "budget", "mapping", "", 9, "Ceilings of more than one run.", true},

    {requirement, "if", "expression", "required", 7,
     "When the row applies, over `class`, `env`, `tool`, `agent`, `run`, `now` and `args`. One "
     "that fails applies too."},
    {requirement, "then", "`notify`, `hold` or `deny`",
     "hold beside `approval`, `quorum` or `typed`", 2,
     "What happens to such a call, unless something else is stricter."},
    {requirement, "quorum", "whole number", "1", 10, "Short for `approval: {quorum: …}`."},
    {requirement, "approval", mapping(approval), "the role's", 10,
     "How people are asked. Whoever answers has to be a reviewer of the role's own question and of "
     "every such row."},
    {requirement, "say", "text", "none", 0, "Words for the agent and the reviewer."},
    {requirement, "typed", "`true`", "nothing", 10,
     "Short for `approval: {typed: true}`: reviewers type the tool's name, or what the role says."},

    {exception, "role", "text", "required", 0, "The role whose calls are excepted."},
    {exception, "tool", "text", "required", 2, "One tool: `tool` or `server/tool`; no glob."},
    {exception, "if", "expression", "every call", 7, "One that fails excepts nothing."},
    {exception, "then", "`allow`, `notify` or `hold`", "required", 2,
     "What `require` of this layer asks at most. Of several exceptions the one that asks least."},
    {exception, "until", "date or instant", "required", 11,
     "The end; a date counts to its last hour."},
    {exception, "reason", "text", "required", 11, "Why."},
});

}  // namespace

std::span<const Key> keys_of_layers() {
  return kLayerKeys;
}

}  // namespace pawl
