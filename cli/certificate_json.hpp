// A certificate as a file: what was enumerated, in full, and what came of it. It carries its
// scenario, so that whoever has it can run everything again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/result_json.hpp"
#include "faults/certificate.hpp"
#include "scenarios/enumeration.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/search.hpp"

namespace locklab {

/// What a certificate was asked for, beside the scenario.
struct CertificateRequest {
  std::size_t faults = 1;
  EnumerationChoice choice;
  WantedInvariants wanted;
};

/// "locklab-certificate/1". Nothing in it depends on the machine, the time or the number of
/// threads.
Json certificate_json(const Node& document, const Scenario& scenario,
                      const CertificateRequest& request, const Enumerator& all,
                      const Certificate& certificate);

/// What of a certificate is needed to run it again.
struct CertificateFile {
  std::string scenario;  // its text
  CertificateRequest request;
};
/// The error is a sentence without its full stop.
Result<CertificateFile, std::string> read_certificate(const Json& json);

/// "levels/2/run": the first place at which the two differ; empty if they are equal.
std::string first_difference(const Json& a, const Json& b);

}  // namespace locklab
