// Kubernetes in a scenario: the section "kubernetes", one API server, and each client's way to it.
#include "scenarios/scenario_reading.hpp"
#include "scenarios/services/service.hpp"
#include "sim/services/kubernetes/client.hpp"
#include "sim/services/kubernetes/server.hpp"

namespace locklab {
namespace {

using namespace reading;

void read(Reading& reading, const Node* node) {
  if (node != nullptr) Section r(reading, *node, "kubernetes");  // there is nothing to set
}

void name_processes(const Scenario&, std::vector<std::string>& names) {
  names.emplace_back("kubernetes");
}

class Kubernetes final : public DeployedService {
 public:
  explicit Kubernetes(Site& site) : kinds_(site.world().names()) {
    Process& process = site.add_server(ProcessRole::kubernetes, "kubernetes");
    id_ = process.id();
    server_ = site.make<kubernetes::Server>(process, kinds_);
    process.set_actor(*server_);
  }
  ~Kubernetes() override { server_->~Server(); }

  ServiceClient* equip(Environment& environment) override {
    Process& self = environment.self;
    environment.kubernetes =
        new (self.arena().take(sizeof(kubernetes::Client))) kubernetes::Client(self, id_, kinds_);
    return nullptr;
  }

 private:
  kubernetes::Kinds kinds_;
  kubernetes::Server* server_;
  ProcessId id_;
};

DeployedService* deploy(Site& site) { return site.make<Kubernetes>(site); }

}  // namespace

const ServiceKind kKubernetesService{
    ProcessRole::kubernetes, "kubernetes", "Kubernetes API server", read, nullptr,
    name_processes,          deploy};

}  // namespace locklab
