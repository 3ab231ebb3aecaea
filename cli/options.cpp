// Commands and options for CLI11, which takes seconds to compile and throws: both end in this file
// and in option_mistakes.cpp, where its sentences are replaced by ours, which say what to do.
#include "cli/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "cli/help.hpp"
#include "cli/option_mistakes.hpp"
#include "cli/option_values.hpp"
#include "faults/campaign.hpp"
#include "scenarios/diagnostics.hpp"
#include "sim/time.hpp"

namespace locklab {
namespace {

constexpr const char* kKinds = "scenarios|algorithms|faults|invariants|workloads|formats";

class CommandLineParser {
 public:
  CommandLineParser() : app_("A deterministic simulator of distributed locks.", "locklab") {
    app_.set_version_flag("--version", "locklab " LOCKLAB_VERSION);
    app_.get_option("--version")->description("Print the version");
    app_.set_help_flag("-h,--help", "Print this help");
    app_.require_subcommand(0, 1);
    add_run();
    add_verify();
    add_list();
    add_corpus();
    add_compare();
    add_advise();
    add_check();
    add_init();
    add_show();
    add_schema();
    add_report();
    add_replay();
    add_fuzz();
    add_merge();
    add_explain();
    add_enumerate();
    add_diff();
    add_live();
    add_completions();
  }

  CommandLine parse(int argc, const char* const* argv) {
    std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    if (words.empty()) return nothing(ExitCode::ok, short_help(table()));
    // `locklab help run` is what people type who have not read this yet.
    if (words[0] == "help") {
      words.erase(words.begin());
      words.insert(words.begin() + (words.empty() ? 0 : 1), "--help");
    }
    if (!words[0].starts_with('-') && !commands_.contains(words[0])) {
      return bad(fmt::format("there is no command {}{}; `locklab --help` lists them",
                             in_quotes(words[0]), did_you_mean(words[0], command_names())));
    }
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    try {
      app_.parse(words);
    } catch (const CLI::CallForHelp&) {
      return nothing(ExitCode::ok, help_of_parsed());
    } catch (const CLI::CallForVersion&) {
      return nothing(ExitCode::ok, "locklab " LOCKLAB_VERSION "\n");
    } catch (const CLI::ParseError& error) {
      return bad(mistake_text(error, app_, parsed_command()));
    }
    const CLI::App* used = parsed_command();
    if (used == nullptr) return nothing(ExitCode::ok, short_help(table()));
    return {commands_.at(used->get_name())(), terminal_};
  }

  CommandTable table() const {
    CommandTable table;
    for (const CLI::App* command : app_.get_subcommands({})) {
      CommandRow row{
          command->get_name(), command->get_description(), command->get_footer(), {}, {}};
      for (const CLI::Option* option : command->get_options())
        (option->get_positional() ? row.arguments : row.options).push_back(row_of(*option));
      table.commands.push_back(std::move(row));
    }
    for (const CLI::Option* option : app_.get_options()) table.options.push_back(row_of(*option));
    return table;
  }

 private:
  // ---- the commands ----

  void add_run() {
    CLI::App& c = command("run", "Run scenarios and say what happened",
                          "locklab run doc-1\n"
                          "locklab run doc-3 --seed 7 --set lock.ttl=5s\n"
                          "locklab run my-scenario.json --json | jq .violations\n"
                          "locklab run doc-1 doc-2 doc-3 doc-4 --quiet\n"
                          "locklab run doc-4 --trace run.jsonl\n"
                          "locklab run doc-4 --html run.html\n"
                          "locklab run doc-4 --format mermaid --out run.mmd",
                          [this] { return Command(run_); });
    arguments(c, "scenarios", run_.scenarios, "SCENARIO",
              "Names of built-in scenarios, files, or - for standard input")
        ->required();
    number(c, "--seed", run_.seed, "Instead of the scenario's own", std::uint64_t{0});
    sets(c, run_.sets);
    CLI::Option* text = c.add_flag("--text", run_.text, "A report for people (the default)");
    CLI::Option* json =
        c.add_flag("--json", run_.json, "The result as JSON; a list for several")->excludes(text);
    value(c, "--trace", run_.trace, "FILE", "Also write everything that happened, as JSON Lines");
    value(c, "--html", run_.html, "FILE", "Also write the run as a page that stands by itself");
    format(c, run_.format, run_.out)->excludes(text)->excludes(json);
    c.add_flag("-q,--quiet", run_.quiet, "One line a scenario")->excludes(json);
    c.add_flag("--full", run_.full, "Leave nothing out of the report")->excludes(json);
    terminal(c);
  }

