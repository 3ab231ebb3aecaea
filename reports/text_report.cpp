#include "reports/text_report.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "reports/narrator.hpp"
#include "reports/plain_text.hpp"
#include "reports/timeline.hpp"
#include "sim/bits.hpp"

namespace locklab {
namespace {

using Tone = StoryLine::Tone;

/// What the report draws with. One column each, in either set.
struct Glyphs {
  std::string_view good, refused, fault, wrong, violation;  // signs before a line
  std::string_view believes, believes_wrongly, paused, crashed, owns, cut, tick, rule, ellipsis;
};

constexpr Glyphs kUnicode{"✓", "✗", "*", "?", "!", "█", "▒", "░", "×", "═", "~", "┬", "─", "…"};
constexpr Glyphs kAscii{"+", "x", "*", "?", "!", "#", "%", ".", "x", "=", "~", "+", "-", "..."};

// With more clients than these, those that never had the lock get no lane.
constexpr std::size_t kMostIdleLanes = 6;

// SGR parameters.
constexpr std::string_view kNoStyle = "";
constexpr std::string_view kBold = "1";
constexpr std::string_view kFaint = "2";
constexpr std::string_view kRed = "31";
constexpr std::string_view kRedBold = "1;31";
constexpr std::string_view kHues[] = {"34", "33", "36", "35",
                                      "32"};  // by client; red is not among them

bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// One row of the chart: a sign in each column.
class Row {
 public:
  explicit Row(std::size_t width) : cells_(width, Cell{' ', {}, {}}) {}

  void set(std::size_t column, std::string_view sign, std::string_view style) {
    cells_[column] = {'\0', sign, style};
  }
  void set(std::size_t column, char letter, std::string_view style) {
    cells_[column] = {letter, {}, style};
  }
  bool empty() const {
    return std::all_of(cells_.begin(), cells_.end(),
                       [](const Cell& cell) { return cell.letter == ' '; });
  }
  bool empty(std::size_t column) const { return cells_[column].letter == ' '; }
  /// Text over the cells from `column` on, if there is room.
  bool write(std::size_t column, std::string_view text) {
    if (column + text.size() > cells_.size()) return false;
    for (const char letter : text) set(column++, letter, kNoStyle);
    return true;
  }

  template <class Paint>
  std::string drawn(Paint paint) const {
    std::string out;
    std::string run;
    std::string_view style;
    std::size_t last = cells_.size();
    while (last > 0 && cells_[last - 1].letter == ' ') --last;
    for (std::size_t i = 0; i < last; ++i) {
      const Cell& cell = cells_[i];
      if (cell.style != style) {
        out += paint(run, style);
        run.clear();
        style = cell.style;
      }
      if (cell.letter == '\0')
        run += cell.sign;
      else
        run += cell.letter;
    }
    return out + paint(run, style);
  }

 private:
  struct Cell {
    char letter;  // '\0': the sign
    std::string_view sign;
    std::string_view style;
  };
  std::vector<Cell> cells_;
};

class Report {
 public:
  Report(const Recording& recording, const TextOptions& options)
      : recording_(recording),
        options_(options),
        glyphs_(options.ascii ? kAscii : kUnicode),
        width_(std::clamp<std::size_t>(options.width, 40, 400)),
        timeline_(make_timeline(recording)),
        narrator_(recording, timeline_) {
    for (std::uint32_t number = 1; number <= recording.processes.size(); ++number)
      if (recording.processes[number - 1].role == ProcessRole::client)
        clients_.push_back(ProcessId{number});
    for (const ProcessId client : clients_)
      hues_.emplace(ascii_if_asked(narrator_.process(client)), hue_of(client));
  }

  std::string write() {
    heading();
    story();
    chart();
    findings();
    writes();
    remarks();
    closing();
    return std::move(out_);
  }

  std::string write_chart() {
    bands();
    return std::move(out_);
  }

 private:
  // ---- sections ----

