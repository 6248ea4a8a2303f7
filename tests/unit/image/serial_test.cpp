// Images over a serial line: frames as another encoder makes them, and the protocol over a line
// that loses, doubles and damages bytes both ways, to a device that starts again in the middle.

#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>

#include "ota/host/image_sender.hpp"
#include "ota/image/serial_receiver.hpp"
#include "support/flash_device.hpp"

namespace {

using buffer = std::vector<std::uint8_t>;

ota::bytes view(const buffer& data) { return {data.data(), data.size()}; }

buffer unhex(const std::string& digits) {
  buffer data;
  for (std::size_t i = 0; digits != "-" && i + 1 < digits.size(); i += 2)
    data.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  return data;
}

// ---- frames -------------------------------------------------------------------------------

struct known_frame {
  int kind = 0, number = 0;
  buffer fields, encoded;
};

std::vector<known_frame> known_frames() {
  std::ifstream file(std::string(OTA_TEST_DATA_DIR) + "/serial/frames.txt");
  std::vector<known_frame> all;
  std::string fields, encoded;
  for (known_frame one; file >> one.kind >> one.number >> fields >> encoded;) {
    one.fields = unhex(fields);
    one.encoded = unhex(encoded);
    all.push_back(one);
  }
  return all;
}

TEST(serial_frame, is_written_as_others_write_it) {
  const auto all = known_frames();
  ASSERT_EQ(all.size(), 56u);
  for (const known_frame& one : all) {
    ota::serial_frame_writer<512> writer;
    writer.begin(static_cast<std::uint8_t>(one.kind), static_cast<std::uint16_t>(one.number));
    writer.put(view(one.fields));
    const ota::bytes frame = writer.finish();
    EXPECT_EQ(buffer(frame.begin(), frame.end()), one.encoded);
  }
}

TEST(serial_frame, is_read_as_others_write_it) {
  ota::serial_frame_reader<512> reader;
  for (const known_frame& one : known_frames()) {
    int frames = 0;
    for (std::uint8_t byte : one.encoded) frames += reader.feed(byte);
    ASSERT_EQ(frames, 1);
    EXPECT_EQ(reader.kind(), one.kind);
    EXPECT_EQ(reader.number(), one.number);
    EXPECT_EQ(buffer(reader.fields().begin(), reader.fields().end()), one.fields);
  }
}

TEST(serial_frame, is_skipped_where_a_bit_is_wrong_or_it_is_too_long) {
  const auto all = known_frames();
  const known_frame& one = all[9];
  ASSERT_GT(one.fields.size(), 1u);
  for (std::size_t bit = 0; bit < one.encoded.size() * 8; ++bit) {
    buffer damaged = one.encoded;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1 << bit % 8);
    damaged.push_back(0);
    ota::serial_frame_reader<512> reader;
    int frames = 0;
    for (std::uint8_t byte : damaged) frames += reader.feed(byte);
    EXPECT_EQ(frames, 0) << "bit " << bit;
    for (std::uint8_t byte : one.encoded) frames += reader.feed(byte);
    EXPECT_EQ(frames, 1) << "the next frame is lost after bit " << bit;
  }
  ota::serial_frame_reader<16> small;
  int frames = 0;
  for (const known_frame& each : all)
    for (std::uint8_t byte : each.encoded) frames += small.feed(byte);
  EXPECT_EQ(frames, 16);  // those with 0, 1, 2 and 5 bytes
}

// ---- the receiver -------------------------------------------------------------------------

/// A sink that keeps what it is given; whole blocks of it outlast a start.
struct memory_sink {
  ota::result<std::uint32_t> begin(std::uint32_t size, const ota::sha256::digest_type& id) {
    if (refusal != nullptr) return *refusal;
    if (id != digest) content.clear();
    digest = id;
    wanted = size;
    content.resize(content.size() / block * block);
    return static_cast<std::uint32_t>(content.size());
  }
  ota::result<void> write(ota::bytes data) {
    if (refusal != nullptr) return *refusal;
    content.insert(content.end(), data.begin(), data.end());
    return {};
  }
  ota::result<void> finish() {
    ++finishes;
    ota::sha256 hash;
    hash.update(view(content));
    return content.size() == wanted && hash.finish() == digest ? ota::result<void>{} : other;
  }

  static constexpr ota::error other{ota::errc::mismatch, "test", "not what was promised"};
  static constexpr std::size_t block = 1024;
  buffer content;
  std::uint32_t wanted = 0;
  int finishes = 0;
  ota::sha256::digest_type digest{};
  const ota::error* refusal = nullptr;
};

/// A line to a device: what is sent is received at once, or lost, or damaged.
template <class Sink>
class bad_line {
 public:
  bad_line(Sink& sink, unsigned seed, double trouble)
      : sink_(sink), random_(seed), trouble_(trouble) {
    receiver_.emplace(sink_);
  }

