#include "reports/svg_timeline.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "reports/crowding.hpp"
#include "reports/markup.hpp"
#include "reports/page_files.hpp"
#include "reports/picture.hpp"
#include "reports/picture_definitions.hpp"
#include "reports/picture_words.hpp"
#include "reports/plain_text.hpp"
#include "reports/story.hpp"
#include "reports/svg_writer.hpp"

namespace locklab {
namespace {

using Tone = StoryLine::Tone;

constexpr std::int64_t kMargin = 14;          // beside the axis, so that nothing at its ends is cut
constexpr std::size_t kMostTitles = 300;      // messages that say what they are
constexpr std::size_t kMostMessages = 3'000;  // lines; more are left to the scripts

class Drawing {
 public:
  explicit Drawing(const PictureSource& source)
      : recording_(source.recording),
        timeline_(source.timeline),
        narrator_(source.narrator),
        axis_(source.axis),
        parting_(source.parting),
        detail_(source.detail),
        crowding_(axis_, source.detail.window),
        picture_(recording_, timeline_, narrator_) {}

  std::string draw(std::vector<std::string>* left_out) {
    const std::int64_t height = picture_.height();
    if (detail_.sketch) svg_.leave_titles_out();
    svg_.open(fmt::format(
        "svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" "
        "viewBox=\"0 0 {} {}\" data-gutter=\"{}\" data-axis=\"{}\" data-margin=\"{}\" role=\"img\" "
        "aria-label=\"Belief against truth\"{}",
        kGutter + kAxisWidth + kMargin, height, kGutter, kAxisWidth, kMargin,
        is_crowded() ? " data-crowded=\"1\"" : ""));
    svg_.raw(picture_definitions(clients()));
    gutter();
    // A second frame of coordinates, so that whatever is zoomed keeps clear of the names.
    svg_.open(fmt::format("svg class=\"window\" x=\"{}\" y=\"0\" width=\"{}\" height=\"{}\"",
                          kGutter - kMargin, kAxisWidth + 2 * kMargin, height));
    svg_.open(fmt::format("g class=\"time\" transform=\"translate({} 0)\"", kMargin));
    ruler();
    overlaps();
    for (const Lane& lane : picture_.lanes()) band_of(lane);
    if (!detail_.sketch) messages();
    faults();
    if (!detail_.sketch) marks();
    if (parting_)
      svg_.line("parting", axis_.x(*parting_), kRulerHeight - 8, axis_.x(*parting_), height - 4,
                "here the two runs part");
    // What is written stands above all that is drawn.
    svg_.open("g class=\"words\"").raw(std::move(words_).take()).close("g");
    svg_.close("g").close("svg").close("svg");
    if (left_out != nullptr) {
      *left_out = picture_.left_out();
      if (messages_left_out_ > 0)
        left_out->push_back(
            fmt::format("{} of the {} messages are not drawn, most of them where another one is; "
                        "the list of events "
                        "has all of them.",
                        messages_left_out_, picture_.messages().size()));
    }
    return std::move(svg_).take();
  }

 private:
  // ---- frame ----

  std::size_t clients() const {
    std::size_t count = 0;
    for (const RecordedProcess& process : recording_.processes)
      count += process.role == ProcessRole::client ? 1u : 0u;
    return count;
  }

  std::string hue_class(ProcessId client) const {
    const auto hue = picture_.hue(client);
    return hue ? fmt::format("h{}", *hue % kPictureHues) : std::string("h-none");
  }

