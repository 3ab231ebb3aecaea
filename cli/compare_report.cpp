#include "cli/compare_report.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

#include "cli/table.hpp"

namespace locklab {
namespace {

constexpr auto kLeft = Table::Align::left;
constexpr auto kRight = Table::Align::right;

/// A table of any output: titles, then rows.
struct Grid {
  std::vector<Table::Column> columns;
  std::vector<std::vector<std::string>> rows;
};

// ---- what is counted ----------------------------------------------------------------------------

struct Measure {
  std::string_view name;  // of CSV and JSON
  Share share;
};

std::vector<Measure> shares_of(const CompareCell& cell) {
  std::vector<Measure> shares{
      {"broken_by_belief", share_of(cell.broken_belief, cell.runs)},
      {"broken_by_service", share_of(cell.broken_service, cell.runs)},
      {"stale_writes", share_of(cell.stale, cell.runs)},
  };
  if (cell.fenced_runs > 0)
    shares.push_back({"stale_writes_fenced", share_of(cell.stale_fenced, cell.fenced_runs)});
  return shares;
}

std::string recovery_text(const CompareCell& cell) {
  if (cell.holder_crashes == 0) return "";
  std::string out = cell.recoveries.empty()
                        ? std::string("never")
                        : fmt::format("{} / {}", seconds_text(nearest_rank(cell.recoveries, 50)),
                                      seconds_text(nearest_rank(cell.recoveries, 95)));
  const std::uint64_t missing = cell.holder_crashes - cell.recoveries.size();
  if (missing > 0 && !cell.recoveries.empty())
    out += fmt::format(", {} of {} never", missing, cell.holder_crashes);
  return out;
}

Grid cells_of(const Comparison& comparison, const ComparedLock& lock) {
  Grid grid{{{"fault"},
             {"two believe", kRight},
             {"given twice", kRight},
             {"stale writes", kRight},
             {"with fencing", kRight},
             {"available", kRight},
             {"runs", kRight}},
            {}};
  for (std::size_t i = 0; i < comparison.faults.size(); ++i) {
    std::vector<std::string> row{std::string(row_of(comparison.faults[i]).name)};
    if (!lock.cells[i]) {
      row.insert(row.end(), {"-", "-", "-", "-", "-", "0"});
    } else {
      const CompareCell& cell = *lock.cells[i];
      row.push_back(share_text(share_of(cell.broken_belief, cell.runs)));
      row.push_back(share_text(share_of(cell.broken_service, cell.runs)));
      row.push_back(share_text(share_of(cell.stale, cell.runs)));
      row.push_back(cell.fenced_runs == 0
                        ? "no token"
                        : share_text(share_of(cell.stale_fenced, cell.fenced_runs)));
      row.push_back(percent_text(cell.availability_ppm()));
      row.push_back(std::to_string(cell.runs));
    }
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

const CompareCell* crash_cell(const Comparison& comparison, const ComparedLock& lock) {
  for (std::size_t i = 0; i < comparison.faults.size(); ++i)
    if (comparison.faults[i] == CompareFault::client_crash && lock.cells[i]) return &*lock.cells[i];
  return nullptr;
}

Grid costs_of(const Comparison& comparison) {
  Grid grid{{{"lock"},
             {"acquire p50/p95", kRight},
             {"release p50/p95", kRight},
             {"messages", kRight},
             {"1 client", kRight},
             {"4", kRight},
             {"16", kRight},
             {"64", kRight},
             {"free after a crash p50/p95", kRight}},
            {}};
  for (const ComparedLock& lock : comparison.locks) {
    const ComparePerformance& cost = lock.performance;
    std::vector<std::string> row{
        lock.plan.lock.label(),
        fmt::format("{} / {}", ms_text(cost.acquire_p50), ms_text(cost.acquire_p95)),
        fmt::format("{} / {}", ms_text(cost.release_p50), ms_text(cost.release_p95)),
        fmt::format("{}.{}", cost.messages_permille / 1000, cost.messages_permille % 1000 / 100)};
    for (const std::int64_t rate : cost.decigrants_per_second)
      row.push_back(fmt::format("{}.{}/s", rate / 10, rate % 10));
    const CompareCell* crash = crash_cell(comparison, lock);
    row.push_back(crash == nullptr ? "" : recovery_text(*crash));
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

Grid claims_grid(const Comparison& comparison) {
  Grid grid{{{"lock"}, {"aspect"}, {"document"}, {"measured", kLeft, true}, {""}}, {}};
  for (const ComparedLock& lock : comparison.locks)
    for (const Claim& claim : claims_of(lock, comparison.faults))
      grid.rows.push_back({lock.plan.lock.label(), claim.aspect, claim.document, claim.measured,
                           claim.agrees ? "" : "disagrees"});
  return grid;
}

std::string about(const ComparedLock& lock) {
  const std::size_t servers = lock.plan.servers.size();
  return fmt::format("{} ({}; {} server{}, {})", lock.plan.lock.label(),
                     lock.plan.lock.algorithm->description, servers, servers == 1 ? "" : "s",
                     lock.plan.has_token ? "with a token" : "no token");
}

constexpr std::string_view kLegend =
    "Of each lock and fault, in how many runs: two clients counted on the lock at once; the "
    "service "
    "gave it away twice, within a promise; storage accepted a write that a later grant had "
    "superseded, and did so although it checked tokens. In brackets the 95 % Wilson interval. "
    "Available: of the time in which somebody alive waited, how much the lock was in somebody's "
    "hands. The clients look at no clock and believe until they have released.";
constexpr std::string_view kCosts =
    "Where nothing goes wrong: one client alone, then locks a second of one lock under contention "
    "by so many clients, which poll every 5 to 10 ms where they have to.";
constexpr std::string_view kClaims =
    "The document's words and numbers for that kind of lock, and what was measured here.";

std::string table_text(const Grid& grid, const Terminal& terminal) {
  Table table(grid.columns);
  for (const auto& row : grid.rows) table.add(row);
  return table.text(terminal);
}

std::string table_markdown(const Grid& grid) {
  std::string out = "|";
  for (const Table::Column& column : grid.columns) out += fmt::format(" {} |", column.title);
  out += "\n|";
  for (const Table::Column& column : grid.columns) out += column.align == kRight ? "---:|" : "---|";
  out += '\n';
  for (const auto& row : grid.rows) {
    out += '|';
    for (const std::string& cell : row) out += fmt::format(" {} |", cell);
    out += '\n';
  }
  return out;
}

}  // namespace

std::string compare_text(const Comparison& comparison, const Terminal& terminal) {
  std::string out = paragraph(kLegend, terminal);
  for (const ComparedLock& lock : comparison.locks) {
    out += '\n' + paragraph(about(lock), terminal);
    out += table_text(cells_of(comparison, lock), terminal);
  }
  out += '\n' + paragraph(kCosts, terminal) + table_text(costs_of(comparison), terminal);
  const Grid claims = claims_grid(comparison);
  if (!claims.rows.empty())
    out += '\n' + paragraph(kClaims, terminal) + table_text(claims, terminal);
  for (const std::string& sentence : comparison.left_out)
    out += '\n' + paragraph("Left out: " + sentence, terminal);
  return out;
}

std::string compare_markdown(const Comparison& comparison) {
  std::string out = fmt::format("# Locks compared\n\nSeed {}, {} runs a cell. {}\n",
                                comparison.seed, comparison.runs, kLegend);
  for (const ComparedLock& lock : comparison.locks)
    out += fmt::format("\n## {}\n\n{}", about(lock), table_markdown(cells_of(comparison, lock)));
  out += fmt::format("\n## Costs\n\n{}\n\n{}", kCosts, table_markdown(costs_of(comparison)));
  const Grid claims = claims_grid(comparison);
  if (!claims.rows.empty())
    out += fmt::format("\n## Beside the document\n\n{}\n\n{}", kClaims, table_markdown(claims));
  for (const std::string& sentence : comparison.left_out)
    out += fmt::format("\nLeft out: {}\n", sentence);
  return out;
}

// ---- for programs -------------------------------------------------------------------------------

std::string compare_csv(const Comparison& comparison) {
  std::string out = "lock,fault,measure,value,low,high,runs\n";
  for (const ComparedLock& lock : comparison.locks) {
    const std::string label = lock.plan.lock.label();
    for (std::size_t i = 0; i < comparison.faults.size(); ++i) {
      if (!lock.cells[i]) continue;
      const CompareCell& cell = *lock.cells[i];
      const std::string_view fault = row_of(comparison.faults[i]).name;
      for (const Measure& measure : shares_of(cell))
        out +=
            fmt::format("{},{},{}_ppm,{},{},{},{}\n", label, fault, measure.name, measure.share.ppm,
                        measure.share.low, measure.share.high, measure.share.runs);
      out += fmt::format("{},{},availability_ppm,{},,,{}\n", label, fault, cell.availability_ppm(),
                         cell.runs);
      if (cell.recoveries.empty()) continue;
      for (const std::size_t percent : {50, 95})
        out += fmt::format("{},{},recovery_p{}_ns,{},,,{}\n", label, fault, percent,
                           nearest_rank(cell.recoveries, percent).count(), cell.recoveries.size());
    }
    const ComparePerformance& cost = lock.performance;
    const auto line = [&](std::string_view measure, std::int64_t value) {
      out += fmt::format("{},none,{},{},,,1\n", label, measure, value);
    };
    line("acquire_p50_ns", cost.acquire_p50.count());
    line("acquire_p95_ns", cost.acquire_p95.count());
    line("release_p50_ns", cost.release_p50.count());
    line("release_p95_ns", cost.release_p95.count());
    line("messages_permille", cost.messages_permille);
    for (std::size_t i = 0; i < cost.kClients.size(); ++i)
      line(fmt::format("decigrants_per_second_{}", cost.kClients[i]),
           cost.decigrants_per_second[i]);
    line("servers", static_cast<std::int64_t>(lock.plan.servers.size()));
    line("survivable_servers", static_cast<std::int64_t>(lock.survived));
  }
  return out;
}

namespace {

Json share_json(const Share& share) {
  Json json;
  json["hits"] = share.hits;
  json["runs"] = share.runs;
  json["ppm"] = share.ppm;
  json["low_ppm"] = share.low;
  json["high_ppm"] = share.high;
  return json;
}

Json cell_json(const CompareCell& cell) {
  Json json;
  json["runs"] = cell.runs;
  json["undecided"] = cell.undecided;
  for (const Measure& measure : shares_of(cell))
    json[std::string(measure.name)] = share_json(measure.share);
  json["availability_ppm"] = cell.availability_ppm();
  json["holder_crashes"] = cell.holder_crashes;
  json["recovered"] = cell.recoveries.size();
  json["recovery_p50_ns"] = nullptr;
  json["recovery_p95_ns"] = nullptr;
  if (!cell.recoveries.empty()) {
    json["recovery_p50_ns"] = nearest_rank(cell.recoveries, 50).count();
    json["recovery_p95_ns"] = nearest_rank(cell.recoveries, 95).count();
  }
  return json;
}

}  // namespace

Json compare_json(const Comparison& comparison) {
  Json json;
  json["schema"] = "locklab-compare/1";
  json["seed"] = comparison.seed;
  json["runs"] = comparison.runs;
  json["locks"] = Json::array();
  for (const ComparedLock& lock : comparison.locks) {
    Json row;
    row["lock"] = lock.plan.lock.label();
    row["servers"] = lock.plan.servers;
    row["survivable_servers"] = lock.survived;
    row["has_token"] = lock.plan.has_token;
    row["faults"] = Json::object();
    for (std::size_t i = 0; i < comparison.faults.size(); ++i)
      row["faults"][std::string(row_of(comparison.faults[i]).name)] =
          lock.cells[i] ? cell_json(*lock.cells[i]) : Json(nullptr);
    const ComparePerformance& cost = lock.performance;
    row["acquire_p50_ns"] = cost.acquire_p50.count();
    row["acquire_p95_ns"] = cost.acquire_p95.count();
    row["release_p50_ns"] = cost.release_p50.count();
    row["release_p95_ns"] = cost.release_p95.count();
    row["messages_permille"] = cost.messages_permille;
    row["decigrants_per_second"] = Json::object();
    for (std::size_t i = 0; i < cost.kClients.size(); ++i)
      row["decigrants_per_second"][std::to_string(cost.kClients[i])] =
          cost.decigrants_per_second[i];
    row["document"] = Json::array();
    for (const Claim& claim : claims_of(lock, comparison.faults)) {
      row["document"].push_back({{"aspect", claim.aspect},
                                 {"document", claim.document},
                                 {"measured", claim.measured},
                                 {"agrees", claim.agrees}});
    }
    json["locks"].push_back(std::move(row));
  }
  json["left_out"] = comparison.left_out;
  return json;
}

}  // namespace locklab
