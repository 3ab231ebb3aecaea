#include "reports/narrator.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "reports/plain_text.hpp"

namespace locklab {
namespace {

std::string ppm(std::int64_t rate) {
  if (rate == 0) return "at the true rate";
  // Of the most negative number, too.
  const auto bits = static_cast<std::uint64_t>(rate);
  return fmt::format("{} ppm too {}", rate < 0 ? 0 - bits : bits, rate < 0 ? "slow" : "fast");
}

std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// "forwards by 5000ms"
std::string shift(Duration by) {
  if (by == Duration::min()) return "backwards by ages";
  return fmt::format("{} by {}", by < Duration::zero() ? "backwards" : "forwards",
                     shown(by < Duration::zero() ? -by : by));
}

std::string_view why_lost(LossReason reason) {
  switch (reason) {
    case LossReason::random:
      return "the network dropped it";
    case LossReason::partition:
      return "the link is cut";
    case LossReason::fault:
      return "a fault dropped it";
    case LossReason::connection:
      return "its connection broke";
    case LossReason::receiver_down:
      return "the receiver is down";
  }
  return "?";
}

std::string_view why_removed(RemovalReason reason) {
  switch (reason) {
    case RemovalReason::deleted:
      return "is deleted";
    case RemovalReason::expired:
      return "has expired";
    case RemovalReason::evicted:
      return "is evicted";
    case RemovalReason::lost:
      return "is lost";
    case RemovalReason::overwritten:
      return "is overwritten";
    case RemovalReason::session:
      return "goes with its session";
  }
  return "?";
}

std::string_view why_session_ended(SessionEnd end) {
  switch (end) {
    case SessionEnd::closed:
      return "its client closed it";
    case SessionEnd::expired:
      return "nothing was heard of its client in time";
    case SessionEnd::invalidated:
      return "its client was taken for dead";
  }
  return "?";
}

/// As the end of "client-a: ...".
std::string_view said_of_connection(ConnectionState state) {
  switch (state) {
    case ConnectionState::connected:
      return "its session is open";
    case ConnectionState::suspended:
      return "the connection is SUSPENDED: no server answers, and the session may or may not live";
    case ConnectionState::reconnected:
      return "it is connected again, and its session lives";
    case ConnectionState::lost:
      return "its session is LOST";
    case ConnectionState::jeopardy:
      return "its session is in JEOPARDY: its own lease count is over, and calls wait";
    case ConnectionState::safe:
      return "its session is SAFE again";
  }
  return "?";
}

/// The number that begins at `place`; what is too long for one wraps around.
std::uint64_t number_after(std::string_view name, std::size_t place) {
  std::uint64_t number = 0;
  for (const char digit : name.substr(place))
    number = 10 * number + static_cast<std::uint64_t>(digit - '0');
  return number;
}

/// Why a belief ended, as the end of "client-a no longer believes that it holds the lock: ...".
std::string_view why_ended(BeliefEnd end) {
  switch (end) {
    case BeliefEnd::released:
      return "it gave it back";
    case BeliefEnd::deadline:
      return "its own deadline has come";
    case BeliefEnd::told:
      return "it was told so";
    case BeliefEnd::stopped:
      return "its program has stopped";
    case BeliefEnd::crashed:
      return "it crashed";
  }
  return "?";
}

}  // namespace

std::string shown(Duration duration) {
  const Duration rest = duration % 1us;
  return to_string(rest == duration ? duration : duration - rest);
}

std::string shown(Instant at) { return shown(at.time_since_epoch()); }

std::string plain_words(std::string_view word) {
  std::string out(word);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

/// One overload a payload: a new payload does not compile until it can be told.
struct Narrator::Teller {
  const Narrator& n;
  const TraceEvent& event;
  std::string_view stand_in;  // in place of the process whose event it is; may be empty

  std::string me() const {
    return stand_in.empty() ? n.process(event.process) : std::string(stand_in);
  }

  /// "SET lock:item-123", or the kind alone.
  std::string request(Symbol kind, Symbol subject) const {
    return subject ? n.text(kind) + ' ' + n.text(subject) : n.text(kind);
  }

  /// "valid for 9973ms, promised until 9978ms"
  std::string terms(Duration validity, Instant promise_until) const {
    std::string out;
    if (validity != Duration::zero()) out += "valid for " + shown(validity) + ", ";
    out += promise_until == kEndOfTime ? "promised until it is given back"
                                       : "promised until " + shown(promise_until);
    return out;
  }

  std::string votes(AttemptId id, std::uint32_t count) const {
    const Attempt* attempt = n.timeline_.attempt(id);
    if (attempt == nullptr) return plural(count, "vote");
    return fmt::format("{} of {}", count, attempt->of);
  }

  /// " with 5 of 5"; one server's one vote goes without saying.
  std::string with_votes(AttemptId id, std::uint32_t count) const {
    const Attempt* attempt = n.timeline_.attempt(id);
    const bool obvious = attempt != nullptr && attempt->of == 1 && count == 1;
    return obvious ? std::string() : " with " + votes(id, count);
  }

  std::string token(FencingToken token) const {
    return token ? fmt::format("token {}", token.number) : std::string("no token");
  }

  std::string with_attempt(AttemptId attempt) const {
    return attempt ? " of " + n.client(attempt) : std::string();
  }

  // ---- physics ----
  std::string operator()(const MessageSent& e) const {
    return fmt::format("{} sends {} to {}", me(), request(e.kind, e.subject), n.process(e.to));
  }
  std::string operator()(const MessageDelivered& e) const {
    return fmt::format("{} receives {} from {}", me(), n.text(e.kind), n.process(e.from));
  }
  std::string operator()(const MessageLost& e) const {
    return fmt::format("{} of {} to {} is lost: {}", n.text(e.kind), me(), n.process(e.to),
                       why_lost(e.why));
  }
  std::string operator()(const MessageHeld& e) const {
    return fmt::format("{} of {} to {} is held until the link heals", n.text(e.kind), me(),
                       n.process(e.to));
  }
  std::string operator()(const MessageDelayed& e) const {
    return fmt::format("{} of {} to {} is delayed by {}", n.text(e.kind), me(), n.process(e.to),
                       shown(e.by));
  }
  std::string operator()(const MessageDuplicated& e) const {
    return fmt::format("{} of {} to {} will arrive twice", n.text(e.kind), me(), n.process(e.to));
  }
  std::string operator()(const CallBegan& e) const {
    return fmt::format("{} calls {} on {}", me(), request(e.kind, e.subject), n.process(e.to));
  }
  std::string operator()(const CallEnded& e) const {
    if (e.outcome == Errc::none)
      return fmt::format("{} has the answer of {} to {}", me(), n.process(e.to), n.text(e.kind));
    return fmt::format("{} has no answer of {} to {}: {}{}", me(), n.process(e.to), n.text(e.kind),
                       plain_words(to_string(e.outcome)),
                       outcome_unknown(e.outcome) ? "; it may have been carried out" : "");
  }
  std::string operator()(const ReplyIgnored& e) const {
    return fmt::format("{} ignores {} from {}: nobody waits for it any more", me(), n.text(e.kind),
                       n.process(e.from));
  }
  std::string operator()(const ProcessPaused& e) const {
    const Duration lasts = n.pause_after(event);
    return fmt::format("{} {}{}", me(), e.suspended ? "is suspended with its machine" : "pauses",
                       lasts == Duration::zero() ? std::string() : " (" + shown(lasts) + ")");
  }
  std::string operator()(const ProcessResumed& e) const {
    return fmt::format(
        "{} runs again after {}{}{}", me(), shown(e.after), e.suspended ? " of suspension" : "",
        e.waiting == 0 ? std::string()
                       : fmt::format("; {} waited for it", plural(e.waiting, "wake-up")));
  }
  std::string operator()(const ProcessCrashed& e) const {
    return fmt::format("{} crashes{}", me(), e.power_loss ? ": its machine lost power" : "");
  }
  std::string operator()(const ProcessRestarted&) const { return me() + " starts again"; }
  std::string operator()(const ServiceRecovered& e) const {
    return fmt::format(
        "{} is back: it kept {} and lost {}{}", me(),
        e.kept == 1 ? std::string("1 entry") : fmt::format("{} entries", e.kept), e.lost,
        e.serving_after == Duration::zero() ? std::string()
                                            : "; it serves nobody for " + shown(e.serving_after));
  }
  std::string operator()(const ClockChanged& e) const {
    switch (e.change) {
      case ClockChange::jump:
        return fmt::format("the clock of {} jumps {}", me(), shift(e.by));
      case ClockChange::rate:
        return fmt::format("the clock of {} now runs {}", me(), ppm(e.rate_ppm));
      case ClockChange::slew:
        return fmt::format("the clock of {} is slewed {}, at {} ppm", me(), shift(e.by),
                           e.rate_ppm);
      case ClockChange::frozen:
        return fmt::format("the clock of {} stands still", me());
      case ClockChange::thawed:
        return fmt::format("the clock of {} goes on", me());
    }
    return {};
  }
  std::string operator()(const LinkCut& e) const {
    return fmt::format("the link from {} to {} is cut{}", me(), n.process(e.to),
                       e.holds ? "; messages wait" : "");
  }
  std::string operator()(const LinkHealed& e) const {
    return fmt::format("the link from {} to {} heals", me(), n.process(e.to));
  }
  std::string operator()(const ConnectionBroken& e) const {
    return fmt::format("{} loses its connection with {}", me(), n.process(e.with));
  }
  std::string operator()(const FaultStruck& e) const {
    if (e.fault < n.recording_.faults.size())
      return "fault: " + safe_text(n.recording_.faults[e.fault].sentence);
    return fmt::format("fault {}: {}", e.fault, n.text(e.kind));
  }
  std::string operator()(const StepTaken& e) const {
    const std::string step = n.text(e.step);
    const std::string lasts =
        e.lasts == Duration::zero() ? std::string() : " for " + shown(e.lasts);
    if (step == "work") return fmt::format("{} works{}", me(), lasts);
    if (step == "sleep") return fmt::format("{} sleeps{}", me(), lasts);
    if (step == "check")
      return fmt::format("{} checks whether it still has the lock: {}", me(),
                         e.passed ? "yes, as far as it knows" : "no");
    return fmt::format("{}: {}{}{}", me(), step, lasts, e.passed ? "" : ": no");
  }

  // ---- locks ----
  std::string operator()(const LockWaitBegan& e) const {
    return fmt::format("{} wants {}{}", me(), n.lock(e.lock),
                       e.bounded ? ", and will not wait for ever" : "");
  }
  std::string operator()(const LockWaitEnded& e) const {
    return e.granted ? fmt::format("{} waits for {} no more: it has it", me(), n.lock(e.lock))
                     : fmt::format(
                           "{} gives up on {} after {}", me(), n.lock(e.lock),
                           e.tries == 1 ? std::string("1 try") : fmt::format("{} tries", e.tries));
  }
  std::string operator()(const LockRequested& e) const {
    return fmt::format("{} tries to take {} ({}{})", me(), n.lock(e.lock),
                       e.ttl == Duration::zero() ? std::string("no TTL") : "TTL " + shown(e.ttl),
                       e.of > 1 ? fmt::format(", needs {} of {}", e.quorum, e.of) : std::string());
  }
  std::string operator()(const LockRefused& e) const {
    return fmt::format("{} does not get {}: {}, {}", me(), n.lock(e.lock),
                       plain_words(to_string(e.why)), votes(e.attempt, e.votes));
  }
  std::string operator()(const LockGranted& e) const {
    return fmt::format(
        "{} granted to {}{}: {}{}", n.several_locks_ ? n.lock(e.lock) : std::string("lock"), me(),
        with_votes(e.attempt, e.votes), e.token ? token(e.token) + ", " : std::string(),
        terms(e.validity, e.promise_until));
  }
  std::string operator()(const LockAssumed& e) const {
    return fmt::format("{} goes on as if it had {}: {}", me(), n.lock(e.lock),
                       plain_words(to_string(e.why)));
  }
  std::string operator()(const LeaseExtended& e) const {
    return fmt::format("{} extends {}{}: {}", me(), n.lock(e.lock), with_votes(e.attempt, e.votes),
                       terms(e.validity, e.promise_until));
  }
  std::string operator()(const ExtensionFailed& e) const {
    return fmt::format("{} cannot extend {}: {}, {}", me(), n.lock(e.lock),
                       plain_words(to_string(e.why)), votes(e.attempt, e.votes));
  }
  std::string operator()(const BeliefEnded& e) const {
    return fmt::format("{} no longer believes that it holds {}: {}", me(), n.lock(e.lock),
                       why_ended(e.why));
  }
  std::string operator()(const ReleaseBegan& e) const {
    return fmt::format("{} gives {} back", me(), n.lock(e.lock));
  }
  std::string operator()(const LockReleased& e) const {
    if (e.outcome == Errc::none)
      return fmt::format("{} has given {} back: {} removed", me(), n.lock(e.lock),
                         votes(e.attempt, e.votes));
    if (e.outcome == Errc::lost) {
      const Attempt* attempt = n.timeline_.attempt(e.attempt);
      const bool several = attempt != nullptr && attempt->of > 1;
      const std::string lock = n.several_locks_ ? " of " + n.lock(e.lock) : std::string();
      const std::string_view gone = several ? "keys were gone already, another's, or out of reach"
                                            : "key was gone already, or another's";
      return e.votes == 0 ? fmt::format("{} gives back nothing{}: its {} ({} removed)", me(), lock,
                                        gone, votes(e.attempt, e.votes))
                          : fmt::format("{} gives back too little{}: its other {} ({} removed)",
                                        me(), lock, gone, votes(e.attempt, e.votes));
    }
    return fmt::format("{} could not give {} back: {}, {} removed", me(), n.lock(e.lock),
                       plain_words(to_string(e.outcome)), votes(e.attempt, e.votes));
  }

  // ---- services ----
  std::string operator()(const KeyStored& e) const {
    std::string until = ", never to expire";
    if (e.expires)
      until = ", to expire at " + shown(e.expires_at.time_since_epoch()) + " of its clock";
    else if (e.rank != 0)
      until = fmt::format(", number {} in line", e.rank);
    return fmt::format("{} stores {}{}{}", me(), n.text(e.key), for_whom(e.attempt), until);
  }
  std::string operator()(const KeyExtended& e) const {
    return fmt::format("{} extends {}{} to {} of its clock{}", me(), n.text(e.key),
                       with_attempt(e.attempt), shown(e.expires_at.time_since_epoch()),
                       stranger(e.attempt, e.by));
  }
  std::string operator()(const KeyRemoved& e) const {
    return fmt::format("{}{} {} on {}{}", n.text(e.key), with_attempt(e.attempt),
                       why_removed(e.why), me(), stranger(e.attempt, e.by));
  }
  std::string operator()(const TokenIssued& e) const {
    return fmt::format("{} gives out {}{}", me(), token(e.token), for_whom(e.attempt));
  }
  std::string operator()(const WriteAccepted& e) const {
    return fmt::format("{} accepts the write of {} to {}: {}", me(), writer(e.attempt),
                       n.text(e.subject), verdict(e.token, e.highest, e.value));
  }
  std::string operator()(const WriteRejected& e) const {
    const bool tokens = e.why == Rejection::stale_token || e.why == Rejection::equal_token;
    return fmt::format("{} REJECTS the write of {}: {}", me(), writer(e.attempt),
                       tokens ? "token " + comparison(e.token, e.highest) : reason(e));
  }
  std::string operator()(const ReadServed& e) const {
    return fmt::format("{} shows {} version {} of {}{}", me(), writer(e.attempt), e.version,
                       n.text(e.subject), e.value ? " (" + n.value(e.value) + ")" : std::string());
  }
  std::string operator()(const DomainEvent& e) const {
    const std::string who = e.attempt ? n.client(e.attempt) : me();
    const std::string what = n.text(e.subject);
    switch (e.act) {
      case DomainAct::sold:
        return fmt::format("{} sells {} of {}", who, e.amount, what);
      case DomainAct::charged:
        return fmt::format("{} charges {} for {}", who, e.amount, what);
      case DomainAct::job_ran:
        return fmt::format("{} runs the job {}", who, what);
      case DomainAct::led:
        return fmt::format("{} leads {}", who, what);
      case DomainAct::appended:
        return fmt::format("{} appends {} to {}", who, e.amount, what);
      case DomainAct::applied:
        return fmt::format("operation {} of {} takes effect on {}", e.amount, who, what);
    }
    return {};
  }

  // ---- services with sessions, and with several servers ----
  std::string operator()(const SessionBegan& e) const {
    return fmt::format("{} opens a session for {}, good for {} without a word", me(),
                       n.process(e.client), shown(e.timeout));
  }
  std::string operator()(const SessionEnded& e) const {
    return fmt::format("{} ends the session of {}: {}", me(), n.process(e.client),
                       why_session_ended(e.why));
  }
  std::string operator()(const ConnectionStateChanged& e) const {
    return fmt::format("{}: {}", me(), said_of_connection(e.state));
  }
  std::string operator()(const RoleChanged& e) const {
    return fmt::format("{} is now {} (term {})", me(), to_string(e.role), e.term);
  }
  std::string operator()(const EntryCommitted& e) const {
    return fmt::format("{} commits entry {} of term {}: a quorum has it", me(), e.index, e.term);
  }
  std::string operator()(const TransactionEnded& e) const {
    return fmt::format("{} {} the transaction of {}", me(), e.committed ? "commits" : "rolls back",
                       e.attempt ? n.client(e.attempt) : n.process(e.client));
  }

  // ---- judgement ----
  std::string operator()(const ViolationBegan& e) const {
    return fmt::format("VIOLATION of {}", n.text(e.invariant));
  }
  std::string operator()(const ViolationEnded& e) const {
    return fmt::format("the violation of {} ends after {}", n.text(e.invariant), shown(e.lasted));
  }

  // ---- parts of the above ----
  std::string for_whom(AttemptId attempt) const {
    return attempt ? " for " + n.client(attempt) : std::string();
  }
  std::string writer(AttemptId attempt) const {
    if (attempt) return n.client(attempt);
    const ProcessId client = n.timeline_.client_of(event.seq);
    return client ? n.process(client) : std::string("somebody");
  }
  /// It was done on behalf of an attempt that does not own the key.
  std::string stranger(AttemptId owner, AttemptId by) const {
    if (!by || by == owner) return {};
    const std::string other = n.client(by);
    return other == n.client(owner) ? ", by a later attempt of it" : ", BY " + other;
  }
  std::string verdict(FencingToken given, FencingToken highest, const Value& value) const {
    if (given) return "token " + comparison(given, highest);
    return value ? "no token, value " + n.value(value) : std::string("no token");
  }
  std::string reason(const WriteRejected& e) const {
    switch (e.why) {
      case Rejection::stale_token:
      case Rejection::equal_token:
        break;
      case Rejection::missing_token:
        return "it carries no token";
      case Rejection::other_owner:
        return fmt::format("token {} belongs to another owner", e.token.number);
      case Rejection::version:
        return "the data has changed since it was read";
    }
    return {};
  }
};

Narrator::Narrator(const Recording& recording, const Timeline& timeline)
    : recording_(recording), timeline_(timeline) {
  for (const RecordedProcess& process : recording.processes)
    names_.push_back(safe_text(process.name));
  for (const Attempt& attempt : timeline.attempts)
    several_locks_ = several_locks_ || attempt.lock != timeline.attempts.front().lock;
}

std::string Narrator::sentence(const TraceEvent& event, std::string_view subject) const {
  return std::visit(Teller{*this, event, subject}, event.what);
}

std::string Narrator::sentence(const Finding& finding) const {
  std::string out = plain_words(safe_text(finding.invariant));
  if (!finding.what.empty()) out += " (" + plain_words(safe_text(finding.what)) + ")";
  if (finding.subject) out += " of " + text(finding.subject);
  if (!finding.processes.empty())
    out += ": " + list({finding.processes.begin(), finding.processes.end()});
  if (finding.until == finding.from) return out + ", at " + shown(finding.from);
  out += ", from " + shown(finding.from);
  if (finding.until == kEndOfTime) return out + " to the end";
  return out + " to " + shown(finding.until);
}

std::string Narrator::process(ProcessId id) const {
  if (!id) return "the world";
  if (id.number > names_.size()) return fmt::format("process {}", id.number);
  return names_[id.number - 1];
}

std::string Narrator::client(AttemptId attempt) const {
  const ProcessId client = timeline_.client_of(attempt);
  return client ? process(client) : fmt::format("the client of attempt {}", attempt.number);
}

std::string Narrator::text(Symbol symbol) const { return safe_text(recording_.names.text(symbol)); }

std::string Narrator::lock(Symbol symbol) const {
  return several_locks_ ? "lock " + text(symbol) : std::string("the lock");
}

std::string Narrator::value(const Value& value) const {
  return safe_text(to_string(value, recording_.names));
}

std::string Narrator::list(std::vector<ProcessId> processes) const {
  constexpr std::size_t kMost = 8;
  std::sort(processes.begin(), processes.end());
  processes.erase(std::unique(processes.begin(), processes.end()), processes.end());
  std::string out;
  std::size_t named = 0;
  for (std::size_t first = 0; first < processes.size();) {
    std::size_t last = first;
    while (last + 1 < processes.size() && follows(processes[last], processes[last + 1])) ++last;
    if (last < first + 2) last = first;  // two neighbours are shorter with a comma
    if (++named > kMost) return out + fmt::format(" and {} more", processes.size() - first);
    if (!out.empty()) out += ", ";
    out += process(processes[first]);
    if (last > first) out += " … " + process(processes[last]);
    first = last + 1;
  }
  return out;
}

/// The names count on: redis-9 and redis-10, client-a and client-b.
bool Narrator::follows(ProcessId a, ProcessId b) const {
  if (!a || b.number != a.number + 1 || b.number > names_.size()) return false;
  const std::string_view first = names_[a.number - 1];
  const std::string_view second = names_[b.number - 1];
  const auto stem = [](std::string_view name) {
    return name.substr(0, name.find_last_not_of("0123456789") + 1);
  };
  if (stem(first) != first && stem(second) != second)
    return stem(first) == stem(second) &&
           number_after(first, stem(first).size()) + 1 == number_after(second, stem(second).size());
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !first.empty() && first.size() == second.size() && is_letter(first.back()) &&
         is_letter(second.back()) && second.back() == first.back() + 1 &&
         first.substr(0, first.size() - 1) == second.substr(0, second.size() - 1);
}

std::string Narrator::comparison(FencingToken token, FencingToken highest) {
  if (!highest) return fmt::format("{}, the first it knows of", token.number);
  const std::string_view sign = token < highest ? "<" : token == highest ? "=" : ">";
  return fmt::format("{} {} {}", token.number, sign, highest.number);
}

Duration Narrator::pause_after(const TraceEvent& event) const {
  for (const StandstillSpan& span : timeline_.standstills)
    if (!span.open && span.process == event.process && span.span.from == event.at &&
        span.kind != StandstillSpan::Kind::crashed)
      return span.span.until - span.span.from;
  return {};
}

}  // namespace locklab
