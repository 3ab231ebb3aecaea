#include "real/zookeeper/silent.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <optional>
#include <string_view>

namespace locklab::real::zookeeper {

using namespace std::chrono_literals;

namespace {

/// Jute: big-endian numbers, texts with their length before them.
class Message {
 public:
  Message& number(std::uint64_t value, int bytes) {
    while (bytes-- > 0) text_ += static_cast<char>(value >> (8 * bytes) & 0xFF);
    return *this;
  }
  Message& text(std::string_view value) {
    number(value.size(), 4);
    text_ += value;
    return *this;
  }
  std::string framed() const { return Message().text(text_).text_; }

 private:
  std::string text_;
};

std::uint64_t number_at(const std::string& message, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + bytes && i < message.size(); ++i)
    value = value << 8 | static_cast<unsigned char>(message[i]);
  return value;
}

}  // namespace

Result<SilentClient, Trouble> SilentClient::open(std::uint16_t port,
                                                 std::chrono::milliseconds timeout) {
  SilentClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{10, 0};
  setsockopt(client.socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(client.socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return Trouble{"no connection for a client that is to die"};
  Message hello;  // version, last zxid, time-out, session, password, read-only
  hello.number(0, 4).number(0, 8).number(static_cast<std::uint64_t>(timeout / 1ms), 4).number(0, 8);
  hello.text(std::string(16, '\0')).number(0, 1);
  const auto welcome = client.exchange(hello.framed());
  if (!welcome || welcome->size() < 16) return Trouble{"no session for a client that is to die"};
  client.last_.negotiated = std::chrono::milliseconds(number_at(*welcome, 4, 4));
  client.last_.session = static_cast<std::int64_t>(number_at(*welcome, 8, 8));
  return client;
}

Result<LastWords, Trouble> SilentClient::die_with_a_node(const std::string& path) {
  constexpr int kCreate = 1;
  constexpr int kAll = 31;
  constexpr int kEphemeral = 1;
  Message create;  // header, path, data, access list, flags
  create.number(1, 4).number(kCreate, 4).text(path).text("");
  create.number(1, 4).number(kAll, 4).text("world").text("anyone").number(kEphemeral, 4);
  last_.asked = std::chrono::steady_clock::now();
  const auto answer = exchange(create.framed());
  last_.answered = std::chrono::steady_clock::now();
  hang_up();
  if (!answer || answer->size() < 16 || number_at(*answer, 12, 4) != 0)
    return Trouble{"no node for a client that is to die"};
  return last_;
}

std::optional<std::string> SilentClient::exchange(const std::string& message) const {
  if (send(socket_, message.data(), message.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(message.size()))
    return std::nullopt;
  const auto length = read(4);
  if (!length) return std::nullopt;
  return read(number_at(*length, 0, 4));
}

std::optional<std::string> SilentClient::read(std::size_t count) const {
  std::string text(count, '\0');
  if (recv(socket_, text.data(), count, MSG_WAITALL) != static_cast<ssize_t>(count))
    return std::nullopt;
  return text;
}

void SilentClient::hang_up() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

}  // namespace locklab::real::zookeeper
