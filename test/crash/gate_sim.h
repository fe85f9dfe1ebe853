// The seeded simulator of the gate: one seed is one story of several lives of a node, with agents
// that call, clients that leave, people that answer, a switch that is thrown, a server that is slow
// or gone, a disk that fails, fills up or loses power, and a process that dies at any moment.
//
// What must hold, whatever happens:
//   - nothing is executed without a decision in the journal that lets it run, one for each
//     execution; for effects it is durable before the server sees the call, and never lost;
//   - nothing is executed while its run is stopped or a kill covers it;
//   - ceilings of a run are never exceeded, money for models among them, and what a model was paid
//   for
//     is charged; an approval is used by one call;
//   - a reply with a result comes after the record of its end, which is durable for effects;
//   - every record that was written outlives a dead process, and every durable one a power cut;
//   - folding the journal again from its first record gives the very state of the node;
//   - a run has at least as many denials as its callers were told, and a flood is few records;
//   - no call stays admitted over a restart, and the journal's verifier finds nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crash/gate_world.h"
#include "io/journal/reader.h"

namespace pawl::crash {

class GateSim {
 public:
  explicit GateSim(std::uint64_t seed);

  // Plays the story. The first thing that should not be, or nothing.
  std::optional<std::string> run();

  // What the story reached, so that a test can see that stories reach everything.
  struct Reached {
    std::uint64_t calls = 0, effects = 0, reads = 0, held = 0, taken_up = 0, approved_runs = 0;
    std::uint64_t expired = 0, rejected = 0, halts = 0, kills = 0, aborted = 0, indeterminate = 0;
    std::uint64_t counted = 0, deaths = 0, cuts = 0, failures = 0, full = 0, snapshots = 0;
    std::uint64_t lost_records = 0, floods = 0, changed = 0, watched = 0;
    std::uint64_t replied = 0, batches = 0, stood = 0, circles = 0;
    std::uint64_t models = 0;  // answers of models
  };
  const Reached& reached() const { return reached_; }

 private:
  using Key = std::pair<std::string, std::string>;  // run, tool

  void begin_life();
  void play();
  void step();
  void end_life();
  void ask();
  void flood();
  void people();
  void approve(const std::string& id, const std::string& person);
  void together(const std::vector<std::string>& open, const std::string& person);
  void server();
  void operate();
  void disturb();
  void refresh();
  void check_start();
  void check_life();
  void check_circles(const State& before, const Record& record);
  void check_execution(const Executed& executed);
  void check_reply(const Asked& asked);
  void check_end();
  void check_standing();
  void told_no(const std::string& run);
  void check_denials();
  void check_billed();
  void ask_model(const std::string& run);
  std::uint64_t grants(const Key& key, std::uint64_t below) const;
  std::uint64_t changed_runs_ = 0;  // in this life and earlier ones
  void must(bool holds, const std::string& what);

  Random random_;
  World world_;
  std::optional<JournalReader> reader_;
  std::vector<std::string> texts_;  // of the records, as far as they were read
  std::vector<Record> records_;
  std::vector<std::string> runs_;
  std::map<Key, std::uint64_t> effects_, reads_;
  // By run: for each refusal that was answered, how many records there were then.
  std::map<std::string, std::vector<std::uint64_t>> refused_;
  std::map<std::string, NanoUsd> billed_;  // by run: what models were paid for
  std::optional<std::string> wrong_;
  Reached reached_;
  bool stubborn_ = false;  // the agents of this story mostly ask for the same again
  std::string last_run_, last_tool_;
  std::optional<Instant> watched_until_;  // the role is not enforced before
  enum class End : std::uint8_t { none, stop, death, cut } last_end_ = End::none;
  std::uint64_t durable_ = 0;  // at the end of the last life
  bool clean_ = true;          // no fault was injected in this life
};

}  // namespace pawl::crash
