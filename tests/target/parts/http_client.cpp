#include <ota/http/client.hpp>

#include "canned_server.hpp"
#include "part.hpp"

extern "C" int program() {
  static ota::http_client<canned_stream> http;
  ota::http_request request;
  request.url = ota::as_text(unknown_input());
  const auto response = http.open(request);
  if (!response) return 1;
  static std::uint8_t piece[64];
  std::size_t sum = http.response().status;
  for (;;) {
    const auto count = http.read(piece);
    if (!count || *count == 0) return static_cast<int>(sum);
    sum += *count;
  }
}
