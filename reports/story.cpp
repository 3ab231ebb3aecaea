#include "reports/story.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "reports/story_unseen.hpp"

namespace locklab {
namespace {

using Tone = StoryLine::Tone;
using Effect = CallSpan::Effect;

Tone tone_of(const TracePayload& what) {
  return std::visit(
      [](const auto& payload) {
        using Payload = std::decay_t<decltype(payload)>;
        constexpr EventMask kind = events_of<Payload>();
        constexpr EventMask good = events_of<LockGranted, WriteAccepted>();
        constexpr EventMask refused = events_of<LockRefused, ExtensionFailed, WriteRejected>();
        constexpr EventMask fault =
            events_of<FaultStruck, ProcessPaused, ProcessCrashed, ClockChanged, LinkCut,
                      MessageLost, MessageHeld, MessageDelayed, MessageDuplicated>();
        if constexpr ((kind & good) != 0) return Tone::good;
        if constexpr ((kind & refused) != 0) return Tone::refused;
        if constexpr ((kind & fault) != 0) return Tone::fault;
        if constexpr ((kind & events_of<ViolationBegan>()) != 0) return Tone::violation;
        return Tone::plain;
      },
      what);
}

/// "1ms … 5ms", or one time where they are the same.
std::string range(Instant first, Instant last) {
  if (first == last) return shown(first);
  return shown(first) + " … " + shown(last);
}

class BriefStory {
 public:
  BriefStory(const Recording& recording, const Timeline& timeline, const Narrator& narrator)
      : recording_(recording), timeline_(timeline), narrator_(narrator) {}

  std::vector<StoryLine> tell() {
    for (index_ = 0; index_ < recording_.events.size(); ++index_) {
      event_ = &recording_.events[index_];
      std::visit([this](const auto& payload) { tell(payload); }, event_->what);
    }
    while (!phases_.empty())
      end_phase(phases_.begin()->first, recording_.events.size(), Ask::nothing);
    finish_folds();
    for (UnseenLine& unseen : tell_unseen(recording_, timeline_, narrator_))
      lines_.push_back({std::move(unseen.line), unseen.comes_first});
    // What nobody saw comes before what happens at the same instant, since it may be the reason.
    std::stable_sort(lines_.begin(), lines_.end(), [](const Draft& a, const Draft& b) {
      return std::tuple(a.line.at, !a.unseen, a.line.event) <
             std::tuple(b.line.at, !b.unseen, b.line.event);
    });
    std::vector<StoryLine> out;
    for (Draft& draft : lines_) out.push_back(std::move(draft.line));
    return out;
  }

 private:
  struct Draft {
    StoryLine line;
    bool unseen = false;
  };

  /// Lines of one process that say the same again and again become one.
  struct Fold {
    enum class Kind : std::uint8_t { none, refusals, extensions, writes };
    Kind kind = Kind::none;
    std::size_t line = 0;
    std::uint32_t count = 0;
    std::uint32_t most_votes = 0;
    std::uint32_t of = 0;
    Instant last{};
    Symbol lock;  // or the register
    Instant promise_until{};
    ProcessId client;  // that writes
  };

  // ---- events ----

  template <class Payload>
  void tell(const Payload&) {}  // a detail

  void tell(const CallBegan&) {
    if (next_call_ < timeline_.calls.size()) phases_[event_->process].push_back(next_call_++);
  }

