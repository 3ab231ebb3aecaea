// What has no place in random programs: time within a transaction, and ends that come from outside.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "real/postgresql/words.hpp"
#include "sim/services/sql/database.hpp"
#include "tests/conformance/postgresql/programs.hpp"

namespace locklab::conformance {

namespace {

using namespace std::chrono_literals;
using sql::Request;
using sql::SessionId;
using sql::Table;
using sql::TimeFrom;
using sql::Verb;

constexpr std::string_view kModel = "sim/services/sql/database.cpp";
constexpr std::string_view kNow = "NOW() is its transaction's, statement_timestamp() its own";
constexpr std::string_view kTerminated = "a session that an operator ends";
constexpr std::string_view kKilled = "a server that is killed";

/// Both sides of one story, told by a name.
class Story {
 public:
  Story(const std::string& name, const sql::DatabaseOptions& options)
      : database(options), row_(names.intern(name)) {}

  Request request(Verb verb, std::uint64_t session) {
    Request request;
    request.verb = verb;
    request.table = Table::distributed_locks;
    request.session = SessionId{session};
    request.name = row_;
    request.value = Value::name(names.intern("owner"));
    request.until = verb == Verb::insert || verb == Verb::update ? TimeFrom::now : TimeFrom::none;
    return request;
  }
  std::string words(const Request& request) const {
    return real::statement_of(request, names, std::string(names.text(row_)));
  }
  /// The model's answer to one of the sessions, if it has come.
  std::optional<sql::Reply> ask(const Request& request, std::int64_t now_us) {
    out.clear();
    database.execute(request, now_us, out);
    flush();
    return answer_to(request.session);
  }
  std::optional<sql::Reply> answer_to(SessionId session) const {
    for (const auto& answer : out.answers)
      if (answer.session == session) return answer.reply;
    return std::nullopt;
  }
  void flush() {
    for (std::size_t i = 0; i < out.commits.size(); ++i) {
      const SessionId id = out.commits[i];
      database.flushed(id, out);
    }
  }

  Names names;
  sql::Database database;
  sql::Output out{std::pmr::get_default_resource()};

 private:
  Symbol row_;
};

void compare(Context& context, std::string_view behaviour, std::string_view what, bool model,
             bool server) {
  context.record.add(behaviour);
  if (model != server)
    context.record.differ(behaviour, what, model ? "yes" : "no", server ? "yes" : "no");
}

}  // namespace

void compare_times(Context& context, real::PostgreSqlServer& server) {
  context.record.describe(kNow, kModel, "does the time move within a transaction");
  auto connection = server.connect();
  if (!connection) return context.record.differ(kNow, "", "", connection.error().sentence);
  connection->tell("SET search_path = zoned");
  for (std::uint64_t round = 0; round < context.of(5, 100); ++round) {
    for (const bool statement_time : {false, true}) {
      Story story(fmt::format("now-{}-{}", round, statement_time),
                  {.timestamps_with_zone = true, .now_is_statement = statement_time});
      story.database.open(SessionId{1}, ProcessId{1}, 0, story.out);
      const auto really = [&](const Request& request) {
        std::string words = story.words(request);
        if (statement_time)
          for (std::size_t at = 0; (at = words.find("NOW()", at)) != std::string::npos;)
            words.replace(at, 5, "statement_timestamp()");
        const auto answer = connection->ask(words);
        return answer ? answer->last(1) : std::string();
      };
      Request insert = story.request(Verb::insert, 1);
      insert.in_transaction = true;
      Request update = story.request(Verb::update, 1);
      update.in_transaction = true;
      Request look = story.request(Verb::select, 1);
      const auto model_until = [&](const Request& request, std::int64_t now_us) {
        story.ask(request, now_us);
        return story.ask(look, now_us)->until_us;
      };
      connection->tell("BEGIN");
      const std::string first = really(insert);
      real::wait_until([] { return false; }, 3ms);
      const std::string second = really(update);
      connection->tell("COMMIT");
      real::wait_until([] { return false; }, 3ms);
      update.in_transaction = false;
      const std::string third = really(update);
      const std::int64_t model_first = model_until(insert, 1'000'000);
      const std::int64_t model_second = model_until(update, 1'003'000);
      story.ask(story.request(Verb::commit, 1), 1'004'000);
      const std::int64_t model_third = model_until(update, 1'007'000);
      compare(context, kNow, "within a transaction it moves", model_first != model_second,
              first != second);
      compare(context, kNow, "after it, it has moved", model_second != model_third,
              second != third);
    }
  }
}

namespace {

/// A holder with a row, a session's lock and a transaction's, and somebody who waits for the row.
struct Scene {
  Scene(const std::string& name, real::PostgreSqlConnection& holder_,
        real::PostgreSqlConnection& waiter_)
      : story(name, {.timestamps_with_zone = true}), holder(holder_), waiter(waiter_) {
    for (const std::uint64_t session : {1, 2, 3})
      story.database.open(SessionId{session}, ProcessId{1}, 0, story.out);
    for (real::PostgreSqlConnection* each : {&holder, &waiter})
      each->tell("SET search_path = zoned");
    // What is committed stays; what follows is not.
    both(story.request(Verb::insert, 1));
    Request locks = story.request(Verb::advisory_lock, 1);
    both(locks);
    holder.tell("BEGIN");
    Request erase = story.request(Verb::erase, 1);
    erase.in_transaction = true;
    both(erase);
    Request transaction = story.request(Verb::advisory_xact_lock, 1);
    transaction.in_transaction = true;
    both(transaction);
  }
  void both(const Request& request) {
    story.ask(request, 1'000'000);
    holder.tell(story.words(request));
  }

