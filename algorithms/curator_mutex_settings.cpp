// What Curator can be told, with its defaults, and its versions with bugs worth knowing.
#include <array>
#include <string_view>

#include "algorithms/curator_mutex.hpp"

namespace locklab {

namespace {

constexpr std::array kParameters = joined(
    with_default(
        with_default(with_default(kZkRecipeParameters, "stop_at", "suspended"), "retries", "3"),
        "retry_delay", "1s"),
    std::array{
        Parameter{
            "lost_percent", Parameter::Type::integer, "100",
            "LOST comes when so much of the session's time has passed since SUSPENDED, by the "
            "wall clock; 100 or 33"},
        Parameter{"reentrant", Parameter::Type::flag, "true",
                  "who has the lock gets it again without asking ZooKeeper"},
        Parameter{"check_owner", Parameter::Type::flag, "true",
                  "a protected create takes a node for its own only if it belongs to the present "
                  "session (since 4.1.1) [corpus 74]"},
        Parameter{"keep_path", Parameter::Type::flag, "false",
                  "as LeaderLatch did: after its session was given up it looks for its old node "
                  "before it makes another [corpus 75]"},
        Parameter{"interrupt_after", Parameter::Type::duration, "0s",
                  "the thread is interrupted so long after it has asked for its node; 0s: never "
                  "[corpus 77]"},
        Parameter{"clean_interrupted", Parameter::Type::flag, "true",
                  "an interrupted create is cleared away in the background"},
        Parameter{"token", Parameter::Type::choice, "czxid",
                  "what the application uses as a fencing token; Curator itself hands out none, it "
                  "is read from the node's Stat",
                  kZkTokens},
    });
constexpr std::array<PresetValue, 0> kPresent{};
constexpr std::array kStopAtLost{PresetValue{"stop_at", "lost"}};
constexpr std::array kBefore411{PresetValue{"check_owner", "false"}};
constexpr std::array kLatch{PresetValue{"keep_path", "true"}, PresetValue{"check_owner", "false"},
                            PresetValue{"reentrant", "false"}, PresetValue{"stop_at", "lost"}};
constexpr std::array kBefore79{PresetValue{"clean_interrupted", "false"}};
constexpr std::array kPresets{
    Preset{"curator", "the present one, in an application that stops at SUSPENDED", kPresent},
    Preset{"stop-at-lost", "an application that goes on until LOST", kStopAtLost},
    Preset{"before-4.1.1", "takes a node of its previous session for its own", kBefore411},
    Preset{"leader-latch", "LeaderLatch before CURATOR-696: trusts the path that it remembers",
           kLatch},
    Preset{"before-curator-79", "an interrupted create leaves its node behind", kBefore79},
};

}  // namespace

const std::span<const Parameter> kCuratorMutexParameters = kParameters;
const std::span<const Preset> kCuratorMutexPresets = kPresets;

}  // namespace locklab
