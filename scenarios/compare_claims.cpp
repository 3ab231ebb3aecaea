#include "scenarios/compare_claims.hpp"

#include <fmt/format.h>

#include <array>

namespace locklab {
namespace {

/// A column of the document's table, and what it says of the same lock's speed.
struct Column {
  std::string_view name;
  std::string_view safety;
  std::string_view performance;
  std::string_view fault_tolerance;
  std::string_view fencing;
  Duration acquire_least;
  Duration acquire_most;
  Duration release;
  std::int64_t per_second;
};

constexpr std::array kColumns{
    Column{"Redis Single", "Low", "High", "None", "Manual", 1ms, 1ms, 1ms, 100'000},
    Column{"Redlock", "Medium", "Medium", "Partial", "Manual", 5ms, 10ms, 5ms, 10'000},
    Column{"ZooKeeper", "High", "Low", "High", "Built-in", 10ms, 50ms, 10ms, 1'000},
    Column{"Database", "High", "Low", "Depends", "Manual", 5ms, 20ms, 5ms, 1'000},
};

const Column* column_of(const Algorithm& algorithm) {
  const auto named = [](std::string_view name) -> const Column* {
    for (const Column& column : kColumns)
      if (column.name == name) return &column;
    return nullptr;
  };
  const auto needs = [&algorithm](ProcessRole role) {
    return (algorithm.needs & role_bit(role)) != 0;
  };
  // What rests on two services is in none of the columns.
  if (needs(ProcessRole::zookeeper))
    return needs(ProcessRole::database) ? nullptr : named("ZooKeeper");
  if (needs(ProcessRole::database)) return named("Database");
  if (!needs(ProcessRole::redis)) return nullptr;
  return named(algorithm.several_nodes.empty() ? "Redis Single" : "Redlock");
}

// ---- from a number to a word --------------------------------------------------------------------

constexpr std::int64_t kOnePercent = 10'000;

Claim safety(const ComparedLock& lock, const std::vector<CompareFault>& faults,
             std::string_view document) {
  std::uint64_t broken = 0;
  std::uint64_t runs = 0;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (faults[i] == CompareFault::none || !lock.cells[i]) continue;
    broken += lock.cells[i]->broken_service;
    runs += lock.cells[i]->runs;
  }
  const Share share = share_of(broken, runs);
  const std::string_view word = share.ppm < kOnePercent       ? "High"
                                : share.ppm < 5 * kOnePercent ? "Medium"
                                                              : "Low";
  return {"safety", std::string(document),
          fmt::format("{}: given away twice in {} of the runs with a fault (High below 1%, Medium "
                      "below 5%)",
                      word, share_text(share)),
          word == document};
}

Claim performance(const ComparedLock& lock, std::string_view document) {
  const Duration p50 = lock.performance.acquire_p50;
  const std::string_view word = p50 <= 2ms ? "High" : p50 <= 10ms ? "Medium" : "Low";
  return {"performance", std::string(document),
          fmt::format("{}: half of the acquisitions take up to {} (High to 2 ms, Medium to 10 ms)",
                      word, ms_text(p50)),
          word == document};
}

Claim fault_tolerance(const ComparedLock& lock, std::string_view document) {
  const std::size_t servers = lock.plan.servers.size();
  const std::string_view word = lock.survived == servers && servers > 1 ? "High"
                                : lock.survived == 0                    ? "None"
                                                                        : "Partial";
  return {"fault tolerance", std::string(document),
          fmt::format("{}: it can be had after the loss of {} of its {} server{}", word,
                      lock.survived == 0         ? "none"
                      : lock.survived == servers ? "any one"
                                                 : fmt::format("any of {}", lock.survived),
                      servers, servers == 1 ? "" : "s"),
          word == document || document == "Depends"};
}

Claim fencing(const ComparedLock& lock, std::string_view document) {
  if (!lock.plan.has_token)
    return {"fencing", std::string(document), "None: its grant comes without a token",
            document == "Manual"};
  std::uint64_t stale = 0;
  std::uint64_t runs = 0;
  for (const auto& cell : lock.cells) {
    if (!cell) continue;
    stale += cell->stale_fenced;
    runs += cell->fenced_runs;
  }
  const std::string measured = fmt::format(
      "{}: a token with each grant; stale writes in spite of it in {} of the runs",
      stale == 0 ? "Built-in" : "Built-in, and not sound", share_text(share_of(stale, runs)));
  return {"fencing", std::string(document), measured, stale == 0};
}

/// Does a measured time lie in the document's range, to a factor of two?
Claim time(std::string_view aspect, Duration least, Duration most, Duration measured) {
  const std::string document = least == most ? fmt::format("~{} ms", least / 1ms)
                                             : fmt::format("~{}-{} ms", least / 1ms, most / 1ms);
  return {std::string(aspect), document, ms_text(measured) + " (half of them, one client)",
          measured * 2 >= least && measured <= most * 2};
}

Claim throughput(const ComparedLock& lock, std::int64_t document) {
  std::int64_t most = 0;
  for (const std::int64_t rate : lock.performance.decigrants_per_second)
    most = std::max(most, rate);
  // A factor of ten, since neither number claims more than its magnitude.
  const bool agrees = most >= document && most <= document * 100;
  return {"throughput", fmt::format("~{}K/s", document / 1000),
          fmt::format("{}/s at most of one lock (the document's number is a server's)", most / 10),
          agrees};
}

}  // namespace

std::string_view document_column(const Algorithm& algorithm) {
  const Column* column = column_of(algorithm);
  return column == nullptr ? std::string_view() : column->name;
}

std::vector<Claim> claims_of(const ComparedLock& lock, const std::vector<CompareFault>& faults) {
  const Column* column = column_of(*lock.plan.lock.algorithm);
  if (column == nullptr) return {};
  return {
      safety(lock, faults, column->safety),
      performance(lock, column->performance),
      fault_tolerance(lock, column->fault_tolerance),
      fencing(lock, column->fencing),
      time("acquire", column->acquire_least, column->acquire_most, lock.performance.acquire_p50),
      time("release", column->release, column->release, lock.performance.release_p50),
      throughput(lock, column->per_second)};
}

// ---- numbers as text ----------------------------------------------------------------------------

namespace {

/// Tenths of a percent, rounded to nearest.
std::string tenths(std::int64_t ppm) {
  const std::int64_t rounded = (ppm + 500) / 1000;
  return rounded % 10 == 0 ? fmt::format("{}", rounded / 10)
                           : fmt::format("{}.{}", rounded / 10, rounded % 10);
}

}  // namespace

std::string percent_text(std::int64_t ppm) { return tenths(ppm) + "%"; }

std::string share_text(const Share& share) {
  if (share.runs == 0) return "-";
  return fmt::format("{}% ({}-{})", tenths(share.ppm), tenths(share.low), tenths(share.high));
}

std::string seconds_text(Duration duration) {
  const std::int64_t hundredths = (duration / 1ms + 5) / 10;
  return fmt::format("{}.{:02} s", hundredths / 100, hundredths % 100);
}

std::string ms_text(Duration duration) {
  const std::int64_t hundredths = (duration / 1us + 5) / 10;
  return fmt::format("{}.{:02} ms", hundredths / 100, hundredths % 100);
}

}  // namespace locklab
