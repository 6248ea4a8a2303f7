// Root and release documents: there is one way to write a content, and every other is refused.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ota/host/signed_documents.hpp"
#include "ota/manifest/release_document.hpp"
#include "ota/storage/memory_files.hpp"

namespace {

const std::string sum(64, 'a');

const std::string whole =
    "ota-release 1\n"
    "product station\n"
    "hardware a\n"
    "hardware b\n"
    "version v1.2.3\n"
    "minimum v1.0\n"
    "epoch 0\n"
    "counter 7\n"
    "created 1795255200\n"
    "expires never\n"
    "hook post_update x/y.py\n"
    "delete old file.py\n"
    "file 0 " +
    sum + " - a b.txt\nfile 12 " + sum + " x run.sh\nimage 4096 " + sum + " app\ndelta 99 " + sum +
    " 3456 2 .deltas/a\nsignature 0123456789abcdef 00ff\n";

/// A device that takes patches of up to 4000 bytes for code of the kinds 0 to 2.
struct some_patches {
  static bool takes(std::size_t memory, std::size_t code) { return memory <= 4000 && code <= 2; }
};

/// What a release document says, line by line; or why it is none.
template <class Delta = ota::no_delta>
std::string read_release(const std::string& text, const char* hardware = "b") {
  ota::memory_files<65536> storage;
  (void)storage.write("m", 0, ota::as_bytes(text));
  ota::fixed_string<400> memory;
  ota::release_document document(memory);
  document.begin("m", 0, {"station", hardware});
  std::string said;
  ota::entry item;
  for (;;) {
    const auto line = document.next<Delta>(storage, item);
    if (!line) return line.error().text;
    if (*line == ota::release_line::end) break;
    if (*line == ota::release_line::item)
      said += (item.kind == ota::entry_kind::remove ? "-" : "+") + std::string(item.path.view()) +
              (item.executable ? "*" : "") + ":" + std::to_string(item.size) + " ";
    if (*line == ota::release_line::minimum)
      said += ">=" + std::string(document.lines().rest()) + " ";
    if (*line == ota::release_line::image) said += "image " + std::string(item.path.view()) + " ";
    if (*line == ota::release_line::patch)
      said += "patch " + std::string(item.path.view()) + ":" + std::to_string(item.size) + " ";
    if (*line == ota::release_line::signature)
      said += "signed " + std::string(document.lines().rest());
  }
  const auto& head = document.head();
  said += head.fits_hardware ? " fits " : " other ";
  said += head.fits_product ? "" : "not a ";
  return said + "station " + std::string(head.version.view()) + " " + std::to_string(head.counter) +
         " " + std::to_string(head.created);
}

std::string with(const std::string& old, const std::string& other) {
  std::string text = whole;
  const auto at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), other);
}

TEST(release_document, says_what_stands_in_it) {
  EXPECT_EQ(
      read_release(whole),
      ">=v1.0 -old file.py:0 +a b.txt:0 +run.sh*:12 image app signed 0123456789abcdef 00ff fits "
      "station v1.2.3 7 1795255200");
  EXPECT_NE(read_release(whole, "c").find(" other station"), std::string::npos);
  EXPECT_NE(read_release(with("product station", "product Station")).find("not a station"),
            std::string::npos);
  EXPECT_NE(read_release(with("hardware a\nhardware b\n", ""), "c").find(" fits "),
            std::string::npos);
}

TEST(release_document, tells_patches_to_devices_that_take_them) {
  const auto told = [](const std::string& text) { return read_release<some_patches>(text); };
  const std::string unlike = "a line of the signed document is not as it must be";
  EXPECT_NE(told(whole).find("image app patch .deltas/a:99 signed"), std::string::npos);
  EXPECT_EQ(told(with(" 3456 2 ", " 4001 2 ")).find("patch"), std::string::npos);
  EXPECT_EQ(told(with(" 3456 2 ", " 3456 3 ")).find("patch"), std::string::npos);
  for (const char* other : {" 3456 ", " 03456 2 ", " 3456 -2 ", " 3456  2 ", " 4294967296 2 ", " "})
    EXPECT_EQ(told(with(" 3456 2 ", other)), unlike) << other;
  EXPECT_EQ(told(with("delta 99", "delta x")), unlike);
  EXPECT_EQ(told(with(".deltas/a\n", ".deltas/a\ndelta 9 " + sum + " 1 0 .deltas/a\n")), unlike);
  EXPECT_EQ(told(with(".deltas/a\n", ".deltas/" + std::string(248, 'p') + "\n")), unlike);
}

