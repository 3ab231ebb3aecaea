#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "reports/escape.hpp"
#include "reports/formats/formats.hpp"
#include "reports/narrator.hpp"
#include "reports/timeline.hpp"

namespace locklab {
namespace {

// Mermaid refuses a text of more than 50,000 characters, and nobody reads a longer diagram.
constexpr std::size_t kMostLines = 300;
constexpr std::size_t kMostCharacters = 40'000;

/// Events that a message or a bar does not show already.
constexpr EventMask kNoted =
    events_of<LockRequested, LockGranted, LockRefused, LockAssumed, LeaseExtended, ExtensionFailed,
              BeliefEnded, ReleaseBegan, KeyStored, KeyRemoved, WriteAccepted, WriteRejected,
              TokenIssued, ProcessPaused, ProcessResumed, ProcessCrashed, ProcessRestarted,
              ServiceRecovered, ClockChanged, LinkCut, LinkHealed, DomainEvent, ViolationBegan,
              ViolationEnded, SessionBegan, SessionEnded, ConnectionStateChanged, RoleChanged,
              TransactionEnded>();

struct Fate {
  Instant delivered = kEndOfTime;
  const MessageLost* lost = nullptr;
};

class Diagram {
 public:
  explicit Diagram(const Recording& recording)
      : recording_(recording),
        timeline_(make_timeline(recording)),
        narrator_(recording, timeline_) {
    for (const TraceEvent& event : recording.events) {
      if (const auto* delivered = std::get_if<MessageDelivered>(&event.what))
        fates_[delivered->message].delivered = event.at;
      if (const auto* lost = std::get_if<MessageLost>(&event.what))
        fates_[lost->message].lost = lost;
      if (event.process) present_.insert(event.process);
      if (const auto* sent = std::get_if<MessageSent>(&event.what)) present_.insert(sent->to);
    }
  }

  std::string write() {
    std::string title = recording_.scenario;
    if (!recording_.title.empty()) title += ": " + recording_.title;
    out_ = fmt::format("%% locklab: {}\nsequenceDiagram\n", mermaid_text(title));
    for (const ProcessId process : present_)
      line(fmt::format("participant {} as {}", id(process),
                       mermaid_text(narrator_.process(process))));
    std::size_t shown_events = 0;
    for (const TraceEvent& event : recording_.events) {
      if (lines_ >= kMostLines || out_.size() >= kMostCharacters) break;
      ++shown_events;
      if (const auto* sent = std::get_if<MessageSent>(&event.what))
        message(event, *sent);
      else if ((kNoted >> event.what.index() & 1) != 0)
        note(event);
    }
    if (shown_events < recording_.events.size() && !present_.empty())
      line(fmt::format("Note over {}: {} of {} events from {} on are not drawn here", everybody(),
                       recording_.events.size() - shown_events, recording_.events.size(),
                       mermaid_text(shown(recording_.events[shown_events].at))));
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    out_.append("  ").append(text).append(1, '\n');
    ++lines_;
  }
  static std::string id(ProcessId process) { return fmt::format("P{}", process.number); }
  std::string everybody() const {
    const std::string first = id(*present_.begin());
    return present_.size() == 1 ? first : first + "," + id(*present_.rbegin());
  }

  void message(const TraceEvent& event, const MessageSent& sent) {
    if (!event.process || !sent.to) return;
    const auto known = fates_.find(sent.message);
    const Fate fate = known == fates_.end() ? Fate{} : known->second;
    const std::string kind = narrator_.text(sent.kind);
    std::string arrow = kind.ends_with(" reply") ? "-->>" : "->>";
    std::string text = fmt::format("{} {}", shown(event.at), kind);
    if (fate.delivered != kEndOfTime) {
      text += fmt::format(", arrives {}", shown(fate.delivered));
    } else if (fate.lost != nullptr) {
      arrow = "-x";
      text += fmt::format(", lost ({})", plain_words(to_string(fate.lost->why)));
    } else {
      arrow = "-)";
      text += ", does not arrive before the end";
    }
    line(id(event.process) + arrow + id(sent.to) + ": " + mermaid_text(text));
  }

  void note(const TraceEvent& event) {
    if (present_.empty()) return;
    line(fmt::format("Note over {}: {}", event.process ? id(event.process) : everybody(),
                     mermaid_text(shown(event.at) + " " + narrator_.sentence(event))));
    // A bar stands for a belief.
    if (std::holds_alternative<LockGranted>(event.what) ||
        std::holds_alternative<LockAssumed>(event.what)) {
      ++active_[event.process];
      line("activate " + id(event.process));
    } else if (std::holds_alternative<BeliefEnded>(event.what) && active_[event.process] > 0) {
      --active_[event.process];
      line("deactivate " + id(event.process));
    } else if (std::holds_alternative<ProcessCrashed>(event.what)) {
      for (; active_[event.process] > 0; --active_[event.process])
        line("deactivate " + id(event.process));
    }
  }

  const Recording& recording_;
  Timeline timeline_;
  Narrator narrator_;
  std::map<MessageId, Fate> fates_;
  std::set<ProcessId> present_;
  std::map<ProcessId, int> active_;
  std::string out_;
  std::size_t lines_ = 0;
};

}  // namespace

void write_mermaid(const Recording& recording, const TextOptions&, std::string& out) {
  out += Diagram(recording).write();
}

}  // namespace locklab
