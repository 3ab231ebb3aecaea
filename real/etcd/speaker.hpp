// The requests of sim/services/etcd/protocol.hpp, put to a real etcd through its JSON gateway
// [etcd "Why gRPC gateway"], and its answers in the same form. Each request is what
// concurrency.Mutex and concurrency.Session send for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "real/daemon.hpp"
#include "sim/names.hpp"
#include "sim/result.hpp"
#include "sim/services/etcd/protocol.hpp"

namespace locklab::real::etcd {

class Speaker {
 public:
  explicit Speaker(std::uint16_t port);
  Speaker(Speaker&&) noexcept;
  Speaker& operator=(Speaker&&) noexcept;
  ~Speaker();

  /// All but watch_deletion. Keys and prefixes are texts of `names`, which gets the names of keys
  /// that come back.
  Result<locklab::etcd::Reply, Trouble> ask(const locklab::etcd::Request& request, Names& names);

  /// Does a watch from `revision` on hear of a deletion of the key within `wait`?
  Result<bool, Trouble> hears_of_deletion(const std::string& key, std::uint64_t revision,
                                          std::chrono::milliseconds wait);

  /// The server's own Lock service, which is concurrency.Mutex: the key that it now holds, or what
  /// the server said instead.
  Result<std::string, Trouble> lock(const std::string& name, std::uint64_t lease,
                                    std::chrono::milliseconds wait);
  Result<void, Trouble> unlock(const std::string& key);

  /// "etcd 3.4.23"
  Result<std::string, Trouble> version();

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace locklab::real::etcd
