#include "real/postgresql/words.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>
#include <utility>

namespace locklab::real {

namespace {

using sql::Request;
using sql::TimeFrom;
using sql::Verb;

constexpr std::string_view table_name(sql::Table table) {
  switch (table) {
    case sql::Table::distributed_locks:
      return "distributed_locks";
    case sql::Table::shedlock:
      return "shedlock";
    case sql::Table::mutexes:
      return "mutexes";
    case sql::Table::data:
      return "data";
  }
  return {};
}

/// As a constant of SQL.
std::string literal(std::string_view text) {
  std::string all = "'";
  for (const char letter : text) {
    if (letter == '\'') all += '\'';
    all += letter;
  }
  return all + "'";
}

std::string text_of(const Value& value, const Names& names) {
  return value.kind == Value::Kind::name ? literal(names.text(value.as_name()))
                                         : literal(std::to_string(value.as_integer()));
}

std::string interval(std::int64_t us) { return fmt::format("INTERVAL '{} microseconds'", us); }

std::string time_of(TimeFrom from, std::int64_t us, const std::string& since) {
  switch (from) {
    case TimeFrom::none:
      return "NULL";
    case TimeFrom::client:
      return fmt::format("TIMESTAMPTZ 'epoch' + {}", interval(us));
    case TimeFrom::now:
      return "NOW() + " + interval(us);
    case TimeFrom::at_least:
      return since.empty() ? "NOW()" : fmt::format("GREATEST(NOW(), {} + {})", since, interval(us));
  }
  return {};
}

std::string where_of(const Request& request, const Names& names, const std::string& among) {
  std::string text = request.all_rows ? "t.name LIKE " + literal(among + "%")
                                      : "t.name = " + literal(names.text(request.name));
  if (request.test_value) text += " AND t.value = " + text_of(request.value, names);
  if (request.test_number) text += fmt::format(" AND t.number = {}", request.number);
  const std::string than = time_of(request.than, request.than_us, "");
  switch (request.test_until) {
    case sql::UntilTest::none:
      break;
    case sql::UntilTest::before:
      text += " AND t.until < " + than;
      break;
    case sql::UntilTest::not_after:
      text += " AND t.until <= " + than;
      break;
    case sql::UntilTest::after:
      text += " AND t.until > " + than;
      break;
  }
  return text;
}

std::string sets_of(const Request& request, const Names& names) {
  std::vector<std::string> sets;
  if (request.until != TimeFrom::none)
    sets.push_back("until = " + time_of(request.until, request.until_us, "t.since"));
  if (request.since != TimeFrom::none)
    sets.push_back("since = " + time_of(request.since, request.since_us, "t.since"));
  if (request.count) sets.emplace_back("number = t.number + 1");
  if (request.from_sequence) sets.emplace_back("number = nextval('tokens')");
  if (request.set_value) sets.push_back("value = " + text_of(request.value, names));
  return fmt::format("{}", fmt::join(sets, ", "));
}

constexpr std::string_view kColumns =
    "t.number, (EXTRACT(EPOCH FROM t.until::timestamptz) * 1000000)::bigint, t.value";

std::string insert_of(const Request& request, const Names& names, const std::string& among) {
  const std::string number = request.from_sequence ? "nextval('tokens')"
                             : request.count       ? "1"
                                                   : "0";
  std::string text = fmt::format(
      "INSERT INTO {} AS t (name, value, until, since, number) VALUES ({}, {}, {}, {}, {})",
      table_name(request.table), literal(names.text(request.name)), text_of(request.value, names),
      time_of(request.until, request.until_us, ""), time_of(request.since, request.since_us, ""),
      number);
  if (request.on_conflict == sql::OnConflict::do_nothing) text += " ON CONFLICT (name) DO NOTHING";
  if (request.on_conflict == sql::OnConflict::do_update)
    text += fmt::format(" ON CONFLICT (name) DO UPDATE SET {} WHERE {}", sets_of(request, names),
                        where_of(request, names, among));
  return text + fmt::format(" RETURNING {}", kColumns);
}

}  // namespace

std::vector<std::string> tables_of(const std::string& schema, bool timestamps_with_zone) {
  const std::string_view type = timestamps_with_zone ? "timestamptz" : "timestamp";
  std::vector<std::string> statements{fmt::format("CREATE SCHEMA {}", schema),
                                      fmt::format("CREATE SEQUENCE {}.tokens", schema)};
  for (const sql::Table table :
       {sql::Table::distributed_locks, sql::Table::shedlock, sql::Table::mutexes, sql::Table::data})
    statements.push_back(
        fmt::format("CREATE TABLE {}.{} (name text PRIMARY KEY, value text, until {}, since {}, "
                    "number bigint NOT NULL DEFAULT 0)",
                    schema, table_name(table), type, type));
  return statements;
}

std::string statement_of(const Request& request, const Names& names, const std::string& among) {
  const std::string key = fmt::format("hashtextextended({}, 0)", literal(names.text(request.name)));
  switch (request.verb) {
    case Verb::select:
      return fmt::format("SELECT {} FROM {} t WHERE {}", kColumns, table_name(request.table),
                         where_of(request, names, among));
    case Verb::select_for_update:
      return fmt::format("SELECT {} FROM {} t WHERE {} FOR UPDATE{}", kColumns,
                         table_name(request.table), where_of(request, names, among),
                         request.if_locked == sql::IfLocked::nowait ? " NOWAIT"
                         : request.if_locked == sql::IfLocked::skip ? " SKIP LOCKED"
                                                                    : "");
    case Verb::insert:
      return insert_of(request, names, among);
    case Verb::update:
      return fmt::format("UPDATE {} AS t SET {} WHERE {} RETURNING {}", table_name(request.table),
                         sets_of(request, names), where_of(request, names, among), kColumns);
    case Verb::erase:
      return fmt::format("DELETE FROM {} AS t WHERE {}", table_name(request.table),
                         where_of(request, names, among));
    case Verb::commit:
    case Verb::rollback:
      return std::string(to_string(request.verb));
    case Verb::try_advisory_lock:
    case Verb::advisory_lock:
    case Verb::try_advisory_xact_lock:
    case Verb::advisory_xact_lock:
    case Verb::advisory_unlock:
      return fmt::format("SELECT {}({})", to_string(request.verb), key);
    case Verb::terminate:
      break;
  }
  return {};
}

std::optional<sql::Reply> reply_of(const Request& request, const PostgreSqlAnswer& answer,
                                   Names& names) {
  using sql::Outcome;
  sql::Reply reply;
  if (answer.failed()) {
    static constexpr std::pair<std::string_view, Outcome> kErrors[] = {
        {"23505", Outcome::unique_violation},
        {"55P03", Outcome::lock_not_available},
        {"40P01", Outcome::deadlock_detected},
        {"25P02", Outcome::failed_transaction}};
    for (const auto& [state, outcome] : kErrors) {
      if (answer.state() != state) continue;
      reply.outcome = outcome;
      return reply;
    }
    return std::nullopt;
  }
  switch (request.verb) {
    case Verb::commit:
      if (answer.tag() == "ROLLBACK") reply.outcome = Outcome::rolled_back;
      return reply;
    case Verb::rollback:
      return reply;
    case Verb::try_advisory_lock:
    case Verb::try_advisory_xact_lock:
    case Verb::advisory_unlock:
      reply.yes = answer.last(0) == "t";
      return reply;
    case Verb::advisory_lock:
    case Verb::advisory_xact_lock:
      reply.yes = true;  // it returns nothing, once it has the lock
      return reply;
    default:
      break;
  }
  reply.rows = answer.rows();
  reply.number = std::strtoull(answer.last(0).c_str(), nullptr, 10);
  reply.until_us = std::strtoll(answer.last(1).c_str(), nullptr, 10);
  if (const std::string value = answer.last(2); !value.empty())
    reply.value = Value::name(names.intern(value));
  return reply;
}

}  // namespace locklab::real
