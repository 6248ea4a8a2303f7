// ota explain: the words of an error that a device told as a number.

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "command.hpp"
#include "ota/core/error.hpp"
#include "ota/format/json_writer.hpp"
#include "text.hpp"

namespace ota_tool {
namespace {

struct known_error {
  const char* where;
  const char* text;
};

const known_error known_errors[] = {
#include "error_list.inc"
};

const known_error& error_numbered(const std::string& number) {
  if (number.size() != 6 || number.find_first_not_of("0123456789abcdef") != number.npos)
    throw usage_error("the number of an error has six digits of 0 to 9 and a to f, not " +
                      shown(number));
  const auto wanted = std::strtoul(number.c_str(), nullptr, 16);
  for (const known_error& one : known_errors)
    if (ota::detail::error_number(one.where, one.text) == wanted) return one;
  throw std::runtime_error("no error of this version has the number " + number);
}

}  // namespace

int run_explain(const arguments& args) {
  const known_error& found = error_numbered(args.text("NUMBER"));
  if (!args.has("json")) {
    std::printf("%s: %s\n", found.where, found.text);
    return 0;
  }
  std::string line;
  auto out = [&line](std::string_view piece) { line += piece; };
  ota::json_writer json(out);
  json.begin_object().key("where").string(found.where).key("text").string(found.text);
  json.end_object();
  std::printf("%s\n", line.c_str());
  return 0;
}

}  // namespace ota_tool
