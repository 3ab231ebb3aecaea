#include "tests/mutants/tool/patch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

namespace locklab::mutants {
namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// ---- the list -----------------------------------------------------------------------------------

struct Key {
  std::string_view name;
  std::string Mutant::*field;
};
constexpr std::array kKeys{
    Key{"mistake", &Mutant::mistake},     Key{"lock", &Mutant::lock},
    Key{"scenario", &Mutant::scenario},   Key{"guard", &Mutant::guard},
    Key{"search", &Mutant::search},       Key{"breaks", &Mutant::breaks},
    Key{"survives", &Mutant::survives},   Key{"file", &Mutant::file},
    Key{"within", &Mutant::within},       Key{"expression", &Mutant::expression},
    Key{"statement", &Mutant::statement}, Key{"becomes", &Mutant::becomes}};

std::optional<std::string> problem_with(const Mutant& mutant) {
  if (mutant.mistake.empty()) return "it says no mistake";
  if (mutant.file.empty()) return "it names no file";
  if (mutant.lock.empty() == mutant.scenario.empty()) return "it needs a lock or a scenario";
  if (mutant.search != "inside" && mutant.search != "beyond")
    return "search is 'inside' or 'beyond'";
  if (mutant.breaks.empty()) return "it does not say what it breaks";
  if (mutant.statement.empty() == mutant.expression.empty())
    return "it needs an expression or a statement";
  if (!mutant.is_statement() && mutant.becomes.empty()) return "an expression becomes something";
  return std::nullopt;
}

// ---- finding, whatever the white space
// -----------------------------------------------------------

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const Span&) const = default;
};

/// Where the match that begins at `at` ends; nothing if none does.
std::optional<std::size_t> match_end(std::string_view text, std::size_t at,
                                     std::string_view pattern) {
  std::size_t i = at;
  for (const char wanted : pattern) {
    if (is_space(wanted)) continue;
    while (i < text.size() && is_space(text[i])) ++i;
    if (i == text.size() || text[i] != wanted) return std::nullopt;
    ++i;
  }
  return i;
}

std::vector<Span> find_all(std::string_view text, Span within, std::string_view pattern) {
  std::vector<Span> found;
  for (std::size_t at = within.begin; at < within.end; ++at) {
    if (is_space(text[at])) continue;
    if (const auto end = match_end(text, at, pattern); end && *end <= within.end)
      found.push_back({at, *end});
  }
  return found;
}

Result<Span, Problem> find_once(std::string_view text, Span within, std::string_view pattern) {
  const std::vector<Span> found = find_all(text, within, pattern);
  if (found.size() == 1) return found.front();
  return Problem{fmt::format("`{}` is there {} times, not once", pattern, found.size())};
}

std::string with_switches(std::string_view original, const std::vector<const Mutant*>& mutants) {
  std::string out;
  for (const Mutant* mutant : mutants)
    out += mutant->is_statement()
               ? fmt::format("if (::locklab::mutant({})) {{ {} }} else ", mutant->number,
                             mutant->becomes)
               : fmt::format("::locklab::mutant({}) ? ({}) : ", mutant->number, mutant->becomes);
  return mutants.front()->is_statement() ? fmt::format("{}{{ {} }}", out, original)
                                         : fmt::format("({}({}))", out, original);
}

}  // namespace

Result<std::vector<Mutant>, Problem> read_mutants(std::string_view text) {
  std::vector<Mutant> all;
  std::size_t number = 0;
  bool open = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty()) open = false;
    if (line.empty() || line.front() == '#') continue;
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view name = line.substr(0, space);
    const std::string_view value = trimmed(line.substr(space));
    if (name == "mutant") {
      unsigned id = 0;
      std::from_chars(value.data(), value.data() + value.size(), id);
      if (id != all.size() + 1)
        return Problem{fmt::format("line {}: mutants are numbered in order: {} comes next", number,
                                   all.size() + 1)};
      all.push_back({});
      all.back().number = id;
      open = true;
      continue;
    }
    const auto key = std::ranges::find(kKeys, name, &Key::name);
    if (key == kKeys.end())
      return Problem{fmt::format("line {}: there is no key '{}'", number, name)};
    if (!open) return Problem{fmt::format("line {}: an entry begins with 'mutant'", number)};
    all.back().*(key->field) = value;
  }
  for (const Mutant& mutant : all)
    if (const auto problem = problem_with(mutant))
      return Problem{fmt::format("mutant {}: {}", mutant.number, *problem)};
  return all;
}

Result<std::string, Problem> patched(std::string_view source,
                                     const std::vector<const Mutant*>& mutants) {
  struct Place {
    Span span;
    std::vector<const Mutant*> mutants;
  };
  std::vector<Place> places;
  for (const Mutant* mutant : mutants) {
    Span within{0, source.size()};
    if (!mutant->within.empty()) {
      const auto found = find_once(source, within, mutant->within);
      if (!found)
        return Problem{fmt::format("mutant {}: within {}", mutant->number, found.error().sentence)};
      within = *found;
    }
    const auto span = find_once(source, within, mutant->original());
    if (!span) return Problem{fmt::format("mutant {}: {}", mutant->number, span.error().sentence)};
    const auto known = std::ranges::find(places, *span, &Place::span);
    if (known != places.end())
      known->mutants.push_back(mutant);
    else
      places.push_back({*span, {mutant}});
  }
  std::ranges::sort(places, {}, [](const Place& place) { return place.span.begin; });
  std::string out = "#include \"tests/mutants/mutant.hpp\"\n";
  std::size_t done = 0;
  for (const Place& place : places) {
    if (place.span.begin < done)
      return Problem{
          fmt::format("mutant {}: its place overlaps another's", place.mutants.front()->number)};
    out += source.substr(done, place.span.begin - done);
    out += with_switches(source.substr(place.span.begin, place.span.end - place.span.begin),
                         place.mutants);
    done = place.span.end;
  }
  out += source.substr(done);
  return out;
}

}  // namespace locklab::mutants
