#include "reports/page_verdict.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "reports/markup.hpp"
#include "reports/page_lines.hpp"
#include "reports/plain_text.hpp"

namespace locklab {
namespace {

std::string sentence(std::string_view text) {
  std::string out = markup_text(text);
  if (!out.empty() && !out.ends_with('.')) out += '.';
  return out;
}

class Judge {
 public:
  Judge(const Recording& recording, const Timeline& timeline, const Narrator& narrator,
        std::span<const std::string> messages)
      : recording_(recording), timeline_(timeline), narrator_(narrator), messages_(messages) {}

  PageVerdict verdict(std::string_view judged) const {
    PageVerdict words{"good", "✓ Safe", {}};
    const bool damaged = found("stale_write") || found("lost_update");
    const bool shared = found("client_mutual_exclusion") || found("service_mutual_exclusion");
    const bool written = !timeline_.writes.empty();
    if (damaged)
      words = {"bad", "⚠ Data lost", {}};
    else if (shared)
      words = {"broken", written ? "◐ Lock broken, data safe" : "◐ Lock broken", {}};
    else if (!recording_.findings.empty())
      words = {"broken", "◐ Not as it should be", {}};

    constexpr std::size_t kMost = 3;
    const auto add = [&](const std::string& one) {
      words.text += (words.text.empty() ? "" : " ") + one;
    };
    // What was damaged is said first.
    std::vector<std::size_t> order;
    for (const bool first : {true, false})
      for (std::size_t i = 0; i < recording_.findings.size(); ++i) {
        const std::string_view invariant = recording_.findings[i].invariant;
        if ((invariant == "stale_write" || invariant == "lost_update") == first) order.push_back(i);
      }
    for (std::size_t i = 0; i < order.size() && i < kMost; ++i)
      add(sentence(capital(finding_words(recording_, narrator_, messages_, order[i]), recording_)));
    if (order.size() > kMost) add(fmt::format("And {} more.", order.size() - kMost));
    if (order.empty()) add(markup_text(all_went_well()));
    add(refusals());
    if (!judged.empty())
      add("<span class=\"expected\">" + sentence("This is " + std::string(judged)) + "</span>");
    return words;
  }

 private:
  bool found(std::string_view invariant) const {
    return std::any_of(recording_.findings.begin(), recording_.findings.end(),
                       [&](const Finding& finding) { return finding.invariant == invariant; });
  }

  std::string all_went_well() const {
    const std::size_t grants = timeline_.beliefs.size();
    std::string out = two_believed()
                          ? "No invariant that this scenario checks was violated"
                          : "At every moment at most one client believed that it held the lock";
    if (grants == 0) return "Nobody got the lock, and nothing was violated.";
    return out + fmt::format("; it was granted {}.", grants == 1 ? "once"
                                                     : grants == 2
                                                         ? "twice"
                                                         : fmt::format("{} times", grants));
  }

  bool two_believed() const {
    for (const BeliefSpan& a : timeline_.beliefs)
      for (const BeliefSpan& b : timeline_.beliefs)
        if (&a != &b && a.lock == b.lock && a.client != b.client && a.span.from <= b.span.from &&
            b.span.from < a.span.until)
          return true;
    return false;
  }

  /// "Storage refused the late write of client-a: token 100 < 101."
  std::string refusals() const {
    std::string out;
    std::size_t more = 0;
    for (const WriteMark& write : timeline_.writes) {
      if (write.accepted) continue;
      if (!out.empty()) {
        ++more;
        continue;
      }
      out = markup_text(
          fmt::format("{} refused the write of {}{}", narrator_.process(write.storage),
                      write.client ? narrator_.process(write.client) : "somebody",
                      write.token && write.highest
                          ? ": token " + Narrator::comparison(write.token, write.highest)
                          : std::string()));
    }
    if (more > 0) out += fmt::format(", and {} more", more);
    if (!out.empty()) out += '.';
    return out;
  }

  const Recording& recording_;
  const Timeline& timeline_;
  const Narrator& narrator_;
  std::span<const std::string> messages_;
};

}  // namespace

std::string finding_words(const Recording& recording, const Narrator& narrator,
                          std::span<const std::string> finding_messages, std::size_t index) {
  if (index < finding_messages.size() && !finding_messages[index].empty())
    return safe_text(finding_messages[index]);
  return narrator.sentence(recording.findings[index]);
}

PageVerdict page_verdict(const Recording& recording, const Timeline& timeline,
                         const Narrator& narrator, std::span<const std::string> finding_messages,
                         std::string_view judged) {
  return Judge(recording, timeline, narrator, finding_messages)
      .verdict(judged.empty() ? std::string_view(recording.verdict) : judged);
}

}  // namespace locklab
