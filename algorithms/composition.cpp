#include "algorithms/composition.hpp"

#include "algorithms/registry.hpp"
#include "sim/assert.hpp"

namespace locklab {

Settings settings_for(std::string_view algorithm, const Settings& outer) {
  const Algorithm* inner = find_algorithm(algorithm);
  LOCKLAB_ASSERT(inner != nullptr);
  Settings settings(inner->parameters);
  for (const Parameter& parameter : inner->parameters) {
    const Parameter* same = outer.find(parameter.name);
    if (same == nullptr || same->type != parameter.type) continue;
    const auto set = settings.set(parameter.name, outer.text(parameter.name));
    LOCKLAB_ASSERT(set.has_value());
  }
  return settings;
}

}  // namespace locklab
