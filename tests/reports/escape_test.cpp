// Text inside other languages, by their own rules.
#include "reports/escape.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace locklab;

TEST_CASE("a JSON string is ASCII and means the same text") {
  const std::string text = "a\"\\/\b\n\t\x01\x7f é \xE2\x80\xAE \xF0\x9F\x94\x92";
  const std::string json = json_string(text);
  for (const char c : json) CHECK((c >= 0x20 && c < 0x7F));
  CHECK(nlohmann::json::parse(json) == text);
  CHECK(json_string("\xFF") == "\"\\ufffd\"");
  CHECK(json_string("\xF0\x9F\x94\x92") == "\"\\ud83d\\udd12\"");
}

TEST_CASE("XML has no way to say a control character, so it is written out") {
  CHECK(xml_text("<a b=\"c\" d='e'>&]]>") ==
        "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;]]&gt;");
  CHECK(xml_text(std::string_view("\0\x1b", 2)) == "\\u0000\\u001b");
  CHECK(xml_text("\xEF\xBF\xBE") == "\\ufffe");  // U+FFFE is no character of XML
}

TEST_CASE("a cell of CSV is quoted where it must be, and is no formula") {
  CHECK(csv_cell("client-a") == "client-a");
  CHECK(csv_cell("") == "");
  CHECK(csv_cell("a,b") == "\"a,b\"");
  CHECK(csv_cell("a\"b") == "\"a\"\"b\"");
  CHECK(csv_cell("a\nb") == "a\\nb");
  CHECK(csv_cell("=1+1") == "\"'=1+1\"");
  CHECK(csv_cell("-x") == "\"'-x\"");
  CHECK(csv_cell(" x") == "\" x\"");
}

TEST_CASE("in a string of DOT neither a backslash nor an entity means anything") {
  CHECK(dot_string("a\\N\"&lt;") == "\"a\\\\N\\\"&amp;lt;\"");
  CHECK(dot_string("a\nb") == "\"a\\\\nb\"");
}

TEST_CASE("an EDN string escapes its quotes and backslashes") {
  CHECK(edn_string("a\"b\\c\n") == "\"a\\\"b\\\\c\\\\n\"");
}

TEST_CASE("Markdown shows it as it stands: no markup, no cell's end, no link, no HTML") {
  CHECK(markdown_text("a|b") == "a\\|b");
  CHECK(markdown_text("*x* _y_ a_b `z`") == "\\*x\\* \\_y\\_ a_b \\`z\\`");
  CHECK(markdown_text("<script>&") == "&#60;script&#62;&#38;");
  CHECK(markdown_text("http://x www.x") == "http\\://x www\\.x");
  CHECK(markdown_text("[x](y) @z") == "\\[x\\](y) &#64;z");
}

TEST_CASE("Mermaid and PlantUML see no arrow, no end of a statement and no directive") {
  CHECK(mermaid_text("client-a: 5ms") == "client-a: 5ms");
  CHECK(mermaid_text("a-->>b;#") == "a-#45;#62;#62;b#59;#35;");
  CHECK(mermaid_text("%%{init}") == "#37;#37;#123;init#125;");
  CHECK(plantuml_text("client-a") == "client-a");
  CHECK(plantuml_text("\"!include") == "<U+0022><U+0021>include");
  CHECK(plantuml_text("%date() $x ~") == "<U+0025>date() <U+0024>x <U+007E>");
  CHECK(plantuml_text("a--b__c//d") == "a-<U+002D>b_<U+005F>c/<U+002F>d");
  CHECK(plantuml_text("a\nb") == "a<U+005C>nb");
}
