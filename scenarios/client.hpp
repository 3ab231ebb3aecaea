// A client of a scenario: it runs its programs, each a list of steps, with the locks and the
// storage that the scenario gives it. The algorithms know nothing of steps, and steps nothing of
// algorithms.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "algorithms/execute_with_lock.hpp"
#include "algorithms/lock.hpp"
#include "scenarios/registers.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/services/service.hpp"
#include "sim/process.hpp"
#include "sim/services/storage/client.hpp"
#include "sim/task.hpp"

namespace locklab {

/// The words that clients' steps put into the trace, as symbols of one run.
struct StepWords {
  explicit StepWords(Names& names)
      : work(names.intern("work")),
        check(names.intern("check")),
        resource(names.intern("resource")) {}
  Symbol work, check, resource;
};

class Client final : public Actor, private Beliefs::Listener {
 public:
  Client(Process& self, const ClientSpec& spec, const LockSpec& lock, Symbol default_lock,
         std::span<const Program> threads, std::span<DeployedService* const> services,
         const Tiers& tiers, const storage::Client& storage, const StepWords& words,
         std::uint32_t* attempts);

  void on_message(const Packet& packet) override;
  void on_crash(bool power_loss) override;
  void on_start() override;
  void on_connection_lost(ProcessId peer) override;
  ~Client() override;

  Arena& arena() const { return self_.arena(); }  // for the frames of its coroutines

 private:
  /// What one thread has at hand.
  struct Thread {
    explicit Thread(Client& owner, const Program& steps, std::pmr::memory_resource* memory)
        : client(&owner), program(&steps), held(memory), read(memory) {}

    struct Held {
      Lock* lock;
      Lease lease;
      bool told = false;  // that it is gone
    };
    struct Read {
      Symbol subject;
      Value value;
      std::uint64_t version;
    };
    Client* client;
    const Program* program;
    std::pmr::vector<Held> held;  // the one acquired last at the end
    std::pmr::vector<Read> read;
    bool skipping = false;  // to the next acquire
    bool told = false;      // that what it holds is gone
    TaskHandle task{};
  };
  enum class Flow : std::uint8_t { next, stop };
  class Section;
  class LastResort;

  void told(AttemptId attempt) override;
  void prolonged(const Lease& lease) override;
  void stop_told_threads();
  Task<> give_back(std::uint32_t index);
  void leave_services();

  Task<> run_thread(std::uint32_t index);
  Task<Flow> run_steps(Thread& thread, const Program& steps);
  Task<Flow> run_step(Thread& thread, const Step& step);

  Task<Flow> acquire(Thread& thread, const Step& step);
  Task<Flow> with_lock(Thread& thread, const Step& step);
  Task<Flow> auto_extend(Thread& thread, const Step& step);
  Task<Flow> with_locks(Thread& thread, const Step& step);
  Task<Flow> extend(Thread& thread, const Step& step);
  Task<Flow> read(Thread& thread, const Step& step);
  Task<Flow> write(Thread& thread, const Step& step);
  Task<Flow> sell(Thread& thread, const Step& step);
  Task<Flow> charge(Thread& thread, const Step& step);
  Task<Flow> run_job(Thread& thread, const Step& step);
  Task<Flow> lead(Thread& thread, const Step& step);
  Task<Flow> append(Thread& thread, const Step& step);
  Task<Flow> optimistic(Thread& thread, const Step& step);
  Task<Flow> hybrid(Thread& thread, const Step& step);
  Task<Result<bool>> update(Hold under, const Step& step, Basis basis);

  Symbol symbol(const std::string& text) const;
  Value value(const Datum& datum) const;
  Lock& lock_on(Symbol resource);
  Symbol lock_of(const Thread& thread, const Step& step) const;
  Thread::Held* held(Thread& thread, const Step& step);
  static Waiting waiting(const Step& step);
  /// Under which grant the step reads or writes.
  Hold hold(Thread& thread, const Step& step);
  void tell(DomainAct act, const Step& step, std::int64_t amount, const Hold& under);
  void drop(Thread& thread, AttemptId attempt);
  /// What the program does when it did not get, or no longer has, what the step asked for.
  static Flow refused(Thread& thread, const Step& step);

  Process& self_;
  const ClientSpec& spec_;
  const LockSpec& lock_;
  Symbol default_lock_;
  std::span<const Program> programs_;
  const StepWords& words_;
  Beliefs beliefs_;
  Environment environment_;
  Registers registers_;
  std::uint64_t operations_ = 0;  // that may be repeated, numbered
  std::span<DeployedService* const> services_;
  std::pmr::vector<ServiceClient*> service_clients_;  // of this life
  std::pmr::vector<Lock*> locks_;  // one object a resource, shared by the threads
  std::pmr::vector<Thread*> threads_;
};

}  // namespace locklab