  void heading() {
    std::string title = safe_text(recording_.scenario);
    if (!recording_.title.empty())
      title += (title.empty() ? "" : ": ") + safe_text(recording_.title);
    paragraph("", title, kBold);
    if (!options_.story.empty()) paragraph("Story: ", safe_text(options_.story));
    std::string setup;
    for (std::uint32_t place = 0; place < kRoles; ++place) {
      const auto role = static_cast<ProcessRole>(place);
      std::vector<ProcessId> processes;
      for (std::uint32_t number = 1; number <= recording_.processes.size(); ++number)
        if (recording_.processes[number - 1].role == role) processes.push_back(ProcessId{number});
      if (processes.empty()) continue;
      setup += (setup.empty() ? "" : "; ") + narrator_.list(std::move(processes));
    }
    if (!setup.empty()) paragraph("Setup: ", setup);
    std::string faults;
    for (const RecordedFault& fault : recording_.faults)
      faults += (faults.empty() ? "" : "; ") + safe_text(fault.sentence);
    if (!faults.empty()) paragraph("Faults: ", faults);
    gap();
  }

  void story() {
    std::vector<StoryLine> lines = tell_story(recording_, timeline_, narrator_, options_.detail);
    if (options_.detail == Detail::brief)
      lines = shortened_story(std::move(lines), options_.most_lines);
    std::size_t widest = 0;
    for (const StoryLine& line : lines) widest = std::max(widest, shown(line.at).size());
    for (const StoryLine& line : lines) {
      const auto [sign, style] = sign_of(line.tone);
      if (line.tone == Tone::left_out) {
        paragraph(std::string(widest + 9, ' '), line.text, kFaint);
        continue;
      }
      paragraph(fmt::format("Time {:>{}}: ", shown(line.at), widest), line.text,
                line.tone == Tone::violation ? kRedBold : kNoStyle, sign, style);
    }
    if (lines.empty()) paragraph("", "Nothing happened.");
    gap();
  }

  void chart() {
    if (timeline_.beliefs.empty() && timeline_.ownerships.empty()) return;
    paragraph("", "Belief against truth:", kBold);
    bands();
    gap();
  }

  void bands() {
    if (timeline_.beliefs.empty() && timeline_.ownerships.empty()) return;
    end_ = timeline_.end;
    const Instant first = recording_.events.empty() ? Instant{} : recording_.events.front().at;
    start_ = first > Instant{end_.time_since_epoch() / 2} ? first : Instant{};

    std::vector<std::pair<std::string, Row>> rows;
    std::vector<std::string> labels = lane_labels();
    std::size_t label_width = 9;  // "violation"
    for (const std::string& label : labels) label_width = std::max(label_width, columns(label));
    label_width = std::min(label_width, width_ / 4 + 2);
    chart_width_ = width_ - label_width - 2;

    std::set<std::string_view> legend;
    std::size_t label = 0;
    std::size_t idle = 0;
    for (const ProcessId client : clients_) {
      const std::string& name = labels[label++];
      Row belief = belief_row(client, legend);
      Row still = standstill_row(client, legend);
      if (clients_.size() > kMostIdleLanes && belief.empty() && still.empty()) {
        ++idle;
        continue;
      }
      add_refusals(client, belief, legend);
      rows.emplace_back(name, std::move(belief));
      if (!still.empty()) rows.emplace_back("", std::move(still));
    }
    for (const Symbol lock : locks_) {
      Row row = ownership_row(lock);
      rows.emplace_back(labels[label++], std::move(row));
    }
    if (!timeline_.writes.empty()) rows.emplace_back("storage", write_row(legend));
    if (Row row = server_row(legend); !row.empty()) rows.emplace_back("servers", std::move(row));
    if (!timeline_.clocks.empty()) rows.emplace_back("clocks", clock_row(legend));
    if (!timeline_.cuts.empty()) rows.emplace_back("links cut", cut_row());
    if (!recording_.findings.empty()) rows.emplace_back("violation", finding_row());

    axis(label_width);
    for (const auto& [name, row] : rows) {
      const std::string shortened_name = shortened(name, label_width, glyphs_.ellipsis);
      out_ += painted_names(shortened_name);
      out_.append(label_width + 2 - columns(shortened_name), ' ');
      out_ += row.drawn(
          [this](std::string_view text, std::string_view style) { return painted(text, style); });
      end_line();
    }
    chart_legend(legend);
    if (idle > 0)
      paragraph("  ",
                fmt::format("Without a lane: {} that never had the lock.",
                            idle == 1 ? std::string("1 client") : fmt::format("{} clients", idle)));
  }

  void findings() {
    if (recording_.findings.empty()) return;
    paragraph("", "Found:", kBold);
    constexpr std::size_t kMost = 20;
    for (std::size_t i = 0; i < recording_.findings.size() && i < kMost; ++i) {
      const bool told =
          i < options_.finding_messages.size() && !options_.finding_messages[i].empty();
      const std::string message = told ? safe_text(options_.finding_messages[i])
                                       : narrator_.sentence(recording_.findings[i]);
      paragraph(fmt::format("{:>3}. ", i + 1), message);
    }
    if (recording_.findings.size() > kMost)
      paragraph("     ", fmt::format("and {} more", recording_.findings.size() - kMost));
    gap();
  }

