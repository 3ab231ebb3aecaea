#include "reports/svg_writer.hpp"

#include <iterator>

#include <fmt/format.h>

#include "reports/markup.hpp"
#include "reports/plain_text.hpp"

namespace locklab {

std::int64_t text_width(std::string_view text) {
  return static_cast<std::int64_t>(columns(text)) * 750;
}

SvgWriter& SvgWriter::open(std::string_view element) {
  out_.append("<").append(element).append(">");
  return *this;
}

SvgWriter& SvgWriter::close(std::string_view name) {
  out_.append("</").append(name).append(">\n");
  return *this;
}

SvgWriter& SvgWriter::raw(std::string_view markup) {
  out_ += markup;
  return *this;
}

void SvgWriter::finish(std::string_view name, std::string_view title) {
  if (title.empty() || !titles_)
    out_ += "/>";
  else
    fmt::format_to(std::back_inserter(out_), "><title>{}</title></{}>\n", markup_text(title), name);
}

void SvgWriter::rect(std::string_view classes, std::int64_t x, std::int64_t y, std::int64_t width,
                     std::int64_t height, std::string_view title, std::string_view attributes) {
  constexpr std::int64_t kLeast = 150;  // so that the shortest moment is seen
  fmt::format_to(std::back_inserter(out_),
                 "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}{}", classes,
                 pixels(x), y, pixels(width < kLeast ? kLeast : width), height,
                 attributes.empty() || attributes.front() == ' ' ? "" : " ", attributes);
  finish("rect", title);
}

void SvgWriter::line(std::string_view classes, std::int64_t x1, std::int64_t y1, std::int64_t x2,
                     std::int64_t y2, std::string_view title, std::string_view attributes) {
  fmt::format_to(std::back_inserter(out_),
                 "<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"{}{}", classes,
                 pixels(x1), y1, pixels(x2), y2, attributes.empty() ? "" : " ", attributes);
  finish("line", title);
}

void SvgWriter::text(std::string_view classes, std::int64_t x, std::int64_t y,
                     std::string_view words, std::string_view title, std::string_view anchor) {
  fmt::format_to(std::back_inserter(out_), "<text class=\"{}\" x=\"{}\" y=\"{}\"", classes,
                 pixels(x), y);
  if (!anchor.empty()) out_.append(" text-anchor=\"").append(anchor).append("\"");
  out_ += ">";
  if (titles_ && !title.empty() && title != words)
    out_.append("<title>").append(markup_text(title)).append("</title>");
  out_.append(markup_text(words)).append("</text>");
}

void SvgWriter::mark(std::string_view classes, std::int64_t x, std::int64_t y,
                     std::string_view shape, std::string_view title,
                     std::optional<std::size_t> event) {
  fmt::format_to(std::back_inserter(out_), "<g class=\"{}\" transform=\"translate({} {})\"",
                 classes, pixels(x), y);
  if (event) fmt::format_to(std::back_inserter(out_), " data-e=\"{}\"", *event);
  out_.append(">").append(shape);
  if (titles_) out_.append("<title>").append(markup_text(title)).append("</title>");
  out_ += "</g>\n";
}

void SvgWriter::fit(std::string_view classes, std::int64_t from, std::int64_t until, std::int64_t y,
                    std::string_view anchor, const std::vector<std::string>& choices) {
  constexpr std::int64_t kMargin = 600;
  fmt::format_to(std::back_inserter(out_), "<g class=\"fit {}\" data-a=\"{}\" data-b=\"{}\">",
                 classes, pixels(from), pixels(until));
  bool found = false;
  for (const std::string& choice : choices) {
    if (choice.empty()) continue;
    const bool fits = !found && text_width(choice) + 800 <= until - from;
    const std::int64_t x = anchor == "middle" ? (from + until) / 2
                           : anchor == "end"  ? until - kMargin
                                              : from + kMargin;
    fmt::format_to(std::back_inserter(out_), "<text x=\"{}\" y=\"{}\"{}{}>{}</text>", pixels(x), y,
                   anchor == "start" ? "" : fmt::format(" text-anchor=\"{}\"", anchor),
                   fits ? "" : " display=\"none\"", markup_text(choice));
    found = found || fits;
  }
  out_ += "</g>\n";
}

}  // namespace locklab
