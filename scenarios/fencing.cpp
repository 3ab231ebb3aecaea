#include "scenarios/fencing.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace locklab {
namespace {

constexpr Duration kLongestStorageCall = 50ms;  // of a section that we added: it must not hang

bool writes(const Step& step) {
  switch (step.kind) {
    case Step::Kind::write:
    case Step::Kind::sell:
    case Step::Kind::charge:
    case Step::Kind::run_job:
    case Step::Kind::lead:
    case Step::Kind::append:
    case Step::Kind::optimistic:
    case Step::Kind::hybrid:
      return true;
    default:
      return std::any_of(step.body.begin(), step.body.end(), writes);
  }
}

bool any_writes(const Scenario& scenario) {
  for (const ClientSpec& client : scenario.clients)
    for (const Program& program : client.threads)
      if (std::any_of(program.begin(), program.end(), writes)) return true;
  return false;
}

// ---- a critical section that writes -------------------------------------------------------------

/// Puts a read behind each acquisition of a program and a write before each release.
class Section {
 public:
  Section(const Scenario& scenario, std::string_view client)
      : resource_(scenario.workload.resource), client_(client) {}

  Program around(const Program& program) {
    Program out;
    for (const Step& step : program) {
      switch (step.kind) {
        case Step::Kind::acquire:
          out.push_back(step);
          held_.push_back(step.lock.empty() ? resource_ : step.lock);
          out.push_back(read(held_.back()));
          break;
        case Step::Kind::release: {
          const std::string lock = !step.lock.empty() ? step.lock
                                   : held_.empty()    ? resource_
                                                      : held_.back();
          out.push_back(write(lock));
          std::erase(held_, lock);
          out.push_back(step);
          break;
        }
        case Step::Kind::with_lock:
        case Step::Kind::auto_extend: {
          const std::string lock = step.lock.empty() ? resource_ : step.lock;
          held_.push_back(lock);
          Step outer = step;
          outer.body = around(step.body);
          outer.body.insert(outer.body.begin(), read(lock));
          outer.body.push_back(write(lock));
          out.push_back(std::move(outer));
          std::erase(held_, lock);
          break;
        }
        case Step::Kind::with_locks: {
          held_.insert(held_.end(), step.locks.begin(), step.locks.end());
          Step outer = step;
          outer.body.clear();
          for (const std::string& lock : step.locks) outer.body.push_back(read(lock));
          for (Step& inner : around(step.body)) outer.body.push_back(std::move(inner));
          for (const std::string& lock : step.locks) {
            outer.body.push_back(write(lock));
            std::erase(held_, lock);
          }
          out.push_back(std::move(outer));
          break;
        }
        case Step::Kind::repeat: {
          Step outer = step;
          outer.body = around(step.body);
          out.push_back(std::move(outer));
          break;
        }
        default:
          out.push_back(step);
      }
    }
    return out;
  }

  const std::vector<std::string>& registers() const { return registers_; }

 private:
  Step access(Step::Kind kind, const std::string& lock) {
    Step step;
    step.kind = kind;
    step.lock = lock;
    step.subject = "data of " + lock;
    step.ignore_errors = true;
    if (std::find(registers_.begin(), registers_.end(), step.subject) == registers_.end())
      registers_.push_back(step.subject);
    return step;
  }
  Step read(const std::string& lock) { return access(Step::Kind::read, lock); }
  Step write(const std::string& lock) {
    Step step = access(Step::Kind::write, lock);
    step.after_read = true;
    step.value = {false, 0, std::string(client_)};
    return step;
  }

