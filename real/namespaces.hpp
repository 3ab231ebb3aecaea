// Network namespaces of this machine: what a cut between two groups of servers needs. Making them
// takes root; without it there is a sentence that says so.
#pragma once

#include <functional>
#include <string>

#include "real/daemon.hpp"
#include "sim/result.hpp"

namespace locklab::real {

/// Runs `act` in a thread that lives in the namespace (empty: in ours). What `act` starts, threads
/// and sockets, stays there.
Result<void, Trouble> in_namespace(const std::string& name, const std::function<void()>& act);

/// Two namespaces with a line between them, and loopbacks of their own. Both go with this object.
class TwoSides {
 public:
  static Result<TwoSides, Trouble> make();
  TwoSides(TwoSides&& other) noexcept : name_(std::exchange(other.name_, {})) {}
  TwoSides& operator=(TwoSides&&) = delete;
  ~TwoSides();

  std::string left() const { return name_ + "a"; }
  std::string right() const { return name_ + "b"; }
  static constexpr const char* kLeftAddress = "10.213.77.1";
  static constexpr const char* kRightAddress = "10.213.77.2";
  /// From here on nothing arrives on the other side, and nobody is told.
  Result<void, Trouble> cut();
  Result<void, Trouble> heal();

 private:
  explicit TwoSides(std::string name) : name_(std::move(name)) {}

  std::string name_;  // of namespaces and devices, up to their last letter
};

}  // namespace locklab::real
