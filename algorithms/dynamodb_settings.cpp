// The DynamoDB lock client's configuration, and the versions worth knowing.
#include <algorithm>
#include <array>
#include <new>

#include "algorithms/dynamodb_lock.hpp"
#include "algorithms/simple_redis_lock.hpp"

namespace locklab {

using dynamodb::Condition;
using dynamodb::Operation;
using dynamodb::Request;

namespace {

constexpr std::array<std::string_view, 3> kTokens{"none", "rvn", "counter"};
constexpr std::array kParameters{
    Parameter{"ttl", Parameter::Type::duration, "20s", "leaseDuration; at least two heartbeats"},
    Parameter{"heartbeat", Parameter::Type::duration, "5s", "heartbeatPeriod"},
    Parameter{"refresh", Parameter::Type::duration, "1s", "refreshPeriod: between two looks"},
    Parameter{"additional_wait", Parameter::Type::duration, "1s",
              "how long to wait besides the lease of whoever has the lock"},
    Parameter{"skip_blocking_wait", Parameter::Type::flag, "false",
              "shouldSkipBlockingWait: one look a call"},
    Parameter{"remembers_observation", Parameter::Type::flag, "true",
              "a call goes on counting from the first look of an earlier one [1.4.0; #44, #93]"},
    Parameter{"delete_on_release", Parameter::Type::flag, "true",
              "a release deletes the item, or else marks it"},
    Parameter{"hold_on_503", Parameter::Type::flag, "false", "holdLockOnServiceUnavailable"},
    Parameter{"danger_zone", Parameter::Type::duration, "0s",
              "the session monitor's safe time: tell when less is left; 0: no monitor"},
    Parameter{
        "read_back", Parameter::Type::flag, "false",
        "after a failed heartbeat, see whether it had been applied (model) [dynamolock #280]"},
    Parameter{"token", Parameter::Type::choice, "none",
              "a fencing token: none, the RVN taken for one [#1], or a counter in the item (model)",
              kTokens},
    Parameter{"timeout", Parameter::Type::duration, "1s", "longest wait for an answer (model)"},
    Parameter{"retries", Parameter::Type::integer, "3", "how often the SDK then sends it again"},
};
constexpr std::array<PresetValue, 0> kCurrent{};
constexpr std::array kBefore14{PresetValue{"remembers_observation", "false"}};
constexpr std::array kPresets{
    Preset{"1.4.0", "as released", kCurrent},
    Preset{"before-1.4", "each call begins to count anew", kBefore14},
};

}  // namespace

const std::span<const Parameter> kDynamoDbLockParameters = kParameters;
const std::span<const Preset> kDynamoDbLockPresets = kPresets;

DynamoDbLock::DynamoDbLock(const Environment& environment, const Settings& settings,
                           Symbol resource)
    : Lock(environment, resource, {.ttl = settings.duration("ttl")}),
      table_(*environment.dynamodb),
      key_(lock_key(environment.self, resource)),
      lease_(settings.duration("ttl")),
      heartbeat_(settings.duration("heartbeat")),
      refresh_(std::max<Duration>(settings.duration("refresh"), 1ms)),
      additional_wait_(settings.duration("additional_wait")),
      danger_zone_(settings.duration("danger_zone")),
      skips_wait_(settings.flag("skip_blocking_wait")),
      remembers_(settings.flag("remembers_observation")),
      deletes_(settings.flag("delete_on_release")),
      holds_on_503_(settings.flag("hold_on_503")),
      reads_back_(settings.flag("read_back")),
      token_(settings.choice<Token>("token")),
      timeout_(settings.duration("timeout")),
      retries_(settings.integer("retries")),
      owner_(new_value()) {}

Request DynamoDbLock::request(Operation operation, Condition condition, AttemptId attempt) const {
  Request made;
  made.operation = operation;
  made.condition = condition;
  made.attempt = attempt;
  made.key = key_;
  made.owner = owner_;
  made.lease_ms = lease_ / 1ms;
  return made;
}

Lock* make_dynamodb_lock(const Environment& environment, const Settings& settings,
                         Symbol resource) {
  void* block = environment.arena().take(sizeof(DynamoDbLock));
  return new (block) DynamoDbLock(environment, settings, resource);
}

}  // namespace locklab