  void add_verify() {
    CLI::App& c = command("verify", "Run built-in scenarios and compare them with what they expect",
                          "locklab verify\n"
                          "locklab verify 'doc-*' redlock\n"
                          "locklab verify --jobs 4 --json",
                          [this] { return Command(verify_); });
    arguments(c, "patterns", verify_.patterns, "SCENARIO",
              "Patterns with * and ?, or parts of names; without any, all");
    number(c, "-j,--jobs", verify_.jobs, "Threads; as many as there are cores unless given",
           std::size_t{1}, std::size_t{256});
    c.add_flag("--times", verify_.times, "How long each took, also where this is no terminal");
    c.add_flag("--json", verify_.json, "The results as JSON");
    terminal(c);
  }

  void add_fuzz() {
    CLI::App& c =
        command("fuzz", "Search for faults that break a lock, and shrink what is found",
                "locklab fuzz redlock --faults clock-jump,partition --until-found\n"
                "locklab fuzz simple_redis_lock --check service_mutual_exclusion --runs 20000\n"
                "locklab fuzz my-scenario.json --beyond --time 60s --out found\n"
                "locklab fuzz redlock:spec --runs 100000 --jobs 2 --json\n"
                "locklab fuzz redlock --runs 5000000 --out found --resume\n"
                "locklab fuzz redlock --runs 5000000 --out found --shard 1/4",
                [this] {
                  if (!fuzz_.runs && !fuzz_.time && !fuzz_.until_found) fuzz_.runs = 10'000;
                  return Command(fuzz_);
                });
    argument(c, "scenario", fuzz_.scenario, "SCENARIO",
             "A lock such as redlock or redlock:spec, a built-in scenario, a file")
        ->required();
    list(c, "--faults", fuzz_.faults, "LIST",
         "Kinds of faults (" + kinds_of_faults() +
             "), whatever the lock assumes; unless given, those that it was built to survive");
    c.add_flag("--beyond", fuzz_.beyond,
               "All faults and all invariants, whatever the lock assumes and promises");
    list(c, "--check", fuzz_.checks, "LIST",
         "Invariants to look at; unless given, those that the lock promises");
    number(c, "--runs", fuzz_.runs, "Schedules to try; 10000 unless another limit is given",
           std::uint64_t{1});
    CLI::Option* time =
        duration(c, "--time", fuzz_.time, "How long to search, as in 90s, 10min or 2h");
    CLI::Option* until_found =
        c.add_flag("--until-found", fuzz_.until_found, "Stop at the first violation");
    number(c, "--seed", fuzz_.seed, "Another seed, other schedules; 1 unless given",
           std::uint64_t{0});
    number(c, "-j,--jobs", fuzz_.jobs, "Threads; as many as there are cores unless given",
           std::size_t{1}, std::size_t{256});
    c.add_flag("--prove", fuzz_.prove,
               "Go through all schedules of fewer faults than a counterexample has");
    c.add_flag("--whole", fuzz_.whole,
               "Keep the scenario of a counterexample as it is, with all its clients and servers");
    number(c, "--most", fuzz_.most_faults, "Faults in a schedule at most; 12 unless given",
           std::size_t{1}, std::size_t{32});
    value(c, "--strategy", fuzz_.strategy, kStrategy,
          ("How schedules are chosen: " + listed(split_choices(kStrategy)) +
           "; portfolio, which tries them all, unless given")
              .c_str());
    CLI::Option* out =
        value(c, "--out", fuzz_.out, "DIR",
              "Write what is found as scenario files, and a journal while searching");
    c.add_flag("--resume", fuzz_.resume,
               "Go on where the campaign in --out was stopped; begin if there is none")
        ->needs(out);
    CLI::Option* json = c.add_flag("--json", fuzz_.json, "The result as JSON");
    CLI::Option* junit =
        value(c, "--junit", fuzz_.junit, "FILE", "Also write the result as JUnit XML");
    CLI::Option* sarif =
        value(c, "--sarif", fuzz_.sarif, "FILE", "Also write what is found as SARIF 2.1.0");
    sarif->needs(out);
    shard(c)
        ->needs(out)
        ->excludes(time)
        ->excludes(until_found)
        ->excludes(json)
        ->excludes(junit)
        ->excludes(sarif);
    sets(c, fuzz_.sets);
    terminal(c);
  }

