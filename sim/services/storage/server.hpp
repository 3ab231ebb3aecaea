// The protected resource as a process: reads and writes its registers, checks tokens as told.
#pragma once

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/services/storage/kinds.hpp"
#include "sim/services/storage/register.hpp"

namespace locklab::storage {

class Server final : public Actor {
 public:
  Server(Process& self, const Kinds& kinds, const Options& options);

  /// Gives a register its first datum, before the run.
  void initialize(Symbol name, const Value& datum) { registers_.initialize(name, datum); }

  void on_message(const Packet& packet) override;
  void on_crash(bool power_loss) override;
  void on_start() override;

  const Registers& registers() const { return registers_; }

 private:
  Process& self_;
  const Kinds& kinds_;
  Registers registers_;
  bool restarting_ = false;
};

}  // namespace locklab::storage
