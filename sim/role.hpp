// What a process is for: a client, the protected storage, or a server of one of the lock services.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace locklab {

enum class ProcessRole : std::uint8_t {
  client,
  redis,
  sentinel,
  zookeeper,
  database,
  pooler,
  etcd,
  consul,
  hazelcast,
  chubby,
  dynamodb,
  kubernetes,
  storage,
};
inline constexpr std::uint32_t kRoles = static_cast<std::uint32_t>(ProcessRole::storage) + 1;

std::string_view to_string(ProcessRole role);
std::optional<ProcessRole> role_from(std::string_view word);

/// A set of roles.
using RoleSet = std::uint32_t;
constexpr RoleSet role_bit(ProcessRole role) { return RoleSet{1} << static_cast<unsigned>(role); }
template <class... Roles>
constexpr RoleSet roles(Roles... each) {
  return (RoleSet{0} | ... | role_bit(each));
}

/// Its servers keep locks.
constexpr bool is_lock_service(ProcessRole role) {
  return role != ProcessRole::client && role != ProcessRole::storage;
}

}  // namespace locklab