  void tell(const LockWaitBegan& what) {
    std::string text =
        fmt::format("{} wants {}", narrator_.process(event_->process), narrator_.lock(what.lock));
    wanted_[event_->process] = add(Tone::plain, std::move(text));
  }
  void tell(const LockRequested& what) {
    end_phase(event_->process, index_, Ask::nothing);
    const auto wanted = wanted_.find(event_->process);
    if (wanted == wanted_.end()) {
      if (folds_[event_->process].kind != Fold::Kind::refusals) add(Tone::plain, narrated());
      return;
    }
    if (wanted->second != kSaid) {
      std::string terms =
          what.ttl == Duration::zero() ? std::string("no TTL") : "TTL " + shown(what.ttl);
      if (what.of > 1) terms += fmt::format(", needs {} of {}", what.quorum, what.of);
      lines_[wanted->second].line.text += " (" + terms + ")";
      wanted->second = kSaid;
    }
  }
  void tell(const LockWaitEnded& what) {
    wanted_.erase(event_->process);
    const auto fold = folds_.find(event_->process);
    const bool said = fold != folds_.end() && fold->second.kind == Fold::Kind::refusals;
    const auto assumed = assumed_.find(event_->process);
    const bool goes_on = assumed != assumed_.end() && assumed->second == event_->at;
    if (!what.granted && !goes_on && (what.tries > 1 || !said)) add(Tone::refused, narrated());
  }
  void tell(const LockRefused& what) {
    const std::string answers = end_phase(event_->process, index_, Ask::answers);
    const Attempt* attempt = timeline_.attempt(what.attempt);
    Fold& fold = folds_[event_->process];
    if (fold.kind != Fold::Kind::refusals || fold.lock != what.lock) {
      std::string text = fmt::format("{} is refused {}: ", narrator_.process(event_->process),
                                     narrator_.lock(what.lock));
      if (what.why == Errc::not_acquired && !answers.empty())
        text += answers;
      else
        text += plain_words(to_string(what.why)) + (answers.empty() ? "" : "; " + answers);
      const std::size_t line = add(Tone::refused, std::move(text));
      folds_[event_->process] = {Fold::Kind::refusals, line, 0, 0, 0, {}, what.lock, {}, {}};
    }
    Fold& now = folds_[event_->process];
    ++now.count;
    now.last = event_->at;
    now.most_votes = std::max(now.most_votes, what.votes);
    now.of = attempt == nullptr ? 0 : attempt->of;
  }
  void tell(const LockGranted& what) {
    end_phase(event_->process, index_, Ask::nothing);
    std::string text = narrated();
    Tone tone = Tone::good;
    std::vector<ProcessId> others;
    for (const BeliefSpan& belief : timeline_.beliefs)
      if (belief.lock == what.lock && belief.attempt != what.attempt &&
          belief.span.from <= event_->at && belief.span.until > event_->at &&
          belief.release_began > event_->at)
        others.push_back(belief.client);
    if (!others.empty()) {
      text += fmt::format(" - but {} still believes that it holds it", narrator_.list(others));
      tone = Tone::wrong;
    }
    add(tone, std::move(text));
  }
  void tell(const LockAssumed&) {
    end_phase(event_->process, index_, Ask::nothing);
    assumed_[event_->process] = event_->at;
    add(Tone::wrong, narrated());
  }
  void tell(const LeaseExtended& what) {
    end_phase(event_->process, index_, Ask::nothing);
    Fold& fold = folds_[event_->process];
    if (fold.kind != Fold::Kind::extensions || fold.lock != what.lock) {
      const std::size_t line = add(Tone::good, narrated());
      folds_[event_->process] = {Fold::Kind::extensions, line, 0, 0, 0, {}, what.lock, {}, {}};
    }
    Fold& now = folds_[event_->process];
    ++now.count;
    now.last = event_->at;
    now.promise_until = what.promise_until;
  }
  void tell(const ExtensionFailed&) {
    const std::string answers = end_phase(event_->process, index_, Ask::answers);
    add(Tone::refused, answers.empty() ? narrated() : narrated() + "; " + answers);
  }
  void tell(const ReleaseBegan&) {
    end_phase(event_->process, index_, Ask::nothing);
    releases_[event_->process] = add(Tone::plain, narrated());
  }
  void tell(const LockReleased& what) {
    const std::string answers = end_phase(event_->process, index_, Ask::troubles);
    const auto began = releases_.find(event_->process);
    if (what.outcome != Errc::none || began == releases_.end()) {
      add(what.outcome == Errc::none ? Tone::plain : Tone::refused, narrated());
    } else {
      const Attempt* attempt = timeline_.attempt(what.attempt);
      std::string& text = lines_[began->second].line.text;
      if (attempt != nullptr && attempt->of > 1) {
        text += fmt::format(": {} of {} keys removed, by {}", what.votes, attempt->of,
                            shown(event_->at));
        if (!answers.empty()) text += "; " + answers;
      }
    }
    if (began != releases_.end()) releases_.erase(began);
  }

