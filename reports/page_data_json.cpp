#include "reports/page_data_json.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "reports/fields.hpp"
#include "reports/markup.hpp"
#include "reports/plain_text.hpp"

namespace locklab {
namespace {

std::int64_t nanoseconds(Instant at) { return at.time_since_epoch().count(); }

/// JSON may stand in a <script> element if it holds no "<"; outside of texts it never does.
std::string without_tags(std::string_view json) {
  std::string out;
  for (const char c : json) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

template <std::size_t... I>
std::vector<std::string_view> payload_names(std::index_sequence<I...>) {
  return {std::variant_alternative_t<I, TracePayload>::kName...};
}

class Writer {
 public:
  Writer(const PictureSource& source, std::string& out) : source_(source), out_(out) {}

  void axis() {
    list("axis", source_.axis.pieces(), [this](const TimeAxis::Piece& piece) {
      append("[{},{},{},{},{}]", nanoseconds(piece.from), nanoseconds(piece.until), piece.x,
             piece.width, piece.shortened ? 1 : 0);
    });
  }

  void processes() {
    list("processes", source_.recording.processes, [this](const RecordedProcess& process) {
      append("{{\"name\":{},\"role\":\"{}\"}}", script_literal(safe_text(process.name)),
             to_string(process.role));
    });
  }

  void kinds() {
    const auto names = payload_names(std::make_index_sequence<std::variant_size_v<TracePayload>>());
    list("kinds", names, [this](std::string_view name) { append("\"{}\"", name); });
  }

  /// Most events of a long run are told in words that others are told in as well, follow closely on
  /// the one before, and on their cause.
  void events() {
    std::map<std::string, std::size_t, std::less<>> places;
    std::vector<const std::string*> sentences;
    std::size_t index = 0;
    Instant before{};
    list("events", source_.recording.events, [&](const TraceEvent& event) {
      const auto [place, is_new] =
          places.emplace(source_.narrator.sentence(event), sentences.size());
      if (is_new) sentences.push_back(&place->first);
      append("[{},{},{},{},{},{}]", (event.at - before).count(), event.process.number,
             event.what.index(), back_to(event.cause, index++),
             (event.wall.time_since_epoch() - event.at.time_since_epoch()).count(), place->second);
      before = event.at;
    });
    list("sentences", sentences,
         [this](const std::string* sentence) { append("{}", script_literal(*sentence)); });
  }

  void beliefs() {
    list("beliefs", source_.timeline.beliefs, [this](const BeliefSpan& belief) {
      append("[{},{},{},{},[", belief.client.number, nanoseconds(belief.span.from),
             nanoseconds(belief.span.until), belief.token.number);
      for (const Interval& part : belief.wrong)
        append("{}[{},{}]", &part == belief.wrong.data() ? "" : ",", nanoseconds(part.from),
               nanoseconds(part.until));
      out_ += "]]";
    });
  }

  void owners() {
    list("owners", source_.timeline.ownerships, [this](const OwnershipSpan& own) {
      append("[{},{},{},{}]", own.client.number, nanoseconds(own.span.from),
             nanoseconds(own.span.until), script_literal(source_.narrator.lock(own.lock)));
    });
  }

  void standstills() {
    list("standstills", source_.timeline.standstills, [this](const StandstillSpan& still) {
      append("[{},{},{},{}]", still.process.number, nanoseconds(still.span.from),
             nanoseconds(still.span.until), static_cast<int>(still.kind));
    });
  }

  void findings() {
    list("findings", source_.recording.findings, [this](const Finding& finding) {
      append("[{},{},\"{}\"]", nanoseconds(finding.from),
             nanoseconds(std::min(finding.until, source_.timeline.end)), finding.invariant);
    });
  }

 private:
  template <class... Args>
  void append(fmt::format_string<Args...> form, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), form, std::forward<Args>(args)...);
  }

  template <class List, class Write>
  void list(std::string_view name, const List& items, Write write) {
    append(",\"{}\":[", name);
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += ',';
      first = false;
      write(item);
    }
    out_ += ']';
  }

  /// How many events before the one at `index` the cause lies; zero: there is none.
  std::size_t back_to(EventSeq cause, std::size_t index) const {
    const std::size_t place = index_of(cause, source_.recording.events);
    return place < index ? index - place : 0;
  }

  const PictureSource& source_;
  std::string& out_;
};

}  // namespace

std::string sketch_data_json(const PictureSource& source) {
  std::string out = fmt::format("{{\"digest\":\"{:016x}\",\"end\":{}", source.recording.digest,
                                nanoseconds(source.timeline.end));
  Writer(source, out).axis();
  return out += '}';
}

std::string page_data_json(const PictureSource& source, const PageMeans& means) {
  std::string out = fmt::format(
      "{{\"name\":{},\"seed\":\"{}\",\"digest\":\"{:016x}\",\"verdict\":{},\"end\":{},\"command\":{"
      "}",
      script_literal(safe_text(source.recording.scenario)), source.recording.seed,
      source.recording.digest, script_literal(safe_text(source.recording.verdict)),
      nanoseconds(source.timeline.end), script_literal(safe_text(means.command)));
  Writer writer(source, out);
  writer.axis();
  writer.processes();
  writer.kinds();
  writer.events();
  writer.beliefs();
  writer.owners();
  writer.standstills();
  writer.findings();
  out += ",\"scenario\":";
  out += means.scenario_json.empty() ? std::string("null") : without_tags(means.scenario_json);
  if (!means.twin_json.empty())
    out += fmt::format(",\"twin\":{{\"name\":{},\"scenario\":{}}}",
                       script_literal(safe_text(means.twin_name)), without_tags(means.twin_json));
  return out += '}';
}

}  // namespace locklab
