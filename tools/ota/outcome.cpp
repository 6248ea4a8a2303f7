// How commands tell in JSON that they failed.

#include "outcome.hpp"

#include <cstdio>

#include "ota/format/json_writer.hpp"

namespace ota_tool {

void print_failure(const std::string& message) {
  std::string text;
  auto out = [&text](std::string_view piece) { text += piece; };
  ota::json_writer json(out);
  json.begin_object().key("outcome").string("failed").key("message").string(message).end_object();
  std::printf("%s\n", text.c_str());
}

}  // namespace ota_tool
