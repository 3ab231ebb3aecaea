#include "reports/miniature.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "reports/picture_definitions.hpp"
#include "reports/svg_writer.hpp"

namespace locklab {
namespace {

constexpr std::int64_t kWidth = 22'000;  // hundredths of a pixel
constexpr std::int64_t kRow = 11;        // pixels, with its gap
constexpr std::int64_t kBand = 8;
constexpr std::size_t kMostClients = 5;
constexpr std::size_t kMostMarks = 120;  // of one sort: more cannot be told apart at this size

class Miniature {
 public:
  explicit Miniature(const PictureSource& source)
      : recording_(source.recording), timeline_(source.timeline), axis_(source.axis) {
    for (std::uint32_t number = 1; number <= recording_.processes.size(); ++number)
      if (recording_.processes[number - 1].role == ProcessRole::client &&
          clients_.size() < kMostClients)
        clients_.push_back(ProcessId{number});
  }

  std::string draw() {
    const std::int64_t rows = static_cast<std::int64_t>(clients_.size()) + 1;
    const std::int64_t bottom = rows * kRow + 4;
    svg_.open(
        fmt::format("svg class=\"picture miniature\" viewBox=\"0 0 {} {}\" aria-hidden=\"true\" "
                    "preserveAspectRatio=\"none\"",
                    kWidth / 100, bottom + 5));
    owners();
    for (std::size_t i = 0; i < clients_.size(); ++i)
      client(clients_[i], i, static_cast<std::int64_t>(i + 1) * kRow + 2);
    cuts(bottom);
    findings(bottom);
    svg_.close("svg");
    return std::move(svg_).take();
  }

 private:
  std::int64_t x(Instant at) const { return axis_.x(at) * kWidth / axis_.width(); }

  void band(std::string_view classes, const Interval& span, std::int64_t y, std::int64_t height) {
    const std::int64_t from = x(span.from);
    svg_.rect(classes, from, y, std::max<std::int64_t>(x(span.until) - from, 60), height);
  }

  std::string hue(ProcessId client) const {
    for (std::size_t i = 0; i < clients_.size(); ++i)
      if (clients_[i] == client) return fmt::format("h{}", i % kPictureHues);
    return "h-none";
  }

  void owners() {
    std::size_t count = 0;
    for (const OwnershipSpan& own : timeline_.ownerships)
      if (count++ < kMostMarks) band(hue(own.client) + " owned", own.span, 2, kBand - 3);
  }

  void client(ProcessId process, std::size_t number, std::int64_t top) {
    const std::string mine = fmt::format("h{}", number % kPictureHues);
    std::size_t count = 0;
    for (const BeliefSpan& belief : timeline_.beliefs) {
      if (belief.client != process || count++ >= kMostMarks) continue;
      band(mine + " belief", belief.span, top, kBand);
      for (const Interval& part : belief.wrong) band(mine + " wrong", part, top, kBand);
    }
    for (const StandstillSpan& still : timeline_.standstills)
      if (still.process == process)
        band(still.kind == StandstillSpan::Kind::crashed ? "block down" : "block", still.span,
             top - 1, kBand + 2);
  }

  void cuts(std::int64_t y) {
    std::size_t count = 0;
    for (const CutSpan& cut : timeline_.cuts)
      if (count++ < kMostMarks) band("block cut", cut.span, y - 1, 2);
  }

  void findings(std::int64_t y) {
    std::size_t count = 0;
    for (const Finding& finding : recording_.findings)
      if (count++ < kMostMarks)
        band("violation", {finding.from, std::min(finding.until, timeline_.end)}, y + 1, 4);
  }

  const Recording& recording_;
  const Timeline& timeline_;
  const TimeAxis& axis_;
  std::vector<ProcessId> clients_;
  SvgWriter svg_;
};

}  // namespace

std::string svg_miniature(const PictureSource& source) { return Miniature(source).draw(); }

std::string miniature_definitions() {
  return "<svg class=\"picture unseen\" aria-hidden=\"true\" width=\"0\" height=\"0\">" +
         picture_definitions(kPictureHues) + "</svg>";
}

}  // namespace locklab
