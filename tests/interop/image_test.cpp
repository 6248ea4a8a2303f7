// Firmware images as people make and check them with the tool, beside MCUboot's imgtool. imgtool is
// taken from PyPI into an environment beside the tests; without it the tests that need it are
// skipped, and say so.

#include <gtest/gtest.h>

#include "ota/host/image_key.hpp"
#include "support/digest.hpp"
#include "support/image_slot.hpp"

namespace {

using namespace ota_test;

const std::string ota = OTA_TOOL;
const std::string data = OTA_TEST_DATA_DIR "/imgtool/";

struct image : ::testing::Test {
  scratch_folder here;

  void SetUp() override { write_file(here / "app.bin", some_text(5000)); }

  finished in_folder(const std::string& command) const {
    return run("cd " + here.path() + "; unset OTA_PASSPHRASE; " + command);
  }
  std::string output(const std::string& command) const {
    const finished done = in_folder(command);
    EXPECT_EQ(done.code, 0) << command << ": " << done.out;
    return done.out;
  }
  void expect_failed(const std::string& command, const std::string& words, int code = 1) const {
    const finished done = in_folder(command);
    EXPECT_EQ(done.code, code) << command << ": " << done.out;
    EXPECT_EQ(done.out.compare(0, 5, "ota: "), 0) << done.out;
    EXPECT_NE(done.out.find(words), std::string::npos) << command << ": " << done.out;
    EXPECT_TRUE(code == 2 || done.out.find('\n') + 1 == done.out.size()) << done.out;
  }
};

TEST_F(image, is_packed_shown_and_verified) {
  output(ota + " keygen --out k");
  output(ota + " image pack --in app.bin --out app.img --version 1.2.3+4 --key k.key" +
         " --hardware thermostat-2 --security-counter 7 --header-size 512");
  const std::string info = output(ota + " image info app.img");
  for (const char* line : {"version 1.2.3+4\n", "header 512, program 5000\n",
                           "hardware thermostat-2\n", "security counter 7\n", "\ned25519 "})
    EXPECT_NE(info.find(line), std::string::npos) << info;
  EXPECT_EQ(output(ota + " image verify app.img --key k.pub --hardware thermostat-2"),
            "valid\nversion 1.2.3+4\n");
  expect_failed(ota + " image verify app.img --key k.pub --hardware other",
                "app.img: for other hardware");
  output(ota + " keygen --out j");
  expect_failed(ota + " image verify app.img --key j.pub",
                "app.img: signed by no key that is known here");
  expect_failed(ota + " image verify app.img --key k.key", "k.key is secret", 2);
  EXPECT_EQ(in_folder(ota + " image verify app.img --key j.pub --json 2>/dev/null").out,
            R"({"outcome": "failed", "message": "app.img: signed by no key that is known here"})"
            "\n");
  const std::string json = output(ota + " image verify app.img --key k.pub --json");
  EXPECT_NE(json.find(R"("hardware": "thermostat-2")"), std::string::npos) << json;
}

TEST_F(image, of_a_patch_says_so) {
  output("cp app.bin old.bin; printf more >>app.bin; " + ota + " delta make old.bin app.bin p.odp");
  output(ota + " image pack --patch --in p.odp --out p.img --version 1.2.3");
  EXPECT_NE(output(ota + " image info p.img").find("header 32, patch "), std::string::npos);
  EXPECT_NE(output(ota + " image info p.img --json").find(R"("flags": 16, "patch": true)"),
            std::string::npos);
  output(ota + " keygen --out k; " + ota +
         " image pack --patch --in p.odp --out s.img --version 1 --key k.key");
  EXPECT_EQ(output(ota + " image verify s.img --key k.pub"), "valid\nversion 1.0.0\n");
  expect_failed(ota + " image verify p.img --key k.pub", "p.img: not signed as this device asks");
  expect_failed(ota + " image pack --patch --in app.bin --out o --version 1",
                "app.bin: not a patch of ota delta make");
}

TEST_F(image, is_refused_where_it_is_none) {
  expect_failed(ota + " image info app.bin", "app.bin: no image there");
  expect_failed(ota + " image verify " + data + "ed25519.bin --key app.bin",
                "app.bin: not a public key that verifies images");
  output("head -c 400 " + data + "ed25519.bin >cut");
  expect_failed(ota + " image info cut", "cut: cut off");
  for (const char* version : {"1.2.3.4", "256", "1.2.65536", "1..2", "", "x", "1+2+3"})
    expect_failed(ota + " image pack --in app.bin --out o --version '" + version + "'", "--version",
                  2);
  expect_failed(ota + " image pack --in app.bin --out o --version 1 --pad", "--slot-size", 2);
  expect_failed(ota + " image pack --in app.bin --out o --version 1 --slot-size 8000",
                "the image has 5072 bytes and the trailer of MCUboot 3120, the slot only 8000");
}

TEST_F(image, of_imgtool_is_verified_in_each_of_its_ways) {
  for (const std::string name : {"ed25519", "ecdsa", "rsa2048", "rsa3072"}) {
    EXPECT_EQ(output(ota + " image verify " + data + name + ".bin --key " + data + name + ".pem"),
              "valid\nversion 1.2.3+4\n");
    output("cp " + data + name +
           ".bin damaged; printf x | dd of=damaged bs=1 seek=40 conv=notrunc");
    expect_failed(ota + " image verify damaged --key " + data + name + ".pem",
                  "damaged: corrupted: its SHA-256 differs");
  }
  expect_failed(ota + " image verify " + data + "unsigned.bin --key " + data + "ed25519.pem",
                "unsigned.bin: not signed as this device asks");
}

TEST_F(image, becomes_uf2_and_comes_back) {
  output(ota + " image uf2 app.bin app.uf2 --family rp2040");
  EXPECT_EQ(output(ota + " image uf2 app.uf2 back.bin"), "back.bin: 5120 bytes, at 0x10000000\n");
  EXPECT_EQ(content_of(here / "back.bin").substr(0, 5000), content_of(here / "app.bin"));
  expect_failed(ota + " image uf2 app.bin o", "image uf2 needs --base", 2);
  expect_failed(ota + " image uf2 app.uf2 o --family 0x10",
                "the UF2 file holds nothing for that family");
}

struct imgtool : image {
  static inline std::string tool;

