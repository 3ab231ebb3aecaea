#include "real/redis/connection.hpp"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <utility>

namespace locklab::real {

namespace {

constexpr timeval kPatience{5, 0};

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

Answer answer_of(const redisReply& reply) {
  Answer answer;
  switch (reply.type) {
    case REDIS_REPLY_STATUS:
      answer.kind = Answer::Kind::status;
      break;
    case REDIS_REPLY_ERROR:
      answer.kind = Answer::Kind::error;
      break;
    case REDIS_REPLY_INTEGER:
      answer.kind = Answer::Kind::integer;
      answer.number = reply.integer;
      return answer;
    case REDIS_REPLY_ARRAY:
      answer.kind = Answer::Kind::list;
      for (std::size_t i = 0; i < reply.elements; ++i)
        answer.items.push_back(answer_of(*reply.element[i]));
      return answer;
    case REDIS_REPLY_STRING:
      answer.kind = Answer::Kind::text;
      break;
    default:
      return answer;  // nil
  }
  answer.text.assign(reply.str, reply.len);
  return answer;
}

}  // namespace

std::string to_string(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::nil:
      return "nil";
    case Answer::Kind::integer:
      return "(integer) " + std::to_string(answer.number);
    case Answer::Kind::error:
      return "(error) " + answer.text;
    case Answer::Kind::list: {
      std::string text = "[";
      for (const Answer& item : answer.items)
        text += (text.size() > 1 ? ", " : "") + to_string(item);
      return text + "]";
    }
    case Answer::Kind::status:
    case Answer::Kind::text:
      break;
  }
  return answer.text;
}

void RedisConnection::Closer::operator()(redisContext* context) const { redisFree(context); }

Result<RedisConnection, Trouble> RedisConnection::opened(redisContext* context) {
  if (context == nullptr) return Trouble{"hiredis has no memory"};
  RedisConnection connection(context);
  if (context->err != 0) return Trouble{std::string("no connection: ") + context->errstr};
  redisSetTimeout(context, kPatience);
  return connection;
}

Result<RedisConnection, Trouble> RedisConnection::to_socket(const std::string& path) {
  return opened(redisConnectUnixWithTimeout(path.c_str(), kPatience));
}

Result<RedisConnection, Trouble> RedisConnection::to_port(std::uint16_t port) {
  return opened(redisConnectWithTimeout("127.0.0.1", port, kPatience));
}

void RedisConnection::append(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    lengths.push_back(word.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(),
                         lengths.data());
}

Result<Answer, Trouble> RedisConnection::take() {
  void* raw = nullptr;
  if (redisGetReply(context_.get(), &raw) != REDIS_OK)
    return Trouble{std::string("no answer: ") + context_->errstr};
  const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(raw));
  return answer_of(*reply);
}

Result<void, Trouble> RedisConnection::send() {
  for (int done = 0; done == 0;)
    if (redisBufferWrite(context_.get(), &done) != REDIS_OK)
      return Trouble{std::string("cannot send: ") + context_->errstr};
  return {};
}

Result<std::vector<Answer>, Trouble> RedisConnection::arrived() {
  std::vector<Answer> answers;
  if (redisBufferRead(context_.get()) != REDIS_OK)
    return Trouble{std::string("the connection is gone: ") + context_->errstr};
  for (;;) {
    void* raw = nullptr;
    if (redisGetReplyFromReader(context_.get(), &raw) != REDIS_OK)
      return Trouble{std::string("no answer: ") + context_->errstr};
    if (raw == nullptr) return answers;
    const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(raw));
    answers.push_back(answer_of(*reply));
  }
}

int RedisConnection::descriptor() const { return context_->fd; }

Result<Answer, Trouble> RedisConnection::ask(const std::vector<std::string>& words) {
  append(words);
  return take();
}

}  // namespace locklab::real
