// What ShedLock can be told, with its defaults, and its providers' versions.
#include <array>
#include <string_view>

#include "algorithms/shedlock.hpp"

namespace locklab {

namespace {

constexpr std::array<std::string_view, 2> kOwners{"host", "acquisition"};

constexpr std::array kTimes = joined(
    std::array{
        Parameter{"lock_at_most_for", Parameter::Type::duration, "10s",
                  "how long the lock is taken, should its holder die; ShedLock has no default"},
        Parameter{"lock_at_least_for", Parameter::Type::duration, "0s",
                  "how long it is kept, however early it is given back"},
    },
    kPromiseMarginParameters);

constexpr std::array kJdbc =
    joined(joined(kTimes,
                  std::array{
                      Parameter{"using_db_time", Parameter::Type::flag, "false",
                                "the database's clock instead of the client's: usingDbTime()"},
                      Parameter{"owner", Parameter::Type::choice, "host",
                                "what locked_by says: the host's name, or something unique to the "
                                "acquisition [corpus 92]",
                                kOwners},
                      Parameter{"unlock_tests_owner", Parameter::Type::flag, "true",
                                "unlock compares locked_by; older versions go by the name alone"},
                  }),
           kDatabaseCallParameters);

constexpr std::array kRedis =
    joined(kTimes, std::array{Parameter{"safe_update", Parameter::Type::flag, "false",
                                        "compare the value before DEL and SET XX [corpus 27]"}});

constexpr std::array<PresetValue, 0> kDefault{};
constexpr std::array kDbTime{PresetValue{"using_db_time", "true"}};
constexpr std::array kOld{PresetValue{"unlock_tests_owner", "false"}};
constexpr std::array kSafe{PresetValue{"safe_update", "true"}};
constexpr std::array kRedisPresets{
    Preset{"default", "plain DEL and SET XX", kDefault},
    Preset{"safe_update", "scripts that compare the value", kSafe},
};
constexpr std::array kPresets{
    Preset{"default", "the client's clock; unlock by name and host", kDefault},
    Preset{"using_db_time", "the database's clock", kDbTime},
    Preset{"unlock_by_name", "as ShedLock 4: unlock by name alone", kOld},
};

}  // namespace

const std::span<const Parameter> kShedLockJdbcParameters = kJdbc;
const std::span<const Preset> kShedLockJdbcPresets = kPresets;
const std::span<const Parameter> kShedLockRedisParameters = kRedis;
const std::span<const Preset> kShedLockRedisPresets = kRedisPresets;

}  // namespace locklab
