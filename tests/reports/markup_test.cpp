// Text on its way into HTML, SVG and scripts.
#include <doctest/doctest.h>

#include "reports/markup.hpp"

using namespace locklab;

TEST_CASE("markup is written out, in elements and in attributes of either quote") {
  CHECK(markup_text("a < b && c > \"d\" or 'e'") ==
        "a &lt; b &amp;&amp; c &gt; &quot;d&quot; or &#39;e&#39;");
  CHECK(markup_text("</script><img onerror=x>") == "&lt;/script&gt;&lt;img onerror=x&gt;");
  CHECK(markup_text("") == "");
}

TEST_CASE("what no reader should meet is written out as well") {
  CHECK(markup_text("a\x1b[31m") == "a\\u001b[31m");
  CHECK(markup_text("x\xe2\x80\xaey") == "x\\u202ey");  // a right-to-left override
  CHECK(markup_text("\xff") == "\\xff");
  CHECK(markup_text("grün") == "grün");
}

TEST_CASE("a script's literal cannot end its element") {
  CHECK(script_literal("</script>") == "\"\\u003c/script\\u003e\"");
  CHECK(script_literal("a\"b\\c\nd") == "\"a\\\"b\\\\c\\nd\"");
  CHECK(script_literal("<!--&") == "\"\\u003c!--\\u0026\"");
}

TEST_CASE("bytes as a dense text, in letters that mean nothing to markup and to scripts") {
  CHECK(dense_text("") == "");
  CHECK(dense_text({"\0", 1}) == "  ");
  CHECK(dense_text("\xff") == "}a");
  CHECK(dense_text("\xff\xff\xff") == "~!}}");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string text = dense_text(all + all);
  CHECK(text.size() == (512 * 8 + 12) / 13 * 2);
  for (const char c : text)
    CHECK((c >= ' ' && c <= '~' && c != '"' && c != '&' && c != '<' && c != '\\'));
}

TEST_CASE("hundredths of a pixel are written as short as they can be") {
  CHECK(pixels(0) == "0");
  CHECK(pixels(1200) == "12");
  CHECK(pixels(1250) == "12.5");
  CHECK(pixels(1205) == "12.05");
  CHECK(pixels(-50) == "-0.5");
}