  /// Names left of the bands.
  void gutter() {
    svg_.open("g class=\"names\"");
    for (const Lane& lane : picture_.lanes()) {
      const auto [name, detail] = names_of(lane);
      const std::int64_t middle = lane.top + std::min<std::int64_t>(lane.band, 30) / 2;
      const bool one_line = lane.small || detail.empty();
      std::string kind = lane.kind == Lane::Kind::client ? hue_class(lane.process) + " who" : "";
      if (lane.small) kind = "small";
      if (lane.kind == Lane::Kind::finding) kind += " finding";
      if (lane.kind == Lane::Kind::client)
        svg_.raw(
            fmt::format("<rect class=\"{} hue\" x=\"2\" y=\"{}\" width=\"5\" height=\"{}\" "
                        "rx=\"2\"/>",
                        hue_class(lane.process), lane.top, lane.band));
      svg_.text(kind + " name", 1'300, middle + (one_line ? 4 : -2), shortened(name, 20, "…"),
                name);
      if (!one_line) svg_.text("detail", 1'300, middle + 13, shortened(detail, 24, "…"), detail);
    }
    svg_.close("g");
  }

  std::pair<std::string, std::string> names_of(const Lane& lane) const {
    switch (lane.kind) {
      case Lane::Kind::network:
        return {"network", ""};
      case Lane::Kind::client:
        return {narrator_.process(lane.process), "believes"};
      case Lane::Kind::owner:
        return {"owner", quorum_of(lane.subject)};
      case Lane::Kind::queue:
        return {"in line", "for " + narrator_.text(lane.subject)};
      case Lane::Kind::server:
        return {narrator_.process(lane.process), lane.locks.empty()       ? ""
                                                 : lane.locks.size() == 1 ? "keeps the lock"
                                                                          : "keeps locks"};
      case Lane::Kind::storage:
        return {narrator_.process(lane.process), narrator_.text(lane.subject)};
      case Lane::Kind::finding:
        return {fmt::format("violation {}", lane.finding + 1), ""};
    }
    return {};
  }

  std::string quorum_of(Symbol lock) const {
    for (const Attempt& attempt : timeline_.attempts)
      if (attempt.lock == lock && attempt.of > 1)
        return fmt::format("by {} of {} nodes", attempt.quorum, attempt.of);
    return "of " + narrator_.text(lock);
  }

  void ruler() {
    const std::int64_t bottom = picture_.height() - 4;
    for (const TimeAxis::Piece& piece : axis_.pieces()) {
      if (!piece.shortened) continue;
      svg_.open("g class=\"gap\"");
      svg_.rect("idle", piece.x, kRulerHeight - 8, piece.width, bottom - kRulerHeight + 8);
      const std::string length = shown(piece.until - piece.from);
      svg_.fit("length", piece.x, piece.x + piece.width, kRulerHeight - 13, "middle",
               {"… " + length + " …", length});
      svg_.close("g");
    }
    // An even stretch says when it begins; a long one, what comes after it as well.
    std::int64_t free_from = -kMargin * 100;
    svg_.open("g class=\"ticks\"");
    for (const Instant at : tick_instants()) {
      const std::int64_t x = axis_.x(at);
      svg_.line("tick", x, kRulerHeight - 8, x, bottom);
      const std::string words = shown(at);
      const auto width = text_width(words);
      const std::int64_t left = std::clamp<std::int64_t>(x - width / 2, -kMargin * 100,
                                                         axis_.width() - width + kMargin * 100);
      if (left < free_from) continue;
      svg_.text("time", left, 16, words);
      free_from = left + width + 700;
    }
    svg_.close("g");
    svg_.line("ruler", 0, kRulerHeight - 8, axis_.width(), kRulerHeight - 8);
  }

  std::vector<Instant> tick_instants() const {
    std::vector<Instant> all;
    for (const TimeAxis::Piece& piece : axis_.pieces()) {
      all.push_back(piece.from);
      if (piece.shortened || piece.width < 12'000) continue;
      const std::int64_t span = (piece.until - piece.from).count();
      std::int64_t step = 1;
      for (int round = 0; span / step > piece.width / 9'000; ++round)
        step = round % 3 == 1 ? step / 2 * 5 : step * 2;
      std::int64_t at = piece.from.time_since_epoch().count() / step * step + step;
      for (; at < piece.until.time_since_epoch().count(); at += step)
        all.push_back(Instant{Duration{at}});
    }
    all.push_back(axis_.last());
    return all;
  }

  /// While two clients believe that they hold one lock, a red shade joins their bands.
  void overlaps() {
    for (const Finding& finding : recording_.findings) {
      if (finding.invariant != "client_mutual_exclusion") continue;
      std::int64_t top = picture_.height();
      std::int64_t bottom = 0;
      for (const ProcessId process : finding.processes)
        if (const Lane* lane = picture_.lane_of(process)) {
          top = std::min(top, lane->top - 4);
          bottom = std::max(bottom, lane->top + lane->band + 4);
        }
      if (bottom <= top) continue;
      const auto [x, width] = place({finding.from, std::min(finding.until, timeline_.end)});
      svg_.rect("both", x, top, width, bottom - top);
    }
  }

  // ---- bands ----

  void band_of(const Lane& lane) {
    svg_.open(fmt::format("g class=\"lane\" data-p=\"{}\"", lane.process.number));
    switch (lane.kind) {
      case Lane::Kind::network:
      case Lane::Kind::finding:
        break;
      default:
        svg_.line("base", 0, lane.top + lane.band / 2, axis_.width(), lane.top + lane.band / 2);
    }
    switch (lane.kind) {
      case Lane::Kind::network:
        break;
      case Lane::Kind::client:
        waits(lane);
        beliefs(lane);
        break;
      case Lane::Kind::owner:
        owners(lane);
        break;
      case Lane::Kind::queue:
        queue(lane);
        break;
      case Lane::Kind::server:
        keys(lane);
        break;
      case Lane::Kind::storage:
        values(lane);
        break;
      case Lane::Kind::finding:
        finding(lane);
        break;
    }
    if (lane.own_clock) own_clock(lane);
    svg_.close("g");
  }

  // ---- where it is crowded ----

  /// Does any lane have more bands than can be told apart?
  bool is_crowded() const {
    return std::max({timeline_.beliefs.size(), timeline_.keys.size(), timeline_.writes.size(),
                     picture_.messages().size() / 8}) > Crowding::kMost;
  }

  /// Neighbours that touch as one, in the hue of whose they are.
  void narrow_bands(std::string_view classes, std::vector<NarrowBand> bands, std::int64_t top,
                    std::int64_t height, std::string_view what) {
    for (const MergedBand& band : crowding_.merged(std::move(bands))) {
      const auto [x, width] = place(band.span);
      svg_.rect(fmt::format("{} {}", hue_class(band.who), classes), x, top, width, height,
                fmt::format("{} {}, {} … {}", band.count, what, shown(band.span.from),
                            shown(band.span.until)));
    }
  }

  std::pair<std::int64_t, std::int64_t> place(const Interval& span) const {
    const std::int64_t x = axis_.x(span.from);
    return {x, axis_.x(span.until) - x};
  }

  void waits(const Lane& lane) {
    std::vector<NarrowBand> narrow;
    for (const WaitSpan& wait : picture_.waits()) {
      if (wait.client != lane.process || !crowding_.shows(wait.span)) continue;
      if (crowding_.too_narrow(wait.span, picture_.waits().size())) {
        narrow.push_back({wait.span, wait.client});
        continue;
      }
      const auto [x, width] = place(wait.span);
      svg_.rect("wait " + hue_class(lane.process), x, lane.top + lane.band / 2 - 3, width, 6,
                fmt::format("{} waits for the lock, {} … {}", narrator_.process(wait.client),
                            shown(wait.span.from), shown(wait.span.until)));
    }
    narrow_bands("wait", std::move(narrow), lane.top + lane.band / 2 - 3, 6, "times of waiting");
  }

  void beliefs(const Lane& lane) {
    const std::string hue = hue_class(lane.process);
    std::vector<NarrowBand> narrow;
    std::vector<NarrowBand> narrow_wrong;
    for (const BeliefSpan& belief : timeline_.beliefs) {
      if (belief.client != lane.process || !crowding_.shows(belief.span)) continue;
      if (crowding_.too_narrow(belief.span, timeline_.beliefs.size())) {
        narrow.push_back({belief.span, belief.client});
        for (const Interval& part : belief.wrong) narrow_wrong.push_back({part, belief.client});
        continue;
      }
      const std::string token = belief.token ? fmt::format(" · token {}", belief.token.number) : "";
      const std::string name = narrator_.process(belief.client);
      const Instant acts_until = std::min(belief.span.until, belief.release_began);
      const auto [x, width] = place(belief.span);
      svg_.rect(
          hue + " belief", x, lane.top, width, lane.band,
          fmt::format("{} believes that it holds {}{}, {} … {}", name, narrator_.lock(belief.lock),
                      token, shown(belief.span.from), shown(belief.span.until)));
      if (acts_until < belief.span.until) {
        const auto [rx, rwidth] = place({acts_until, belief.span.until});
        svg_.rect(hue + " giving", rx, lane.top, rwidth, lane.band, name + " gives the lock back");
      }
      Instant right_until = acts_until;
      for (const Interval& part : belief.wrong) {
        const auto [wx, wwidth] = place(part);
        const std::string why = why_wrong(timeline_, belief, part);
        svg_.rect(
            hue + " wrong", wx, lane.top + 1, wwidth, lane.band - 2,
            fmt::format("{} believes that it holds {}, wrongly, {} … {}: {}", name,
                        narrator_.lock(belief.lock), shown(part.from), shown(part.until), why));
        words_.fit("on-hatch", wx, wx + wwidth, lane.top + 19, "start",
                   {"believes it holds · " + why, why, shown(part.until - part.from), "✗"});
        right_until = std::min(right_until, part.from);
      }
      const auto [bx, bwidth] = place({belief.span.from, right_until});
      const std::string lock = several_locks() ? " " + narrator_.text(belief.lock) : "";
      words_.fit(hue + " on-hue", bx, bx + bwidth, lane.top + 19, "start",
                 {(belief.assumed ? "acts as if it held" : "holds") + lock + token,
                  belief.token ? fmt::format("{}", belief.token.number) : "holds"});
      lease_end(lane, belief);
    }
    narrow_bands("belief", std::move(narrow), lane.top, lane.band, "times it believed");
    narrow_bands("wrong", std::move(narrow_wrong), lane.top + 1, lane.band - 2, "times wrongly");
    if (!detail_.sketch) refusals(lane);
  }

  void refusals(const Lane& lane) {
    std::int64_t free_from = Crowding::kAllFree;
    for (const RefusalMark& refusal : timeline_.refusals)
      if (refusal.client == lane.process && crowding_.shows({refusal.at, refusal.at}) &&
          crowding_.has_place(axis_.x(refusal.at), timeline_.refusals.size(), free_from))
        svg_.mark("refused", axis_.x(refusal.at), lane.top + lane.band / 2,
                  "<path d=\"M-4-4l8 8m0-8l-8 8\"/>",
                  fmt::format("{} is refused the lock at {}", narrator_.process(refusal.client),
                              shown(refusal.at)));
  }

  bool several_locks() const {
    return std::any_of(
        timeline_.beliefs.begin(), timeline_.beliefs.end(),
        [&](const BeliefSpan& b) { return b.lock != timeline_.beliefs.front().lock; });
  }

  void lease_end(const Lane& lane, const BeliefSpan& belief) {
    if (belief.assumed || belief.promise_until == kEndOfTime) return;
    if (belief.promise_until > timeline_.end || belief.release_began <= belief.promise_until)
      return;
    const std::int64_t x = axis_.x(belief.promise_until);
    svg_.line("lease", x, lane.top - 5, x, lane.top + lane.band + 7);
    const bool room = x + 16'000 < axis_.width();
    words_.fit("lease-words", room ? x - 400 : x - 16'000, room ? x + 16'000 : x + 400,
               lane.top + lane.band + 16, room ? "start" : "end",
               {"lease over " + shown(belief.promise_until)});
  }

  void owners(const Lane& lane) {
    std::vector<NarrowBand> narrow;
    for (const OwnershipSpan& own : timeline_.ownerships) {
      if (own.lock != lane.subject || !crowding_.shows(own.span)) continue;
      if (crowding_.too_narrow(own.span, timeline_.ownerships.size())) {
        narrow.push_back({own.span, own.client});
        continue;
      }
      const auto [x, width] = place(own.span);
      const std::string name = narrator_.process(own.client);
      svg_.rect(
          hue_class(own.client) + " owned", x, lane.top, width, lane.band,
          fmt::format("{} owns {} at the service, {} … {}{}", name, narrator_.lock(own.lock),
                      shown(own.span.from), shown(own.span.until), why_gone(own.why, own.open)));
      words_.fit(hue_class(own.client) + " on-soft", x, x + width, lane.top + 17, "start",
                 {name + " owns it", name});
    }
    narrow_bands("owned", std::move(narrow), lane.top, lane.band, "times somebody's");
  }

  /// Who stands in line, each place in a row of its own while it lasts.
  void queue(const Lane& lane) {
    for (const auto& [key, row] : picture_.queue(lane.subject)) {
      const std::int64_t top = lane.top + static_cast<std::int64_t>(row) * lane.row_height;
      const auto [x, width] = place(key->span);
      const std::string name = narrator_.process(key->client);
      svg_.rect(
          hue_class(key->client) + " owned", x, top + 1, width, lane.row_height - 2,
          fmt::format("{}: place {} in line, {} … {}{}", name, key->rank, shown(key->span.from),
                      shown(key->span.until), why_gone(key->why, key->open)));
      const std::string gone = key->open || key->why == RemovalReason::deleted
                                   ? std::string()
                                   : " · gone " + shown(key->span.until);
      words_.fit(hue_class(key->client) + " on-soft small", x, x + width, top + 12, "start",
                 {fmt::format("{} · {}{}", name, key->rank, gone),
                  fmt::format("{} · {}", name, key->rank), fmt::format("{}", key->rank)});
    }
  }

  static std::string why_gone(RemovalReason why, bool open) {
    return open ? std::string() : ": " + plain_words(to_string(why));
  }

  void keys(const Lane& lane) {
    for (std::size_t row = 0; row < lane.locks.size(); ++row) {
      const std::int64_t top = lane.top + static_cast<std::int64_t>(row) * lane.row_height;
      std::vector<NarrowBand> narrow;
      for (const KeySpan& key : timeline_.keys) {
        const Attempt* attempt = timeline_.attempt(key.attempt);
        if (key.node != lane.process || attempt == nullptr || attempt->lock != lane.locks[row] ||
            !crowding_.shows(key.span))
          continue;
        if (crowding_.too_narrow(key.span, timeline_.keys.size())) {
          narrow.push_back({key.span, key.client});
          continue;
        }
        const auto [x, width] = place(key.span);
        const std::string name = narrator_.process(key.client);
        svg_.rect(
            hue_class(key.client) + " owned", x, top + 1, width, lane.row_height - 2,
            fmt::format("{}: the key of {}, {} … {}{}", narrator_.process(lane.process), name,
                        shown(key.span.from), shown(key.span.until), why_gone(key.why, key.open)));
        std::string words = name + "’s key";
        if (lane.locks.size() > 1) words += " on " + narrator_.text(attempt->lock);
        const std::string gone =
            key.open || key.why == RemovalReason::deleted
                ? std::string()
                : " · " + plain_words(to_string(key.why)) + " " + shown(key.span.until);
        words_.fit(hue_class(key.client) + (lane.small ? " on-soft small" : " on-soft"), x,
                   x + width, top + (lane.small ? 11 : 19), "start", {words + gone, words, name});
      }
      narrow_bands("owned", std::move(narrow), top + 1, lane.row_height - 2, "keys");
    }
  }

  /// Whose value stands, and what was refused.
  void values(const Lane& lane) {
    std::vector<const WriteMark*> writes;
    for (const WriteMark& write : timeline_.writes)
      if (write.storage == lane.process && write.subject == lane.subject) writes.push_back(&write);
    std::vector<NarrowBand> narrow;
    for (std::size_t i = 0; i < writes.size(); ++i) {
      const WriteMark& write = *writes[i];
      if (!write.accepted) continue;
      const Instant free_until = i + 1 < writes.size() ? writes[i + 1]->at : timeline_.end;
      Instant until = timeline_.end;
      for (std::size_t j = i + 1; j < writes.size(); ++j)
        if (writes[j]->accepted) {
          until = writes[j]->at;
          break;
        }
      if (!crowding_.shows({write.at, until})) continue;
      if (!write.blamed && crowding_.too_narrow({write.at, until}, writes.size())) {
        narrow.push_back({{write.at, until}, write.client});
        continue;
      }
      const auto [x, width] = place({write.at, until});
      const std::int64_t free_x = axis_.x(std::min(until, free_until));
      const std::string who = write.client ? narrator_.process(write.client) : "somebody";
      const std::string token = write.token ? fmt::format(" · token {}", write.token.number) : "";
      const std::string compared =
          write.token && write.highest
              ? " (" + Narrator::comparison(write.token, write.highest) + ")"
              : std::string();
      svg_.rect(
          hue_class(write.client) + (write.blamed ? " value blamed" : " value"), x, lane.top, width,
          lane.band,
          fmt::format("{}: {}{}", shown(write.at), who + "’s value stands", token + compared));
      if (write.blamed)
        words_.fit("on-hatch bad", x, free_x, lane.top + 19, "start",
                   {"⚠ " + who + "’s late write was taken" + token + compared,
                    "⚠ " + who + "’s late write" + token, "⚠ " + who, "⚠"});
      else
        words_.fit(hue_class(write.client) + " on-soft", x, free_x, lane.top + 19, "start",
                   {who + "’s value" + token + compared, who + token, who});
    }
    narrow_bands("value", std::move(narrow), lane.top, lane.band, "values");
    std::int64_t free_from = Crowding::kAllFree;
    for (std::size_t i = 0; i < writes.size(); ++i) {
      const WriteMark& write = *writes[i];
      if (write.accepted || !crowding_.shows({write.at, write.at})) continue;
      const std::int64_t x = axis_.x(write.at);
      if (!crowding_.has_place(x, writes.size(), free_from)) continue;
      const std::int64_t next = i + 1 < writes.size() ? axis_.x(writes[i + 1]->at) : axis_.width();
      svg_.mark("stopped", x, lane.top + lane.band / 2,
                "<circle r=\"9\"/><path d=\"M-4-4l8 8m0-8l-8 8\"/>",
                narrator_.sentence(recording_.events[write.event]), write.event);
      std::string why = "refused";
      if (write.token && write.highest)
        why = Narrator::comparison(write.token, write.highest) + ": refused";
      words_.fit("verdict-words", x + 1'000, std::max(next, x + 14'000), lane.top + 19, "start",
                 {why, "refused"});
    }
  }

  void finding(const Lane& lane) {
    const Finding& what = recording_.findings[lane.finding];
    if (!crowding_.shows({what.from, std::min(what.until, timeline_.end)})) return;
    const auto [x, width] = place({what.from, std::min(what.until, timeline_.end)});
    const std::string words = plain_words(what.invariant);
    const std::string length = what.until > what.from
                                   ? ", " + shown(std::min(what.until, timeline_.end) - what.from)
                                   : ", at " + shown(what.from);
    svg_.rect("violation", x, lane.top + 2, std::max<std::int64_t>(width, 300), lane.band - 4,
              narrator_.sentence(what));
    // What does not fit into the bar stands beside it, on the side that has room.
    const std::string all = words + length;
    if (text_width(all) + 800 <= width)
      words_.fit("on-red", x, x + width, lane.top + 15, "start", {all, words});
    else if (x + width + text_width(all) + 800 < axis_.width())
      words_.fit("beside", x + width, axis_.width(), lane.top + 15, "start", {all, words});
    else
      words_.fit("beside", 0, x, lane.top + 15, "end", {all, words});
  }

  /// What the machine's own clock shows, where that is not the true time.
  void own_clock(const Lane& lane) {
    const std::int64_t y = lane.top + lane.band + (lane.kind == Lane::Kind::client ? 30 : 17);
    std::vector<std::size_t> chosen;
    std::size_t last = recording_.events.size();
    for (std::size_t i = 0; i < recording_.events.size(); ++i) {
      const TraceEvent& event = recording_.events[i];
      if (event.process != lane.process) continue;
      const bool differs = event.wall.time_since_epoch() / 1us != event.at.time_since_epoch() / 1us;
      if (chosen.empty() ? differs : std::holds_alternative<ClockChanged>(event.what))
        chosen.push_back(i);
      last = i;
    }
    if (!chosen.empty() && last != chosen.back()) chosen.push_back(last);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const TraceEvent& event = recording_.events[chosen[i]];
      const std::int64_t x = axis_.x(event.at);
      const std::int64_t next = i + 1 < chosen.size() ? axis_.x(recording_.events[chosen[i + 1]].at)
                                                      : axis_.width() + 1'000;
      svg_.line("clock-tick", x, y - 9, x, y + 2);
      const std::string time = shown(event.wall.time_since_epoch());
      words_.fit("clock-words", x, next, y, "start", {"own clock " + time, time});
    }
  }

  // ---- messages, faults, marks ----

  void messages() {
    svg_.open("g class=\"messages\"");
    std::size_t drawn = 0;
    std::map<std::pair<ProcessId, ProcessId>, std::int64_t> free_from;
    for (const MessageLine& message : picture_.messages()) {
      const Lane* from = picture_.lane_of(message.from);
      const Lane* to = picture_.lane_of(message.to);
      if (!crowding_.shows({message.left, std::max(message.left, message.arrived)})) continue;
      std::int64_t& free =
          free_from.try_emplace({message.from, message.to}, Crowding::kAllFree).first->second;
      if (!message.lost && !message.refusal &&
          !crowding_.has_place(axis_.x(message.left), picture_.messages().size() / 8, free)) {
        ++messages_left_out_;
        continue;
      }
      if (from == nullptr || to == nullptr || from == to || ++drawn > kMostMessages) {
        ++messages_left_out_;
        continue;
      }
      const bool down = from->top < to->top;
      const std::int64_t y1 = down ? from->top + from->band : from->top;
      const std::int64_t y2 = down ? to->top : to->top + to->band;
      const std::int64_t x1 = axis_.x(message.left);
      const std::string attributes = fmt::format("data-e=\"{}\" data-p=\"{} {}\"", message.sent,
                                                 message.from.number, message.to.number);
      // Of many, whoever points at one is told by the scripts.
      const std::string words =
          picture_.messages().size() > kMostTitles
              ? std::string()
              : message.words + ", " + shown(message.left) +
                    (message.lost || message.open ? "" : " … " + shown(message.arrived));
      const std::string_view among = message.among ? " among" : "";
      if (message.lost) {
        // It goes a part of the way, and is gone.
        const std::int64_t y = y1 + (y2 - y1) * 45 / 100;
        svg_.line(fmt::format("lost{}", among), x1, y1, x1 + 500, y, words, attributes);
        svg_.mark(fmt::format("lost-end{}", among), x1 + 500, y,
                  "<path d=\"M-3.5-3.5l7 7m0-7l-7 7\"/>", words, message.sent);
        continue;
      }
      const std::string_view kind = message.refusal ? "way no" : message.open ? "way open" : "way";
      std::string_view head = " marker-end=\"url(#way)\"";
      if (message.refusal) head = " marker-end=\"url(#no)\"";
      if (message.open || message.among) head = "";
      svg_.line(fmt::format("{}{}", kind, among), x1, y1, axis_.x(message.arrived), y2, words,
                fmt::format("{}{}", attributes, head));
    }
    svg_.close("g");
  }

  void faults() {
    svg_.open("g class=\"faults\"");
    for (const FaultBlock& fault : picture_.faults()) {
      const Lane* lane = nullptr;
      for (const Lane& one : picture_.lanes())
        if (fault.process ? one.process == fault.process : one.kind == Lane::Kind::network) {
          lane = &one;
          break;
        }
      if (lane == nullptr) continue;
      const auto [x, width] = place(fault.span);
      const std::string index = fault.fault ? fmt::format(" data-f=\"{}\"", *fault.fault) : "";
      const std::string subject = fault.process ? narrator_.process(fault.process) + " is " : "";
      const std::string title =
          subject + fault.words + ", " + shown(fault.span.from) + " … " + shown(fault.span.until);
      if (!fault.process) {
        const std::int64_t top =
            lane->top + static_cast<std::int64_t>(fault.row) * lane->row_height + 1;
        svg_.rect("block cut", x, top, width, lane->row_height - 4, title, index);
        words_.fit("on-cut", x, x + width, top + 14, "start", {fault.words, "cut"});
        continue;
      }
      const std::int64_t over = lane->small ? 2 : 6;
      svg_.rect(fault.crash ? "block down" : "block", x, lane->top - over, width,
                lane->band + 2 * over, title, index);
      words_.fit("fault-words", x - 400, std::max(x + width, x + 12'000), lane->top - over - 4,
                 "start", {fault.words});
    }
    for (const ClockMark& mark : timeline_.clocks) {
      const Lane* lane = picture_.lane_of(mark.process);
      if (lane == nullptr) continue;
      svg_.mark("clock-set", axis_.x(mark.at), lane->top - 3,
                "<path d=\"M0 5V-9M0-9h8l-2.5 3.5L8-2H0\"/>", clock_words(mark));
      words_.fit("fault-words", axis_.x(mark.at) + 900, axis_.x(mark.at) + 20'000, lane->top - 4,
                 "start", {clock_words(mark)});
    }
    svg_.close("g");
  }

  /// A dot for each line of the story, on the lane of whom it is about.
  void marks() {
    svg_.open("g class=\"marks\"");
    std::map<ProcessId, std::int64_t> free_from;
    for (const StoryLine& line : tell_story(recording_, timeline_, narrator_, Detail::brief)) {
      const Lane* lane = picture_.lane_of(line.who);
      if (lane == nullptr || line.tone == Tone::fault || line.tone == Tone::left_out) continue;
      std::int64_t& free = free_from.try_emplace(line.who, Crowding::kAllFree).first->second;
      if (!crowding_.shows({line.at, line.at}) ||
          (line.tone != Tone::violation &&
           !crowding_.has_place(axis_.x(line.at), recording_.events.size() / 20, free)))
        continue;
      svg_.mark(line.tone == Tone::violation ? "dot bad" : "dot", axis_.x(line.at),
                lane->top + lane->band, "<circle r=\"3.6\"/>", shown(line.at) + ": " + line.text,
                line.event);
    }
    svg_.close("g");
  }

  const Recording& recording_;
  const Timeline& timeline_;
  const Narrator& narrator_;
  const TimeAxis& axis_;
  std::optional<Instant> parting_;
  PictureDetail detail_;
  Crowding crowding_;
  Picture picture_;
  SvgWriter svg_;
  SvgWriter words_;
  std::size_t messages_left_out_ = 0;
};

}  // namespace

TimeAxis picture_axis(const Recording& recording, const Timeline& timeline) {
  return TimeAxis({&recording}, {&timeline}, kAxisWidth * 100);
}

std::string svg_picture(const PictureSource& source, std::vector<std::string>* left_out) {
  return Drawing(source).draw(left_out);
}

std::string svg_file(const Recording& recording) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const TimeAxis axis = picture_axis(recording, timeline);
  std::string svg = svg_picture({recording, timeline, narrator, axis}, nullptr);
  const std::size_t after = svg.find('>') + 1;
  std::string title = recording.scenario;
  if (!recording.title.empty()) title += ": " + recording.title;
  svg.insert(after, "<title>" + markup_text(title) + "</title><style>" +
                        std::string(page_file("page/picture.css")) + "</style>");
  return svg + '\n';
}

}  // namespace locklab