  void tell(const StepTaken& what) {
    if (recording_.names.text(what.step) == "check")
      add(what.passed ? Tone::plain : Tone::refused, narrated());
  }
  void tell(const DomainEvent&) { add(Tone::plain, narrated()); }
  void tell(const WriteAccepted& what) {
    const ProcessId client = writer(what.attempt);
    if (blamed_writes().contains(index_)) {
      add(Tone::violation, narrated(), client);
      return;
    }
    // One write after the other, and nothing else.
    Fold& fold = folds_[event_->process];
    const bool goes_on = fold.kind == Fold::Kind::writes && fold.line + 1 == lines_.size() &&
                         fold.lock == what.subject && fold.client == client;
    if (!goes_on) {
      const std::size_t line = add(Tone::good, narrated(), client);
      folds_[event_->process] = {Fold::Kind::writes, line, 0, 0, 0, {}, what.subject, {}, client};
    }
    Fold& now = folds_[event_->process];
    ++now.count;
    now.last = event_->at;
  }
  void tell(const WriteRejected& what) { add(Tone::refused, narrated(), writer(what.attempt)); }
  void tell(const ViolationBegan& what) {
    add(Tone::violation, fmt::format("VIOLATION {}: {}{}", what.finding + std::uint64_t{1},
                                     plain_words(narrator_.text(what.invariant)), accused(what)));
  }

  /// ", client-a and client-b"
  std::string accused(const ViolationBegan& what) const {
    if (what.finding >= recording_.findings.size()) return {};
    const auto& named = recording_.findings[what.finding].processes;
    std::vector<ProcessId> whom;
    for (const ProcessId one : named)
      if (one && std::find(whom.begin(), whom.end(), one) == whom.end()) whom.push_back(one);
    if (whom.empty()) return {};
    const std::size_t more = named.total() - named.size();
    if (more > 0) return fmt::format(", {} and {} more", narrator_.list(std::move(whom)), more);
    if (whom.size() != 2) return ", " + narrator_.list(std::move(whom));
    return ", " + narrator_.process(whom[0]) + " and " + narrator_.process(whom[1]);
  }

  // ---- faults ----

  void tell(const FaultStruck&) {
    // The first thing that it does says it better, if that has a line of its own.
    if (const TraceEvent* next = neighbour(index_ + 1)) {
      constexpr EventMask shown_effects =
          events_of<ProcessPaused, ProcessCrashed, ProcessRestarted, ClockChanged, LinkCut,
                    LinkHealed, MessageDelayed, MessageDuplicated>();
      if ((EventMask{1} << next->what.index() & shown_effects) != 0) return;
      if (const auto* lost = std::get_if<MessageLost>(&next->what))
        if (lost->why == LossReason::fault) return;
      if (const auto* removed = std::get_if<KeyRemoved>(&next->what))
        if (removed->why == RemovalReason::evicted || removed->why == RemovalReason::lost) return;
    }
    add(Tone::fault, narrated());
  }
  void tell(const ProcessPaused&) { add(Tone::fault, narrated()); }
  void tell(const ProcessResumed&) { add(Tone::plain, narrated()); }
  void tell(const ProcessCrashed& what) {
    const std::vector<ProcessId> processes = together<ProcessCrashed>(
        [&](const ProcessCrashed& other) { return other.power_loss == what.power_loss; });
    if (processes.size() == 1)
      add(Tone::fault, narrated());
    else if (!processes.empty())
      add(Tone::fault, fmt::format("{} crash{}", narrator_.list(processes),
                                   what.power_loss ? ": they lost power" : ""));
  }
  void tell(const ProcessRestarted&) {
    if (!recovers_now(event_->process)) add(Tone::plain, narrated());
  }
  void tell(const ServiceRecovered& what) {
    const std::vector<ProcessId> processes =
        together<ServiceRecovered>([&](const ServiceRecovered& other) {
          return other.kept == what.kept && other.lost == what.lost &&
                 other.serving_after == what.serving_after;
        });
    if (processes.size() == 1)
      add(Tone::plain, narrated());
    else if (!processes.empty())
      add(Tone::plain, fmt::format("{} are back: each kept {} and lost {}{}",
                                   narrator_.list(processes), what.kept, what.lost,
                                   what.serving_after == Duration::zero()
                                       ? std::string()
                                       : "; they serve nobody for " + shown(what.serving_after)));
  }
  void tell(const ClockChanged& what) {
    // Of a suspension, which has a line of its own.
    if (what.change == ClockChange::frozen || what.change == ClockChange::thawed) return;
    const std::vector<ProcessId> processes = together<ClockChanged>([&](const ClockChanged& other) {
      return other.change == what.change && other.by == what.by && other.rate_ppm == what.rate_ppm;
    });
    if (!processes.empty())
      add(Tone::fault, narrator_.sentence(*event_, narrator_.list(processes)));
  }
  void tell(const LinkCut& what) { tell_links(what, true); }
  void tell(const LinkHealed& what) { tell_links(what, false); }
  void tell(const MessageLost& what) {
    if (what.why == LossReason::fault) tell_message("lost");
  }
  void tell(const MessageDelayed&) { tell_message("delayed"); }
  void tell(const MessageDuplicated&) { tell_message("duplicated"); }
  void tell(const KeyRemoved& what) {
    const bool foreign = what.by && what.by != what.attempt;
    const bool own = what.why == RemovalReason::deleted || what.why == RemovalReason::overwritten;
    const bool ordinary = what.why == RemovalReason::expired || (own && !foreign);
    const bool by_restart = what.why == RemovalReason::lost && recovers_now(event_->process);
    // Where it costs the owner the lock, that line says who did it.
    const bool fatal =
        foreign && std::any_of(timeline_.ownerships.begin(), timeline_.ownerships.end(),
                               [&](const OwnershipSpan& span) {
                                 return span.attempt == what.attempt && span.taken_by &&
                                        span.span.until == event_->at;
                               });
    if (!ordinary && !by_restart && !fatal) add(foreign ? Tone::wrong : Tone::fault, narrated());
  }

