// `ota image send` to a device at the other end of a serial line of the system, and of a Unix
// socket.

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "ota/image/serial_receiver.hpp"
#include "support/process.hpp"

namespace {

using ota_test::run;
using ota_test::scratch_folder;

struct memory_sink {
  ota::result<std::uint32_t> begin(std::uint32_t size, const ota::sha256::digest_type& id) {
    if (size > 100'000) return too_large;
    if (id != digest) content.clear();
    digest = id;
    return static_cast<std::uint32_t>(content.size());
  }
  ota::result<void> write(ota::bytes data) {
    content += ota::as_text(data);
    return {};
  }
  ota::result<void> finish() { return {}; }

  static constexpr ota::error too_large{ota::errc::no_space, "test",
                                        "the slot is too small\x1b[31m"};
  std::string content;
  ota::sha256::digest_type digest{};
};

/// Is the device on `fd` until the image is there, the other side hangs up, or it has received
/// `limit` bytes.
void be_device(int fd, memory_sink& sink, const std::atomic<bool>& over, std::size_t limit) {
  ota::serial_receiver<memory_sink> receiver(sink);
  while (!over && limit != 0) {
    pollfd one{fd, POLLIN, 0};
    std::uint8_t byte = 0;
    if (::poll(&one, 1, 20) <= 0) continue;
    if (::read(fd, &byte, 1) != 1) return;
    --limit;
    if (!receiver.feed(byte)) continue;
    const ota::bytes answer = receiver.answer();
    if (::write(fd, "log: one frame\n", 15) != 15) return;
    if (::write(fd, answer.data(), answer.size()) != static_cast<ssize_t>(answer.size())) return;
  }
}

class image_send : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 20'000; ++i) image_ += static_cast<char>(i * 7 >> i % 5);
    ota_test::write_file(folder_.path() + "/image", image_);
  }

  /// What the tool says, while `device` runs beside it.
  template <class Device>
  ota_test::finished send(const std::string& port, Device&& device, const char* file = "image") {
    std::atomic<bool> over{false};
    std::thread beside([&] { device(over); });
    const auto done = run(std::string(OTA_TOOL) + " image send " + folder_.path() + "/" + file +
                          " --port " + port);
    over = true;
    beside.join();
    return done;
  }

  scratch_folder folder_;
  std::string image_;
  memory_sink sink_;
};

/// A serial line of the system: a pseudo-terminal.
struct terminal {
  terminal() {
    if (device < 0 || ::grantpt(device) != 0 || ::unlockpt(device) != 0) std::abort();
    port = ::ptsname(device);
    kept = ::open(port.c_str(), O_RDWR | O_NOCTTY);
  }
  ~terminal() {
    ::close(kept);
    ::close(device);
  }
  int device = ::posix_openpt(O_RDWR | O_NOCTTY);
  std::string port;
  int kept = -1;  // without anybody at the port the line would be gone
};

TEST_F(image_send, over_a_serial_device) {
  terminal line;
  const auto done =
      send(line.port, [&](const auto& over) { be_device(line.device, sink_, over, SIZE_MAX); });
  EXPECT_EQ(done.code, 0) << done.out;
  EXPECT_EQ(done.out, "the device has the image: 20000 bytes\n");
  EXPECT_EQ(sink_.content, image_);
}

TEST_F(image_send, over_a_socket_to_a_device_that_vanishes_and_comes_back) {
  const std::string path = folder_.path() + "/serial";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  int starts = 0;
  const auto done = send("unix:" + path, [&](const auto& over) {
    while (!over) {
      pollfd one{listener, POLLIN, 0};
      if (::poll(&one, 1, 20) <= 0) continue;
      const int fd = ::accept(listener, nullptr, nullptr);
      be_device(fd, sink_, over, ++starts < 3 ? 5000 : SIZE_MAX);
      ::close(fd);
    }
  });
  ::close(listener);
  EXPECT_EQ(done.code, 0) << done.out;
  EXPECT_EQ(sink_.content, image_);
  EXPECT_EQ(starts, 3);
}

TEST_F(image_send, says_what_the_device_says_as_plain_text) {
  ota_test::write_file(folder_.path() + "/large", std::string(200'000, 'x'));
  terminal line;
  const auto done = send(
      line.port, [&](const auto& over) { be_device(line.device, sink_, over, SIZE_MAX); }, "large");
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(done.out, "ota: the slot is too small\\x1b[31m\n");
}

TEST_F(image_send, says_why_a_port_cannot_be_used) {
  const std::string send = std::string(OTA_TOOL) + " image send " + folder_.path() + "/image";
  EXPECT_EQ(run(send).code, 2);
  EXPECT_EQ(
      run(send + " --port " + folder_.path() + "/nothing").out,
      "ota: cannot open the port " + folder_.path() + "/nothing: No such file or directory\n");
  EXPECT_EQ(run(send + " --port unix:" + folder_.path() + "/nothing").code, 1);
  EXPECT_EQ(run(send + " --port unix:/" + std::string(200, 'p')).code, 1);
  EXPECT_EQ(run(send + " --port /dev/null --baud 7").out,
            "ota: --baud is not a speed that serial lines have\n");
  EXPECT_EQ(run(send + " --port /dev/null").code, 1);  // no serial line
}

}  // namespace
