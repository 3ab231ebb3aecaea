#include "cli/team.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cli/terminal.hpp"

namespace locklab {
namespace {

class Team {
 public:
  Team(std::size_t tasks, const std::function<void(std::size_t, Runner&)>& work)
      : tasks_(tasks), work_(work) {}

  void run(std::size_t jobs, std::string_view what, bool show_progress) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < std::min(jobs, tasks_); ++i)
      threads.emplace_back([this] { work(); });
    if (show_progress) watch(what);
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void work() {
    Runner runner;
    std::unique_lock lock(mutex_);
    while (next_ < tasks_) {
      const std::size_t mine = next_++;
      lock.unlock();
      work_(mine, runner);
      lock.lock();
      ++done_;
      progress_.notify_one();
    }
  }

  void watch(std::string_view what) {
    std::unique_lock lock(mutex_);
    while (done_ < tasks_) {
      progress_.wait_for(lock, std::chrono::milliseconds(100));
      const std::string line = fmt::format("\r{} of {} {}", done_, tasks_, what);
      lock.unlock();
      print_error(line);
      lock.lock();
    }
    print_error("\r\033[K");
  }

  const std::size_t tasks_;
  const std::function<void(std::size_t, Runner&)>& work_;
  std::mutex mutex_;
  std::condition_variable progress_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

void work_together(std::size_t tasks, std::size_t jobs, std::string_view what, bool show_progress,
                   const std::function<void(std::size_t task, Runner& runner)>& work) {
  const std::size_t threads = jobs > 0 ? jobs : std::max(std::thread::hardware_concurrency(), 1U);
  Team(tasks, work).run(threads, what, show_progress);
}

}  // namespace locklab
