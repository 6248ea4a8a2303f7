// No bytes on a serial line make the receiver step out of its memory, hand a sink more than was
// announced, or answer what is no frame.
#include <cstdlib>

#include <ota/image/serial_receiver.hpp>

namespace {

struct counting_sink {
  ota::result<std::uint32_t> begin(std::uint32_t size, const ota::sha256::digest_type& digest) {
    left = size - size / 2 * (digest[0] & 1);
    return size - left;
  }
  ota::result<void> write(ota::bytes data) {
    if (data.size() > left) std::abort();
    left -= static_cast<std::uint32_t>(data.size());
    return left % 7 == 3 ? refused : ota::result<void>{};
  }
  ota::result<void> finish() { return left == 0 ? ota::result<void>{} : refused; }

  static constexpr ota::error refused{ota::errc::storage, "fuzz", "no"};
  std::uint32_t left = 0;
};

void check_answer(ota::bytes answer) {
  ota::serial_frame_reader<200> reader;
  int frames = 0;
  for (std::uint8_t byte : answer) frames += reader.feed(byte);
  if (frames != 1 || (reader.kind() & 0x80) == 0 || reader.fields().size() < 7) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // As it is, then as the fields of frames that are whole: kind, length, fields.
  counting_sink sink;
  ota::serial_receiver<counting_sink> receiver(sink);
  for (std::size_t i = 0; i < size; ++i)
    if (receiver.feed(data[i])) check_answer(receiver.answer());

  ota::bytes rest(data, size);
  for (std::uint16_t number = 0; rest.size() > 2; ++number) {
    const ota::bytes fields = rest.drop(2).first(rest[1]);
    ota::serial_frame_writer<255> writer;
    writer.begin(rest[0], number);
    writer.put(fields);
    for (std::uint8_t byte : writer.finish())
      if (receiver.feed(byte)) check_answer(receiver.answer());
    rest = rest.drop(2 + fields.size());
  }
  return 0;
}
