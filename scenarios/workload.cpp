#include "scenarios/workload.hpp"

#include <array>

namespace locklab {

namespace {

Step acquire(const WorkloadSpec& spec) {
  Step step;
  step.kind = Step::Kind::acquire;
  step.lock = spec.resource;
  step.mode = spec.mode;
  step.timeout = spec.timeout;
  step.poll = spec.poll;
  step.if_refused = AfterRefusal::skip;
  return step;
}

Step simple(Step::Kind kind, std::string lock = {}) {
  Step step;
  step.kind = kind;
  step.lock = std::move(lock);
  return step;
}

/// Acquire, do it, release; as many rounds as asked.
Program rounds(const WorkloadSpec& spec, Step act) {
  Program round{acquire(spec), std::move(act), simple(Step::Kind::release, spec.resource)};
  if (spec.pause > Duration{0}) {
    Step pause = simple(Step::Kind::sleep);
    pause.time = spec.pause;
    round.push_back(pause);
  }
  if (spec.rounds == 1) return round;
  Step repeat = simple(Step::Kind::repeat);
  repeat.amount = spec.rounds;
  repeat.body = std::move(round);
  return {repeat};
}

Program inventory(const WorkloadSpec& spec) {
  Step sell = simple(Step::Kind::sell);
  sell.subject = "stock";
  sell.think = spec.work;
  return rounds(spec, sell);
}

Program payment(const WorkloadSpec& spec) {
  Step charge = simple(Step::Kind::charge);
  charge.subject = "order";
  charge.think = spec.work;
  return rounds(spec, charge);
}

Program job(const WorkloadSpec& spec) {
  Step run = simple(Step::Kind::run_job);
  run.subject = "nightly-job";
  run.time = spec.work;
  return rounds(spec, run);
}

Program leader(const WorkloadSpec& spec) {
  Step lead = simple(Step::Kind::lead);
  lead.subject = "cluster";
  lead.time = spec.work;
  lead.every = spec.work / 10;
  return rounds(spec, lead);
}

Program file(const WorkloadSpec& spec) {
  Step append = simple(Step::Kind::append);
  append.subject = "file";
  append.think = spec.work;
  return rounds(spec, append);
}

Program plain(const WorkloadSpec& spec) {
  Step work = simple(Step::Kind::work);
  work.time = spec.work;
  return rounds(spec, work);
}

std::vector<SeedRegister> one(std::string name, std::int64_t number) {
  return {{std::move(name), Datum{true, number, {}}}};
}

constexpr std::array kWorkloads{
    Workload{"inventory", "servers sell the last item in stock", "oversold", inventory,
             [](const WorkloadSpec&) { return one("stock", 1); }},
    Workload{"payment", "servers charge an order that is to be charged once", "double_charges",
             payment, [](const WorkloadSpec&) { return one("order", 0); }},
    Workload{"job", "machines run the nightly job, which is to run once", "duplicate_runs", job,
             [](const WorkloadSpec&) { return one("nightly-job", 0); }},
    Workload{"leader", "nodes lead a cluster that is to have one leader", "stale_leader_acts",
             leader, [](const WorkloadSpec&) { return one("cluster", 0); }},
    Workload{"file", "writers append blocks to one file", "lost_blocks", file,
             [](const WorkloadSpec&) { return one("file", 0); }},
    Workload{"plain", "clients hold the lock and touch nothing", "", plain,
             [](const WorkloadSpec&) { return std::vector<SeedRegister>{}; }},
};

}  // namespace

std::span<const Workload> workloads() { return kWorkloads; }

const Workload* find_workload(std::string_view name) {
  for (const Workload& workload : kWorkloads)
    if (workload.name == name) return &workload;
  return nullptr;
}

}  // namespace locklab