  /// It says itself what it lost.
  bool recovers_now(ProcessId process) const {
    for (std::size_t i = index_ + 1; const TraceEvent* next = neighbour(i); ++i)
      if (next->process == process && std::holds_alternative<ServiceRecovered>(next->what))
        return true;
    return false;
  }

  /// The processes to which the present event happens at this instant; none if that has been told.
  template <class Payload, class Alike>
  std::vector<ProcessId> together(Alike alike) {
    std::vector<ProcessId> processes;
    if (told_.contains(index_)) return processes;
    for (std::size_t i = index_; const TraceEvent* next = neighbour(i); ++i) {
      const auto* other = std::get_if<Payload>(&next->what);
      if (other == nullptr || !alike(*other)) continue;
      processes.push_back(next->process);
      told_.insert(i);
    }
    return processes;
  }

  /// A partition is one event for each direction of each link; they come together.
  template <class Change>
  void tell_links(const Change&, bool cut) {
    if (told_.contains(index_)) return;
    std::set<std::pair<ProcessId, ProcessId>> links;
    for (std::size_t i = index_; const TraceEvent* next = neighbour(i); ++i) {
      if (std::holds_alternative<MessageLost>(next->what) ||
          std::holds_alternative<ConnectionBroken>(next->what) ||
          std::holds_alternative<FaultStruck>(next->what))
        continue;  // what the change does to messages on their way
      const auto* change = std::get_if<Change>(&next->what);
      if (change == nullptr) break;
      links.emplace(next->process, change->to);
      told_.insert(i);
    }
    const Tone tone = cut ? Tone::fault : Tone::plain;
    const auto [from, to, both_ways] = sides(links);
    if (links.size() == 1)
      add(tone, narrated());
    else if (from.empty())
      add(tone, fmt::format("{} links {}", links.size(), cut ? "are cut" : "heal"));
    else if (!both_ways)
      add(tone, cut ? fmt::format("nothing passes from {} to {} any more", narrator_.list(from),
                                  narrator_.list(to))
                    : fmt::format("the links from {} to {} heal", narrator_.list(from),
                                  narrator_.list(to)));
    else
      add(tone, fmt::format("network partition {}: {} | {}", cut ? "begins" : "heals",
                            narrator_.list(from), narrator_.list(to)));
  }

