#include "real/redis/clock.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <fstream>

namespace locklab::real {

namespace {

/// What to load before the server's own libraries. jemalloc asks for the time before libfaketime is
/// ready for that: the C library's other allocator takes its place.
std::string libraries() {
  for (const std::string folder : {"/usr/lib/x86_64-linux-gnu/", "/usr/lib/aarch64-linux-gnu/"}) {
    const std::string allocator = folder + "libc_malloc_debug.so.0";
    const std::string clock = folder + "faketime/libfaketimeMT.so.1";
    if (std::ifstream(allocator) && std::ifstream(clock)) return allocator + " " + clock;
  }
  return {};
}

}  // namespace

bool ServerClock::is_there() { return !libraries().empty(); }

ServerClock::ServerClock(const std::string& folder) : file_(folder + "/clock") {}

std::vector<std::pair<std::string, std::string>> ServerClock::environment() const {
  return {{"LD_PRELOAD", libraries()},
          {"FAKETIME_TIMESTAMP_FILE", file_},
          {"FAKETIME_NO_CACHE", "1"},
          {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}};
}

// libfaketime reads the file at each reading of the clock; written aside and moved, it is never
// half a file.
bool ServerClock::set(Duration ahead) const {
  const std::string aside = file_ + ".new";
  std::ofstream(aside) << fmt::format("{:+.9f}\n", std::chrono::duration<double>(ahead).count());
  return std::rename(aside.c_str(), file_.c_str()) == 0;
}

}  // namespace locklab::real
