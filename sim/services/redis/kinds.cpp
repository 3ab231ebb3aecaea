#include "sim/services/redis/kinds.hpp"

#include <algorithm>
#include <string_view>

#include "sim/assert.hpp"

namespace locklab::redis {

Kinds::Kinds(Names& names) : names_(names) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Command::compare_and_prolong); ++i)
    intern(static_cast<Command>(i), pairs_[i]);
}

void Kinds::intern(Command command, Pair& pair) const {
  constexpr std::string_view kReply = " reply";
  const std::string_view name = to_string(command);
  pair.request = names_.intern(name);
  std::array<char, 64> text{};
  LOCKLAB_ASSERT(name.size() + kReply.size() <= text.size());
  const auto end = std::copy(name.begin(), name.end(), text.begin());
  std::copy(kReply.begin(), kReply.end(), end);
  pair.reply = names_.intern({text.data(), name.size() + kReply.size()});
}

Symbol Kinds::notice() const {
  if (!notice_) notice_ = names_.intern("message");
  return notice_;
}

}  // namespace locklab::redis