  void writes() {
    if (timeline_.writes.empty()) return;
    paragraph("", "Writes:", kBold);
    // Of many, those that were refused or should have been, then the first.
    constexpr std::size_t kMost = 12;
    std::vector<const WriteMark*> chosen;
    for (const bool ordinary : {false, true})
      for (const WriteMark& write : timeline_.writes)
        if ((write.accepted && !write.blamed) == ordinary &&
            (chosen.size() < kMost || options_.detail == Detail::full))
          chosen.push_back(&write);
    std::sort(chosen.begin(), chosen.end(),
              [](const WriteMark* a, const WriteMark* b) { return a->event < b->event; });
    std::size_t time_width = 0;
    std::size_t name_width = 0;
    const bool several =
        std::any_of(timeline_.writes.begin(), timeline_.writes.end(), [&](const WriteMark& write) {
          return write.subject != timeline_.writes.front().subject ||
                 write.storage != timeline_.writes.front().storage;
        });
    for (const WriteMark* write : chosen) {
      time_width = std::max(time_width, shown(write->at).size());
      name_width = std::max(name_width, columns(writer(*write)));
    }
    name_width = std::min(name_width, width_ / 4);
    for (const WriteMark* write : chosen) {
      const std::string name = shortened(writer(*write), name_width, glyphs_.ellipsis);
      std::string prefix = fmt::format("  {:>{}}  ", shown(write->at), time_width);
      prefix.append(name).append(name_width - columns(name) + 2, ' ');
      std::string text = write->accepted ? "accepted: " : "REJECTED: ";
      text += reason(*write);
      if (several)
        text += fmt::format(" ({} of {})", narrator_.text(write->subject),
                            narrator_.process(write->storage));
      if (write->blamed) text += " - and should not have been";
      const Tone tone = write->blamed     ? Tone::violation
                        : write->accepted ? Tone::good
                                          : Tone::refused;
      const auto [sign, style] = sign_of(tone);
      paragraph(prefix, text, kNoStyle, sign, style);
    }
    if (chosen.size() < timeline_.writes.size())
      paragraph("  ", fmt::format("and {} more", timeline_.writes.size() - chosen.size()));
    gap();
  }

  void remarks() {
    if (options_.remarks.empty()) return;
    paragraph("", "Remarks:", kBold);
    for (const std::string& remark : options_.remarks) paragraph("  - ", safe_text(remark));
    gap();
  }

  void closing() {
    const std::string verdict =
        safe_text(options_.verdict.empty() ? recording_.verdict : options_.verdict);
    if (!verdict.empty()) paragraph("Verdict: ", verdict, kBold);
    paragraph(
        "",
        fmt::format("Seed {}, {} events, {} messages, {}, digest {:016x}", recording_.seed,
                    recording_.events.size(), recording_.messages, ending(), recording_.digest),
        kFaint);
  }

  /// When the last event was, and why none came after it.
  std::string ending() const {
    const std::string at = shown(recording_.ended);
    const std::string& why = recording_.stopped;
    if (why.empty()) return "ended at " + at;
    if (why == "quiescent") return "ended at " + at + " (nothing left to happen)";
    if (why == "horizon") return "last event at " + at + " (nothing more until the horizon)";
    if (why == "event_limit") return "stopped at " + at + " (by the event limit)";
    return fmt::format("ended at {} ({})", at, plain_words(safe_text(why)));
  }

  // ---- the chart ----

  std::vector<std::string> lane_labels() {
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < clients_.size(); ++i)
      labels.push_back(letter_of(clients_[i]) + std::string(" ") +
                       ascii_if_asked(narrator_.process(clients_[i])));
    for (const OwnershipSpan& own : timeline_.ownerships)
      if (std::find(locks_.begin(), locks_.end(), own.lock) == locks_.end())
        locks_.push_back(own.lock);
    constexpr std::size_t kMostLocks = 6;
    if (locks_.size() > kMostLocks) locks_.resize(kMostLocks);
    for (const Symbol lock : locks_)
      labels.push_back(locks_.size() == 1 ? std::string("owner")
                                          : ascii_if_asked(narrator_.text(lock)));
    return labels;
  }

