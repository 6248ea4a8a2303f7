#include <ota/format/json_reader.hpp>

#include "part.hpp"

extern "C" int program() {
  static ota::json_reader<256, 32> reader;
  reader.feed(unknown_input());
  reader.finish();
  std::uint64_t sum = 0;
  for (;;) {
    const auto event = reader.next();
    if (!event || *event == ota::json_event::end) break;
    if (*event == ota::json_event::number) sum += reader.as_u64().value_or(0);
    sum += reader.text().size() + reader.truncated();
  }
  return static_cast<int>(sum);
}
