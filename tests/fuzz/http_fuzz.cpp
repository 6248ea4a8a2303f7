// Whatever a server answers, the client must stay within its memory and come to an end.

#include <cstdint>
#include <cstring>

#include <ota/http/client.hpp>

namespace {

class fuzzed_stream {
 public:
  static constexpr bool can_secure = true;

  fuzzed_stream() = default;
  fuzzed_stream(ota::bytes answer, std::size_t piece) : answer_(answer), piece_(piece) {}

  ota::result<void> connect(std::string_view, std::uint16_t, bool, std::uint32_t) { return {}; }
  ota::result<void> write(ota::bytes, std::uint32_t) { return {}; }
  ota::result<std::size_t> read(ota::mutable_bytes out, std::uint32_t) {
    const ota::bytes part = answer_.first(out.size() < piece_ ? out.size() : piece_);
    if (!part.empty()) std::memcpy(out.data(), part.data(), part.size());
    answer_ = answer_.drop(part.size());
    return part.size();
  }
  void close() {}

 private:
  ota::bytes answer_;
  std::size_t piece_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  ota::http_client<fuzzed_stream, 64, 200> client{
      fuzzed_stream({data + 2, size - 2}, 1 + data[0] % 80)};
  ota::http_request request;
  request.url = "http://host/dir/file?q=1";
  request.token = "secret";
  request.range_from = data[1] % 3;
  for (int i = 0; i < 3; ++i) {
    if (!client.open(request)) break;
    std::uint8_t piece[33];
    for (;;) {
      const auto got = client.read(piece);
      if (!got || *got == 0) break;
    }
  }
  return 0;
}
