// Task<T>: a coroutine that runs when awaited. Lazy, move-only; destroying a task destroys all that
// it awaits, which is how a crash unwinds a client.
//
// Frames come from the world's arena, found through the coroutine's first argument or its object:
// it must have an `arena()`. Control moves between tasks through a trampoline instead of symmetric
// transfer, which overflows the stack in GCC below -O2 and in WebAssembly.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "sim/arena.hpp"
#include "sim/assert.hpp"

namespace locklab {

/// Resumes one coroutine after another without nesting: each leaves the next one in `next`.
struct Trampoline {
  std::coroutine_handle<> next;
  void run(std::coroutine_handle<> first) {
    LOCKLAB_ASSERT(!next);
    next = first;
    while (next) std::exchange(next, {}).resume();
  }
};

template <class T>
concept HasArena = requires(T& object) {
  { object.arena() } -> std::convertible_to<Arena&>;
};

/// GCC 12 destroys a braced aggregate that owns memory twice inside a co_await expression; a
/// parameter of such a type would invite one.
template <class T>
concept SafeParameter =
    std::is_reference_v<T> || !std::is_aggregate_v<T> || std::is_trivially_destructible_v<T>;

class TaskPromise {
 public:
  template <HasArena First, class... Rest>
  static void* operator new(std::size_t bytes, First& first, Rest&...) {
    Arena& arena = first.arena();
    void* block = arena.take(bytes + kHeader);
    *static_cast<Arena**>(block) = &arena;
    return static_cast<std::byte*>(block) + kHeader;
  }
  static void operator delete(void* frame, std::size_t bytes) {
    void* block = static_cast<std::byte*>(frame) - kHeader;
    (*static_cast<Arena**>(block))->give_back(block, bytes + kHeader);
  }

  std::suspend_always initial_suspend() noexcept { return {}; }

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) noexcept {
      TaskPromise& promise = self.promise();
      if (promise.finished_ != nullptr) *promise.finished_ = true;
      promise.trampoline_->next = promise.continuation_;
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { LOCKLAB_ASSERT(!"no exception crosses our code"); }

  std::coroutine_handle<> continuation_;
  Trampoline* trampoline_ = nullptr;
  bool* finished_ = nullptr;  // of a root task: where its owner looks

 private:
  static constexpr std::size_t kHeader = 16;  // keeps the frame's alignment
};

/// What a task hands to the one that awaits it.
template <class T>
struct TaskResult {
  template <class Value>
  void return_value(Value&& value) {
    result.emplace(std::forward<Value>(value));
  }
  T take() { return std::move(*result); }
  std::optional<T> result;
};
template <>
struct TaskResult<void> {
  void return_void() {}
  void take() {}
};

template <class Promise>
struct TaskAwaiter {
  std::coroutine_handle<Promise> child;
  bool await_ready() const noexcept { return false; }
  template <class Parent>
  void await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    TaskPromise& promise = child.promise();
    promise.continuation_ = parent;
    promise.trampoline_ = parent.promise().trampoline_;
    promise.trampoline_->next = child;
  }
  auto await_resume() { return child.promise().take(); }
};

template <class T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : TaskPromise, TaskResult<T> {
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };

  Task() = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  TaskAwaiter<promise_type> operator co_await() && noexcept { return {handle_}; }

  /// For the owner of a root task: where its first step is, and where it reports that it is done.
  std::coroutine_handle<> root(Trampoline& trampoline, bool& finished) {
    handle_.promise().trampoline_ = &trampoline;
    handle_.promise().finished_ = &finished;
    return handle_;
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace locklab

/// Every coroutine that returns a Task passes here with the types of its parameters.
template <class T, class... Parameters>
struct std::coroutine_traits<locklab::Task<T>, Parameters...> {
  static_assert(
      (locklab::SafeParameter<Parameters> && ...),
      "a coroutine parameter that is an aggregate must not own memory (GCC 12 destroys it "
      "twice): pass a reference, or give the type a constructor");
  using promise_type = typename locklab::Task<T>::promise_type;
};