  void add_merge() {
    CLI::App& c = command("merge", "Put the shards of a campaign together and say what they found",
                          "locklab merge found\n"
                          "locklab merge machine-1 machine-2 machine-3 --out found --json",
                          [this] { return Command(merge_); });
    arguments(c, "folders", merge_.folders, "DIR", "What the shards had as --out")->required();
    CLI::Option* out =
        value(c, "--out", merge_.out, "DIR", "Write what was found as scenario files");
    number(c, "-j,--jobs", merge_.jobs, "Threads; as many as there are cores unless given",
           std::size_t{1}, std::size_t{256});
    c.add_flag("--json", merge_.json, "The result as JSON");
    value(c, "--junit", merge_.junit, "FILE", "Also write the result as JUnit XML");
    value(c, "--sarif", merge_.sarif, "FILE", "Also write what was found as SARIF 2.1.0")
        ->needs(out);
    terminal(c);
  }

  /// "2/4"
  CLI::Option* shard(CLI::App& c) {
    return c
        .add_option_function<std::string>(
            "--shard",
            [this](const std::string& text) {
              if (const auto read = read_shard(text)) std::tie(fuzz_.shard, fuzz_.shards) = *read;
            },
            "Make part I of N (up to 16) of the tries; `locklab merge` puts them together")
        ->type_name("I/N")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->check(CLI::Validator(
            [](std::string& text) {
              return read_shard(text) ? std::string()
                                      : fmt::format("{} is no shard such as 1/4, of at most {}",
                                                    in_quotes(text), kIslands);
            },
            ""));
  }

  void add_explain() {
    CLI::App& c = command("explain", "Say why a run broke: the story, the faults it took, the turn",
                          "locklab explain doc-3-jump\n"
                          "locklab explain found/service_mutual_exclusion--redlock--1a2b3c4d.json\n"
                          "locklab explain doc-4-unfenced --check stale_write --set lock.ttl=5s\n"
                          "locklab explain doc-1 --json",
                          [this] { return Command(explain_); });
    argument(c, "scenario", explain_.scenario, "SCENARIO",
             "The name of a built-in scenario, a file, or - for standard input")
        ->required();
    value(c, "--check", explain_.check, "INVARIANT",
          "Whose violation to explain; the heaviest unless given");
    number(c, "--seed", explain_.seed, "Instead of the scenario's own", std::uint64_t{0});
    sets(c, explain_.sets);
    CLI::Option* json = c.add_flag("--json", explain_.json, "As JSON");
    c.add_flag("--markdown", explain_.markdown, "As Markdown")->excludes(json);
    terminal(c);
  }

  void add_enumerate() {
    CLI::App& c = command("enumerate", "Try every schedule of a few faults, and certify it",
                          "locklab enumerate redlock --faults 2 --out redlock.certificate.json\n"
                          "locklab enumerate redlock:spec --faults 2 --kinds clock-jump,partition\n"
                          "locklab enumerate my-scenario.json --faults 1 --every-anchor\n"
                          "locklab enumerate --verify redlock.certificate.json",
                          [this] { return Command(enumerate_); });
    argument(c, "scenario", enumerate_.scenario, "SCENARIO",
             "A lock such as redlock or redlock:spec, a built-in scenario, a file");
    number(c, "--faults", enumerate_.faults, "Faults in a schedule at most; 1 unless given",
           std::size_t{1}, std::size_t{3});
    list(c, "--kinds", enumerate_.kinds, "LIST",
         "Kinds of faults (" + kinds_of_faults() +
             "); pause, crash, clock-jump and partition unless given");
    list(c, "--sizes", enumerate_.sizes, "LIST",
         "How long faults last and how far clocks jump, as in 5s,20s");
    c.add_flag("--every-anchor", enumerate_.every_anchor,
               "Faults at every event, not only at the first of each sort");
    list(c, "--check", enumerate_.checks, "LIST", "Invariants to look at; all of the scenario's");
    number(c, "-j,--jobs", enumerate_.jobs, "Threads; as many as there are cores unless given",
           std::size_t{1}, std::size_t{256});
    value(c, "--out", enumerate_.out, "FILE", "Write the certificate");
    value(c, "--verify", enumerate_.certificate, "FILE",
          "Run what a certificate is about again, and compare");
    c.add_flag("--json", enumerate_.json, "The certificate on standard output");
    sets(c, enumerate_.sets);
    terminal(c);
  }

