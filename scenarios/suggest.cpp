// Nearness of words: restricted Damerau-Levenshtein distance, as compilers use for misspelt names,
// helped out by shared parts and shared tokens, since our longest names are whole phrases.
#include "scenarios/suggest.hpp"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <string>
#include <vector>

namespace locklab {
namespace {

constexpr std::size_t kLongestWord = 80;  // beyond this nobody mistyped a name; it also bounds work
constexpr std::size_t kShortestPart = 3;  // two shared letters are an accident

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

/// Lower case, and one separator for all.
std::string folded(std::string_view word) {
  std::string out(word);
  for (char& letter : out) letter = letter == '_' || letter == ' ' ? '-' : lower(letter);
  return out;
}

/// Letters to insert, delete, replace, or swap with their neighbour, to turn one word into the
/// other.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before_previous(to.size() + 1);
  std::vector<std::size_t> previous(to.size() + 1);
  std::vector<std::size_t> current(to.size() + 1);
  for (std::size_t column = 0; column <= to.size(); ++column) previous[column] = column;
  for (std::size_t row = 1; row <= from.size(); ++row) {
    current[0] = row;
    for (std::size_t column = 1; column <= to.size(); ++column) {
      const std::size_t replace = previous[column - 1] + (from[row - 1] == to[column - 1] ? 0 : 1);
      current[column] = std::min({previous[column] + 1, current[column - 1] + 1, replace});
      if (row > 1 && column > 1 && from[row - 1] == to[column - 2] &&
          from[row - 2] == to[column - 1]) {
        current[column] = std::min(current[column], before_previous[column - 2] + 1);
      }
    }
    before_previous.swap(previous);
    previous.swap(current);
  }
  return previous[to.size()];
}

/// A third of the letters may be wrong, and at least one, but never all of them.
bool is_typo(std::string_view from, std::string_view to, std::size_t mistakes) {
  const std::size_t shorter = std::min(from.size(), to.size());
  const std::size_t longer = std::max(from.size(), to.size());
  return mistakes < longer && mistakes <= std::max(shorter, std::size_t{3}) / 3;
}

std::vector<std::string_view> tokens(std::string_view folded_word) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= folded_word.size(); ++at) {
    if (at < folded_word.size() && folded_word[at] != '-' && folded_word[at] != '.') continue;
    if (at > begin) out.push_back(folded_word.substr(begin, at - begin));
    begin = at + 1;
  }
  return out;
}

bool same_word(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const std::size_t shorter = std::min(a.size(), b.size());
  if (shorter < kShortestPart) return false;
  if (a.substr(0, kShortestPart) == b.substr(0, kShortestPart)) return true;  // mutex, mutual
  return is_typo(a, b, distance(a, b));
}

/// Candidate words left over when at least two words, and two thirds of all, have a partner.
std::optional<std::size_t> unshared_tokens(std::string_view word, std::string_view candidate) {
  const std::vector<std::string_view> asked = tokens(word);
  std::vector<std::string_view> offered = tokens(candidate);
  const std::size_t count = offered.size();
  for (const std::string_view token : asked) {
    auto partner = std::find(offered.begin(), offered.end(), token);
    if (partner == offered.end()) {
      partner = std::find_if(offered.begin(), offered.end(),
                             [&](std::string_view other) { return same_word(token, other); });
    }
    if (partner != offered.end()) offered.erase(partner);
  }
  const std::size_t shared = count - offered.size();
  if (shared < 2 || shared * 3 < asked.size() * 2) return std::nullopt;
  return offered.size() + (asked.size() - shared);
}

enum class Resemblance { typo, beginning, part, tokens, none };

struct Score {
  Resemblance how = Resemblance::none;
  std::size_t cost = 0;      // mistakes, letters more, or words more
  std::size_t spelling = 0;  // of equals, the one with the same capitals and separators

  auto operator<=>(const Score&) const = default;
};

Score score(std::string_view word, std::string_view candidate) {
  const std::string a = folded(word);
  const std::string b = folded(candidate);
  const std::size_t mistakes = distance(a, b);
  const std::size_t spelling = distance(word, candidate);
  if (is_typo(a, b, mistakes)) return {Resemblance::typo, mistakes, spelling};

  const std::string_view shorter = a.size() < b.size() ? a : b;
  const std::string_view longer = a.size() < b.size() ? b : a;
  if (shorter.size() >= kShortestPart) {
    const std::size_t more = longer.size() - shorter.size();
    if (longer.substr(0, shorter.size()) == shorter)
      return {Resemblance::beginning, more, spelling};
    // A part must be a good part of it: "ock" says nothing about "two_tier_lock".
    if (shorter.size() * 2 >= longer.size() && longer.find(shorter) != std::string_view::npos) {
      return {Resemblance::part, more, spelling};
    }
  }
  if (const auto left_over = unshared_tokens(a, b)) {
    return {Resemblance::tokens, *left_over, spelling};
  }
  return {};
}

}  // namespace

std::optional<std::string_view> closest(std::string_view word,
                                        std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  std::optional<std::string_view> best;
  Score best_score;
  for (const std::string_view candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongestWord) continue;
    const Score candidate_score = score(word, candidate);
    if (candidate_score < best_score) {
      best = candidate;
      best_score = candidate_score;
    }
  }
  return best;
}

}  // namespace locklab
