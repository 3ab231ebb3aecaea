// The values inside a ZooKeeper server: the tree, the log, the leader's sessions [sheet D.1].
#include <doctest/doctest.h>

#include <limits>

#include "sim/services/zookeeper/log.hpp"
#include "sim/services/zookeeper/sessions.hpp"
#include "sim/services/zookeeper/tree.hpp"

namespace locklab::zookeeper {
namespace {

struct Forest {
  Names names;
  Tree tree;
  Changes changes{std::pmr::get_default_resource()};
  Zxid zxid = first_of(1);

  Outcome apply(Request request) {
    changes.clear();
    Transaction transaction;
    transaction.zxid = ++zxid;
    transaction.request = request;
    transaction.origin = 1;
    return tree.apply(transaction, names, changes);
  }
  Outcome open(SessionId session) {
    Request request;
    request.op = Op::connect;
    request.session = session;
    request.timeout_ms = 4000;
    return apply(request);
  }
  Outcome create(SessionId session, std::string_view path, bool sequential,
                 NodeKind kind = NodeKind::ephemeral, std::string_view parent = "/lock") {
    Request request;
    request.op = Op::create;
    request.session = session;
    request.kind = kind;
    request.sequential = sequential;
    request.path = names.intern(path);
    if (!parent.empty()) request.parent = names.intern(parent);
    return apply(request);
  }
  Outcome remove(SessionId session, std::string_view path) {
    Request request;
    request.op = Op::remove;
    request.session = session;
    request.path = names.intern(path);
    return apply(request);
  }
  std::string_view text(Symbol path) const { return names.text(path); }
};

TEST_CASE("a suffix is written as %010d is, sign included") {
  CHECK(SuffixText(0).text() == "0000000000");
  CHECK(SuffixText(57).text() == "0000000057");
  CHECK(SuffixText(std::numeric_limits<std::int32_t>::max()).text() == "2147483647");
  CHECK(SuffixText(std::numeric_limits<std::int32_t>::min()).text() == "-2147483648");
  CHECK(SuffixText(-1).text() == "-000000001");
}

TEST_CASE("sequential children are numbered by their parent, which counts every creation") {
  Forest forest;
  forest.open(1);
  forest.create(1, "/lock", false, NodeKind::persistent, "");
  CHECK(forest.text(forest.create(1, "/lock/lock-", true).path) == "/lock/lock-0000000000");
  CHECK(forest.text(forest.create(1, "/lock/lock-", true).path) == "/lock/lock-0000000001");
  CHECK(forest.create(1, "/lock/other", false).code == Code::ok);  // counts too
  CHECK(forest.remove(1, "/lock/lock-0000000001").code == Code::ok);
  CHECK(forest.text(forest.create(1, "/lock/lock-", true).path) == "/lock/lock-0000000003");
}

TEST_CASE("the counter starts at zero with its parent, and overflows to the negative") {
  Forest forest;  // [corpus 67, 68]
  forest.open(1);
  forest.tree.add_directory(forest.names.intern("/lock"), NodeKind::container,
                            std::numeric_limits<std::int32_t>::max());
  CHECK(forest.create(1, "/lock/lock-", true).stat.number == 2147483647);
  CHECK(forest.text(forest.create(1, "/lock/lock-", true).path) == "/lock/lock--2147483648");
  forest.remove(1, "/lock/lock-2147483647");
  forest.remove(1, "/lock/lock--2147483648");
  CHECK(forest.remove(1, "/lock").code == Code::ok);
  CHECK(forest.create(1, "/lock/lock-", true).code == Code::no_node);
  forest.create(1, "/lock", false, NodeKind::container, "");
  CHECK(forest.create(1, "/lock/lock-", true).stat.number == 0);
}

TEST_CASE("a node's czxid is the transaction that made it, and its owner the session") {
  Forest forest;
  forest.open(7);
  forest.create(7, "/lock", false, NodeKind::persistent, "");
  const Outcome made = forest.create(7, "/lock/lock-", true);
  CHECK(made.stat.czxid == forest.zxid);
  CHECK(made.stat.owner == 7);
  CHECK(forest.tree.find(forest.names.intern("/lock"))->owner == 0);
}

TEST_CASE("what a session's end takes along are its ephemeral nodes, and nobody else's") {
  Forest forest;
  forest.open(1);
  forest.open(2);
  forest.create(1, "/lock", false, NodeKind::persistent, "");
  forest.create(1, "/lock/lock-", true);
  forest.create(2, "/lock/lock-", true);
  Request close;
  close.op = Op::close_session;
  close.session = 1;
  forest.apply(close);
  REQUIRE(forest.changes.size() == 2);
  CHECK(forest.changes[0].kind == Change::Kind::node_removed);
  CHECK(forest.changes[0].why == RemovalReason::session);
  CHECK(forest.changes[1].kind == Change::Kind::session_ended);
  CHECK(forest.tree.find(forest.names.intern("/lock/lock-0000000000")) == nullptr);
  CHECK(forest.tree.find(forest.names.intern("/lock/lock-0000000001")) != nullptr);
  CHECK(forest.create(1, "/lock/lock-", true).code == Code::session_expired);
}

TEST_CASE("an ephemeral node has no children") {
  Forest forest;
  forest.open(1);
  forest.create(1, "/lock", false, NodeKind::ephemeral, "");
  CHECK(forest.create(1, "/lock/lock-", true).code == Code::no_children_for_ephemerals);
  CHECK(forest.create(1, "/none/lock-", true, NodeKind::ephemeral, "/none").code == Code::no_node);
}

TEST_CASE("a node with children is not deleted, nor made twice") {
  Forest forest;
  forest.open(1);
  forest.create(1, "/lock", false, NodeKind::container, "");
  forest.create(1, "/lock/lock-", true);
  CHECK(forest.remove(1, "/lock").code == Code::not_empty);
  CHECK(forest.create(1, "/lock", false, NodeKind::container, "").code == Code::node_exists);
  CHECK(forest.remove(1, "/lock/lock-0000000009").code == Code::no_node);
}

TEST_CASE("a power loss takes from the log what no fsync had covered, a kill takes nothing") {
  TransactionLog log;
  for (Zxid zxid = 1; zxid <= 3; ++zxid) {
    Transaction transaction;
    transaction.zxid = first_of(1) + zxid;
    log.append(transaction);
  }
  log.synced(2);
  CHECK(log.last() == first_of(1) + 3);
  CHECK(log.last_synced() == first_of(1) + 2);
  log.lose_unsynced();
  CHECK(log.last() == first_of(1) + 2);
  log.truncate_after(first_of(1) + 1);
  CHECK(log.last_synced() == first_of(1) + 1);
  CHECK(log.count_up_to(first_of(2)) == 1);
}

TEST_CASE("a session expires within one tick after its time, in whole buckets") {
  Sessions sessions;  // ((now + T) / tick + 1) * tick
  sessions.set_tick(2000);
  sessions.add(1, 4000, 1, 9999);
  CHECK(sessions.due(13999) == 0);
  CHECK(sessions.due(14000) == 1);  // (13999 / 2000 + 1) * 2000
  sessions.touch(1, 10000);
  CHECK(sessions.due(14000) == 0);
  CHECK(sessions.due(16000) == 1);  // (14000 / 2000 + 1) * 2000
}

TEST_CASE("a session that is being closed is touched no more and may ask for nothing") {
  Sessions sessions;
  sessions.add(1, 4000, 1, 0);
  CHECK(sessions.claim(1, 1) == Code::ok);
  CHECK(sessions.claim(1, 2) == Code::session_moved);
  CHECK(sessions.touch_and_own(1, 2, 100));
  CHECK(sessions.claim(1, 2) == Code::ok);
  sessions.set_closing(1);
  CHECK_FALSE(sessions.touch(1, 200));
  CHECK(sessions.claim(1, 2) == Code::session_expired);
  CHECK(sessions.due(100'000) == 0);
}

}  // namespace
}  // namespace locklab::zookeeper
