#include <cstdint>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "reports/escape.hpp"
#include "reports/fields.hpp"
#include "reports/formats/formats.hpp"
#include "reports/narrator.hpp"
#include "reports/timeline.hpp"

namespace locklab {
namespace {

/// One line of a table. Numbers and our own words need no quotes.
class Row {
 public:
  explicit Row(std::string& out) : out_(out) {}
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;
  ~Row() { out_ += '\n'; }

  Row& plain(std::string_view cell) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += cell;
    return *this;
  }
  Row& text(std::string_view cell) { return plain(csv_cell(cell)); }
  Row& number(std::uint64_t number) { return plain(fmt::format("{}", number)); }
  /// Empty: never.
  Row& time(Instant at) {
    return plain(at == kEndOfTime ? "" : fmt::format("{}", at.time_since_epoch().count()));
  }

 private:
  std::string& out_;
  bool first_ = true;
};

std::string number_or_nothing(std::uint64_t number) {
  return number == 0 ? std::string() : fmt::format("{}", number);
}

/// What many kinds of events have has a column, whatever its name is there.
struct CommonColumns {
  std::string peer, kind, subject, attempt, token, rest;
};

CommonColumns columns_of(const TraceEvent& event, const Recording& recording) {
  CommonColumns row;
  for (Field& field : fields_of(event, recording)) {
    if (field.kind == Field::Kind::none) continue;
    if (field.name == "to" || field.name == "from" || field.name == "with" ||
        field.name == "client")
      row.peer = std::move(field.text);
    else if (field.name == "subject" || field.name == "lock" || field.name == "key" ||
             field.name == "counter")
      row.subject = std::move(field.text);
    else if (field.name == "kind")
      row.kind = std::move(field.text);
    else if (field.name == "attempt")
      row.attempt = std::move(field.text);
    else if (field.name == "token")
      row.token = std::move(field.text);
    else
      row.rest += fmt::format("{}{}={}", row.rest.empty() ? "" : " ", field.name, field.text);
  }
  return row;
}

struct Message {
  ProcessId from;
  ProcessId to;
  Symbol kind;
  Symbol subject;
  Instant sent{};
  Instant delivered = kEndOfTime;
  std::string_view fate = "under way";
  std::string_view why;
  Duration delayed{};
  bool held = false;
  MessageId copy_of;
};

std::map<MessageId, Message> messages_of(const Recording& recording) {
  std::map<MessageId, Message> messages;
  for (const TraceEvent& event : recording.events) {
    if (const auto* sent = std::get_if<MessageSent>(&event.what)) {
      Message& message = messages[sent->message];
      message.from = event.process;
      message.to = sent->to;
      message.kind = sent->kind;
      message.subject = sent->subject;
      message.sent = event.at;
    } else if (const auto* delivered = std::get_if<MessageDelivered>(&event.what)) {
      Message& message = messages[delivered->message];
      message.from = delivered->from;
      message.to = event.process;
      message.kind = delivered->kind;
      message.delivered = event.at;
      message.fate = "delivered";
    } else if (const auto* lost = std::get_if<MessageLost>(&event.what)) {
      Message& message = messages[lost->message];
      message.fate = "lost";
      message.why = to_string(lost->why);
    } else if (const auto* held = std::get_if<MessageHeld>(&event.what)) {
      messages[held->message].held = true;
    } else if (const auto* delayed = std::get_if<MessageDelayed>(&event.what)) {
      messages[delayed->message].delayed += delayed->by;
    } else if (const auto* doubled = std::get_if<MessageDuplicated>(&event.what)) {
      Message copy = messages[doubled->message];
      copy.copy_of = doubled->message;
      messages[doubled->copy] = copy;
    }
  }
  return messages;
}

}  // namespace

void write_csv_events(const Recording& recording, const TextOptions&, std::string& out) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  out += "seq,cause,at_ns,wall_ns,process,event,peer,kind,subject,attempt,token,details,sentence\n";
  for (const TraceEvent& event : recording.events) {
    const CommonColumns common = columns_of(event, recording);
    Row row(out);
    row.number(event.seq.number).plain(number_or_nothing(event.cause.number)).time(event.at);
    row.plain(event.process ? fmt::format("{}", event.wall.time_since_epoch().count()) : "");
    row.text(process_text(event.process, recording)).plain(payload_name(event.what));
    row.text(common.peer).text(common.kind).text(common.subject);
    row.plain(common.attempt).plain(common.token).text(common.rest);
    row.text(narrator.sentence(event));
  }
}

void write_csv_messages(const Recording& recording, const TextOptions&, std::string& out) {
  out += "message,from,to,kind,subject,sent_ns,delivered_ns,fate,why,held,delayed_by_ns,copy_of\n";
  for (const auto& [number, message] : messages_of(recording)) {
    Row row(out);
    row.number(number.number);
    row.text(process_text(message.from, recording)).text(process_text(message.to, recording));
    row.text(recording.names.text(message.kind)).text(recording.names.text(message.subject));
    row.time(message.sent).time(message.delivered).plain(message.fate).plain(message.why);
    row.plain(message.held ? "true" : "false");
    row.plain(fmt::format("{}", message.delayed.count()));
    row.plain(number_or_nothing(message.copy_of.number));
  }
}

void write_csv_beliefs(const Recording& recording, const TextOptions&, std::string& out) {
  const Timeline timeline = make_timeline(recording);
  out +=
      "client,lock,attempt,token,from_ns,until_ns,ended_by,promise_until_ns,assumed,wrong_ns,"
      "wrong\n";
  for (const BeliefSpan& belief : timeline.beliefs) {
    Duration wrong{};
    std::string parts;
    for (const Interval& part : belief.wrong) {
      wrong += part.until - part.from;
      parts +=
          fmt::format("{}{}-{}", parts.empty() ? "" : " ", part.from.time_since_epoch().count(),
                      part.until.time_since_epoch().count());
    }
    Row row(out);
    row.text(process_text(belief.client, recording)).text(recording.names.text(belief.lock));
    row.number(belief.attempt.number).plain(number_or_nothing(belief.token.number));
    row.time(belief.span.from).time(belief.span.until);
    row.plain(belief.open ? "" : to_string(belief.why)).time(belief.promise_until);
    row.plain(belief.assumed ? "true" : "false");
    row.plain(fmt::format("{}", wrong.count())).plain(parts);
  }
}

}  // namespace locklab
