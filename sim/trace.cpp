#include "sim/trace.hpp"

namespace locklab {

std::string_view to_string(LossReason reason) {
  switch (reason) {
    case LossReason::random:
      return "random";
    case LossReason::partition:
      return "partition";
    case LossReason::fault:
      return "fault";
    case LossReason::connection:
      return "connection";
    case LossReason::receiver_down:
      return "receiver_down";
  }
  return "?";
}

std::string_view to_string(ClockChange change) {
  switch (change) {
    case ClockChange::jump:
      return "jump";
    case ClockChange::rate:
      return "rate";
    case ClockChange::slew:
      return "slew";
    case ClockChange::frozen:
      return "frozen";
    case ClockChange::thawed:
      return "thawed";
  }
  return "?";
}

std::string_view to_string(BeliefEnd end) {
  switch (end) {
    case BeliefEnd::released:
      return "released";
    case BeliefEnd::deadline:
      return "deadline";
    case BeliefEnd::told:
      return "told";
    case BeliefEnd::stopped:
      return "stopped";
    case BeliefEnd::crashed:
      return "crashed";
  }
  return "?";
}

std::string_view to_string(RemovalReason reason) {
  switch (reason) {
    case RemovalReason::deleted:
      return "deleted";
    case RemovalReason::expired:
      return "expired";
    case RemovalReason::evicted:
      return "evicted";
    case RemovalReason::lost:
      return "lost";
    case RemovalReason::overwritten:
      return "overwritten";
    case RemovalReason::session:
      return "session";
  }
  return "?";
}

std::string_view to_string(Rejection rejection) {
  switch (rejection) {
    case Rejection::stale_token:
      return "stale_token";
    case Rejection::equal_token:
      return "equal_token";
    case Rejection::missing_token:
      return "missing_token";
    case Rejection::other_owner:
      return "other_owner";
    case Rejection::version:
      return "version";
  }
  return "?";
}

std::string_view to_string(DomainAct act) {
  switch (act) {
    case DomainAct::sold:
      return "sold";
    case DomainAct::charged:
      return "charged";
    case DomainAct::job_ran:
      return "job_ran";
    case DomainAct::led:
      return "led";
    case DomainAct::applied:
      return "applied";
    case DomainAct::appended:
      return "appended";
  }
  return "?";
}

std::string_view to_string(SessionEnd end) {
  switch (end) {
    case SessionEnd::closed:
      return "closed";
    case SessionEnd::expired:
      return "expired";
    case SessionEnd::invalidated:
      return "invalidated";
  }
  return "?";
}

std::string_view to_string(ConnectionState state) {
  switch (state) {
    case ConnectionState::connected:
      return "connected";
    case ConnectionState::suspended:
      return "suspended";
    case ConnectionState::reconnected:
      return "reconnected";
    case ConnectionState::lost:
      return "lost";
    case ConnectionState::jeopardy:
      return "jeopardy";
    case ConnectionState::safe:
      return "safe";
  }
  return "?";
}

std::string_view to_string(ServerRole role) {
  switch (role) {
    case ServerRole::follower:
      return "follower";
    case ServerRole::candidate:
      return "candidate";
    case ServerRole::leader:
      return "leader";
    case ServerRole::replica:
      return "replica";
    case ServerRole::master:
      return "master";
  }
  return "?";
}

std::string_view payload_name(const TracePayload& what) {
  return std::visit([](const auto& payload) { return payload.kName; }, what);
}

}  // namespace locklab