  static void SetUpTestSuite() {
    const std::string folder = OTA_TEST_BUILD_DIR "/imgtool";
    if (run("test -x " + folder + "/bin/imgtool").code != 0)
      run(OTA_PYTHON " -m venv " + folder + " && " + folder +
          "/bin/python -m pip install --quiet --disable-pip-version-check imgtool==2.5.0");
    if (run(folder + "/bin/imgtool version").code == 0) tool = folder + "/bin/imgtool";
  }
  void SetUp() override {
    image::SetUp();
    if (tool.empty()) {
      std::fprintf(stderr, "SKIPPED: imgtool could not be installed from PyPI\n");
      GTEST_SKIP() << "imgtool could not be installed from PyPI (python3-venv, network)";
    }
    // The tool's key in PEM: PKCS #8 around the seed (RFC 8410, 7).
    output(ota + " keygen --out k");
    output(
        "(printf '\\060\\056\\002\\001\\000\\060\\005\\006\\003\\053\\145\\160\\004\\042\\004\\040'"
        "; tail -n 1 k.key | cut -d ' ' -f 3 | xxd -r -p)"
        "| openssl pkey -inform DER -out k.pem && openssl pkey -in k.pem -pubout -out k.pub.pem");
  }
};

TEST_F(imgtool, takes_what_is_packed_here) {
  output(ota + " image pack --in app.bin --out app.img --version 1.2.3+4 --key k.key" +
         " --hardware thermostat-2 --security-counter 7");
  const std::string seen = output(tool + " verify --key k.pub.pem app.img");
  EXPECT_NE(seen.find("Image was correctly validated"), std::string::npos) << seen;
  EXPECT_NE(seen.find("Image version: 1.2.3+4"), std::string::npos) << seen;
  const finished other = in_folder(tool + " verify --key " + data + "ed25519.pem app.img");
  EXPECT_NE(other.code, 0) << other.out;
  const std::string dump = output(tool + " dumpinfo app.img");
  for (const char* word : {"SEC_CNT", "KEYHASH", "SHA256", "ED25519", "0x96f3b83d"})
    EXPECT_NE(dump.find(word), std::string::npos) << dump;
}

// Ed25519 has one signature for each message: the same key makes the same image.
TEST_F(imgtool, makes_the_same_bytes) {
  for (const std::string more :
       {"", " --pad", " --pad --confirm", " --security-counter 7", " --align 16 --pad --confirm"}) {
    output(ota + " image pack --in app.bin --out a --version 1.2.3+4 --key k.key" +
           " --slot-size 32768" + (more.find("--align") == more.npos ? " --align 1" : "") + more);
    output(tool + " sign --version 1.2.3+4 --header-size 32 --pad-header --slot-size 32768 --key" +
           " k.pem" + more + " app.bin b");
    EXPECT_EQ(content_of(here / "a"), content_of(here / "b")) << more;
  }
  output(ota + " delta make k.pem app.bin app.odp; " + ota +
         " image pack --patch --in app.odp --out a --version 1.2.3 --key k.key");
  output(tool + " sign --version 1.2.3 --header-size 32 --pad-header --slot-size 32768 --key" +
         " k.pem --non-bootable app.odp b");
  EXPECT_EQ(content_of(here / "a"), content_of(here / "b"));
  output(ota + " image pack --in app.bin --out a --version 0.0.1 --key k.key --hardware board");
  output(tool +
         " sign --version 0.0.1 --header-size 32 --pad-header --slot-size 32768 --key k.pem" +
         " --custom-tlv 0x00a0 board app.bin b");
  EXPECT_EQ(content_of(here / "a"), content_of(here / "b"));
}

TEST_F(imgtool, makes_what_is_verified_here) {
  for (const std::string kind : {"ed25519", "ecdsa-p256", "rsa-2048", "rsa-3072"})
    for (const std::string format : {"hash", "full"}) {
      output(tool + " keygen --type " + kind + " --key p.pem && openssl pkey -in p.pem -pubout" +
             " -out p.pub");
      output(tool + " sign --version 2.0.0 --header-size 256 --pad-header --slot-size 32768" +
             " --key p.pem --public-key-format " + format + " app.bin b");
      EXPECT_EQ(output(ota + " image verify b --key p.pub"), "valid\nversion 2.0.0\n");
      expect_failed(ota + " image verify b --key k.pub", kind == "ed25519"
                                                             ? "signed by no key that is known here"
                                                             : "not signed as this device asks");
    }
}

}  // namespace
