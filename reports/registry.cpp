#include "reports/registry.hpp"

#include <algorithm>
#include <array>

#include "reports/formats/formats.hpp"
#include "reports/html_report.hpp"
#include "reports/recording_json.hpp"
#include "reports/svg_timeline.hpp"

namespace locklab {
namespace {

void write_text(const Recording& recording, const TextOptions& options, std::string& out) {
  out += text_report(recording, options);
}

void write_json(const Recording& recording, const TextOptions&, std::string& out) {
  write_recording_json(recording, out);
}

void write_html(const Recording& recording, const TextOptions& options, std::string& out) {
  HtmlOptions page;
  page.story = options.story;
  page.finding_messages = options.finding_messages;
  page.remarks = options.remarks;
  page.sources = options.sources;
  page.verdict = options.verdict;
  page.command = options.command;
  page.scenario_json = options.scenario_json;
  page.twin_name = options.twin_name;
  page.twin_json = options.twin_json;
  page.reason = options.reason;
  out += html_report(recording, page);
}

void write_svg(const Recording& recording, const TextOptions&, std::string& out) {
  out += svg_file(recording);
}

constexpr std::array kFormats{
    Format{"text", "a report for people, with a picture of who believed what", ".txt", "a terminal",
           write_text, true},
    Format{"html", "the run as a page that stands by itself", ".html", "any browser", write_html},
    Format{"svg", "the page's picture alone", ".svg", "any browser, Inkscape", write_svg},
    Format{"markdown", "the same report for a ticket, a wiki or a review", ".md", "GitHub, GitLab",
           write_markdown},
    Format{"json", "the recording itself, nothing lost: what --trace writes", ".jsonl",
           "locklab report, replay and diff; jq", write_json},
    Format{"csv-events", "a table of all events", ".csv", "pandas, R, a spreadsheet",
           write_csv_events},
    Format{"csv-messages", "a table of messages: sent, delivered, lost, delayed", ".csv",
           "pandas, R, a spreadsheet", write_csv_messages},
    Format{"csv-beliefs", "a table of beliefs: from when to when, and where they were wrong",
           ".csv", "pandas, R, a spreadsheet", write_csv_beliefs},
    Format{"dot", "the happens-before graph, to be drawn", ".dot", "Graphviz", write_dot},
    Format{"graphml", "the happens-before graph, to be computed with", ".graphml",
           "networkx, igraph, Gephi, yEd", write_graphml},
    Format{"mermaid", "a sequence diagram, times in the labels", ".mmd",
           "GitHub, GitLab, mermaid.live", write_mermaid},
    Format{"plantuml", "a timing diagram: who believes, who owns, what is violated", ".puml",
           "PlantUML", write_plantuml},
    Format{"chrome", "slices, flows and counters on a time axis one can zoom", ".json",
           "ui.perfetto.dev, chrome://tracing", write_chrome},
    Format{"shiviz", "a log with vector clocks, and the expression that parses it", ".log",
           "ShiViz", write_shiviz},
    Format{"edn", "a history of operations in Jepsen's form", ".edn", "Knossos, Elle, Maelstrom",
           write_edn},
    Format{"porcupine", "the same history, with the fields of porcupine.Operation", ".json",
           "Porcupine", write_porcupine},
    Format{"otlp", "spans of OpenTelemetry, as JSON", ".json", "Jaeger, Tempo, any OTLP collector",
           write_otlp},
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* find_format(std::string_view name) {
  const auto found = std::find_if(kFormats.begin(), kFormats.end(),
                                  [name](const Format& format) { return format.name == name; });
  return found == kFormats.end() ? nullptr : &*found;
}

}  // namespace locklab
