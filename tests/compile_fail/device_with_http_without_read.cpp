// expect: the HTTP policy needs: ota::result<std::size_t> read(ota::mutable_bytes out)
#include "device.hpp"

struct silent_http {
  ota::result<void> open(const ota::http_request&);
  const ota::http_response& response() const;
  std::string_view etag() const;
  std::string_view location() const;
  void close();
};

struct device : good_device {
  using http = silent_http;
};

std::size_t size = sizeof(ota::updater<device>);
