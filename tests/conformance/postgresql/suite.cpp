// PostgreSQL 15 and the model of sim/services/sql, answer by answer.
#include "tests/conformance/suite.hpp"

#include "real/postgresql/server.hpp"
#include "real/postgresql/words.hpp"
#include "tests/conformance/postgresql/programs.hpp"

namespace locklab::conformance {

namespace {

std::string missing() {
  for (const char* program : {"initdb", "postgres"})
    if (real::postgresql_program(program).empty())
      return std::string("no ") + program + " here (Debian package postgresql)";
  return {};
}

void run(Context& context) {
  const auto trouble = [&](const real::Trouble& what) {
    context.record.differ("a server starts", "", "it does", what.sentence);
  };
  auto workspace = real::Workspace::make();
  if (!workspace) return trouble(workspace.error());
  auto server = real::PostgreSqlServer::start(workspace->folder("server"), kDeadlockTimeoutMs);
  if (!server) return trouble(server.error());
  {
    auto connection = server->connect();
    if (!connection) return trouble(connection.error());
    const auto version = connection->ask("SHOW server_version");
    if (!version) return trouble(version.error());
    const std::string number = version->last(0);
    context.record.set_version("PostgreSQL " + number.substr(0, number.find(' ')));
    for (const bool zoned : {false, true})
      for (const std::string& statement : real::tables_of(zoned ? "zoned" : "plain", zoned))
        if (const auto made = connection->ask(statement); !made || made->failed())
          return trouble({statement + ": " + (made ? made->sentence() : made.error().sentence)});
  }
  compare_programs(context, *server, context.of(1500, 25'000));
  compare_times(context, *server);
  compare_ends(context, *server);
}

}  // namespace

const Suite kPostgreSqlSuite{"postgresql", "PostgreSQL", missing, run};

}  // namespace locklab::conformance
