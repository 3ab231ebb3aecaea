#include "sim/result.hpp"

namespace locklab {

std::string_view to_string(Errc error) {
  switch (error) {
    case Errc::none:
      return "none";
    case Errc::timeout:
      return "timeout";
    case Errc::connection_lost:
      return "connection_lost";
    case Errc::connection_refused:
      return "connection_refused";
    case Errc::not_acquired:
      return "not_acquired";
    case Errc::no_validity:
      return "no_validity";
    case Errc::lost:
      return "lost";
    case Errc::rejected:
      return "rejected";
    case Errc::invalid:
      return "invalid";
    case Errc::cancelled:
      return "cancelled";
  }
  return "?";
}

}  // namespace locklab
