// What an etcd mutex can be told, with its defaults, and the versions worth knowing.
#include <array>
#include <string_view>

#include "algorithms/etcd_mutex.hpp"

namespace locklab {

namespace {

constexpr std::array<std::string_view, 2> kTokens{"create_revision", "lease_id"};
constexpr std::array<std::string_view, 2> kWaits{"queue", "try_lock"};
constexpr std::array<std::string_view, 2> kSessionDone{"told", "ignored"};

constexpr std::array kParameters{
    Parameter{"ttl", Parameter::Type::duration, "60s",
              "TTL of the session's lease; at least 1.5 election time-outs, in whole seconds"},
    Parameter{"wait", Parameter::Type::choice, "queue",
              "Lock waits in the queue, TryLock gives up if it is not first", kWaits},
    Parameter{"acquire_timeout", Parameter::Type::duration, "0s",
              "longest wait in the queue (the deadline of the context); 0: for ever"},
    Parameter{"request_timeout", Parameter::Type::duration, "7s",
              "longest wait for an answer; what a server itself waits: 5 s and two election "
              "time-outs. 0: for ever"},
    Parameter{"watch_timeout", Parameter::Type::duration, "0s",
              "ask another server when a watch has said nothing for so long (the client's "
              "DialKeepAlive, which is off unless it is set); 0: never"},
    Parameter{"recheck", Parameter::Type::flag, "true",
              "after waiting, see that the own key is still there [etcd #11456]"},
    Parameter{"token", Parameter::Type::choice, "create_revision",
              "the fencing token: the own key's create revision, or the lease's id as in etcd's "
              "contrib/lock",
              kTokens},
    Parameter{"session_done", Parameter::Type::choice, "told",
              "does the application listen to Session.Done?", kSessionDone},
    Parameter{"close_session", Parameter::Type::flag, "false",
              "a release closes the session too, which revokes its lease; so no key is ever "
              "used twice"},
};
constexpr std::array<PresetValue, 0> kCurrent{};
constexpr std::array k343{PresetValue{"recheck", "false"}, PresetValue{"session_done", "ignored"}};
constexpr std::array kPresets{
    Preset{"current", "with the check that the own key is still there", kCurrent},
    Preset{"v3.4.3", "without it, in an application that does not listen to Session.Done", k343},
};

}  // namespace

const std::span<const Parameter> kEtcdMutexParameters = kParameters;
const std::span<const Preset> kEtcdMutexPresets = kPresets;

}  // namespace locklab
