// What is taken as DER is the one form of its two numbers; no key or signature makes the
// verification step out of its memory.
#include <cstdlib>
#include <vector>

#include <ota/sign/ecdsa_p256.hpp>
#include <ota/sign/rsa.hpp>

namespace {

void append(std::vector<std::uint8_t>& out, std::uint8_t tag, const std::vector<std::uint8_t>& in) {
  out.push_back(tag);
  if (in.size() >= 256) {
    out.push_back(0x82);
    out.push_back(static_cast<std::uint8_t>(in.size() >> 8));
  } else if (in.size() >= 128) {
    out.push_back(0x81);
  }
  out.push_back(static_cast<std::uint8_t>(in.size()));
  out.insert(out.end(), in.begin(), in.end());
}

void append_number(std::vector<std::uint8_t>& out, ota::bytes number) {
  std::vector<std::uint8_t> value(number.begin(), number.end());
  if (value.empty() || (value[0] & 0x80) != 0) value.insert(value.begin(), 0);
  append(out, 0x02, value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ota::bytes input(data, size);
  ota::detail::der_reader whole(input);
  ota::detail::der_reader pair(whole.sequence());
  const ota::bytes first = pair.integer(), second = pair.integer();
  if (whole.done() && pair.done()) {
    std::vector<std::uint8_t> numbers, again;
    append_number(numbers, first);
    append_number(numbers, second);
    append(again, 0x30, numbers);
    if (!ota::equal(input, {again.data(), again.size()})) std::abort();
  }
  static constexpr std::uint8_t generator[] = {
      0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
      0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
      0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
      0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
      0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
  (void)ota::ecdsa_p256_der::verify(generator, input, input);
  (void)ota::ecdsa_p256::verify(input.first(65), generator, input.drop(65));
  (void)ota::rsa_pkcs1_sha256<2048>::verify(input.drop(256), generator, input.first(256));
  (void)ota::rsa_pss_sha256<2048>::verify(input.drop(256), generator, input.first(256));
  return 0;
}