  char letter_of(ProcessId client) const {
    const auto place = std::find(clients_.begin(), clients_.end(), client);
    const auto number = static_cast<std::size_t>(place - clients_.begin());
    if (number < 26) return static_cast<char>('A' + number);
    return number < 52 ? static_cast<char>('a' + number - 26) : '+';
  }

  std::string_view hue_of(ProcessId client) const {
    const auto place = std::find(clients_.begin(), clients_.end(), client);
    if (place == clients_.end()) return kNoStyle;
    return kHues[static_cast<std::size_t>(place - clients_.begin()) % std::size(kHues)];
  }

  std::size_t column(Instant at) const {
    if (at <= start_) return 0;
    const auto from_start = [this](Instant to) {
      return static_cast<std::uint64_t>(to.time_since_epoch().count()) -
             static_cast<std::uint64_t>(start_.time_since_epoch().count());
    };
    const std::uint64_t span = std::max<std::uint64_t>(from_start(end_), 1);
    const auto place =
        static_cast<std::size_t>(Uint128{from_start(std::min(at, end_))} * chart_width_ / span);
    return std::min(place, chart_width_ - 1);
  }

  /// What lasts, however short, takes a column; what ends at a column's left edge does not reach
  /// it.
  template <class Draw>
  void fill(Interval span, Draw draw) const {
    const std::size_t first = column(span.from);
    const std::size_t last =
        span.until > span.from ? std::max(first, column(span.until - Duration{1})) : first;
    for (std::size_t at = first; at <= last; ++at) draw(at);
  }

  Row belief_row(ProcessId client, std::set<std::string_view>& legend) const {
    Row row(chart_width_);
    for (const BeliefSpan& belief : timeline_.beliefs) {
      if (belief.client != client) continue;
      legend.insert("believes");
      fill(belief.span, [&](std::size_t at) { row.set(at, glyphs_.believes, hue_of(client)); });
    }
    // Second, so that the shortest moment of error is seen.
    for (const BeliefSpan& belief : timeline_.beliefs) {
      if (belief.client != client) continue;
      for (const Interval& part : belief.wrong) {
        legend.insert("wrong");
        fill(part, [&](std::size_t at) { row.set(at, glyphs_.believes_wrongly, kRed); });
      }
    }
    return row;
  }

  /// A sign where it was refused, unless it believed to have the lock then.
  void add_refusals(ProcessId client, Row& row, std::set<std::string_view>& legend) const {
    for (const RefusalMark& refusal : timeline_.refusals) {
      const std::size_t at = column(refusal.at);
      if (refusal.client != client || !row.empty(at)) continue;
      legend.insert("refused");
      row.set(at, glyphs_.refused, hue_of(client));
    }
  }

  Row standstill_row(ProcessId client, std::set<std::string_view>& legend) const {
    Row row(chart_width_);
    for (const StandstillSpan& still : timeline_.standstills) {
      if (still.process != client) continue;
      const bool crashed = still.kind == StandstillSpan::Kind::crashed;
      legend.insert(crashed ? "crashed" : "paused");
      fill(still.span, [&](std::size_t at) {
        row.set(at, crashed ? glyphs_.crashed : glyphs_.paused, crashed ? kRed : kNoStyle);
      });
    }
    return row;
  }

  /// Faults of those that have no lane of their own.
  Row server_row(std::set<std::string_view>& legend) const {
    Row row(chart_width_);
    for (const bool crashed : {false, true})
      for (const StandstillSpan& still : timeline_.standstills) {
        const bool client =
            std::find(clients_.begin(), clients_.end(), still.process) != clients_.end();
        if (client || (still.kind == StandstillSpan::Kind::crashed) != crashed) continue;
        legend.insert(crashed ? "crashed" : "paused");
        fill(still.span, [&](std::size_t at) {
          row.set(at, crashed ? glyphs_.crashed : glyphs_.paused, crashed ? kRed : kNoStyle);
        });
      }
    return row;
  }

  Row clock_row(std::set<std::string_view>& legend) const {
    Row row(chart_width_);
    legend.insert("clock");
    for (const ClockMark& mark : timeline_.clocks) row.set(column(mark.at), glyphs_.fault, kRed);
    return row;
  }