  void write(ota::bytes data) {
    ++frames;
    for (int copies = happens(trouble_) ? 2 : 1; copies != 0; --copies)
      for (std::uint8_t byte : damaged(data))
        if (receiver_->feed(byte))
          for (std::uint8_t back : damaged(receiver_->answer())) to_host_.push_back(back);
    if (happens(trouble_ / 10)) restart();
  }

  std::size_t read(ota::mutable_bytes out, std::uint32_t) {
    std::size_t size = 0;
    for (; size < out.size() && !to_host_.empty(); to_host_.pop_front())
      out[size++] = to_host_.front();
    return size;
  }

  void restart() {
    receiver_.emplace(sink_);
    ++restarts;
  }
  bool finished() const { return receiver_->finished(); }

  int frames = 0;
  int restarts = 0;

 private:
  bool happens(double probability) {
    return std::uniform_real_distribution<>(0, 1)(random_) < probability;
  }
  buffer damaged(ota::bytes data) {
    buffer all(data.begin(), data.end());
    if (happens(trouble_)) all.insert(all.begin(), {'h', 'i', '\n'});
    if (all.empty() || !happens(trouble_)) return all;
    const std::size_t at = random_() % all.size();
    switch (random_() % 4) {
      case 0:
        all.erase(all.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 1:
        all.insert(all.begin() + static_cast<std::ptrdiff_t>(at), all[at]);
        break;
      case 2:
        all[at] = static_cast<std::uint8_t>(all[at] ^ 1u << random_() % 8);
        break;
      default:
        all.resize(at);
    }
    return all;
  }

  Sink& sink_;
  std::optional<ota::serial_receiver<Sink>> receiver_;
  std::deque<std::uint8_t> to_host_;
  std::mt19937 random_;
  double trouble_;
};

template <class Line>
std::string send(Line& line, const buffer& image) {
  try {
    ota::host::image_sender<Line> sender(line);
    sender.send(view(image), [](std::uint32_t) {});
    return {};
  } catch (const std::runtime_error& failure) {
    return failure.what();
  }
}

buffer some_image(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  buffer image(size);
  for (auto& byte : image) byte = static_cast<std::uint8_t>(random() % 3 == 0 ? 0 : random());
  return image;
}

TEST(serial_receiver, takes_an_image_of_any_size_with_as_few_frames_as_possible) {
  for (std::size_t size : {1u, 255u, 256u, 257u, 1023u, 1024u, 1025u, 70'000u}) {
    memory_sink sink;
    bad_line<memory_sink> line(sink, 1, 0);
    const buffer image = some_image(size, 7);
    ASSERT_EQ(send(line, image), "");
    EXPECT_EQ(sink.content, image);
    EXPECT_TRUE(line.finished());
    EXPECT_EQ(line.frames, 2 + static_cast<int>((size + 255) / 256));
  }
}

TEST(serial_receiver, takes_an_image_over_a_bad_line) {
  int restarts = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    memory_sink sink;
    bad_line<memory_sink> line(sink, seed, 0.05 * (1 + seed % 4));
    const buffer image = some_image(1 + seed * 97, seed);
    ASSERT_EQ(send(line, image), "") << "seed " << seed;
    ASSERT_EQ(sink.content, image) << "seed " << seed;
    restarts += line.restarts;
  }
  EXPECT_GT(restarts, 100);
}

TEST(serial_receiver, goes_on_where_it_was_after_a_start) {
  memory_sink sink;
  const buffer image = some_image(10'000, 3);
  ota::sha256 hash;
  hash.update(view(image));
  sink.digest = hash.finish();
  sink.content.assign(image.begin(), image.begin() + 8200);
  bad_line<memory_sink> line(sink, 1, 0);
  ASSERT_EQ(send(line, image), "");
  EXPECT_EQ(sink.content, image);
  EXPECT_EQ(line.frames, 2 + 8);  // 10,000 - 8,192 bytes
}

struct small_map {
  using flash = ota::testing::simulated_nor<ota::testing::nrf51>;
  static constexpr ota::flash_region journal{0, 3 * 1024};
  static constexpr ota::flash_region primary{3 * 1024, 6 * 1024};
  static constexpr ota::flash_region secondary{9 * 1024, 5 * 1024};
};

TEST(serial_receiver, stages_an_image_in_flash_over_a_bad_line) {
  using namespace ota::testing;
  using device = flash_device<small_map, ota::two_slots>;
  for (unsigned seed = 0; seed < 20; ++seed) {
    small_map::flash chip;
    device::swapper images(chip);
    ASSERT_TRUE(images.load());
    using stager_type = ota::image_stager<device::swapper>;
    stager_type stager(images);
    bad_line<stager_type> line(stager, seed, 0.1);
    const buffer image = make_test_image(2, 3000 + seed * 50);
    ASSERT_EQ(send(line, image), "");
    EXPECT_EQ(images.phase(), ota::image_phase::staged);
    EXPECT_TRUE(device::holds(chip, images.staging(), image));
  }
}

TEST(serial_receiver, tells_what_the_sink_says) {
  static constexpr ota::error full{ota::errc::no_space, "test", "the slot is too small"};
  memory_sink sink;
  bad_line<memory_sink> line(sink, 1, 0);
  sink.refusal = &full;
  EXPECT_EQ(send(line, some_image(100, 1)), "the slot is too small");
  sink.refusal = nullptr;
  EXPECT_EQ(send(line, some_image(100, 1)), "");
}

TEST(serial_receiver, tells_that_the_image_is_not_what_was_promised) {
  memory_sink sink;
  const buffer image = some_image(3000, 3);
  ota::sha256 hash;
  hash.update(view(image));
  sink.digest = hash.finish();
  sink.content.assign(2048, 0);  // other bytes than those of the image
  bad_line<memory_sink> line(sink, 1, 0);
  EXPECT_EQ(send(line, image), "not what was promised");
  EXPECT_FALSE(line.finished());
}

TEST(image_sender, gives_up_where_nobody_answers) {
  struct silent_line {
    void write(ota::bytes) { ++frames; }
    std::size_t read(ota::mutable_bytes, std::uint32_t) { return 0; }
    int frames = 0;
  } line;
  EXPECT_EQ(send(line, some_image(10, 1)),
            "the device does not answer: is it connected, and receiving?");
  EXPECT_EQ(line.frames, 30);
}

// ---- by hand ------------------------------------------------------------------------------

/// Feeds one frame; the code of the answer, or -1 where there is none.
template <class Receiver>
int answer_to(Receiver& receiver, std::uint8_t kind, std::uint16_t number, const buffer& fields) {
  ota::serial_frame_writer<600> writer;
  writer.begin(kind, number);
  writer.put(view(fields));
  int answers = 0;
  for (std::uint8_t byte : writer.finish()) answers += receiver.feed(byte);
  if (answers == 0) return -1;
  ota::serial_frame_reader<200> reader;
  for (std::uint8_t byte : receiver.answer()) answers += reader.feed(byte);
  EXPECT_EQ(answers, 2);
  EXPECT_EQ(reader.kind(), kind | 0x80);
  EXPECT_EQ(reader.number(), number);
  return reader.fields()[0];
}

int code(ota::errc what) { return static_cast<int>(what); }

TEST(serial_receiver, refuses_frames_that_are_not_as_they_must_be) {
  memory_sink sink;
  ota::serial_receiver<memory_sink> receiver(sink);
  EXPECT_EQ(answer_to(receiver, 2, 1, buffer(10)), code(ota::errc::wrong_state));
  EXPECT_EQ(answer_to(receiver, 3, 2, {}), code(ota::errc::wrong_state));
  EXPECT_EQ(answer_to(receiver, 1, 3, buffer(35)), code(ota::errc::malformed));
  EXPECT_EQ(answer_to(receiver, 1, 4, buffer(37)), code(ota::errc::malformed));
  EXPECT_EQ(answer_to(receiver, 9, 5, {}), code(ota::errc::unsupported));
  EXPECT_EQ(answer_to(receiver, 0, 6, {}), code(ota::errc::unsupported));
  EXPECT_EQ(answer_to(receiver, 0x81, 7, buffer(36)), -1);  // its own answer, come back
  buffer begin(36);
  begin[0] = 8;
  EXPECT_EQ(answer_to(receiver, 1, 8, begin), 0);
  EXPECT_EQ(answer_to(receiver, 2, 9, buffer(3)), code(ota::errc::malformed));
  EXPECT_EQ(answer_to(receiver, 2, 10, buffer(4 + 9)), code(ota::errc::mismatch));
  EXPECT_EQ(answer_to(receiver, 2, 11, buffer(4 + 256 + 1)), -1);  // longer than it may be
  EXPECT_EQ(answer_to(receiver, 3, 12, buffer(1)), code(ota::errc::malformed));
  EXPECT_TRUE(sink.content.empty());
  EXPECT_EQ(answer_to(receiver, 2, 13, buffer(4 + 8)), 0);
  EXPECT_EQ(sink.content.size(), 8u);
}

TEST(serial_receiver, carries_a_frame_out_once_that_comes_twice) {
  memory_sink sink;
  ota::serial_receiver<memory_sink> receiver(sink);
  buffer begin(36);
  begin[0] = 8;
  EXPECT_EQ(answer_to(receiver, 1, 1, begin), 0);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(answer_to(receiver, 2, 2, buffer(4 + 4)), 0);
  EXPECT_EQ(sink.content.size(), 4u);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(answer_to(receiver, 3, 3, {}), code(ota::errc::mismatch));
  EXPECT_EQ(sink.finishes, 1);
}

}  // namespace
