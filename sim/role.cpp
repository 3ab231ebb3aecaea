#include "sim/role.hpp"

namespace locklab {

std::string_view to_string(ProcessRole role) {
  switch (role) {
    case ProcessRole::client:
      return "client";
    case ProcessRole::redis:
      return "redis";
    case ProcessRole::sentinel:
      return "sentinel";
    case ProcessRole::zookeeper:
      return "zookeeper";
    case ProcessRole::database:
      return "database";
    case ProcessRole::pooler:
      return "pooler";
    case ProcessRole::etcd:
      return "etcd";
    case ProcessRole::consul:
      return "consul";
    case ProcessRole::hazelcast:
      return "hazelcast";
    case ProcessRole::chubby:
      return "chubby";
    case ProcessRole::dynamodb:
      return "dynamodb";
    case ProcessRole::kubernetes:
      return "kubernetes";
    case ProcessRole::storage:
      return "storage";
  }
  return "?";
}

std::optional<ProcessRole> role_from(std::string_view word) {
  for (std::uint32_t i = 0; i < kRoles; ++i)
    if (to_string(static_cast<ProcessRole>(i)) == word) return static_cast<ProcessRole>(i);
  return std::nullopt;
}

}  // namespace locklab