  Row ownership_row(Symbol lock) const {
    Row row(chart_width_);
    for (const OwnershipSpan& own : timeline_.ownerships) {
      if (own.lock != lock) continue;
      fill(own.span, [&](std::size_t at) { row.set(at, glyphs_.owns, hue_of(own.client)); });
    }
    for (const OwnershipSpan& own : timeline_.ownerships)
      if (own.lock == lock)
        row.set(column(own.span.from), letter_of(own.client), hue_of(own.client));
    return row;
  }

  Row write_row(std::set<std::string_view>& legend) const {
    Row row(chart_width_);
    const auto importance = [](const WriteMark& write) {
      return write.blamed ? 2 : write.accepted ? 0 : 1;
    };
    for (const int wanted : {0, 1, 2})
      for (const WriteMark& write : timeline_.writes) {
        if (importance(write) != wanted) continue;
        const std::string_view sign = write.blamed     ? glyphs_.violation
                                      : write.accepted ? glyphs_.good
                                                       : glyphs_.refused;
        legend.insert(write.blamed ? "blamed" : write.accepted ? "accepted" : "rejected");
        row.set(column(write.at), sign, write.blamed ? kRedBold : hue_of(write.client));
      }
    return row;
  }

  Row cut_row() const {
    Row row(chart_width_);
    for (const CutSpan& cut : timeline_.cuts)
      fill(cut.span, [&](std::size_t at) { row.set(at, glyphs_.cut, kRed); });
    return row;
  }

  Row finding_row() const {
    Row row(chart_width_);
    for (const Finding& finding : recording_.findings)
      fill({finding.from, std::min(finding.until, end_)},
           [&](std::size_t at) { row.set(at, glyphs_.violation, kRedBold); });
    return row;
  }

  void axis(std::size_t label_width) {
    const std::int64_t span = std::max<std::int64_t>((end_ - start_).count(), 1);
    Row numbers(chart_width_);
    Row ticks(chart_width_);
    for (std::size_t at = 0; at < chart_width_; ++at) ticks.set(at, glyphs_.rule, kFaint);
    const std::int64_t step = tick_step(span);
    std::size_t free_from = 0;
    for (std::int64_t count = 0; count <= span / step; ++count) {
      const Duration since{count * step};
      const std::size_t at = column(start_ + since);
      const std::string number = shown(start_ + since);
      if (at < free_from || !numbers.write(at, number)) continue;
      free_from = at + number.size() + 1;
      ticks.set(at, glyphs_.tick, kFaint);
    }
    for (const Row* row : {&numbers, &ticks}) {
      out_.append(label_width + 2, ' ');
      out_ += row->drawn(
          [this](std::string_view text, std::string_view style) { return painted(text, style); });
      end_line();
    }
  }

  /// The smallest of 1, 2, 5, 10, 20, ... nanoseconds whose numbers do not touch one another.
  std::int64_t tick_step(std::int64_t span) const {
    const std::size_t room = shown(end_).size() + 2;
    std::int64_t step = 1;
    for (int round = 0; step < span; ++round) {
      if (Uint128{static_cast<std::uint64_t>(step)} * chart_width_ >=
          Uint128{static_cast<std::uint64_t>(span)} * room)
        break;
      if (step > span / 5) return span;
      step = round % 3 == 1 ? step / 2 * 5 : step * 2;
    }
    return step;
  }

  void chart_legend(const std::set<std::string_view>& used) {
    std::vector<std::string> entries;
    const auto entry = [&](std::string_view key, std::string_view sign, std::string_view meaning) {
      if (used.contains(key)) entries.push_back(fmt::format("{} {}", sign, meaning));
    };
    entry("believes", glyphs_.believes, "believes that it holds the lock");
    entry("wrong", glyphs_.believes_wrongly, "believes it wrongly");
    entry("paused", glyphs_.paused, "paused");
    entry("crashed", glyphs_.crashed, "down");
    entry("clock", glyphs_.fault, "a clock is changed");
    if (!locks_.empty())
      entries.push_back(fmt::format("{}{} holds it at the service",
                                    letter_of(timeline_.ownerships.front().client), glyphs_.owns));
    entry("accepted", glyphs_.good, "write accepted");
    if (used.contains("rejected") && used.contains("refused"))
      entry("refused", glyphs_.refused, "lock refused, or write rejected");
    else if (used.contains("refused"))
      entry("refused", glyphs_.refused, "lock refused");
    else
      entry("rejected", glyphs_.refused, "write rejected");
    entry("blamed", glyphs_.violation, "write wrongly accepted");
    // A sign and its meaning stay together.
    std::string line;
    for (const std::string& one : entries) {
      if (!line.empty() && columns(line) + columns(one) + 5 > width_) {
        paragraph("  ", line + ",", kFaint);
        line.clear();
      }
      line += (line.empty() ? "" : ", ") + one;
    }
    paragraph("  ", line, kFaint);
  }

