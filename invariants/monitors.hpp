// The makers of the invariants, for the registry. What each one means stands in its own source.
#pragma once

#include <memory_resource>

#include "invariants/invariant.hpp"
#include "invariants/registry.hpp"

namespace locklab {

InvariantPtr make_service_mutual_exclusion(std::pmr::memory_resource*, const InvariantSettings&);
InvariantPtr make_client_mutual_exclusion(std::pmr::memory_resource*, const InvariantSettings&);
InvariantPtr make_stale_write(std::pmr::memory_resource*, const InvariantSettings&);
InvariantPtr make_token_order(std::pmr::memory_resource*, const InvariantSettings&);
InvariantPtr make_foreign_release(std::pmr::memory_resource*, const InvariantSettings&);
InvariantPtr make_lost_release(std::pmr::memory_resource*, const InvariantSettings&);
InvariantPtr make_bounded_wait(std::pmr::memory_resource*, const InvariantSettings&);
InvariantPtr make_deadlock(std::pmr::memory_resource*, const InvariantSettings&);
InvariantPtr make_lost_update(std::pmr::memory_resource*, const InvariantSettings&);
InvariantPtr make_fairness(std::pmr::memory_resource*, const InvariantSettings&);

}  // namespace locklab
