// What a Redlock can be told, and what the libraries make of it: one preset each [spec B].
#include <array>
#include <string_view>

#include "algorithms/redlock.hpp"

namespace locklab {

namespace {

using Type = Parameter::Type;

constexpr std::array<std::string_view, 2> kSend{"sequential", "parallel"};
constexpr std::array<std::string_view, 2> kClock{"wall", "mono"};
constexpr std::array<std::string_view, 3> kAccept{"validity_positive", "validity_not_negative",
                                                  "quorum_only"};
constexpr std::array<std::string_view, 4> kUnlock{"all", "acquired_only", "acquired_and_unknown",
                                                  "none"};
constexpr std::array<std::string_view, 2> kPer{"acquisition", "each_try"};
constexpr std::array<std::string_view, 4> kScript{"set_nx", "acquire_all", "lock_or_retake",
                                                  "set_nx_incr"};
constexpr std::array<std::string_view, 4> kExtend{"unsupported", "quorum_in_validity", "quorum",
                                                  "any"};
constexpr std::array<std::string_view, 3> kMissing{"refuse", "recreate", "retake_by_nx"};

constexpr std::array kParameters{
    Parameter{"ttl", Type::duration, "10s", "time to live of the keys (PX)"},
    Parameter{"quorum", Type::integer, "0", "nodes that must say yes; 0: N/2 + 1"},
    Parameter{"send", Type::choice, "sequential", "one node after another, or all at once", kSend},
    Parameter{"early_return", Type::flag, "false",
              "sending in parallel: come back as soon as a quorum has said yes, or no"},
    Parameter{"hangs_undecided", Type::flag, "false",
              "node-redlock 5: never comes back when neither side has a quorum [corpus 44]"},
    Parameter{"node_timeout", Type::duration, "50ms",
              "longest wait for one node; 0: for ever (redis.io: 5-50 ms for a 10 s TTL)"},
    Parameter{"node_timeout_permille", Type::integer, "0",
              "the same in thousandths of the TTL, where that is how a library counts; 0: not so"},
    Parameter{"reconnect_on_timeout", Type::flag, "false",
              "a timed-out call takes its connection with it"},
    Parameter{"clock", Type::choice, "wall", "that measures the elapsed time", kClock},
    Parameter{"elapsed_since", Type::choice, "each_try", "where T1 is read", kPer},
    Parameter{"drift_permille", Type::integer, "2",
              "clock drift margin, in thousandths of the TTL"},
    Parameter{"drift_const", Type::duration, "2ms", "the constant part of the margin"},
    Parameter{"accept", Type::choice, "validity_positive",
              "what a quorum must be accompanied by to count", kAccept},
    Parameter{"raise_on_node_error", Type::flag, "false",
              "redlock-py: one node's error after a majority raises, without unlocking"},
    Parameter{"expire_after_acquire", Type::flag, "false",
              "Redisson: set the lease anew on all that said yes, results ignored"},
    Parameter{"between_tries", Type::choice, "all", "which nodes are unlocked before a retry",
              kUnlock},
    Parameter{"release_on_failure", Type::choice, "all",
              "which nodes are unlocked after the last failed try", kUnlock},
    Parameter{"shared_value", Type::flag, "false",
              "unlock compares with the object's last value (a field, in the document)"},
    Parameter{"value_scope", Type::choice, "acquisition", "one value for all tries, or one each",
              kPer},
    Parameter{"acquire_script", Type::choice, "set_nx",
              "what is sent to take a node's key; set_nx_incr counts on each node, and the largest "
              "count is the token [corpus 64]",
              kScript},
    Parameter{"retry_count", Type::integer, "0", "tries after the first; -1: for ever"},
    Parameter{"retry_delay", Type::duration, "200ms", "pause before a retry"},
    Parameter{"retry_jitter", Type::duration, "0ms", "random part of that pause"},
    Parameter{"jitter_both_ways", Type::flag, "false", "jitter may shorten the pause too"},
    Parameter{"extend_accept", Type::choice, "quorum_in_validity", "when an extension counts",
              kExtend},
    Parameter{"extend_missing", Type::choice, "refuse",
              "what an extension does on a node where the key is gone", kMissing},
    Parameter{"max_extensions", Type::integer, "-1", "-1: no limit"},
    Parameter{"extend_checks_deadline", Type::flag, "false",
              "refuse to extend once the lease's own deadline has passed"},
    Parameter{"retry_extension", Type::flag, "false",
              "node-redlock: an extension is retried as an acquisition is"},
    Parameter{"unlock_on_failed_extension", Type::flag, "false",
              "redlock-rb, node-redlock 4: a failed extension unlocks every node"},
    Parameter{"release_needs_quorum", Type::flag, "false",
              "node-redlock: a release is retried until a quorum removed the key [corpus 45]"},
};

// Each says all that sheet B says of it, defaults included, so that a preset reads as its row does.
constexpr std::array kSpec{
    PresetValue{"send", "parallel"},      PresetValue{"node_timeout", "50ms"},
    PresetValue{"clock", "mono"},         PresetValue{"drift_permille", "2"},
    PresetValue{"drift_const", "2ms"},    PresetValue{"accept", "validity_positive"},
    PresetValue{"between_tries", "all"},  PresetValue{"release_on_failure", "all"},
    PresetValue{"retry_count", "3"},      PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "200ms"}, PresetValue{"extend_accept", "quorum_in_validity"},
};
constexpr std::array kDocument{
    PresetValue{"send", "sequential"},
    PresetValue{"node_timeout", "0s"},
    PresetValue{"clock", "wall"},
    PresetValue{"drift_permille", "2"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "validity_positive"},
    PresetValue{"release_on_failure", "acquired_only"},
    PresetValue{"shared_value", "true"},
    PresetValue{"retry_count", "0"},
    PresetValue{"extend_accept", "unsupported"},
};
constexpr std::array kNodeRedlockV5{
    PresetValue{"send", "parallel"},
    PresetValue{"early_return", "true"},
    PresetValue{"hangs_undecided", "true"},
    PresetValue{"node_timeout", "0s"},
    PresetValue{"clock", "wall"},
    PresetValue{"elapsed_since", "acquisition"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "quorum_only"},
    PresetValue{"between_tries", "none"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"value_scope", "acquisition"},
    PresetValue{"acquire_script", "acquire_all"},
    PresetValue{"retry_count", "10"},
    PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "100ms"},
    PresetValue{"jitter_both_ways", "true"},
    PresetValue{"extend_accept", "quorum"},
    PresetValue{"extend_checks_deadline", "true"},
    PresetValue{"retry_extension", "true"},
    PresetValue{"release_needs_quorum", "true"},
};
// Its extension goes through the same function as its acquisition: deadline, retries, unlocking.
constexpr std::array kNodeRedlockV4{
    PresetValue{"send", "parallel"},
    PresetValue{"node_timeout", "0s"},
    PresetValue{"clock", "wall"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "validity_positive"},
    PresetValue{"between_tries", "all"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"retry_count", "10"},
    PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "100ms"},
    PresetValue{"jitter_both_ways", "true"},
    PresetValue{"extend_accept", "quorum_in_validity"},
    PresetValue{"extend_checks_deadline", "true"},
    PresetValue{"retry_extension", "true"},
    PresetValue{"unlock_on_failed_extension", "true"},
};
constexpr std::array kRedlockPy{
    PresetValue{"send", "sequential"},
    PresetValue{"node_timeout", "0s"},
    PresetValue{"clock", "wall"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "validity_positive"},
    PresetValue{"raise_on_node_error", "true"},
    PresetValue{"between_tries", "all"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"value_scope", "acquisition"},
    PresetValue{"retry_count", "2"},
    PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "0ms"},
    PresetValue{"extend_accept", "unsupported"},
};
constexpr std::array kRedlockRb{
    PresetValue{"send", "sequential"},
    PresetValue{"node_timeout", "100ms"},
    PresetValue{"clock", "mono"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "validity_not_negative"},
    PresetValue{"between_tries", "all"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"value_scope", "each_try"},
    PresetValue{"acquire_script", "lock_or_retake"},
    PresetValue{"retry_count", "3"},
    PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "50ms"},
    PresetValue{"extend_accept", "quorum_in_validity"},
    PresetValue{"extend_missing", "recreate"},
    PresetValue{"unlock_on_failed_extension", "true"},
};
constexpr std::array kRedsync{
    PresetValue{"ttl", "8s"},
    PresetValue{"send", "parallel"},
    PresetValue{"node_timeout_permille", "50"},
    PresetValue{"clock", "mono"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "0ms"},
    PresetValue{"accept", "validity_positive"},
    PresetValue{"between_tries", "all"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"value_scope", "acquisition"},
    PresetValue{"retry_count", "31"},
    PresetValue{"retry_delay", "50ms"},
    PresetValue{"retry_jitter", "200ms"},
    PresetValue{"extend_accept", "quorum"},
};
constexpr std::array kRedsyncSetNx = [] {
  std::array<PresetValue, kRedsync.size() + 1> values{};
  for (std::size_t i = 0; i < kRedsync.size(); ++i) values[i] = kRedsync[i];
  values.back() = {"extend_missing", "retake_by_nx"};
  return values;
}();
constexpr std::array kPottery{
    PresetValue{"send", "parallel"},
    PresetValue{"early_return", "true"},
    PresetValue{"node_timeout", "0s"},
    PresetValue{"clock", "mono"},
    PresetValue{"drift_permille", "10"},
    PresetValue{"drift_const", "2ms"},
    PresetValue{"accept", "validity_positive"},
    PresetValue{"between_tries", "all"},
    PresetValue{"release_on_failure", "all"},
    PresetValue{"value_scope", "each_try"},
    PresetValue{"retry_count", "-1"},
    PresetValue{"retry_delay", "0ms"},
    PresetValue{"retry_jitter", "200ms"},
    PresetValue{"extend_accept", "quorum"},
    PresetValue{"max_extensions", "3"},
};
// Model: waits for a node are call time-outs; Redisson also gives up as soon as too many nodes have
// refused, and takes a lease of twice the wait at first when it was given both.
constexpr std::array kRedisson{
    PresetValue{"send", "sequential"},
    PresetValue{"node_timeout", "1500ms"},
    PresetValue{"clock", "wall"},
    PresetValue{"drift_permille", "0"},
    PresetValue{"drift_const", "0ms"},
    PresetValue{"accept", "quorum_only"},
    PresetValue{"expire_after_acquire", "true"},
    PresetValue{"release_on_failure", "acquired_and_unknown"},
    PresetValue{"retry_count", "0"},
    PresetValue{"extend_accept", "any"},
};

