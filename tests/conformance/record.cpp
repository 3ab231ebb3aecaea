#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

namespace {
constexpr std::size_t kDifferencesTold = 20;
}

Record::Row& Record::row(std::string_view behaviour) {
  const auto found = std::ranges::find(rows_, behaviour, &Row::behaviour);
  if (found != rows_.end()) return *found;
  rows_.emplace_back();
  rows_.back().behaviour = behaviour;
  return rows_.back();
}

void Record::describe(std::string_view behaviour, std::string_view model,
                      std::string_view compared) {
  Row& it = row(behaviour);
  it.model = model;
  it.compared = compared;
}

void Record::add(std::string_view behaviour, std::uint64_t answers) {
  row(behaviour).answers += answers;
}

void Record::differ(std::string_view behaviour, std::string_view place, std::string_view model,
                    std::string_view server) {
  ++row(behaviour).differences;
  if (differences_.size() >= kDifferencesTold) return;
  differences_.push_back(fmt::format("{}: {}\n    the model:  {}\n    the server: {}", behaviour,
                                     place, model, server));
  fmt::print(stderr, "DIFFERENT  {}\n", differences_.back());
}

void Record::differ_as_said(std::string_view behaviour, std::string_view row_of_the_list) {
  ++row(behaviour).as_said[std::string(row_of_the_list)];
}

void Record::measure(std::string_view behaviour, std::string measured) {
  row(behaviour).measured.push_back(std::move(measured));
}

void Record::skip(std::string_view behaviour, std::string why) {
  fmt::print(stderr, "SKIPPED    {}: {}\n", behaviour, why);
  row(behaviour).skipped = std::move(why);
}

std::uint64_t Record::answers() const {
  return std::accumulate(rows_.begin(), rows_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Row& row) { return sum + row.answers; });
}

std::uint64_t Record::unexplained() const {
  return std::accumulate(rows_.begin(), rows_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Row& row) { return sum + row.differences; });
}

void Context::say(std::string_view line) const { fmt::print(stderr, "           {}\n", line); }

}  // namespace locklab::conformance