  void add_list() {
    CLI::App& c = command("list", "List what there is, or show one of it",
                          "locklab list scenarios\n"
                          "locklab list scenarios corpus/\n"
                          "locklab list algorithms redlock\n"
                          "locklab list faults --json",
                          [this] { return Command(list_); });
    argument(c, "kind", list_.kind, kKinds, "What to list")->required();
    argument(c, "name", list_.name, "NAME",
             "One of them in detail; of scenarios, a pattern or a part of a name");
    c.add_flag("--json", list_.json, "As JSON");
    terminal(c);
  }

  void add_corpus() {
    CLI::App& c = command("corpus", "Run the corpus of failures and print it as a table",
                          "locklab corpus\n"
                          "locklab corpus redlock\n"
                          "locklab corpus 29 --json\n"
                          "locklab corpus --markdown > docs/corpus.md",
                          [this] { return Command(corpus_); });
    argument(c, "pattern", corpus_.pattern, "PATTERN",
             "The number of an entry, or a part of its id; without one, all");
    CLI::Option* json = c.add_flag("--json", corpus_.json, "As JSON");
    c.add_flag("--markdown", corpus_.markdown, "As docs/corpus.md")->excludes(json);
    terminal(c);
  }

  void add_advise() {
    CLI::App& c = command("advise", "Say which lock to take, on what evidence, and what it costs",
                          "locklab advise\n"
                          "locklab advise --correctness efficiency --storage-checks-tokens no "
                          "--longest-pause 2s --have redis\n"
                          "locklab advise --correctness correctness --storage-checks-tokens yes "
                          "--longest-pause 10s --have redis,database --json",
                          [this] { return Command(advise_); });
    value(c, "--correctness", advise_.correctness, "efficiency|correctness",
          "What two holders at once would cost: work done twice, or corrupted data");
    value(c, "--storage-checks-tokens", advise_.storage_checks_tokens, "yes|no",
          "Whether what the lock protects can check a fencing token");
    value(c, "--longest-pause", advise_.longest_pause, "TIME",
          "The longest pause of a client that must do no harm, as in 10s");
    value(c, "--have", advise_.have, "LIST",
          "The services that there are, with commas between them: redis, database, ...");
    value(c, "--contention", advise_.contention, "low|high",
          "Whether many clients want the same lock; low unless given");
    value(c, "--cross-region", advise_.cross_region, "yes|no",
          "Whether clients and servers are in several regions; no unless given");
    number(c, "--runs", advise_.runs, "Runs under each fault; 40 unless given", std::uint64_t{1},
           std::uint64_t{100'000});
    number(c, "--seed", advise_.seed, "Of all chance; 1 unless given", std::uint64_t{0});
    number(c, "-j,--jobs", advise_.jobs, "Threads; as many as there are cores unless given",
           std::size_t{1}, std::size_t{256});
    c.add_flag("--json", advise_.json, "As JSON");
    terminal(c);
  }

  void add_compare() {
    CLI::App& c = command("compare", "Run every lock under every fault and count what breaks",
                          "locklab compare\n"
                          "locklab compare --locks redlock,redlock:redlock-rb --runs 200\n"
                          "locklab compare --faults client-pause,clock-forward --markdown\n"
                          "locklab compare --csv > locks.csv",
                          [this] { return Command(compare_); });
    value(c, "--locks", compare_.locks, "LIST",
          "Algorithms, or ALGORITHM:PRESET, with commas between them; without it, all");
    value(c, "--faults", compare_.faults, "LIST",
          "none, client-pause, client-crash, server-restart, server-amnesia, partition, "
          "message-loss, clock-forward, clock-back, clock-rate, vm-suspend; without it, all");
    number(c, "--runs", compare_.runs, "Runs of each lock under each fault; 100 unless given",
           std::uint64_t{1}, std::uint64_t{100'000});
    number(c, "--seed", compare_.seed, "Of all chance; 1 unless given", std::uint64_t{0});
    number(c, "-j,--jobs", compare_.jobs, "Threads; as many as there are cores unless given",
           std::size_t{1}, std::size_t{256});
    CLI::Option* json = c.add_flag("--json", compare_.json, "As JSON");
    CLI::Option* csv =
        c.add_flag("--csv", compare_.csv, "As CSV, one line a number")->excludes(json);
    c.add_flag("--markdown", compare_.markdown, "As Markdown")->excludes(json)->excludes(csv);
    terminal(c);
  }

  void add_check() {
    CLI::App& c = command("check", "Find all mistakes in scenario files without running them",
                          "locklab check my-scenario.json\n"
                          "locklab check *.json\n"
                          "generate | locklab check -",
                          [this] { return Command(check_); });
    arguments(c, "files", check_.files, "SCENARIO", "Files, or - for standard input")->required();
  }

  void add_init() {
    CLI::App& c = command("init", "Write a commented scenario to start from",
                          "locklab init\n"
                          "locklab init my-scenario && locklab run my-scenario.json",
                          [this] { return Command(init_); });
    argument(c, "name", init_.name, "NAME", "Writes NAME.json; \"scenario\" unless given");
    c.add_flag("--force", init_.force, "Overwrite a file of that name");
  }

  void add_show() {
    CLI::App& c = command("show", "Print a built-in scenario as JSON",
                          "locklab show doc-3\n"
                          "locklab show doc-3 > mine.json",
                          [this] { return Command(show_); });
    argument(c, "name", show_.name, "SCENARIO", "The scenario's name")->required();
  }

  void add_schema() {
    command("schema", "Print the JSON Schema of scenario files",
            "locklab schema > scenario.schema.json", [] { return Command(SchemaCommand{}); });
  }

  void add_report() {
    CLI::App& c =
        command("report", "Draw a recorded run again, or all built-in scenarios as a site",
                "locklab run doc-3 --trace run.jsonl\n"
                "locklab report run.jsonl --full\n"
                "locklab report run.jsonl --format html > run.html\n"
                "locklab report run.jsonl --format chrome --out run.json\n"
                "locklab report run.jsonl --format dot | dot -Tsvg > run.svg\n"
                "locklab report --all --out site",
                [this] { return Command(report_); });
    CLI::Option* trace =
        argument(c, "trace", report_.trace, "FILE", "What `locklab run --trace` wrote, or -");
    CLI::Option* drawn = format(c, report_.format, report_.out);
    CLI::Option* full = c.add_flag("--full", report_.full, "Leave nothing out");
    c.add_flag("--all", report_.all,
               "Instead: all built-in scenarios as pages with an index, into the folder of --out")
        ->excludes(trace)
        ->excludes(drawn)
        ->excludes(full);
    number(c, "-j,--jobs", report_.jobs, "Threads for --all; as many as there are cores",
           std::size_t{1}, std::size_t{256});
    terminal(c);
  }

  void add_replay() {
    CLI::App& c = command("replay", "Run a recording's scenario again and compare the two runs",
                          "locklab replay run.jsonl\n"
                          "locklab replay run.jsonl --scenario my-scenario.json",
                          [this] { return Command(replay_); });
    argument(c, "trace", replay_.trace, "FILE", "What `locklab run --trace` wrote, or -")
        ->required();
    value(c, "--scenario", replay_.scenario, "SCENARIO",
          "The scenario, unless the recording names a built-in one");
    sets(c, replay_.sets);
  }

  void add_diff() {
    CLI::App& c = command("diff", "Say what two runs differ in",
                          "locklab diff doc-3 doc-3-jump\n"
                          "locklab diff doc-4 doc-4 --set lock.ttl=20s\n"
                          "locklab diff doc-4 doc-4-unfenced --html parted.html\n"
                          "locklab diff before.jsonl after.jsonl --json",
                          [this] { return Command(diff_); });
    argument(c, "first", diff_.first, "RUN", "A recording, or a scenario to run")->required();
    argument(c, "second", diff_.second, "RUN", "What to compare it with")->required();
    number(c, "--seed", diff_.seed, "Of the second, if it is a scenario", std::uint64_t{0});
    c.add_option("--set", diff_.sets, "Change one value of the second scenario, as in lock.ttl=5s")
        ->type_name("PATH=VALUE")
        ->allow_extra_args(false);
    c.add_flag("--json", diff_.json, "As JSON");
    value(c, "--html", diff_.html, "FILE", "Also write both pictures and what differs as a page");
    terminal(c);
  }

  void add_live() {
    CLI::App& c =
        command("live", "Run a scenario in real time against real servers, with real faults",
                "locklab live doc-1\n"
                "locklab live doc-4 --html both.html\n"
                "locklab live doc-3-jump --keep runs\n"
                "locklab live my-scenario.json --json",
                [this] { return Command(live_); });
    argument(c, "scenario", live_.scenario, "SCENARIO",
             "The name of a built-in scenario, a file, or - for standard input")
        ->required();
    sets(c, live_.sets);
    number(c, "--tries", live_.tries,
           "Runs at most, as long as they differ and the machine was late; 3 unless given",
           std::size_t{1}, std::size_t{100});
    c.add_flag("--distances", live_.distances,
               "Let messages take the time of the scenario's network too, also the usual 0.5ms");
    value(c, "--html", live_.html, "FILE", "Also write both runs on one axis of time as a page");
    value(c, "--keep", live_.keep, "DIR", "Write simulated.jsonl and live.jsonl into a folder");
    c.add_flag("--json", live_.json, "The outcomes as JSON");
    terminal(c);
  }

  void add_completions() {
    CLI::App& c = command("completions", "Print a script that completes commands in your shell",
                          "source <(locklab completions bash)\n"
                          "locklab completions zsh > ~/.zfunc/_locklab\n"
                          "locklab completions fish > ~/.config/fish/completions/locklab.fish",
                          [this] { return Command(completions_); });
    argument(c, "shell", completions_.shell, kShells, "Which shell")->required();
  }

  // ---- how options are added ----

  template <class Make>
  CLI::App& command(const char* name, const char* help, const char* examples, Make make) {
    CLI::App* added = app_.add_subcommand(name, help);
    added->footer(examples);
    added->set_help_flag("-h,--help", "Print this help");
    commands_.emplace(name, std::move(make));
    return *added;
  }

  /// Of an option given twice the last one counts, so that a script's can be overridden.
  CLI::Option* value(CLI::App& c, const char* name, std::string& target, const char* shown,
                     const char* help) {
    CLI::Option* option = c.add_option(name, target, help)->type_name(shown);
    if (option->get_positional()) return option;
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    return with_choices(option, shown);
  }

  CLI::Option* format(CLI::App& c, std::string& target, std::string& out) {
    CLI::Option* option = value(c, "--format", target, kFormat,
                                "What to draw (`locklab list formats`); text unless given");
    value(c, "--out", out, "FILE", "Where to; standard output unless given");
    return option;
  }

  CLI::Option* argument(CLI::App& c, const char* name, std::string& target, const char* shown,
                        const char* help) {
    return with_choices(c.add_option(name, target, help)->type_name(shown), shown);
  }

  CLI::Option* arguments(CLI::App& c, const char* name, std::vector<std::string>& target,
                         const char* shown, const char* help) {
    return c.add_option(name, target, help)->type_name(shown);
  }

  template <class Target, class Number>
  void number(CLI::App& c, const char* name, Target& target, const char* help, Number least,
              Number most = std::numeric_limits<Number>::max()) {
    const auto read = [&target, least, most](const std::string& text) {
      const std::optional<Number> number = whole_number(text, least, most);
      if (number) target = *number;
      return number.has_value();
    };
    c.add_option_function<std::string>(
         name, [read](const std::string& text) { read(text); }, help)
        ->type_name("N")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->check(CLI::Validator(
            [=](std::string& text) {
              return whole_number(text, least, most)
                         ? std::string()
                         : fmt::format("{} is no whole number from {} to {}", in_quotes(text),
                                       least, most);
            },
            ""));
  }

  /// Words with commas between them, or the option again and again.
  void list(CLI::App& c, const char* name, std::vector<std::string>& target, const char* shown,
            const std::string& help) {
    c.add_option(name, target, help)->type_name(shown)->delimiter(',')->allow_extra_args(false);
  }

  CLI::Option* duration(CLI::App& c, const char* name,
                        std::optional<std::chrono::nanoseconds>& target, const char* help) {
    return c
        .add_option_function<std::string>(
            name,
            [&target](const std::string& text) {
              if (const auto read = read_time(text)) target = *read;
            },
            help)
        ->type_name("TIME")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->check(CLI::Validator(
            [](std::string& text) {
              const auto read = read_time(text);
              return read && *read > Duration{0}
                         ? std::string()
                         : fmt::format("{} is no time such as 60s or 10min", in_quotes(text));
            },
            ""));
  }

  void sets(CLI::App& c, std::vector<std::string>& target) {
    c.add_option("--set", target, "Change one value of the scenario, as in lock.ttl=5s")
        ->type_name("PATH=VALUE")
        ->allow_extra_args(false);
  }

  void terminal(CLI::App& c) {
    c.add_option_function<std::string>(
         "--color",
         [this](const std::string& text) {
           terminal_.color = text == "always"  ? ColorChoice::always
                             : text == "never" ? ColorChoice::never
                                               : ColorChoice::automatic;
         },
         "Colours; auto is on a terminal, unless NO_COLOR is set")
        ->type_name(kColors)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->check(one_of(kColors));
    number(c, "--width", terminal_.width, "Columns, instead of the terminal's", kLeastWidth,
           kMostWidth);
    c.add_flag("--ascii", terminal_.ascii, "Nothing but ASCII");
  }

  static CLI::Option* with_choices(CLI::Option* option, const char* shown) {
    if (!split_choices(shown).empty()) option->check(one_of(shown));
    return option;
  }

  static CLI::Validator one_of(const char* choices) {
    return CLI::Validator(
        [choices](std::string& text) {
          const std::vector<std::string> known = split_choices(choices);
          if (std::find(known.begin(), known.end(), text) != known.end()) return std::string();
          return fmt::format("{} is not {}{}", in_quotes(text), listed(known),
                             did_you_mean(text, known));
        },
        "");
  }

  // ---- what went wrong ----

  static CommandLine nothing(ExitCode code, std::string output, std::string error = {}) {
    return {NothingToDo{code, std::move(output), std::move(error)}, {}};
  }
  static CommandLine bad(std::string sentence) {
    return nothing(ExitCode::bad_input, {}, std::move(sentence));
  }

  std::vector<std::string> command_names() const {
    std::vector<std::string> names{"help"};
    for (const auto& [name, make] : commands_) names.push_back(name);
    return names;
  }

  const CLI::App* parsed_command() const {
    const std::vector<CLI::App*> parsed = app_.get_subcommands();
    return parsed.empty() ? nullptr : parsed.front();
  }

  std::string help_of_parsed() const {
    const CLI::App* used = parsed_command();
    const CommandTable all = table();
    if (used == nullptr) return long_help(all);
    for (const CommandRow& row : all.commands)
      if (row.name == used->get_name()) return command_help(row);
    return {};
  }

  static OptionRow row_of(const CLI::Option& option) {
    OptionRow row;
    if (!option.get_positional()) {
      for (const std::string& name : option.get_snames()) row.names.push_back("-" + name);
      for (const std::string& name : option.get_lnames()) row.names.push_back("--" + name);
    }
    if (option.get_items_expected_max() > 0) row.value = option.get_type_name();
    row.help = option.get_description();
    row.required = option.get_required();
    row.repeats = option.get_expected_max() > 1;
    return row;
  }

  CLI::App app_;
  std::map<std::string, std::function<Command()>> commands_;
  RunCommand run_;
  VerifyCommand verify_;
  ListCommand list_;
  CorpusCommand corpus_;
  CompareCommand compare_;
  AdviseCommand advise_;
  CheckCommand check_;
  InitCommand init_;
  ShowCommand show_;
  ReportCommand report_;
  ReplayCommand replay_;
  FuzzCommand fuzz_;
  MergeCommand merge_;
  ExplainCommand explain_;
  EnumerateCommand enumerate_;
  DiffCommand diff_;
  LiveCommand live_;
  CompletionsCommand completions_;
  TerminalChoice terminal_;
};

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  return CommandLineParser().parse(argc, argv);
}

CommandTable command_table() { return CommandLineParser().table(); }

std::vector<std::string> choices_of(const OptionRow& row) { return split_choices(row.value); }

}  // namespace locklab
