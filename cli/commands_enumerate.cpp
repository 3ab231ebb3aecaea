// `locklab enumerate`: every schedule of a few faults is run, and what came of it is written down
// as a certificate, which the same command computes again to verify one. Blocks of schedules are
// shared among threads and joined in order, so the certificate is the same for any number of them.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/certificate_json.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/loading.hpp"
#include "cli/search_words.hpp"
#include "cli/table.hpp"
#include "cli/team.hpp"

namespace locklab {
namespace {

/// More would take weeks, and nobody means it.
constexpr std::uint64_t kMostSchedules = 1'000'000'000;

Result<CertificateRequest, std::string> request_of(const EnumerateCommand& command) {
  CertificateRequest request;
  request.faults = command.faults;
  request.choice.every_anchor = command.every_anchor;
  const auto kinds = kinds_named(command.kinds, "locklab enumerate");
  if (!kinds) return kinds.error();
  if (!command.kinds.empty()) request.choice.kinds = *kinds;
  auto wanted = invariants_named(command.checks);
  if (!wanted) return wanted.error();
  request.wanted = std::move(*wanted);
  for (const std::string& text : command.sizes) {
    const auto size = parse_duration(text);
    if (!size || *size <= Duration{0})
      return fmt::format("--sizes: {} is no time such as 5s or 200ms", in_quotes(text));
    request.choice.sizes.push_back(*size);
  }
  std::ranges::sort(request.choice.sizes);
  // Clang 14 does not compile std::ranges::unique.
  request.choice.sizes.erase(std::unique(request.choice.sizes.begin(), request.choice.sizes.end()),
                             request.choice.sizes.end());
  return request;
}

/// Nothing after saying what is wrong: there are too many schedules.
bool is_countable(const Enumerator& all, std::size_t faults) {
  for (std::size_t level = 0; level <= faults; ++level) {
    const auto count = all.count(level);
    if (count && *count <= kMostSchedules) continue;
    complain(fmt::format(
        "{} faults at {} places make {} schedules; fewer --kinds, --sizes or "
        "--faults make fewer",
        level, all.atoms(), count ? fmt::format("{}", *count) : std::string("far too many")));
    return false;
  }
  return true;
}

Certificate certify(const Scenario& scenario, const CertificateRequest& request,
                    const Enumerator& all, std::size_t jobs, bool show_progress) {
  Certifier certifier(all);
  for (std::size_t faults = 0; faults <= request.faults; ++faults) {
    std::vector<CertificateBlock> blocks(certifier.blocks(faults));
    work_together(blocks.size(), jobs, fmt::format("blocks of schedules of {} faults", faults),
                  show_progress, [&](std::size_t block, Runner&) {
                    ScenarioOracle oracle(scenario, request.wanted);
                    blocks[block] = certifier.run(faults, block, oracle);
                  });
    for (const CertificateBlock& block : blocks) certifier.add(block);
  }
  return certifier.certificate();
}

// ---- words --------------------------------------------------------------------------------------

std::string kinds_text(SearchKinds kinds) {
  std::string out;
  for (std::size_t i = 0; i < kSearchKinds; ++i)
    if (const auto kind = static_cast<SearchKind>(i); (kinds & kind_bit(kind)) != 0)
      out += (out.empty() ? "" : ", ") + std::string(to_string(kind));
  return out;
}

std::string text_of(const LoadedScenario& loaded, const Enumerator& all,
                    const Certificate& certificate, const Terminal& terminal) {
  const FaultSpace& space = all.what().space;
  std::string out = paragraph(
      fmt::format("{}: {} at {} anchors make {} faults; {}", loaded.argument,
                  kinds_text(space.kinds), space.anchors.size(), all.atoms(),
                  all.permutations() == 0 ? std::string("no two processes are interchangeable")
                                          : fmt::format("{} exchanges of processes change nothing",
                                                        all.permutations())),
      terminal);
  Table levels({{"faults", Table::Align::right},
                {"schedules", Table::Align::right},
                {"symmetric", Table::Align::right},
                {"run", Table::Align::right},
                {"violating", Table::Align::right},
                {"undecided", Table::Align::right}});
  for (const LevelCount& level : certificate.levels)
    levels.add({fmt::format("{}", level.faults), fmt::format("{}", level.all),
                fmt::format("{}", level.skipped), fmt::format("{}", level.run),
                fmt::format("{}", level.violating), fmt::format("{}", level.undecided)});
  out += '\n' + levels.text(terminal);

  if (certificate.violations.empty()) out += "\nNone of them violates anything.\n";
  constexpr std::size_t kMostShown = 8;
  for (std::size_t i = 0; i < std::min(certificate.violations.size(), kMostShown); ++i) {
    const CertifiedViolation& violation = certificate.violations[i];
    std::string how =
        violation.kinds == 0 ? "without a fault" : "by " + kinds_text(violation.kinds);
    out +=
        '\n' + paragraph(fmt::format("{} ({}) {}: {} schedules, {} of them by no single fault of "
                                     "theirs; the first:",
                                     violation.invariant, violation.what, how, violation.schedules,
                                     violation.first.faults > 1 ? violation.together : 0),
                         terminal);
    for (const ScheduledFault& fault : violation.schedule)
      out += paragraph(describe(fault), terminal, 2);
  }
  if (certificate.violations.size() > kMostShown)
    out += fmt::format("\nand {} more; --json lists them\n",
                       certificate.violations.size() - kMostShown);
  if (certificate.least_slack != Duration::max()) {
    out += fmt::format("\nLeast slack of a run that violates nothing: {}{}\n",
                       to_string(certificate.least_slack),
                       certificate.closest.empty() ? ", without a fault" : "");
    for (const ScheduledFault& fault : certificate.closest)
      out += paragraph(describe(fault), terminal, 2);
  }
  return out + "\nDigest " + digest_text(certificate.digest) + '\n';
}

ExitCode exit_code_of(const Certificate& certificate) {
  if (!certificate.violations.empty()) return ExitCode::not_as_expected;
  const bool undecided = std::ranges::any_of(
      certificate.levels, [](const LevelCount& level) { return level.undecided > 0; });
  return undecided ? ExitCode::undecided : ExitCode::ok;
}

// ---- verifying ----------------------------------------------------------------------------------

ExitCode verify(const EnumerateCommand& command, const TerminalChoice& choice) {
  const auto text = read_file(command.certificate);
  if (!text) {
    complain(text.error().sentence);
    return ExitCode::bad_input;
  }
  const Json given = Json::parse(*text, nullptr, false);
  if (given.is_discarded()) {
    complain(in_quotes(command.certificate, 400) + " is no JSON");
    return ExitCode::bad_input;
  }
  const auto file = read_certificate(given);
  if (!file) {
    complain(fmt::format("{}: {}", in_quotes(command.certificate, 400), file.error()));
    return ExitCode::bad_input;
  }
  ScenarioLoader loader;
  const auto loaded = loader.load_text(command.certificate, file->scenario);
  if (!loaded) {
    print_error(loader.errors());
    return ExitCode::bad_input;
  }
  const Enumerator all(declared_enumeration(loaded->scenario, file->request.choice));
  if (!is_countable(all, file->request.faults)) return ExitCode::bad_input;
  const Certificate certificate = certify(loaded->scenario, file->request, all, command.jobs,
                                          standard_error(choice).is_terminal);
  Json again =
      certificate_json(loaded->document, loaded->scenario, file->request, all, certificate);
  // Who wrote it is no part of what it says.
  if (given.contains("version")) again["version"] = given["version"];
  const std::string difference = first_difference(given, again);
  if (given == again) {
    print(fmt::format(
        "The certificate holds: {} schedules, digest {}.\n",
        [&] {
          std::uint64_t run = 0;
          for (const LevelCount& level : certificate.levels) run += level.run;
          return run;
        }(),
        digest_text(certificate.digest)));
    return ExitCode::ok;
  }
  complain(fmt::format("the certificate does not hold: {} is another now",
                       in_quotes(difference.empty() ? "the whole" : difference)));
  return ExitCode::diverged;
}

}  // namespace

ExitCode enumerate_schedules(const EnumerateCommand& command, const TerminalChoice& choice) {
  if (!command.certificate.empty()) {
    if (command.scenario.empty()) return verify(command, choice);
    complain("--verify takes no scenario: the certificate has its own");
    return ExitCode::bad_input;
  }
  if (command.scenario.empty()) {
    complain(
        "enumerate needs a scenario, or --verify FILE; `locklab enumerate --help` shows "
        "examples");
    return ExitCode::bad_input;
  }
  const auto request = request_of(command);
  if (!request) {
    complain(request.error());
    return ExitCode::bad_input;
  }
  const auto loaded = load_searched(command.scenario, command.sets);
  if (!loaded) return ExitCode::bad_input;
  const Enumerator all(declared_enumeration(loaded->scenario, request->choice));
  if (!is_countable(all, request->faults)) return ExitCode::bad_input;
  const Certificate certificate =
      certify(loaded->scenario, *request, all, command.jobs, standard_error(choice).is_terminal);
  const std::string json =
      json_text(certificate_json(loaded->document, loaded->scenario, *request, all, certificate));
  if (!command.out.empty()) {
    const auto written = write_file(command.out, json);
    if (!written) {
      complain(written.error().sentence);
      return ExitCode::bad_input;
    }
  }
  print(command.json ? json : text_of(*loaded, all, certificate, standard_output(choice)));
  return exit_code_of(certificate);
}

}  // namespace locklab
