// Redis 7 and the model of sim/services/redis, answer by answer.
#include "tests/conformance/suite.hpp"

#include <fmt/format.h>

#include "real/redis/server.hpp"
#include "tests/conformance/redis/nodes.hpp"
#include "tests/conformance/redis/programs.hpp"

namespace locklab::conformance {

namespace {

std::string missing() {
  return real::redis_program().empty() ? "no redis-server here (Debian package redis-server)" : "";
}

std::string version_of(real::RedisConnection& connection) {
  const auto info = connection.ask({"INFO", "server"});
  constexpr std::string_view kBefore = "redis_version:";
  if (!info) return "Redis";
  const std::size_t at = info->text.find(kBefore);
  if (at == std::string::npos) return "Redis";
  const std::size_t from = at + kBefore.size();
  return "Redis " + info->text.substr(from, info->text.find('\r', from) - from);
}

void run(Context& context) {
  const auto trouble = [&](const real::Trouble& what) {
    context.record.differ("a node starts", "", "it does", what.sentence);
  };
  auto workspace = real::Workspace::make();
  if (!workspace) return trouble(workspace.error());
  auto server =
      real::RedisServer::start(workspace->folder("one"), {.lines = {"save \"\"", "appendonly no"}});
  if (!server) return trouble(server.error());
  auto connection = server->connect();
  if (!connection) return trouble(connection.error());
  context.record.set_version(version_of(*connection));
  compare_programs(context, *connection, context.of(6000, 150'000));
  compare_half_done_script(context, *connection);
  compare_endings(context, *workspace);
  compare_replication(context, *workspace);
  compare_full_node(context, *workspace);
  compare_clock_jumps(context, *workspace);
  context.record.skip("MULTI and EXEC", "the model has none: what it does at once is a script");
}

}  // namespace

const Suite kRedisSuite{"redis", "Redis", missing, run};

}  // namespace locklab::conformance
