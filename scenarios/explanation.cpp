#include "scenarios/explanation.hpp"

#include <algorithm>

#include "invariants/message.hpp"
#include "scenarios/remedies.hpp"
#include "scenarios/search.hpp"

namespace locklab {

namespace {

class Explainer {
 public:
  Explainer(const Scenario& scenario, std::string_view check, Recording& recording)
      : scenario_(scenario), check_(check), recording_(recording) {}

  Explanation explain() {
    RunOptions options;
    options.recording = &recording_;
    options.measure_slack = true;
    runner_.run(scenario_, options, out_.result);
    ++out_.runs;
    closest();
    out_.finding = heaviest_finding(out_.result.findings, check_);
    for (std::size_t fault = 0; fault < scenario_.faults.size(); ++fault)
      struck_.push_back(runner_.strikes(fault) > 0);
    if (!out_.finding) return std::move(out_);

    broken_ = out_.result.findings[*out_.finding];
    out_.message = message(broken_, runner_.names(), runner_.process_names());
    judge_faults();
    judge_pairs();
    out_.without_faults = without({}, true);
    if (!scenario_.faults.empty() && out_.without_faults.kind != Fate::Kind::breaks)
      find_point_of_no_return();
    find_remedies();
    return std::move(out_);
  }

 private:
  void closest() {
    if (const auto found = runner_.robustness().closest(out_.result.ended))
      out_.closest =
          ClosestGrant{found->lock, found->process, found->protected_until, found->relied};
  }

  // ---- other runs ----

  Fate run(const Scenario& scenario, std::optional<Instant> faults_until = {}) {
    RunOptions options;
    options.explain_mismatches = false;
    options.faults_until = faults_until;
    runner_.run(scenario, options, other_);
    ++out_.runs;
    Fate fate;
    if (other_.stopped == StopReason::event_limit) fate.kind = Fate::Kind::undecided;
    for (const Finding& finding : other_.findings) {
      if (finding.invariant == broken_.invariant && finding.what == broken_.what)
        return {Fate::Kind::breaks, {}};
      if (!is_benign(finding) &&
          std::ranges::find(fate.violated, finding.invariant) == fate.violated.end())
        fate.violated.push_back(finding.invariant);
    }
    if (fate.kind == Fate::Kind::undecided) return {Fate::Kind::undecided, {}};
    fate.kind = fate.violated.empty() ? Fate::Kind::holds : Fate::Kind::other;
    return fate;
  }

  /// Without the faults of that places, or without any.
  Fate without(std::vector<std::size_t> left_out, bool all = false) {
    Scenario fewer = scenario_;
    fewer.faults.clear();
    for (std::size_t fault = 0; fault < scenario_.faults.size() && !all; ++fault)
      if (std::ranges::find(left_out, fault) == left_out.end())
        fewer.faults.push_back(scenario_.faults[fault]);
    return run(fewer);
  }

  // ---- faults ----

  void judge_faults() {
    for (std::size_t fault = 0; fault < scenario_.faults.size(); ++fault) {
      FaultPart part;
      part.fault = fault;
      part.struck = struck_[fault];
      if (part.struck) {
        part.without = without({fault});
        for (std::size_t other = 0; other < scenario_.faults.size(); ++other)
          if (other != fault && struck_[other] &&
              runner_.strikes(other - (other > fault ? 1 : 0)) == 0)
            part.silenced.push_back(other);
      }
      out_.faults.push_back(std::move(part));
    }
  }

  void judge_pairs() {
    for (const FaultPart& a : out_.faults)
      for (const FaultPart& b : out_.faults) {
        if (a.fault >= b.fault || !a.struck || !b.struck || a.needed() || b.needed()) continue;
        Fate fate = without({a.fault, b.fault});
        if (fate.kind != Fate::Kind::breaks)
          out_.either.push_back({a.fault, b.fault, std::move(fate)});
      }
  }

  // ---- the point of no return ----

  /// Called off at that instant.
  Fate until(Instant at) { return run(scenario_, at); }
  bool ends_well(const Fate& fate) const {
    if (fate.kind != Fate::Kind::other) return fate.kind == Fate::Kind::holds;
    const std::vector<std::string_view>& anyway = out_.without_faults.violated;
    return std::ranges::all_of(fate.violated, [&](std::string_view invariant) {
      return invariant != broken_.invariant && std::ranges::find(anyway, invariant) != anyway.end();
    });
  }

  /// When the violation was certain: of a wait that is too long that is later than its beginning.
  Instant found_at() const {
    for (const TraceEvent& event : recording_.events)
      if (const auto* began = std::get_if<ViolationBegan>(&event.what))
        if (began->finding == *out_.finding) return event.at;
    return recording_.ended;
  }

