// DynamoDB in a scenario: the section "dynamodb", one process of that name, and each client's way
// to it.
#include <fmt/format.h>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/service.hpp"
#include "sim/services/dynamodb/client.hpp"
#include "sim/services/dynamodb/server.hpp"

namespace locklab {
namespace {

using namespace reading;

void read(Reading& reading, const Node* node) {
  if (node == nullptr) return;
  Section r(reading, *node, "dynamodb");
  DynamoDbSpec& spec = reading.scenario.dynamodb;
  spec.staleness = r.duration("staleness", spec.staleness);
  for (const Node& item : r.items("unavailable")) {
    Section o(reading, item, "dynamodb.outage");
    DynamoDbSpec::Outage outage;
    outage.from = o.duration("from", 0ms);
    outage.until = o.duration("until", 8760h);
    outage.to = o.texts("to");
    if (const Node* names = item.find("to"))
      for (std::size_t i = 0; i < outage.to.size() && i < names->items.size(); ++i)
        check_name(reading, names->items[i], outage.to[i], "client", reading.clients);
    spec.outages.push_back(std::move(outage));
  }
}

void name_processes(const Scenario&, std::vector<std::string>& names) {
  names.emplace_back("dynamodb");
}

class DynamoDb final : public DeployedService {
 public:
  explicit DynamoDb(Site& site) : kinds_(site.world().names()) {
    const DynamoDbSpec& spec = site.scenario().dynamodb;
    Process& process = site.add_server(ProcessRole::dynamodb, "dynamodb");
    id_ = process.id();
    server_ = site.make<dynamodb::Server>(process, kinds_, spec.staleness);
    for (const DynamoDbSpec::Outage& outage : spec.outages) {
      if (outage.to.empty()) server_->add_outage({outage.from, outage.until, ProcessId{}});
      for (const std::string& client : outage.to)
        server_->add_outage({outage.from, outage.until, site.world().find_process(client)->id()});
    }
    process.set_actor(*server_);
  }
  ~DynamoDb() override { server_->~Server(); }

  ServiceClient* equip(Environment& environment) override {
    Process& self = environment.self;
    environment.dynamodb =
        new (self.arena().take(sizeof(dynamodb::Client))) dynamodb::Client(self, id_, kinds_);
    return nullptr;
  }

 private:
  dynamodb::Kinds kinds_;
  dynamodb::Server* server_;
  ProcessId id_;
};

DeployedService* deploy(Site& site) { return site.make<DynamoDb>(site); }

}  // namespace

const ServiceKind kDynamoDbService{ProcessRole::dynamodb, "dynamodb", "DynamoDB", read, nullptr,
                                   name_processes,        deploy};

}  // namespace locklab