  struct Sides {
    std::vector<ProcessId> from;
    std::vector<ProcessId> to;
    bool both_ways = false;
  };

  /// The two groups between which exactly these links run; empty if it is less simple.
  static Sides sides(const std::set<std::pair<ProcessId, ProcessId>>& links) {
    if (links.empty()) return {};
    std::map<ProcessId, std::set<ProcessId>> from;
    for (const auto& [a, b] : links) from[a].insert(b);
    const std::set<ProcessId>& far = from.begin()->second;
    Sides out;
    for (const auto& [a, reached] : from) {
      if (reached == far)
        out.from.push_back(a);
      else if (!far.contains(a))
        return {};
    }
    out.to.assign(far.begin(), far.end());
    std::size_t back = 0;
    for (const ProcessId b : out.to)
      for (const ProcessId a : out.from) back += links.contains({b, a}) ? 1 : 0;
    const std::size_t forth = out.from.size() * out.to.size();
    out.both_ways = back == forth;
    if ((back != 0 && back != forth) || links.size() != forth + back) return {};
    return out;
  }

  /// A few such messages are told one by one; of many, the first, and how many there are.
  void tell_message(std::string_view what) {
    constexpr std::uint32_t kFew = 5;
    MessageTrouble& trouble = messages_[what];
    if (trouble.count++ < kFew) {
      trouble.line = add(Tone::fault, narrated());
      trouble.text = lines_[trouble.line].line.text;
    } else {
      lines_[trouble.line].line.text =
          fmt::format("{}; {} more are {} later", trouble.text, trouble.count - kFew, what);
    }
  }

  // ---- calls ----

  /// What the word about a lock that ends a phase wants to hear of the calls before it.
  enum class Ask : std::uint8_t {
    nothing,   // they get lines of their own
    answers,   // all
    troubles,  // those that may have been carried out or not
  };

  /// The calls of a process since its last word about a lock, folded.
  std::string end_phase(ProcessId process, std::size_t before, Ask ask) {
    const auto phase = phases_.find(process);
    if (phase == phases_.end()) return {};
    const std::vector<std::size_t> calls = std::move(phase->second);
    phases_.erase(phase);

    std::map<Symbol, Group> by_kind;
    for (const std::size_t index : calls) {
      const CallSpan& call = timeline_.calls[index];
      if (is_lock_server(call.to) || call.outcome != Errc::none) by_kind[call.kind].add(call);
    }
    std::vector<Group> groups;
    for (auto& [kind, group] : by_kind) groups.push_back(std::move(group));
    std::sort(groups.begin(), groups.end(),
              [](const Group& a, const Group& b) { return a.began < b.began; });
    if (groups.empty()) return {};
    if (ask == Ask::answers) return answers(groups.front(), false);
    if (ask == Ask::troubles) return answers(groups.front(), true);
    for (const Group& group : groups) add_group(group, before);
    return {};
  }

  /// The calls of one kind to several servers; of several to one server, the last counts.
  struct Group {
    std::size_t began = static_cast<std::size_t>(-1);
    std::map<ProcessId, const CallSpan*> last;
    std::map<ProcessId, std::uint32_t> rounds;

    void add(const CallSpan& call) {
      began = std::min(began, call.began);
      const CallSpan*& known = last[call.to];
      // A call that was given up says nothing where an answered one came before it.
      if (known == nullptr || known->open || !call.open) known = &call;
      ++rounds[call.to];
    }
  };

  void add_group(const Group& group, std::size_t before) {
    bool smooth = true;
    bool stores = false;
    bool answered = false;
    std::size_t last = group.began;
    for (const auto& [server, call] : group.last) {
      smooth = smooth && call->outcome == Errc::none;
      stores = stores || call->effect == Effect::stored;
      if (call->open) continue;
      answered = true;
      last = std::max(last, call->ended);
    }
    // The result of smooth calls is in the word that follows, but votes are worth seeing.
    if (!answered || (smooth && (!stores || group.last.size() < 2))) return;
    last = std::min(last, before == 0 ? 0 : before - 1);
    const CallSpan& call = *group.last.begin()->second;
    StoryLine line{recording_.events[last].at, last, call.client, Tone::plain, {}};
    line.text = fmt::format(
        "{}, {}{}: {}", narrator_.process(call.client), narrator_.text(call.kind),
        call.subject ? " " + narrator_.text(call.subject) : std::string(), answers(group, false));
    lines_.push_back({std::move(line), false});
  }

