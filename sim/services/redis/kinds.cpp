#include "sim/services/redis/kinds.hpp"

#include <algorithm>
#include <string_view>

#include "sim/assert.hpp"

namespace locklab::redis {

Kinds::Kinds(Names& names) {
  constexpr std::string_view kReply = " reply";
  for (std::size_t i = 0; i < kCommands; ++i) {
    const std::string_view name = to_string(static_cast<Command>(i));
    requests[i] = names.intern(name);
    std::array<char, 64> text{};
    LOCKLAB_ASSERT(name.size() + kReply.size() <= text.size());
    const auto end = std::copy(name.begin(), name.end(), text.begin());
    std::copy(kReply.begin(), kReply.end(), end);
    replies[i] = names.intern({text.data(), name.size() + kReply.size()});
  }
}

}  // namespace locklab::redis
