#include "algorithms/zk_recipe.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "sim/world.hpp"

namespace locklab {

using namespace zookeeper;

ZkRecipe::ZkRecipe(const Environment& environment, const Settings& settings, Symbol resource,
                   bool fifo)
    : Lock(environment, resource, {.fifo = fifo}),
      stop_at_(settings.choice<StopAt>("stop_at")),
      wait_(settings.duration("wait")),
      retries_(settings.integer("retries")),
      retry_delay_(settings.duration("retry_delay")),
      held_(&environment.arena()) {
  Names& names = environment.self.world().names();
  directory_ = names.join("/locks/", names.text(resource));
  prefix_ = names.join(names.text(directory_), "/lock-");
  zk().listen(*this);
}

// A lock that goes with its session needs no extension: the session's pings are that.
Task<Lock::Extended> ZkRecipe::try_extend(const Lease&, Duration) {
  co_return Refusal{Errc::invalid};
}

// ---- what the application is told ---------------------------------------------------------------

void ZkRecipe::on_event(Event event) {
  const bool stops = (event == Event::disconnected && stop_at_ == StopAt::suspended) ||
                     (event == Event::expired && stop_at_ != StopAt::never);
  if (!stops) return;
  for (const AttemptId attempt : held_) env_.beliefs.end(attempt, BeliefEnd::told);
}

// ---- nodes --------------------------------------------------------------------------------------

ZkRecipe::Place ZkRecipe::place(std::span<const Child> children, Symbol own) {
  const auto mine = std::ranges::find(children, own, &Child::path);
  if (mine == children.end()) return {};
  const SuffixText own_suffix(mine->number);
  Place place{true, {}};
  std::int32_t nearest = 0;
  for (const Child& child : children) {
    const SuffixText suffix(child.number);
    if (suffix.text() >= own_suffix.text()) continue;
    if (place.predecessor && suffix.text() <= SuffixText(nearest).text()) continue;
    place.predecessor = child.path;
    nearest = child.number;
  }
  return place;
}

Task<Result<Reply>> ZkRecipe::make_directory(NodeKind kind) {
  Request request;
  request.op = Op::create;
  request.kind = kind;
  request.path = directory_;
  request.data = self().name();
  co_return co_await zk().request(request);
}

Request ZkRecipe::creation(AttemptId attempt, bool sequential, std::uint64_t guid) const {
  Request request;
  request.op = Op::create;
  request.kind = NodeKind::ephemeral;
  request.sequential = sequential;
  request.path = guid == 0 ? prefix_ : protected_prefix(guid);
  request.parent = directory_;
  request.guid = guid;
  request.data = self().name();
  request.attempt = attempt;
  return request;
}

// "_c_<uuid>-lock-". Model: a number of 64 bits for the 128 of a UUID. That it is in the name
// counts: a number may come again when the directory was gone for a while, a name does not.
Symbol ZkRecipe::protected_prefix(std::uint64_t guid) const {
  constexpr std::string_view kBefore = "/_c_";
  constexpr std::string_view kAfter = "-lock-";
  const HexText digits(guid);
  std::array<char, kBefore.size() + HexText::kDigits + kAfter.size()> node{};
  auto end = std::ranges::copy(kBefore, node.begin()).out;
  end = std::ranges::copy(digits.text(), end).out;
  std::ranges::copy(kAfter, end);
  Names& names = self().world().names();
  return names.join(names.text(directory_), {node.data(), node.size()});
}

Task<bool> ZkRecipe::may_retry(std::int64_t n) {
  if (n > retries_) co_return false;
  co_await self().sleep(n * retry_delay_);
  co_return true;
}

Task<Result<void>> ZkRecipe::remove_node(Symbol path, AttemptId attempt) {
  for (std::int64_t tries = 1;; ++tries) {
    const Result<Reply> removed = co_await zk().remove(path, attempt);
    if (removed && removed->code == Code::ok) co_return Result<void>();
    if (removed || removed.error() == Errc::lost) co_return Errc::lost;
    const bool again = co_await may_retry(tries);
    if (!again) co_return removed.error();
  }
}

Task<bool> ZkRecipe::wait_in_line(Watcher& watcher, Start since) {
  Duration left{-1};
  if (wait_ > Duration{0}) {
    left = wait_ - since.elapsed(self(), ClockKind::mono);
    if (left <= Duration{0}) co_return false;
  }
  co_return co_await watcher.wait(left);
}

FencingToken ZkRecipe::token_of(Token source, const Stat& stat) {
  switch (source) {
    case Token::czxid:
      return FencingToken{stat.czxid};
    case Token::sequence:
      // Model: tokens are unsigned here and zero means none, so the signed number is counted from
      // the smallest that there is.
      return FencingToken{static_cast<std::uint64_t>(std::int64_t{stat.number} + 0x8000'0001)};
    case Token::none:
      break;
  }
  return {};
}

}  // namespace locklab