TEST(release_document, has_one_form) {
  const std::string unlike = "a line of the signed document is not as it must be";
  const std::string place = "a line of the signed document stands at the wrong place";
  const std::string unknown = "the signed document has a line that this device does not know";
  const std::string lacks = "the signed document lacks a line that it must have";
  const std::string control = "the signed document holds a control character";
  const std::vector<std::array<std::string, 3>> cases = {
      {"ota-release 1", "ota-release 2", unlike},
      {"ota-release 1", "ota-release 1 ", unlike},
      {"ota-release 1", "ota-release  1", unlike},
      {"ota-release 1", "ota-release", unlike},
      {"ota-release 1\n", "", lacks},
      {"product station\n", "", lacks},
      {"product station\n", "product station\nproduct station\n", place},
      {"product station\n", "product \n", unlike},
      {"product station\n", "Product station\n", unknown},
      {"product station\n", "# a comment\nproduct station\n", unknown},
      {"product station\n", "\nproduct station\n", unknown},
      {"product station\n", "product station\r\n", control},
      {"product station\n", "product\tstation\n", control},
      {"product station\n", "product station\x7f\n", control},
      {"hardware a\nhardware b\n", "hardware b\nhardware a\n", unlike},
      {"hardware a\nhardware b\n", "hardware a\nhardware a\n", unlike},
      {"version v1.2.3\n", "", lacks},
      {"epoch 0", "epoch 00", unlike},
      {"epoch 0", "epoch", unlike},
      {"epoch 0", "epoch -1", unlike},
      {"epoch 0", "epoch +1", unlike},
      {"epoch 0", "epoch 4294967296", unlike},
      {"counter 7", "counter 7 ", unlike},
      {"counter 7", "counter 07", unlike},
      {"counter 7", "counter 7x", unlike},
      {"created 1795255200", "created 18446744073709551616", unlike},
      {"created 1795255200", "created never", unlike},
      {"expires never", "expires Never", unlike},
      {"expires never", "expires never ", unlike},
      {"expires never\n", "", lacks},
      {"epoch 0\ncounter 7\n", "counter 7\nepoch 0\n", place},
      {"file 0 " + sum + " - a b.txt\n", "file 0 " + sum + " - z\n", unlike},
      {"file 0 ", "file 00 ", unlike},
      {"file 0 " + sum, "file 0 " + std::string(64, 'A'), unlike},
      {"file 0 " + sum, "file 0 " + sum.substr(1), unlike},
      {"file 0 " + sum, "file 0 " + sum + "a", unlike},
      {" - a b.txt", " r a b.txt", unlike},
      {" - a b.txt", " -", unlike},
      {" - a b.txt", " - a b.txt ", unlike},
      {" - a b.txt", "  - a b.txt", unlike},
      {" x run.sh", " x " + std::string(256, 'p'), unlike},
      {"delete old file.py\n", "", ""},
      {"signature 0123456789abcdef 00ff\n", "", lacks},
      {"signature 0123456789abcdef 00ff\n", "signature 0123456789abcdef 00ff",
       "the signed document ends within a line"},
      {"signature 0123456789abcdef 00ff\n",
       "signature 0123456789abcdef 00ff\nfile 1 " + sum + " - late\n", place},
      {"hook post_update", std::string(600, 'h'),
       "a line of the signed document is too long for this device"},
  };
  for (const auto& [old, other, sentence] : cases) {
    const std::string said = read_release(with(old, other));
    if (sentence.empty())
      EXPECT_NE(said.find(" fits "), std::string::npos) << said;
    else
      EXPECT_EQ(said, sentence) << old << " -> " << other;
  }
}

TEST(release_document, of_the_host_is_the_same_text) {
  ota::host::release_contents contents;
  contents.product = "station";
  contents.hardware = {"b", "a"};
  contents.version = "v1.2.3";
  contents.minimum = "v1.0";
  contents.counter = 7;
  contents.created = 1795255200;
  contents.hooks["post_update"] = "x/y.py";
  contents.deletes = {"old file.py"};
  contents.files = {{"run.sh", 12, sum, true}, {"a b.txt", 0, sum, false}};
  EXPECT_EQ(ota::host::release_body(contents), whole.substr(0, whole.find("image")));
  contents.product = "two\nlines";
  EXPECT_THROW(ota::host::release_body(contents), std::invalid_argument);
}

TEST(root_document, of_the_host_has_no_key_under_two_kinds) {
  const std::string digits(130, '4');
  ota::host::root_contents root;
  root.root.keys = {"ecdsa-p256 " + digits};
  root.release.keys = {"ecdsa-p256 " + digits};
  EXPECT_NO_THROW(ota::host::root_body(root));
  root.release.keys = {"ecdsa-p256-der " + digits};
  EXPECT_THROW(ota::host::root_body(root), std::invalid_argument);
}

TEST(key_id, is_what_sha256sum_says) {
  // printf 'ed25519 %064d' 0 | sha256sum | cut -c1-16
  EXPECT_EQ(ota::host::key_id_text("ed25519 " + std::string(64, '0')), "5ca40b283270cfb1");
}

}  // namespace
