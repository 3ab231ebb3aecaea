// What a Consul lock can be told, with its defaults, and the ways to use it.
#include <array>
#include <string_view>

#include "algorithms/consul_lock.hpp"

namespace locklab {

namespace {

constexpr std::array<std::string_view, 2> kBehaviors{"release", "delete"};
constexpr std::array<std::string_view, 2> kLostChannels{"told", "ignored"};

constexpr std::array kParameters{
    Parameter{"session_ttl", Parameter::Type::duration, "15s",
              "TTL of the session, renewed at half of it; the server waits for twice as long"},
    Parameter{"lock_delay", Parameter::Type::duration, "15s",
              "after a session was invalidated nobody gets its keys for so long; at most 60s"},
    Parameter{"behavior", Parameter::Type::choice, "release",
              "what becomes of an invalidated session's keys", kBehaviors},
    Parameter{"health_check", Parameter::Type::flag, "true",
              "the session ends when the gossip takes the node for dead (serfHealth)"},
    Parameter{"try_once", Parameter::Type::flag, "false",
              "give up after wait_time (LockTryOnce); otherwise never"},
    Parameter{"wait_time", Parameter::Type::duration, "15s",
              "longest wait for the key to change, before it is looked at anew"},
    Parameter{"retry_time", Parameter::Type::duration, "5s",
              "pause when the key is free and still refused, since it is delayed"},
    Parameter{"request_timeout", Parameter::Type::duration, "7s",
              "longest wait for an answer that does not block (model: the HTTP client has none)"},
    Parameter{"lost_channel", Parameter::Type::choice, "told",
              "does the application listen to the channel that Lock returns?", kLostChannels},
};
constexpr std::array<PresetValue, 0> kDefault{};
constexpr std::array kTtlOnly{PresetValue{"health_check", "false"}};
constexpr std::array kPresets{
    Preset{"default", "the helper's defaults", kDefault},
    Preset{"ttl-only", "a session that no health check can end", kTtlOnly},
};

}  // namespace

const std::span<const Parameter> kConsulLockParameters = kParameters;
const std::span<const Preset> kConsulLockPresets = kPresets;

}  // namespace locklab
