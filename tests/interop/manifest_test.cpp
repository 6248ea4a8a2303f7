// The manifest that the tool makes, read and checked by python, and followed by a device.

#include <gtest/gtest.h>

#include <fstream>

#include "support/process.hpp"

namespace {

using namespace ota_test;

const std::string ota = OTA_TOOL;

struct manifest_tool : ::testing::Test {
  scratch_folder here;

  void SetUp() override {
    ASSERT_EQ(run("cd " + here.path() +
                  "; mkdir -p r/lib r/.git r/__pycache__ r/sub; echo one > r/main.py; : > r/lib/e; "
                  "echo u > 'r/lib/\xc3\xa9 x.py'; echo x > r/a.pyc; echo g > r/.git/g; "
                  "echo c > r/__pycache__/c; echo d > r/sub/data.txt; echo old.py > deletes; "
                  "printf 'main.py\\n# a comment\\n\\nlib/e\\n' > list")
                  .code,
              0);
  }

  finished make(const std::string& options) {
    return run("cd " + here.path() + "; " + ota + " manifest --root r --out m.json " + options);
  }

  // What python says of m.json.
  std::string python(const std::string& expression) {
    std::ofstream(here / "check.py") << R"py(
import binascii, hashlib, hmac, json, sys
text = open("m.json", encoding="utf-8").read()
m = json.loads(text)
def signature(key):
    body = {k: v for k, v in m.items() if k != "signature"}
    form = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hmac.new(key.encode(), form.encode(), hashlib.sha256).hexdigest()
def sound():
    for f in m["files"]:
        data = open("r/" + f["path"], "rb").read()
        if f["size"] != len(data) or f["crc32"] != binascii.crc32(data): return False
        if f["sha256"] != hashlib.sha256(data).hexdigest(): return False
    return True
paths = [f["path"] for f in m["files"]]
)py"
                                     << "print((" << expression << "))\n";
    return run("cd " + here.path() + "; PYTHONIOENCODING=utf-8 " OTA_PYTHON " check.py").out;
  }
};

TEST_F(manifest_tool, is_read_and_verified_by_python) {
  const auto made = make(
      "--version v1.0 --hmac-key 'k\xc3\xa9y' --deletes deletes "
      "--post-update hooks/post.py --rollback hooks/back.py");
  ASSERT_EQ(made.code, 0) << made.out;
  EXPECT_EQ(python("m['signature'] == signature('k\xc3\xa9y')"), "True\n");
  EXPECT_EQ(python("sound()"), "True\n");
  EXPECT_EQ(python("sorted(m)"),
            "['deletes', 'files', 'generated_at', 'post_update', 'rollback', 'signature', "
            "'version']\n");
  EXPECT_EQ(python("paths, m['deletes'], m['version']"),
            "(['lib/e', 'lib/\xc3\xa9 x.py', 'main.py', 'sub/data.txt'], ['old.py'], 'v1.0')\n");
  EXPECT_EQ(python("text == json.dumps(m, indent=2, sort_keys=True) + '\\n'"), "True\n");
}

TEST_F(manifest_tool, takes_what_it_is_told) {
  ASSERT_EQ(make("--include 'lib' --include '*.txt'").code, 0);
  EXPECT_EQ(python("paths"), "['lib/e', 'lib/\xc3\xa9 x.py', 'sub/data.txt']\n");
  ASSERT_EQ(make("--exclude 'sub' --exclude '.git*' --exclude '*.py*'").code, 0);
  EXPECT_EQ(python("paths"), "['__pycache__/c', 'lib/e']\n");
  ASSERT_EQ(make("--file-list list").code, 0);
  EXPECT_EQ(python("paths, m['version']"), "(['lib/e', 'main.py'], 'dev')\n");
}

TEST_F(manifest_tool, takes_key_and_version_from_the_environment) {
  ASSERT_EQ(run("cd " + here.path() + "; MANIFEST_KEY=k GITHUB_REF_NAME=v9 " + ota +
                " manifest --root r --out m.json")
                .code,
            0);
  EXPECT_EQ(python("m['version'], m['signature'] == signature('k')"), "('v9', True)\n");
}

TEST_F(manifest_tool, leads_a_device_to_a_release) {
  ASSERT_EQ(run("cd " + here.path() +
                "; rm -rf r/.git r/__pycache__ r/a.pyc; git init -q r; cd r; git add .; git -c "
                "user.name=t -c user.email=t@example.invalid commit -qm one; git tag v1.0; cd ..; "
                "mkdir -p assets/v1.0 device; echo gone > device/old.py")
                .code,
            0);
  ASSERT_EQ(make("--version v1.0 --hmac-key secret --deletes deletes").code, 0);
  ASSERT_EQ(run("cp " + (here / "m.json") + " " + (here / "assets/v1.0/manifest.json")).code, 0);
  const server github(ota + " serve --port 0 --git o/r=" + (here / "r") +
                      " --assets o/r=" + (here / "assets"));
  const auto update = [&](const std::string& key) {
    std::ofstream(here / "config.json")
        << R"({"owner": "o", "repo": "r", "backoff_sec": 0, "manifest_key": ")" << key << "\"}";
    return run(ota + " update --config " + (here / "config.json") + " --root " + (here / "device") +
               " --api " + github.url() + " --raw " + github.url());
  };
  const auto refused = update("wrong");
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.out.find("manifest signature mismatch"), std::string::npos) << refused.out;
  EXPECT_FALSE(std::filesystem::exists(here / "device/main.py"));
  const auto done = update("secret");
  EXPECT_EQ(done.code, 0) << done.out;
  EXPECT_EQ(run("diff -r -x .git -x .ota -x version.json -x ota_error.json " + (here / "r") + " " +
                (here / "device"))
                .out,
            "");
}

}  // namespace
