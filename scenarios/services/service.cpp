#include "scenarios/services/service.hpp"

#include <array>

#include "scenarios/scenario.hpp"

namespace locklab {

Process& Site::add_server(ProcessRole role, std::string_view name) {
  const MachineId known = world_.find_machine(name);
  Process& process = world_.add_process(name, known ? known : world_.add_machine(name));
  roles_.push_back(role);
  return process;
}

Process& Site::add_server(ProcessRole role, std::string_view name, std::uint32_t number) {
  std::array<char, 16> text{'-'};
  std::size_t length = 1;
  std::uint32_t magnitude = 1;
  while (number / magnitude >= 10) magnitude *= 10;
  for (; magnitude > 0; magnitude /= 10)
    text[length++] = static_cast<char>('0' + number / magnitude % 10);
  const Symbol full = world_.names().join(name, {text.data(), length});
  return add_server(role, world_.names().text(full));
}

Value Site::value(const Datum& datum) const {
  return datum.is_number ? Value::integer(datum.number)
                         : Value::name(world_.names().intern(datum.word));
}

std::span<const ServiceKind> service_kinds() {
  static const std::array kKinds{kRedisService,  kZooKeeperService, kDatabaseService,
                                 kEtcdService,   kConsulService,    kHazelcastService,
                                 kChubbyService, kDynamoDbService,  kKubernetesService};
  return kKinds;
}

}  // namespace locklab
