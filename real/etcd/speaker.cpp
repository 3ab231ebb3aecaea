#include "real/etcd/speaker.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

namespace locklab::real::etcd {

using Json = nlohmann::json;
using locklab::etcd::Operation;
using locklab::etcd::Reply;
using locklab::etcd::Request;
using locklab::etcd::Status;
using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 10s;
constexpr int kNotFound = 5;  // gRPC's code

// Bytes are base64 in JSON [protocol buffers, JSON mapping].
constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t block = 0;
    for (std::size_t k = 0; k < 3; ++k)
      block = block << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k <= bytes.size() ? kLetters[block >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t block = 0;
  int bits = 0;
  for (const char letter : text) {
    const auto value = kLetters.find(letter);
    if (value == std::string_view::npos) break;
    block = block << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) bytes += static_cast<char>(block >> (bits -= 8) & 255);
  }
  return bytes;
}

/// The end of a prefix's range: its last letter raised by one.
std::string after(std::string prefix) {
  ++prefix.back();
  return prefix;
}

/// 64-bit numbers are strings in JSON, and a zero is left out.
std::uint64_t number(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return 0;
  return found->is_string() ? std::strtoull(found->get<std::string>().c_str(), nullptr, 10)
                            : found->get<std::uint64_t>();
}

Json first_in(std::string_view prefix) {
  return {{"key", to_base64(prefix)},
          {"range_end", to_base64(after(std::string(prefix)))},
          {"sort_target", "CREATE"},
          {"sort_order", "ASCEND"},
          {"limit", "1"}};
}

struct Question {
  const char* path;
  Json body;
};

Question question(const Request& request, const Names& names) {
  const std::string key = to_base64(names.text(request.key));
  const std::string_view prefix = names.text(request.prefix);
  switch (request.operation) {
    case Operation::lease_grant:
      return {"/v3/lease/grant",
              {{"ID", std::to_string(request.lease)}, {"TTL", std::to_string(request.ttl / 1s)}}};
    case Operation::lease_keep_alive:
      return {"/v3/lease/keepalive", {{"ID", std::to_string(request.lease)}}};
    case Operation::lease_revoke:
      return {"/v3/lease/revoke", {{"ID", std::to_string(request.lease)}}};
    case Operation::put_if_absent:
      return {
          "/v3/kv/txn",
          {{"compare",
            {{{"key", key}, {"target", "CREATE"}, {"result", "EQUAL"}, {"create_revision", "0"}}}},
           {"success",
            {{{"request_put", {{"key", key}, {"lease", std::to_string(request.lease)}}}},
             {{"request_range", first_in(prefix)}}}},
           {"failure",
            {{{"request_range", {{"key", key}}}}, {{"request_range", first_in(prefix)}}}}}};
    case Operation::erase:
      return {"/v3/kv/deleterange", {{"key", key}, {"prev_kv", true}}};
    case Operation::get:
      return {"/v3/kv/range", {{"key", key.empty() ? to_base64("/") : key}}};
    case Operation::last_before: {
      Json range = first_in(prefix);
      range["sort_order"] = "DESCEND";
      range["max_create_revision"] = std::to_string(request.revision);
      return {"/v3/kv/range", range};
    }
    case Operation::watch_deletion:
      break;
  }
  return {nullptr, {}};
}

/// The key of a range's answer, if there is one.
void take_key(const Json& range, Reply& reply, Names& names) {
  const auto found = range.find("kvs");
  if (found == range.end() || found->empty()) {
    reply.status = Status::not_found;
    return;
  }
  const Json& key = found->front();
  reply.key = names.intern(from_base64(key["key"].get<std::string>()));
  reply.created = number(key, "create_revision");
}

Reply understood(const Request& request, const Json& answer, Names& names) {
  Reply reply;
  if (answer.contains("error")) {
    reply.status = Status::not_found;
    return reply;
  }
  const bool wrapped = request.operation == Operation::lease_keep_alive;  // it is a stream's
  const Json& body = wrapped ? answer["result"] : answer;
  reply.revision = number(body["header"], "revision");
  switch (request.operation) {
    case Operation::lease_grant:
    case Operation::lease_keep_alive:
      reply.lease = number(body, "ID");
      reply.ttl = std::chrono::seconds(number(body, "TTL"));
      if (reply.ttl == Duration{0}) reply.status = Status::not_found;
      break;
    case Operation::lease_revoke:
      break;
    case Operation::put_if_absent: {
      const Json& parts = body["responses"];
      Reply range;
      if (body.value("succeeded", false)) {
        reply.created = reply.revision;
      } else {
        take_key(parts[0]["response_range"], range, names);
        reply.created = range.created;
      }
      take_key(parts[1]["response_range"], range, names);
      reply.first_created = range.created;
      break;
    }
    case Operation::erase:
      if (number(body, "deleted") == 0)
        reply.status = Status::not_found;
      else
        reply.created = number(body["prev_kvs"].front(), "create_revision");
      break;
    case Operation::get:
    case Operation::last_before:
      take_key(body, reply, names);
      break;
    case Operation::watch_deletion:
      break;
  }
  return reply;
}

}  // namespace