constexpr std::array kMaxOfCounters{
    PresetValue{"send", "parallel"},      PresetValue{"node_timeout", "50ms"},
    PresetValue{"clock", "mono"},         PresetValue{"acquire_script", "set_nx_incr"},
    PresetValue{"retry_count", "3"},      PresetValue{"retry_delay", "200ms"},
    PresetValue{"retry_jitter", "200ms"},
};

constexpr std::array kPresets{
    Preset{"spec", "as redis.io describes it: all nodes at once, all unlocked on failure", kSpec},
    Preset{"document", "the document's class: in turn, wall clock, unlocks only what it got",
           kDocument},
    Preset{"node-redlock-v4", "JavaScript, version 4: tests its deadline", kNodeRedlockV4},
    Preset{"node-redlock-v5", "JavaScript, version 5: a quorum is enough, however late",
           kNodeRedlockV5},
    Preset{"redlock-py", "Python: fixed delay, raises after a majority if one node errored",
           kRedlockPy},
    Preset{"redlock-rb", "Ruby: monotonic clock; an extension takes a lost key again", kRedlockRb},
    Preset{"redsync", "Go, version 4: 1 % margin, 32 tries", kRedsync},
    Preset{"redsync-setnx", "Go with SetNXOnExtend: an extension takes a lost key again",
           kRedsyncSetNx},
    Preset{"pottery", "Python: returns at a majority, up to three extensions", kPottery},
    Preset{"redisson-redlock", "Java (deprecated): no validity test at all", kRedisson},
    Preset{"max-of-counters",
           "as spec, with a counter on each node; the largest is the token, and no good one",
           kMaxOfCounters},
};

}  // namespace

const std::span<const Parameter> kRedlockParameters = kParameters;
const std::span<const Preset> kRedlockPresets = kPresets;

}  // namespace locklab
