// expect: the byte stream policy needs: void close()
#include <ota/http/client.hpp>

struct endless_stream {
  static constexpr bool can_secure = false;
  ota::result<void> connect(std::string_view, std::uint16_t, bool, std::uint32_t);
  ota::result<std::size_t> read(ota::mutable_bytes, std::uint32_t);
  ota::result<void> write(ota::bytes, std::uint32_t);
};

std::size_t size = sizeof(ota::http_client<endless_stream>);
