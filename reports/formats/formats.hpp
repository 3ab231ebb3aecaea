// The writers of the exchange formats, one file each; reports/registry.hpp names them. Each appends
// a whole file to `out`. Words of a run are escaped for the language they stand in [escape.hpp];
// nothing is left out unless the format's own page in docs/formats.md says so, and then the file
// says it as well.
#pragma once

#include <string>

#include "reports/text_report.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// The report for a ticket or a wiki: GitHub's Markdown, with the picture as text.
void write_markdown(const Recording& recording, const TextOptions& options, std::string& out);

/// One row an event, a message, a belief. [RFC 4180, with newlines alone]
void write_csv_events(const Recording& recording, const TextOptions& options, std::string& out);
void write_csv_messages(const Recording& recording, const TextOptions& options, std::string& out);
void write_csv_beliefs(const Recording& recording, const TextOptions& options, std::string& out);

/// The happens-before graph [causality.hpp] for Graphviz: a column a process.
void write_dot(const Recording& recording, const TextOptions& options, std::string& out);
/// The same graph as data.
void write_graphml(const Recording& recording, const TextOptions& options, std::string& out);

/// A sequence diagram. After 300 lines or 40,000 characters it ends and says how much is missing,
/// since the renderers refuse longer ones.
void write_mermaid(const Recording& recording, const TextOptions& options, std::string& out);

/// A timing diagram: who believes, who owns, what is violated. In microseconds.
void write_plantuml(const Recording& recording, const TextOptions& options, std::string& out);

/// The trace event format of Chrome, which Perfetto reads too.
void write_chrome(const Recording& recording, const TextOptions& options, std::string& out);

/// A log with vector clocks for ShiViz; its first line is the expression that parses it.
void write_shiviz(const Recording& recording, const TextOptions& options, std::string& out);

/// A history of operations [history.hpp] as Jepsen writes it: one EDN map a line.
void write_edn(const Recording& recording, const TextOptions& options, std::string& out);
/// The same history as JSON with the fields of porcupine.Operation.
void write_porcupine(const Recording& recording, const TextOptions& options, std::string& out);

/// Spans of OpenTelemetry, in the JSON encoding of OTLP.
void write_otlp(const Recording& recording, const TextOptions& options, std::string& out);

}  // namespace locklab