  /// "OK from redis-1 … redis-3 (1ms … 3ms), no from redis-4, no answer from redis-5". Of calls
  /// that nobody waited for nothing is said. `troubles`: only those whose outcome is not known.
  std::string answers(const Group& group, bool troubles) const {
    struct Answer {
      std::vector<ProcessId> from;
      Instant first = kEndOfTime;
      Instant last{};
    };
    std::map<std::pair<std::uint8_t, std::string>, Answer> kinds;  // good ones first
    std::uint32_t rounds = 0;
    for (const auto& [server, call] : group.last) {
      if (call->open || (troubles && !outcome_unknown(call->outcome))) continue;
      rounds = std::max(rounds, group.rounds.at(server));
      Answer& answer = kinds[answer_of(*call)];
      answer.from.push_back(server);
      const Instant at = recording_.events[call->ended].at;
      answer.first = std::min(answer.first, at);
      answer.last = std::max(answer.last, at);
    }
    std::string out;
    for (const auto& [kind, answer] : kinds) {
      if (!out.empty()) out += ", ";
      out += kind.second + " " + narrator_.list(answer.from);
      if (kind.first == 0) out += " (" + range(answer.first, answer.last) + ")";
    }
    if (rounds > 1) out = fmt::format("in round {}, {}", rounds, out);
    return out;
  }

  static std::pair<std::uint8_t, std::string> answer_of(const CallSpan& call) {
    if (call.outcome == Errc::connection_refused) return {2, "connection refused by"};
    if (call.outcome == Errc::connection_lost) return {2, "connection lost with"};
    if (call.outcome != Errc::none) return {2, "no answer from"};
    switch (call.effect) {
      case Effect::stored:
        return {0, "OK from"};
      case Effect::extended:
        return {0, "extended by"};
      case Effect::removed:
        return {0, "removed by"};
      case Effect::counted:
        return {0, "a token from"};
      case Effect::read:
      case Effect::written:
        return {0, "answered by"};
      case Effect::refused:
      case Effect::none:
        return {1, "no from"};
    }
    return {1, "no from"};
  }

  ProcessId writer(AttemptId attempt) const {
    const ProcessId client = timeline_.client_of(attempt);
    return client ? client : timeline_.client_of(event_->seq);
  }

  // ---- helpers ----

  static constexpr std::size_t kSaid = static_cast<std::size_t>(-1);

  struct MessageTrouble {
    std::uint32_t count = 0;
    std::size_t line = 0;
    std::string text;
  };

  std::string narrated() const { return narrator_.sentence(*event_); }

  std::size_t add(Tone tone, std::string text) {
    return add(tone, std::move(text), event_->process);
  }
  std::size_t add(Tone tone, std::string text, ProcessId who) {
    finish_fold(event_->process);
    lines_.push_back({{event_->at, index_, who, tone, std::move(text)}, false});
    return lines_.size() - 1;
  }

  /// The event of that index, if it happens at the same instant as the present one.
  const TraceEvent* neighbour(std::size_t index) const {
    if (index >= recording_.events.size() || recording_.events[index].at != event_->at)
      return nullptr;
    return &recording_.events[index];
  }

  bool is_lock_server(ProcessId id) const {
    return id && id.number <= recording_.processes.size() &&
           is_lock_service(recording_.processes[id.number - 1].role);
  }

  const std::set<std::size_t>& blamed_writes() {
    if (!blamed_) {
      blamed_.emplace();
      for (const WriteMark& write : timeline_.writes)
        if (write.blamed) blamed_->insert(write.event);
    }
    return *blamed_;
  }

