// The old recipes and the common mistakes, as choices and presets.
#include <array>
#include <string_view>

#include "algorithms/naive_redis_lock.hpp"

namespace locklab {

namespace {

using Type = Parameter::Type;

constexpr std::array<std::string_view, 5> kRecipes{"set_nx_px", "set_nx", "setnx_then_pexpire",
                                                   "setnx_stamp", "getset_stamp"};
constexpr std::array<std::string_view, 2> kValues{"shared", "unique"};
constexpr std::array<std::string_view, 4> kReleases{"del", "get_then_del", "del_before_deadline",
                                                    "compare_and_delete"};

constexpr std::array kParameters = joined(
    joined(
        std::array{
            Parameter{"ttl", Type::duration, "10s",
                      "time to live of the key, or how far ahead the stamp is"},
            Parameter{"acquire", Type::choice, "set_nx_px", "how the key is taken", kRecipes},
            Parameter{"value", Type::choice, "shared",
                      "\"locked\" for everybody, or a unique one per acquisition; "
                      "of no effect on stamps",
                      kValues},
            Parameter{"release", Type::choice, "del", "how the key is removed", kReleases}},
        kRedisCallParameters),
    kPromiseMarginParameters);

constexpr std::array<PresetValue, 0> kSharedValue{};
constexpr std::array kBlindDel{PresetValue{"value", "unique"}};
constexpr std::array kGetThenDel{PresetValue{"value", "unique"},
                                 PresetValue{"release", "get_then_del"}};
constexpr std::array kNoTtl{PresetValue{"acquire", "set_nx"}};
constexpr std::array kSetnxThenExpire{PresetValue{"acquire", "setnx_then_pexpire"},
                                      PresetValue{"value", "unique"},
                                      PresetValue{"release", "compare_and_delete"}};
constexpr std::array kSetnxStamp{PresetValue{"acquire", "setnx_stamp"}};
constexpr std::array kGetsetStamp{PresetValue{"acquire", "getset_stamp"},
                                  PresetValue{"release", "del_before_deadline"}};
constexpr std::array kPresets{
    Preset{"shared-value", "mistake 1: the same value for all, and DEL", kSharedValue},
    Preset{"blind-del", "a unique value that nobody compares before DEL", kBlindDel},
    Preset{"get-then-del", "compares, but in a call of its own", kGetThenDel},
    Preset{"no-ttl", "SET NX without a time to live", kNoTtl},
    Preset{"setnx-then-expire", "the time to live comes in a second command", kSetnxThenExpire},
    Preset{"setnx-stamp", "the value is a date; whoever finds it past deletes it", kSetnxStamp},
    Preset{"getset-stamp", "the value is a date; GETSET decides who replaces a past one",
           kGetsetStamp},
};

}  // namespace

const std::span<const Parameter> kNaiveRedisLockParameters = kParameters;
const std::span<const Preset> kNaiveRedisLockPresets = kPresets;

}  // namespace locklab