  /// At which something happens, in order, up to the violation, and the one after it.
  std::vector<Instant> instants() const {
    const Instant last = found_at();
    std::vector<Instant> all{Instant{}};
    for (const TraceEvent& event : recording_.events)
      if (event.at > all.back() && event.at <= last) all.push_back(event.at);
    all.push_back(last + Duration{1});
    return all;
  }

  /// How many runs of this one's size a person may wait for.
  std::size_t patience() const {
    constexpr std::uint64_t kEvents = 10'000'000;
    constexpr std::uint64_t kMost = 4'000;
    return static_cast<std::size_t>(std::clamp<std::uint64_t>(
        kEvents / std::max<std::uint64_t>(out_.result.events, 1), 50, kMost));
  }

  /// Of `all`, the place of the last that ends well, if only every `step`-th counted back from
  /// `end` is tried; none: no such one does.
  std::optional<std::size_t> last_good(const std::vector<Instant>& all, std::size_t begin,
                                       std::size_t end, std::size_t step, Fate& fate) {
    for (std::size_t place = end; place > begin;) {
      place = place - begin > step ? place - step : begin;
      fate = until(all[place]);
      if (ends_well(fate)) return place;
    }
    return std::nullopt;
  }

  void find_point_of_no_return() {
    const std::vector<Instant> all = instants();
    PointOfNoReturn point;
    const std::size_t most = patience();
    std::size_t step = std::max<std::size_t>(all.size() / most, 1);
    point.every_instant = step == 1;
    std::size_t end = all.size() - 1;  // the violation is in the past there
    std::optional<std::size_t> good = last_good(all, 0, end, step, point.fate);
    while (good && step > 1) {
      // The stretch that this step has jumped over.
      const std::size_t begin = *good;
      end = std::min(begin + step, end);
      step = std::max<std::size_t>((end - begin) / most, 1);
      Fate fate;
      if (const auto later = last_good(all, begin, end, step, fate); later) {
        good = later;
        point.fate = fate;
      }
    }
    if (!good) return;  // called off at the very start it breaks, unlike without the faults
    narrow(point, all[*good], all[*good + 1]);
    out_.no_return = std::move(point);
  }

  /// Nothing happens between the two instants, but a fault may be in effect.
  void narrow(PointOfNoReturn& point, Instant safe, Instant lost) {
    constexpr Duration kClose = 1us;
    constexpr std::int64_t kSamples = 16;
    const Instant first = safe;
    const Duration gap = lost - safe;
    for (std::int64_t sample = kSamples - 1; sample > 0 && gap > kClose * kSamples; --sample) {
      const Instant at = first + gap * sample / kSamples;
      if (Fate fate = until(at); ends_well(fate)) {
        safe = at;
        point.fate = std::move(fate);
        break;
      }
      lost = at;
    }
    while (lost - safe > kClose) {
      const Instant middle = safe + (lost - safe) / 2;
      if (Fate fate = until(middle); ends_well(fate)) {
        safe = middle;
        point.fate = std::move(fate);
      } else {
        lost = middle;
      }
    }
    point.safe = safe;
    point.lost = lost;
    point.at_event = safe == first;
  }

  // ---- what would help ----

  void find_remedies() {
    const WantedInvariants wanted{std::string(broken_.invariant)};
    ScenarioOracle oracle(scenario_, wanted);
    const Trial trial = oracle.run({});
    ++out_.runs;
    if (trial.violated()) out_.remedies = remedies(scenario_, {}, trial, wanted);
  }

  const Scenario& scenario_;
  std::string_view check_;
  Recording& recording_;
  Runner runner_;
  RunResult other_;
  Finding broken_;
  std::vector<bool> struck_;
  Explanation out_;
};

}  // namespace

std::string_view to_string(Fate::Kind kind) {
  switch (kind) {
    case Fate::Kind::breaks:
      return "breaks";
    case Fate::Kind::other:
      return "other";
    case Fate::Kind::holds:
      return "holds";
    case Fate::Kind::undecided:
      return "undecided";
  }
  return {};
}

std::optional<std::size_t> heaviest_finding(const std::vector<Finding>& findings,
                                            std::string_view check) {
  std::optional<std::size_t> heaviest;
  const auto weight = [](const Finding& finding) {
    return is_benign(finding) ? -1 : severity(finding.invariant);
  };
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (!check.empty() && findings[i].invariant != check) continue;
    if (!heaviest || weight(findings[i]) > weight(findings[*heaviest])) heaviest = i;
  }
  return heaviest;
}

Explanation explain(const Scenario& scenario, std::string_view check, Recording& recording) {
  return Explainer(scenario, check, recording).explain();
}

}  // namespace locklab