  std::string resource_;
  std::string_view client_;
  std::vector<std::string> held_;
  std::vector<std::string> registers_;
};

void add_writes(Scenario& scenario) {
  std::vector<std::string> registers;
  for (ClientSpec& client : scenario.clients) {
    Section section(scenario, client.name);
    for (Program& program : client.threads) program = section.around(program);
    registers.insert(registers.end(), section.registers().begin(), section.registers().end());
    LinkQuality next_door = scenario.network.standard;
    next_door.latency = Latency::constant(Duration{0});
    scenario.network.links.push_back({client.name, "storage", true, next_door});
  }
  std::sort(registers.begin(), registers.end());
  registers.erase(std::unique(registers.begin(), registers.end()), registers.end());
  for (const std::string& name : registers)
    scenario.storage.registers.push_back({name, {false, 0, "nothing"}});
  if (scenario.storage.call_timeout == Duration{0})
    scenario.storage.call_timeout = kLongestStorageCall;
}

// ---- who must show a token ----------------------------------------------------------------------

/// Does a program write where no lock was asked for? Such a writer has no token to show.
bool writes_without_lock(const Program& program) {
  for (const Step& step : program) {
    if (step.kind == Step::Kind::acquire || step.kind == Step::Kind::with_lock ||
        step.kind == Step::Kind::auto_extend || step.kind == Step::Kind::with_locks)
      return false;
    if (step.kind == Step::Kind::repeat ? writes_without_lock(step.body) : writes(step))
      return true;
  }
  return false;
}

// ---- what came of it ----------------------------------------------------------------------------

bool found(const RunResult& result, std::string_view invariant) {
  return std::any_of(
      result.findings.begin(), result.findings.end(),
      [invariant](const Finding& finding) { return finding.invariant == invariant; });
}

/// Was a write accepted of somebody who had asked for the lock and was refused?
bool is_written_without_lock(const Metrics& metrics) {
  const auto writes = metrics.writes();
  const auto grants = metrics.grants();
  return std::any_of(writes.begin(), writes.end(), [grants](const WriteRecord& write) {
    return write.accepted && write.attempt &&
           std::none_of(grants.begin(), grants.end(), [&write](const GrantRecord& grant) {
             return grant.attempt == write.attempt;
           });
  });
}

bool is_harmed(const Runner& runner, const RunResult& result) {
  if (found(result, "stale_write") || found(result, "lost_update")) return true;
  if (is_written_without_lock(runner.metrics())) return true;
  for (std::size_t i = 0; i < kDamages; ++i)
    if (runner.metrics().damage(static_cast<Damage>(i)) > 0) return true;
  return false;
}

bool has_token(const Runner& runner) {
  const auto grants = runner.metrics().grants();
  return std::any_of(grants.begin(), grants.end(),
                     [](const GrantRecord& grant) { return bool(grant.token); });
}

}  // namespace

Scenario without_fencing(Scenario scenario) {
  if (!any_writes(scenario)) add_writes(scenario);
  const FencingToken seen = scenario.storage.options.seed;
  const bool durable = scenario.storage.options.durable_datum;
  scenario.storage.options = {};
  scenario.storage.options.rule = storage::CheckRule::plain;
  scenario.storage.options.durable_datum = durable;
  scenario.storage.options.seed = seen;
  return scenario;
}

void check_tokens(Scenario& scenario) {
  storage::Options& options = scenario.storage.options;
  options.rule = storage::CheckRule::owner_bound;
  options.fenced_read = true;
  options.persistent_high_water = true;
  options.require_token = true;
  for (const ClientSpec& client : scenario.clients)
    for (const Program& program : client.threads)
      if (writes_without_lock(program)) options.require_token = false;
}

Scenario with_fencing(Scenario scenario) {
  scenario = without_fencing(std::move(scenario));
  check_tokens(scenario);
  hand_out_token(scenario.lock);
  for (ClientSpec& client : scenario.clients)
    if (client.lock) hand_out_token(*client.lock);
  return scenario;
}

void hand_out_token(LockSpec& lock) {
  if (lock.algorithm == nullptr || lock.algorithm->with_token.empty()) return;
  const std::string_view how = lock.algorithm->with_token;
  if (const std::size_t equals = how.find('='); equals != std::string_view::npos) {
    static_cast<void>(lock.settings.set(how.substr(0, equals), how.substr(equals + 1)));
    return;
  }
  const Algorithm* other = find_algorithm(how);
  if (other == nullptr) return;
  Settings settings(other->parameters);
  for (const Parameter& parameter : lock.settings.parameters())
    static_cast<void>(settings.set(parameter.name, lock.settings.text(parameter.name)));
  lock = {other, {}, settings};
}

std::string_view to_string(FencingAnswer answer) {
  switch (answer) {
    case FencingAnswer::saves:
      return "saves";
    case FencingAnswer::saves_data:
      return "saves the data only";
    case FencingAnswer::no:
      return "no";
    case FencingAnswer::no_token:
      return "there is no token to check";
    case FencingAnswer::nothing_stale:
      return "n.a.";
  }
  return {};
}

FencingAnswer does_fencing_save(const Scenario& scenario, Runner& runner) {
  RunResult result;
  runner.run(without_fencing(scenario), {.explain_mismatches = false}, result);
  if (!is_harmed(runner, result)) return FencingAnswer::nothing_stale;
  const Scenario fenced = with_fencing(scenario);
  runner.run(fenced, {.explain_mismatches = false}, result);
  if (!has_token(runner)) return FencingAnswer::no_token;
  if (is_harmed(runner, result)) return FencingAnswer::no;
  return found(result, "foreign_release") ? FencingAnswer::saves_data : FencingAnswer::saves;
}

}  // namespace locklab
