#include "reports/plain_text.hpp"

#include <doctest/doctest.h>

#include <string>

namespace locklab {
namespace {

TEST_CASE("what a terminal would obey is written out") {
  CHECK(safe_text("client-a") == "client-a");
  CHECK(safe_text("a\x1b[2Jb") == "a\\u001b[2Jb");
  CHECK(safe_text("a\nb\tc") == "a\\nb\\tc");
  CHECK(safe_text(std::string_view("a\0b", 3)) == "a\\u0000b");
  CHECK(safe_text("\x7f") == "\\u007f");
  CHECK(safe_text("\u009b") == "\\u009b");          // C1: CSI in one character
  CHECK(safe_text("a\u202eb") == "a\\u202eb");      // right-to-left override
  CHECK(safe_text("a\u200bb") == "a\\u200bb");      // an invisible difference
  CHECK(safe_text("\U000e0041") == "\\U000e0041");  // a tag character
}

TEST_CASE("what is not UTF-8 is written out byte by byte") {
  CHECK(safe_text("\xff") == "\\xff");
  CHECK(safe_text("\xc3") == "\\xc3");                    // cut off
  CHECK(safe_text("\xc0\x80") == "\\xc0\\x80");           // overlong
  CHECK(safe_text("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(safe_text("\xf5\x80\x80\x80") == "\\xf5\\x80\\x80\\x80");
}

TEST_CASE("other languages are left alone, unless ASCII is asked for") {
  CHECK(safe_text("zürich-日本") == "zürich-日本");
  CHECK(ascii_text("zürich … 5 ≥ 3 ✓") == "z\\u00fcrich ... 5 >= 3 +");
  CHECK(ascii_text("\U0001f512") == "\\U0001f512");
}

TEST_CASE("a column is a column on the terminal, not a byte") {
  CHECK(columns("abc") == 3);
  CHECK(columns("zürich") == 6);
  CHECK(columns("日本") == 4);
  CHECK(columns("e\u0301") == 1);
  CHECK(first_columns("日本", 3) == "日");
  CHECK(first_columns("日本", 1).empty());
  CHECK(shortened("redis-1", 7, "…") == "redis-1");
  CHECK(shortened("redis-10", 7, "…") == "redis-…");
  CHECK(shortened("redis-10", 2, "...") == "..");
}

TEST_CASE("lines are broken at spaces, and words only where they must") {
  CHECK(wrapped("a lock is a promise", 8) ==
        std::vector<std::string_view>{"a lock", "is a", "promise"});
  CHECK(wrapped("a lock is", 6) == std::vector<std::string_view>{"a lock", "is"});
  CHECK(wrapped("abcdefgh", 3) == std::vector<std::string_view>{"abc", "def", "gh"});
  CHECK(wrapped("", 3) == std::vector<std::string_view>{""});
  CHECK(wrapped("日本日本", 5) == std::vector<std::string_view>{"日本", "日本"});
  CHECK(wrapped("日", 1) == std::vector<std::string_view>{"日"});  // it has to go somewhere
}

}  // namespace
}  // namespace locklab