  // ---- writes ----

  std::string writer(const WriteMark& write) const {
    return ascii_if_asked(write.client ? narrator_.process(write.client) : std::string("somebody"));
  }

  std::string reason(const WriteMark& write) const {
    if (const auto* rejected = std::get_if<WriteRejected>(&recording_.events[write.event].what))
      if (rejected->why != Rejection::stale_token && rejected->why != Rejection::equal_token)
        return plain_words(to_string(rejected->why));
    return write.token ? "token " + Narrator::comparison(write.token, write.highest)
                       : std::string("no token");
  }

  // ---- drawing text ----

  std::pair<std::string_view, std::string_view> sign_of(Tone tone) const {
    switch (tone) {
      case Tone::good:
        return {glyphs_.good, kNoStyle};
      case Tone::refused:
        return {glyphs_.refused, kNoStyle};
      case Tone::fault:
        return {glyphs_.fault, kRed};
      case Tone::wrong:
        return {glyphs_.wrong, kRed};
      case Tone::violation:
        return {glyphs_.violation, kRedBold};
      case Tone::plain:
      case Tone::left_out:
        return {" ", kNoStyle};
    }
    return {" ", kNoStyle};
  }

  std::string ascii_if_asked(std::string text) const {
    return options_.ascii ? ascii_text(text) : std::move(text);
  }

  /// `prefix`, perhaps a sign, then `text` (harmless already), folded under its own beginning.
  void paragraph(std::string_view prefix, std::string_view text, std::string_view style = kNoStyle,
                 std::string_view sign = {}, std::string_view sign_style = kNoStyle) {
    const std::string plain = ascii_if_asked(std::string(text));
    const std::size_t sign_width = sign.empty() ? 0 : 2;
    const std::size_t begins = std::min(columns(prefix) + sign_width, width_ - 10);
    // Under a long beginning a narrow terminal has no room left.
    const std::size_t indent = begins <= width_ / 3 ? begins : 4;

    const std::string_view first = wrapped(plain, width_ - begins).front();
    std::string_view rest = std::string_view(plain).substr(first.size());
    while (rest.starts_with(' ')) rest.remove_prefix(1);

    out_ += painted_names(prefix);
    if (!sign.empty()) out_.append(painted(sign, sign_style)).append(" ");
    out_ += style == kNoStyle ? painted_names(first) : painted(first, style);
    end_line();
    if (rest.empty()) return;
    for (const std::string_view line : wrapped(rest, width_ - indent)) {
      out_.append(indent, ' ');
      out_ += style == kNoStyle ? painted_names(line) : painted(line, style);
      end_line();
    }
  }

  std::string painted(std::string_view text, std::string_view style) const {
    if (!options_.colour || style.empty() || text.empty()) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", style, text);
  }

  /// Every client's name in its hue.
  std::string painted_names(std::string_view text) const {
    if (!options_.colour) return std::string(text);
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const bool begins = in_word(text[at]) && (at == 0 || !in_word(text[at - 1]));
      std::size_t end = at + 1;
      if (begins)
        while (end < text.size() && in_word(text[end])) ++end;
      const std::string_view word = text.substr(at, end - at);
      const auto known = begins ? hues_.find(word) : hues_.end();
      out += known == hues_.end() ? std::string(word) : painted(word, known->second);
      at = end;
    }
    return out;
  }

  void gap() { out_ += '\n'; }
  void end_line() {
    while (out_.ends_with(' ')) out_.pop_back();
    out_ += '\n';
  }

  const Recording& recording_;
  const TextOptions& options_;
  const Glyphs& glyphs_;
  std::size_t width_;
  Timeline timeline_;
  Narrator narrator_;
  std::vector<ProcessId> clients_;
  std::vector<Symbol> locks_;                                  // that have a lane
  std::map<std::string, std::string_view, std::less<>> hues_;  // by client name
  std::string out_;

  Instant start_{};  // of the chart
  Instant end_{};
  std::size_t chart_width_ = 0;
};

}  // namespace

std::string text_report(const Recording& recording, const TextOptions& options) {
  return Report(recording, options).write();
}

std::string text_chart(const Recording& recording, const TextOptions& options) {
  return Report(recording, options).write_chart();
}

}  // namespace locklab