  void finish_fold(ProcessId process) {
    const auto found = folds_.find(process);
    if (found == folds_.end()) return;
    write_fold(process, found->second);
    folds_.erase(found);
  }
  void finish_folds() {
    for (const auto& [process, fold] : folds_) write_fold(process, fold);
    folds_.clear();
  }
  void write_fold(ProcessId process, const Fold& fold) {
    if (fold.count < 2) return;
    StoryLine& line = lines_[fold.line].line;
    const std::string who = narrator_.process(process);
    const std::string what = narrator_.lock(fold.lock);
    if (fold.kind == Fold::Kind::refusals) {
      line.text = fmt::format("{} is refused {} {} times until {}", who, what, fold.count,
                              shown(fold.last));
      if (fold.of > 1)
        line.text += fmt::format(", with at most {} of {}", fold.most_votes, fold.of);
    } else if (fold.kind == Fold::Kind::writes) {
      line.text = fmt::format("{} accepts {} writes of {} to {}, the last at {}", who, fold.count,
                              fold.client ? narrator_.process(fold.client) : "somebody",
                              narrator_.text(fold.lock), shown(fold.last));
    } else if (fold.kind == Fold::Kind::extensions) {
      line.text = fmt::format("{} extends {} {} times, at last at {}", who, what, fold.count,
                              shown(fold.last));
      if (fold.promise_until != kEndOfTime)
        line.text += ": promised until " + shown(fold.promise_until);
    }
  }

  const Recording& recording_;
  const Timeline& timeline_;
  const Narrator& narrator_;
  const TraceEvent* event_ = nullptr;
  std::size_t index_ = 0;
  std::size_t next_call_ = 0;   // the timeline's calls stand in the order of their beginnings
  std::set<std::size_t> told_;  // events that were told together with an earlier one
  std::vector<Draft> lines_;
  std::map<ProcessId, std::vector<std::size_t>> phases_;  // calls since the last word about a lock
  std::map<ProcessId, std::size_t> wanted_;  // the line "wants the lock", until its terms are known
  std::map<ProcessId, std::size_t> releases_;  // the line "gives it back", until that is done
  std::map<ProcessId, Instant> assumed_;       // when it last went on without the lock
  std::map<ProcessId, Fold> folds_;
  std::map<std::string_view, MessageTrouble> messages_;
  std::optional<std::set<std::size_t>> blamed_;
};

}  // namespace

std::vector<StoryLine> tell_story(const Recording& recording, const Timeline& timeline,
                                  const Narrator& narrator, Detail detail) {
  if (detail == Detail::brief) return BriefStory(recording, timeline, narrator).tell();
  std::vector<StoryLine> lines;
  for (std::size_t i = 0; i < recording.events.size(); ++i) {
    const TraceEvent& event = recording.events[i];
    lines.push_back({event.at, i, event.process, tone_of(event.what), narrator.sentence(event)});
  }
  return lines;
}

std::vector<StoryLine> shortened_story(std::vector<StoryLine> lines, std::size_t most) {
  if (most == 0 || lines.size() <= most) return lines;
  const auto matters = [](Tone tone) {
    return tone == Tone::fault || tone == Tone::wrong || tone == Tone::violation;
  };
  // How it begins and how it ends, what matters, and the line before each of those.
  const std::size_t first = most / 2;
  const std::size_t last = most / 4;
  std::size_t budget = most - first - last;
  std::vector<bool> keep(lines.size(), false);
  for (std::size_t i = 0; i < lines.size(); ++i) keep[i] = i < first || i + last >= lines.size();
  for (const bool violations : {true, false})
    for (std::size_t i = 1; i < lines.size() && budget > 0; ++i) {
      if (!matters(lines[i].tone) || (lines[i].tone == Tone::violation) != violations) continue;
      for (const std::size_t kept : {i - 1, i})
        if (!keep[kept] && budget > 0) {
          keep[kept] = true;
          --budget;
        }
    }

  std::vector<StoryLine> out;
  for (std::size_t i = 0; i < lines.size();) {
    std::size_t end = i;
    while (end < lines.size() && !keep[end]) ++end;
    if (end - i >= 2) {
      out.push_back({lines[i].at,
                     lines[i].event,
                     {},
                     Tone::left_out,
                     fmt::format("({} lines are left out here)", end - i)});
      i = end;
    } else {
      out.push_back(std::move(lines[i]));
      ++i;
    }
  }
  return out;
}

}  // namespace locklab
