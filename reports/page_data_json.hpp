// What a page's scripts need to know of a run, as one line of JSON that may stand in a <script>
// element: the axis, the processes, and every event with its time, its cause and its sentence.
// Times are nanoseconds, places hundredths of a pixel. An event is [nanoseconds since the event
// before, process, kind, how many events before it its cause lies (0: none), its machine's wall
// clock less true time, place of its sentence in "sentences"]; reports/page/1-run.js writes that
// out again.
#pragma once

#include <string>
#include <string_view>

#include "reports/svg_timeline.hpp"

namespace locklab {

/// What else a page's scripts need; each may be empty.
struct PageMeans {
  std::string_view command;        // gives the run again
  std::string_view scenario_json;  // the scenario
  std::string_view twin_name;      // its twin, with the fix or without it
  std::string_view twin_json;
};

/// Of it what a sketch of the run needs: the axis, the end and the digest.
std::string sketch_data_json(const PictureSource& source);

std::string page_data_json(const PictureSource& source, const PageMeans& means);

}  // namespace locklab