// ---- the connection -----------------------------------------------------------------------------

struct Speaker::Connection {
  explicit Connection(std::uint16_t port)
      : base(fmt::format("http://127.0.0.1:{}", port)), easy(curl_easy_init()) {}
  ~Connection() { curl_easy_cleanup(easy); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  static std::size_t take(char* bytes, std::size_t size, std::size_t count, void* connection) {
    auto& self = *static_cast<Connection*>(connection);
    self.answer.append(bytes, size * count);
    const bool enough = !self.until.empty() && self.answer.find(self.until) != std::string::npos;
    return enough ? 0 : size * count;
  }

  /// The body of the answer. With `until` set, the end of the time is no failure.
  Result<std::string, Trouble> post(const char* path, const Json* body,
                                    std::chrono::milliseconds wait) {
    answer.clear();
    const std::string url = base + path;
    const std::string sent = body == nullptr ? "" : body->dump();
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    if (body != nullptr) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(sent.size()));
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, sent.c_str());
    }
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Connection::take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(wait.count()));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    const CURLcode code = curl_easy_perform(easy);
    const bool stopped =
        !until.empty() && (code == CURLE_OPERATION_TIMEDOUT || code == CURLE_WRITE_ERROR);
    if (code != CURLE_OK && !stopped)
      return Trouble{fmt::format("{}: {}", url, curl_easy_strerror(code))};
    return answer;
  }

  Result<Json, Trouble> talk(const char* path, const Json& body, std::chrono::milliseconds wait) {
    const auto said = post(path, &body, wait);
    if (!said) return said.error();
    Json read = Json::parse(*said, nullptr, false);
    if (read.is_discarded()) return Trouble{fmt::format("{}: no JSON: {}", path, *said)};
    return read;
  }

  std::string base;
  CURL* easy;
  std::string answer;
  std::string until;  // of a stream: what to listen for
};

Speaker::Speaker(std::uint16_t port) : connection_(std::make_unique<Connection>(port)) {}
Speaker::Speaker(Speaker&&) noexcept = default;
Speaker& Speaker::operator=(Speaker&&) noexcept = default;
Speaker::~Speaker() = default;

Result<Reply, Trouble> Speaker::ask(const Request& request, Names& names) {
  const Question asked = question(request, names);
  const auto answer = connection_->talk(asked.path, asked.body, kPatience);
  if (!answer) return answer.error();
  if (answer->contains("error") && answer->value("code", 0) != kNotFound)
    return Trouble{answer->dump()};
  return understood(request, *answer, names);
}

Result<bool, Trouble> Speaker::hears_of_deletion(const std::string& key, std::uint64_t revision,
                                                 std::chrono::milliseconds wait) {
  const Json body{{"create_request",
                   {{"key", to_base64(key)},
                    {"start_revision", std::to_string(revision)},
                    {"filters", {"NOPUT"}}}}};
  connection_->until = "\"DELETE\"";
  const auto heard = connection_->post("/v3/watch", &body, wait);
  const bool yes = heard.has_value() && heard->find(connection_->until) != std::string::npos;
  connection_->until.clear();
  if (!heard) return heard.error();
  return yes;
}

Result<std::string, Trouble> Speaker::lock(const std::string& name, std::uint64_t lease,
                                           std::chrono::milliseconds wait) {
  const auto answer = connection_->talk(
      "/v3/lock/lock", {{"name", to_base64(name)}, {"lease", std::to_string(lease)}}, wait);
  if (!answer) return answer.error();
  if (!answer->contains("key")) return Trouble{answer->value("error", answer->dump())};
  return from_base64((*answer)["key"].get<std::string>());
}

Result<void, Trouble> Speaker::unlock(const std::string& key) {
  const auto answer = connection_->talk("/v3/lock/unlock", {{"key", to_base64(key)}}, kPatience);
  if (!answer) return answer.error();
  if (answer->contains("error")) return Trouble{answer->value("error", "")};
  return {};
}

Result<std::string, Trouble> Speaker::version() {
  const auto said = connection_->post("/version", nullptr, kPatience);
  if (!said) return said.error();
  const Json read = Json::parse(*said, nullptr, false);
  return "etcd " + read.value("etcdserver", std::string("of an unknown version"));
}

}  // namespace locklab::real::etcd
