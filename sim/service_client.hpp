// A client process's end of a service that speaks to it unasked: a session, its watches, a
// subscription. It lives as long as one life of the process.
#pragma once

#include "sim/ids.hpp"
#include "sim/network.hpp"

namespace locklab {

class ServiceClient {
 public:
  virtual ~ServiceClient() = default;
  /// A message that answers no call. True: it was for this client.
  virtual bool on_message(const Packet& packet) = 0;
  virtual void on_connection_lost(ProcessId server) { static_cast<void>(server); }
};

}  // namespace locklab
