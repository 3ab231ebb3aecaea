// The protected resource, as a value: registers that hold a datum and, if fenced, remember the
// highest token they have seen and refuse older ones [doc "FencedStorage"; spec C "Storage
// variants"; Kleppmann 2016]. It reads no clock and asks no lock service. Left out: the
// CheckSequencer variant (storage asks the lock service), transactions over several registers.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/services/storage/protocol.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace locklab::storage {

/// When a write that carries a token is refused. `highest` is the register's high-water mark.
enum class CheckRule : std::uint8_t {
  plain,     // never
  document,  // token < highest: several writes under one grant pass, and so do two holders of one
             // token [corpus 60]
  strict,    // token <= highest: one write a grant
  owner_bound,  // token < highest, or the same token from another owner
  not_equal,    // any token but the first one ever seen: wrong [corpus 69, etcd contrib/lock]
};

constexpr std::string_view to_string(CheckRule rule) {
  switch (rule) {
    case CheckRule::plain:
      return "plain";
    case CheckRule::document:
      return "document";
    case CheckRule::strict:
      return "strict";
    case CheckRule::owner_bound:
      return "owner_bound";
    case CheckRule::not_equal:
      return "not_equal";
  }
  return {};
}

struct Options {
  CheckRule rule = CheckRule::document;
  bool require_token = false;  // refuse writes that carry no token; otherwise they pass unchecked
  bool fenced_read = false;    // a read carries the token too and raises the high-water mark
  bool persistent_high_water = false;  // survives a restart; the document's does not [corpus 61]
  bool durable_datum = true;           // the datum and its version survive a restart
  FencingToken seed{};                 // high-water mark of a register that has seen nothing
  bool operator==(const Options&) const = default;
};

struct Register {
  Symbol name{};
  Value datum{};
  std::uint64_t version = 0;  // writes accepted
  FencingToken highest{};     // the high-water mark
  Value owner{};              // who brought it
  AttemptId attempt{};        // under which grant; for reports
  bool written = false;       // by that token: a fenced read alone does not use up a strict grant
  bool operator==(const Register&) const = default;
};

class Registers {
 public:
  explicit Registers(const Options& options = {},
                     std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : options_(options), registers_(memory), applied_(memory) {}
  bool operator==(const Registers&) const = default;

  /// Gives a register its first datum: version 0, whatever token. Before the run.
  void initialize(Symbol name, const Value& datum);

  /// Checks the token, then (where asked) the version; a refused write changes nothing.
  Reply write(const Request& request);
  /// Reads are never refused. With `fenced_read` a higher token raises the high-water mark, which
  /// closes the gap before the new holder's first write [corpus 62].
  Reply read(const Request& request);

  /// The node comes back: what is not durable begins anew.
  void restart();

  const Register* find(Symbol name) const;
  std::span<const Register> registers() const { return registers_; }  // by name
  const Options& options() const { return options_; }

 private:
  /// An operation that has taken effect, and what it made of the datum [corpus 109].
  struct Applied {
    Symbol subject;
    std::uint64_t update_id;
    std::uint64_t version;
    bool operator==(const Applied&) const = default;
  };

  Register& at(Symbol name);
  std::optional<Rejection> objection(const Register& reg, const Request& request) const;

  Options options_;
  std::pmr::vector<Register> registers_;  // sorted by name
  std::pmr::vector<Applied> applied_;     // as durable as the data
};

/// Carries out a request. What the trace says of it:
Reply execute(Registers& registers, const Request& request);
WriteAccepted accepted_event(const Request& request, const Reply& reply);
WriteRejected rejected_event(const Request& request, const Reply& reply);
ReadServed served_event(const Request& request, const Reply& reply);

}  // namespace locklab::storage
