// ZooKeeper 3.8 and the model of sim/services/zookeeper, answer by answer.
#include "tests/conformance/suite.hpp"

#include "real/zookeeper/server.hpp"
#include "tests/conformance/zookeeper/parts.hpp"

namespace locklab::conformance {

namespace {

constexpr std::chrono::milliseconds kTick{300};

void run(Context& context) {
  // Containers are looked after once an hour: none goes while a program looks at it.
  auto ensemble = real::zookeeper::Ensemble::start(
      {.tick = kTick, .properties = {"znode.container.checkIntervalMs=3600000"}}, {{}, {}, {}});
  if (!ensemble) {
    context.record.differ("an ensemble starts", "", "it does", ensemble.error().sentence);
    return;
  }
  context.record.set_version(ensemble->version());
  compare_trees(context, *ensemble);
  context.say("trees done");
  compare_watches(context, *ensemble);
  context.say("watches done");
  compare_expiry(context, *ensemble, kTick);
  compare_crashes(context, *ensemble, kTick);
  context.say("crashes done");
  compare_negotiation(context);
  context.say("sessions done");
  compare_containers(context);
  compare_isolation(context);
  context.say("isolation done");
}

}  // namespace

const Suite kZooKeeperSuite{"zookeeper", "ZooKeeper", real::zookeeper::Ensemble::missing, run};

}  // namespace locklab::conformance