  Story story;
  real::PostgreSqlConnection& holder;
  real::PostgreSqlConnection& waiter;
};

}  // namespace

void compare_ends(Context& context, real::PostgreSqlServer& server) {
  Record& record = context.record;
  record.describe(kTerminated, kModel, "who waited goes on, the row is back, its locks are free");
  record.describe(kKilled, kModel, "rows, locks and sessions after it");
  const auto rows_of = [](const auto& answer) { return answer && answer->rows() == 1; };

  for (std::uint64_t round = 0; round < context.of(3, 40); ++round) {
    auto holder = server.connect();
    auto waiter = server.connect();
    auto control = server.connect();
    if (!holder || !waiter || !control) return record.differ(kTerminated, "", "", "no connection");
    control->tell("SET search_path = zoned");
    Scene scene(fmt::format("terminated-{}", round), *holder, *waiter);
    Story& story = scene.story;
    const Request update = story.request(Verb::update, 2);
    const bool model_waits = !story.ask(update, 1'001'000);
    waiter->send(story.words(update));
    const bool waits = !waiter->take(20ms);
    compare(context, kTerminated, "somebody waits for its row", model_waits, waits);
    story.out.clear();
    story.database.close(SessionId{1}, SessionEnd::invalidated, story.out);
    story.flush();
    control->tell(fmt::format("SELECT pg_terminate_backend({})", holder->pid()));
    const auto model = story.answer_to(SessionId{2});
    const auto came = waiter->take(5s);
    compare(context, kTerminated, "who waited changes the row", model && model->rows == 1,
            rows_of(came));
    // Its rows are free before its locks are: it is gone when the server no longer shows it.
    const std::string gone =
        fmt::format("SELECT count(*) FROM pg_stat_activity WHERE pid = {}", holder->pid());
    real::wait_until(
        [&] {
          const auto count = control->ask(gone);
          return count && count->last(0) == "0";
        },
        5s);
    const Request attempt = story.request(Verb::try_advisory_lock, 3);
    const auto taken = control->ask(story.words(attempt));
    compare(context, kTerminated, "its advisory locks are free", story.ask(attempt, 1'002'000)->yes,
            taken && taken->last(0) == "t");
  }

  for (std::uint64_t round = 0; round < context.of(1, 6); ++round) {
    auto holder = server.connect();
    auto waiter = server.connect();
    if (!holder || !waiter) return record.differ(kKilled, "", "", "no connection");
    Scene scene(fmt::format("killed-{}", round), *holder, *waiter);
    Story& story = scene.story;
    Request update = story.request(Verb::insert, 2);
    update.name = story.names.intern(fmt::format("killed-too-{}", round));
    update.in_transaction = true;
    story.ask(update, 1'001'000);
    waiter->tell("BEGIN");
    waiter->tell(story.words(update));
    story.out.clear();
    story.database.crash(story.out);
    server.daemon().kill();
    if (const auto again = server.restart(); !again)
      return record.differ(kKilled, "", "it starts again", again.error().sentence);
    auto after = server.connect();
    if (!after) return record.differ(kKilled, "", "", after.error().sentence);
    after->tell("SET search_path = zoned");
    story.out.clear();
    story.database.open(SessionId{4}, ProcessId{1}, 0, story.out);
    const Request look = story.request(Verb::select, 4);
    compare(context, kKilled, "what was committed is there", story.ask(look, 1'002'000)->rows == 1,
            rows_of(after->ask(story.words(look))));
    Request other = look;
    other.name = update.name;
    compare(context, kKilled, "what was not committed is there",
            story.ask(other, 1'002'000)->rows == 1, rows_of(after->ask(story.words(other))));
    const Request attempt = story.request(Verb::try_advisory_lock, 4);
    const auto taken = after->ask(story.words(attempt));
    compare(context, kKilled, "advisory locks are free", story.ask(attempt, 1'002'000)->yes,
            taken && taken->last(0) == "t");
    const auto ended = holder->ask("SELECT 1");
    compare(context, kKilled, "the old session lives", story.database.knows(SessionId{1}),
            ended && !ended->failed());
  }
}

}  // namespace locklab::conformance
