#pragma once

#include <cstdint>

namespace ota {

/// What a `json_reader` met.
enum class json_event : std::uint8_t {
  need_input,  ///< all that was fed is read: feed more, or say `finish`
  begin_object,
  end_object,
  begin_array,
  end_array,
  key,
  string,
  number,
  boolean,
  null,
  end  ///< the document is complete
};

}  // namespace ota
