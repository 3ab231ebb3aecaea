#include "real/zookeeper/connection.hpp"

#include <fmt/format.h>
#include <zookeeper/zookeeper.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "real/namespaces.hpp"

namespace locklab::real::zookeeper {

using namespace std::chrono_literals;

struct Library {
  zhandle_t* handle = nullptr;
  std::mutex guard;
  std::condition_variable came;
  std::deque<Arrival> arrivals;

  void arrive(Arrival arrival) {
    arrival.at = std::chrono::steady_clock::now();
    const std::lock_guard lock(guard);
    arrivals.push_back(std::move(arrival));
    came.notify_all();
  }
  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (handle != nullptr) zookeeper_close(handle);
  }
};

namespace {

Library& library_of(const void* data) { return *static_cast<Library*>(const_cast<void*>(data)); }

Stat copy_of(const ::Stat* stat) {
  if (stat == nullptr) return {};
  return {stat->czxid,    stat->mzxid,       stat->version,
          stat->cversion, stat->numChildren, stat->ephemeralOwner};
}

Arrival::Kind kind_of(int type, int state) {
  if (type == ZOO_CREATED_EVENT) return Arrival::Kind::created;
  if (type == ZOO_DELETED_EVENT) return Arrival::Kind::deleted;
  if (type == ZOO_CHANGED_EVENT) return Arrival::Kind::changed;
  if (type == ZOO_CHILD_EVENT) return Arrival::Kind::child;
  if (state == ZOO_CONNECTED_STATE) return Arrival::Kind::connected;
  if (state == ZOO_EXPIRED_SESSION_STATE) return Arrival::Kind::expired;
  return Arrival::Kind::disconnected;
}

// ---- the library's callbacks, on a thread of its own --------------------------------------------

void on_event(zhandle_t*, int type, int state, const char* path, void* context) {
  library_of(context).arrive({.kind = kind_of(type, state), .path = path == nullptr ? "" : path});
}

void on_nothing(int code, const void* data) { library_of(data).arrive({.code = code}); }

void on_name(int code, const char* name, const void* data) {
  library_of(data).arrive({.code = code, .path = name == nullptr ? "" : name});
}

void on_node(int code, const char* name, const ::Stat* stat, const void* data) {
  library_of(data).arrive(
      {.code = code, .path = name == nullptr ? "" : name, .stat = copy_of(stat)});
}

void on_stat(int code, const ::Stat* stat, const void* data) {
  library_of(data).arrive({.code = code, .stat = copy_of(stat)});
}

void on_data(int code, const char*, int, const ::Stat* stat, const void* data) {
  on_stat(code, stat, data);
}

void on_children(int code, const String_vector* names, const ::Stat* stat, const void* data) {
  Arrival arrival{.code = code, .stat = copy_of(stat)};
  for (int i = 0; names != nullptr && i < names->count; ++i)
    arrival.children.emplace_back(names->data[i]);
  library_of(data).arrive(std::move(arrival));
}

int flags_of(Mode mode) {
  switch (mode) {
    case Mode::persistent:
      return ZOO_PERSISTENT;
    case Mode::ephemeral:
      return ZOO_EPHEMERAL;
    case Mode::persistent_sequential:
      return ZOO_PERSISTENT_SEQUENTIAL;
    case Mode::ephemeral_sequential:
      return ZOO_EPHEMERAL_SEQUENTIAL;
    case Mode::container:
      return ZOO_CONTAINER;
  }
  return 0;
}

}  // namespace

std::string name_of_code(int code) { return zerror(code); }

// ---- the session --------------------------------------------------------------------------------

Connection::Connection(std::unique_ptr<Library> library) : library_(std::move(library)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection, Trouble> Connection::open(const std::string& servers,
                                             std::chrono::milliseconds timeout,
                                             const std::string& network_namespace) {
  zoo_set_debug_level(static_cast<ZooLogLevel>(0));
  zoo_deterministic_conn_order(1);
  auto library = std::make_unique<Library>();
  // The library's threads, and so its sockets, live where they are started.
  const auto entered = in_namespace(network_namespace, [&] {
    library->handle = zookeeper_init(servers.c_str(), on_event, static_cast<int>(timeout / 1ms),
                                     nullptr, library.get(), 0);
  });
  if (!entered) return entered.error();
  if (library->handle == nullptr) return Trouble{"the C client cannot speak to " + servers};
  Connection connection(std::move(library));
  const auto opened = connection.next(
      [](const Arrival& arrival) { return arrival.kind == Arrival::Kind::connected; });
  if (!opened) return Trouble{"no session with " + servers};
  return connection;
}

std::int64_t Connection::session() const { return zoo_client_id(library_->handle)->client_id; }

std::chrono::milliseconds Connection::negotiated() const {
  return std::chrono::milliseconds(zoo_recv_timeout(library_->handle));
}

// ---- requests -----------------------------------------------------------------------------------

void Connection::asked(int code) {
  if (code != ZOK) library_->arrive({.code = code});
}

void Connection::create(const std::string& path, Mode mode) {
  asked(zoo_acreate2(library_->handle, path.c_str(), "", 0, &ZOO_OPEN_ACL_UNSAFE, flags_of(mode),
                     on_node, library_.get()));
}

void Connection::remove(const std::string& path, int version) {
  asked(zoo_adelete(library_->handle, path.c_str(), version, on_nothing, library_.get()));
}

void Connection::exists(const std::string& path, bool watch) {
  asked(zoo_aexists(library_->handle, path.c_str(), watch ? 1 : 0, on_stat, library_.get()));
}

void Connection::get(const std::string& path, bool watch) {
  asked(zoo_aget(library_->handle, path.c_str(), watch ? 1 : 0, on_data, library_.get()));
}

void Connection::set(const std::string& path, int version) {
  asked(zoo_aset(library_->handle, path.c_str(), "x", 1, version, on_stat, library_.get()));
}

void Connection::children(const std::string& path, bool watch) {
  asked(zoo_aget_children2(library_->handle, path.c_str(), watch ? 1 : 0, on_children,
                           library_.get()));
}

void Connection::sync() { asked(zoo_async(library_->handle, "/", on_name, library_.get())); }

// ---- arrivals -----------------------------------------------------------------------------------

Result<Arrival, Trouble> Connection::next(const Wanted& wanted, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  std::unique_lock lock(library_->guard);
  std::deque<Arrival>& arrivals = library_->arrivals;
  for (;;) {
    while (!arrivals.empty()) {
      Arrival arrival = std::move(arrivals.front());
      arrivals.pop_front();
      if (wanted(arrival)) return arrival;
    }
    if (library_->came.wait_until(lock, end) == std::cv_status::timeout && arrivals.empty())
      return Trouble{fmt::format("nothing of what was awaited came within {} ms", limit / 1ms)};
  }
}

Result<Arrival, Trouble> Connection::take() {
  return next([](const Arrival& arrival) { return arrival.kind == Arrival::Kind::answer; });
}

Result<std::vector<Arrival>, Trouble> Connection::take_all(std::size_t answers) {
  std::vector<Arrival> all;
  while (answers > 0) {
    auto arrival = next([](const Arrival&) { return true; });
    if (!arrival) return arrival.error();
    if (arrival->kind == Arrival::Kind::answer) --answers;
    all.push_back(std::move(*arrival));
  }
  return all;
}

}  // namespace locklab::real::zookeeper
