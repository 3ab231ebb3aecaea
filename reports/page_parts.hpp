// What pages are put together from: templates with places in them, and the styles, scripts and the
// core that each page carries itself, or that the pages of a site share.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace locklab {

/// By name, markup.
using PageParts = std::map<std::string, std::string, std::less<>>;

/// `{{name}}` in the template is the part of that name, or nothing if there is none.
std::string filled(std::string_view form, const PageParts& parts);

/// The styles of a run's page.
std::string page_styles();

/// The scripts of a run's page, as one.
std::string page_scripts();

/// The core as a script that a site's pages share; empty where the program was built without.
std::string page_core_script();

}  // namespace locklab
