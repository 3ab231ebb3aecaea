// The API server as a process. Model: one, in front of a store that is always there.
#pragma once

#include "sim/process.hpp"
#include "sim/services/kubernetes/kinds.hpp"
#include "sim/services/kubernetes/store.hpp"

namespace locklab::kubernetes {

class Server final : public Actor {
 public:
  Server(Process& self, const Kinds& kinds) : self_(self), kinds_(kinds), store_(&self.arena()) {}

  void on_message(const Packet& packet) override;
  void on_crash(bool) override {}
  void on_start() override {}

 private:
  Process& self_;
  const Kinds& kinds_;
  Store store_;
};

}  // namespace locklab::kubernetes
