// What a page's scripts need to know of a run, as one line of JSON that may stand in a <script>
// element: the axis, the processes, and every event with its time, its cause and its sentence.
// Times are nanoseconds, places hundredths of a pixel, an event's number its place in the list.
#pragma once

#include <string>
#include <string_view>

#include "reports/svg_timeline.hpp"

namespace locklab {

/// `command` gives the run again; `scenario_json` is the scenario as JSON. Either may be empty.
std::string page_data_json(const PictureSource& source, std::string_view command,
                           std::string_view scenario_json);

}  // namespace locklab
