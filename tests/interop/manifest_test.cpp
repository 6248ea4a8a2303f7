// The manifest that the tool makes, read and checked by python, and followed by a device.

#include <gtest/gtest.h>

#include <algorithm>
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

  // Makes the command fail with these words, and everything stay as it is.
  void expect_refused(const std::string& options, int code, const std::string& words) {
    SCOPED_TRACE(options);
    std::ofstream(here / "m.json") << "as it was";
    const std::string look = "cd " + here.path() + "; cat m.json; find . | LC_ALL=C sort";
    const std::string before = run(look).out;
    const auto made = make(options);
    EXPECT_EQ(made.code, code) << made.out;
    EXPECT_NE(made.out.find(words), std::string::npos) << made.out;
    EXPECT_EQ(made.out.compare(0, 5, "ota: "), 0) << made.out;
    const auto lines = std::count(made.out.begin(), made.out.end(), '\n');
    EXPECT_TRUE(lines == 1 || code == 2) << made.out;
    EXPECT_EQ(run(look).out, before);
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(here / name, std::ios::binary) << text;
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
  ASSERT_EQ(make("--include 'lib' --include '**/*.txt'").code, 0);
  EXPECT_EQ(python("paths"), "['lib/e', 'lib/\xc3\xa9 x.py', 'sub/data.txt']\n");
  ASSERT_EQ(make("--exclude 'sub' --exclude '.git*' --exclude '*.py*'").code, 0);
  EXPECT_EQ(python("paths"), "['__pycache__/c', 'lib/e']\n");
  ASSERT_EQ(make("--file-list list").code, 0);
  EXPECT_EQ(python("paths, m['version']"), "(['lib/e', 'main.py'], 'dev')\n");
}

// Documents recorded from manifest_gen.py, for every option of it.
TEST(manifest_peers, the_original_generator_makes_the_same_documents) {
  const auto compared =
      run(OTA_PYTHON " " OTA_SOURCE_DIR "/tests/interop/manifest_peers.py check " + ota);
  EXPECT_EQ(compared.code, 0) << compared.out;
}

TEST(manifest_peers, python_selects_the_same_files_by_random_globs) {
  const auto compared =
      run(OTA_PYTHON " " OTA_SOURCE_DIR "/tests/interop/manifest_peers.py globs " + ota);
  EXPECT_EQ(compared.code, 0) << compared.out;
}

TEST_F(manifest_tool, does_not_list_what_it_writes) {
  const std::string in_root = " --out r/lib/m.json; cp r/lib/m.json .";
  ASSERT_EQ(run("cd " + here.path() + "; echo {} > r/m.json; echo torn > r/lib/.m.json.tmp").code,
            0);
  const std::string expected =
      "['lib/e', 'lib/\xc3\xa9 x.py', 'm.json', 'main.py', 'sub/data.txt']\n";
  for (const char* run_number : {"first", "second"}) {
    SCOPED_TRACE(run_number);
    ASSERT_EQ(make(in_root).code, 0);
    EXPECT_EQ(python("paths"), expected);
  }
  EXPECT_EQ(run("ls -A " + (here / "r/lib")).out, "e\nm.json\n\xc3\xa9 x.py\n");
  ASSERT_EQ(run("cd " + here.path() + "; ln -s r linked; ln -s r/lib/m.json out").code, 0);
  ASSERT_EQ(make("--root linked --out out; cp out m.json").code, 0);
  EXPECT_EQ(python("paths"), expected);
  write("list", "main.py\nlib/m.json\n");
  ASSERT_EQ(make("--file-list list" + in_root).code, 0);
  EXPECT_EQ(python("paths"), "['main.py']\n");
}

TEST_F(manifest_tool, refuses_paths_that_devices_refuse) {
  const std::pair<std::string, const char*> bad[] = {{"/etc/passwd", "invalid path"},
                                                     {"../up.py", "invalid path"},
                                                     {"lib/../../up.py", "invalid path"},
                                                     {"lib/..", "invalid path"},
                                                     {"./main.py", "invalid path"},
                                                     {"lib//a.py", "invalid path"},
                                                     {"lib/", "invalid path"},
                                                     {"lib\\a.py", "invalid path"},
                                                     {"a\x01z.py", "a\\x01z.py"},
                                                     {"a\x7fz.py", "a\\x7fz.py"},
                                                     {"a\x1b[2Jz.py", "a\\x1b[2Jz.py"},
                                                     {"a\tz.py", "a\\x09z.py"},
                                                     {"a\xffz.py", "is not UTF-8"},
                                                     {"\xed\xa0\x80", "UTF-8"},
                                                     {std::string(256, 'n'), "255 bytes"},
                                                     {"lib/" + std::string(252, 'n'), "255 bytes"},
                                                     {".hidden.py", "hidden"},
                                                     {"lib/.hidden/a.py", "hidden"},
                                                     {std::string("a\0z.py", 6), "a\\x00z.py"}};
  for (const auto& [path, words] : bad) {
    write("bad", "old.py\n" + path + "\n");
    expect_refused("--deletes bad", 1, words);
    if (path.find('\0') != std::string::npos) continue;  // no argument can hold it
    write("argument", path);
    for (const char* option : {"post-update", "rollback"})
      expect_refused("--" + std::string(option) + " \"$(cat argument)\"", 2, words);
  }
  expect_refused("--post-update ''", 2, "invalid path");
  expect_refused("--rollback=", 2, "invalid path");
  expect_refused("--deletes nosuch", 1, "cannot read nosuch");
  expect_refused("--deletes r", 1, "cannot read r");
  write("longest", std::string(255, 'n'));
  ASSERT_EQ(make("--deletes longest").code, 0);
  EXPECT_EQ(python("len(m['deletes'][0])"), "255\n");
}

TEST_F(manifest_tool, refuses_to_delete_what_it_brings) {
  write("bad", "old.py\nlib/e\n");
  expect_refused("--deletes bad", 1, "lib/e is both to be deleted and a file");
  write("bad", "LIB/E\n");
  expect_refused("--deletes bad", 1, "LIB/E is both to be deleted and a file");
  // A directory that becomes a file, and the other way round, are no contradiction.
  write("fine", "lib\nmain.py/old.py\n");
  EXPECT_EQ(make("--deletes fine").code, 0);
}

TEST_F(manifest_tool, leaves_hidden_files_out_of_a_search_and_refuses_named_ones) {
  ASSERT_EQ(
      run("cd " + here.path() + "/r; mkdir .vs lib/.vs; touch .env lib/.env .vs/a lib/.vs/b").code,
      0);
  const std::string expected = "['lib/e', 'lib/\xc3\xa9 x.py', 'main.py', 'sub/data.txt']\n";
  ASSERT_EQ(make("").code, 0);
  EXPECT_EQ(python("paths"), expected);
  ASSERT_EQ(make("--include '**' --exclude '*.pyc' __pycache__").code, 0);
  EXPECT_EQ(python("paths"), expected);
  for (const char* path : {".env", "lib/.env", ".vs/a", "lib/.vs/b", "lib/../.env"}) {
    write("bad", std::string("main.py\n") + path + "\n");
    expect_refused("--file-list bad", 1, "is hidden");
    expect_refused("--include main.py '" + std::string(path) + "'", 2, "hidden");
  }
}

TEST_F(manifest_tool, refuses_names_that_no_json_can_hold) {
  ASSERT_EQ(run("cd " + here.path() + "/r; touch lib/\"$(printf 'caf\\351')\".py").code, 0);
  expect_refused("", 1, "lib/caf\\xe9.py is not UTF-8");
  expect_refused("--include 'lib/*'", 1, "lib/caf\\xe9.py is not UTF-8");
  write("bad", "lib/caf\xe9.py");
  expect_refused("--file-list bad", 1, "lib/caf\\xe9.py is not UTF-8");
  expect_refused("--version \"$(printf 'caf\\351')\"", 2, "UTF-8");
  expect_refused("--hmac-key \"$(printf 'caf\\351')\"", 2, "UTF-8");
  EXPECT_EQ(make("--exclude 'caf*'").code, 0);
}

TEST_F(manifest_tool, refuses_other_names_that_devices_refuse) {
  ASSERT_EQ(run("cd " + here.path() + "/r; touch 'a\\b.py'").code, 0);
  expect_refused("", 1, "a\\b.py is an invalid path");
  ASSERT_EQ(run("cd " + here.path() + "/r; rm a*; touch \"$(printf 'a\\nb')\"").code, 0);
  expect_refused("", 1, "a\\x0ab is an invalid path");
  const std::string deep = std::string(200, 'd') + "/" + std::string(55, 'f');
  ASSERT_EQ(
      run("cd " + here.path() + "/r; rm a*; mkdir " + std::string(200, 'd') + "; touch " + deep)
          .code,
      0);
  expect_refused("", 1, "255 bytes");
  EXPECT_EQ(make("--exclude 'dd*'").code, 0);
  expect_refused("--version " + std::string(129, 'v'), 2, "128");
}

TEST_F(manifest_tool, refuses_what_a_list_should_not_name) {
  ASSERT_EQ(run("cd " + here.path() +
                "; echo secret > secret; mkdir away; echo x > away/x; ln -s ../secret r/out.py; "
                "ln -s main.py r/in.py; ln -s ../away r/away; ln -s nowhere r/dangling")
                .code,
            0);
  const std::pair<std::string, const char*> bad[] = {
      {"out.py", "is a symbolic link"},           {"in.py", "is a symbolic link"},
      {"dangling", "is a symbolic link"},         {"away/x", "lies behind a symbolic link"},
      {"nosuch.py", "nosuch.py does not exist"},  {"lib", "lib is not a file"},
      {"main.py/x", "main.py/x does not exist"},  {"../secret", "is not below the root"},
      {here / "secret", "is not below the root"}, {"lib/..", "is not below the root"}};
  for (const auto& [path, words] : bad) {
    write("bad", "main.py\n" + path + "\n");
    expect_refused("--file-list bad", 1, words);
  }
  expect_refused("--include ../secret", 2, "is not below the root");
  expect_refused("--file-list nosuch", 1, "cannot read nosuch");
  // What leads out of the root is not left out in silence; what leads into it is there already.
  expect_refused("", 1, "out.py is a symbolic link that leads out of the root");
  ASSERT_EQ(make("--exclude out.py '*.pyc' __pycache__").code, 0);
  EXPECT_EQ(python("paths"), "['lib/e', 'lib/\xc3\xa9 x.py', 'main.py', 'sub/data.txt']\n");
}

TEST_F(manifest_tool, takes_the_lists_that_other_programs_write) {
  const char* expected = "['lib/e', 'lib/\xc3\xa9 x.py', 'main.py', 'sub/data.txt']\n";
  ASSERT_EQ(
      run("cd " + here.path() +
          "/r; find . -name '*.py' -o -name e -o -name data.txt "
          "| sed 's/$/\\r/' > ../found; find \"$PWD\" -type f -not -path '*/.*' > ../full; "
          "git init -q; git add -f lib main.py sub; git ls-files -z | tr '\\0' '\\n' > ../git")
          .code,
      0);
  for (const char* list : {"found", "full", "git"}) {
    ASSERT_EQ(make(std::string("--exclude '*.pyc' __pycache__ --file-list ") + list).code, 0)
        << list;
    EXPECT_EQ(python("paths"), expected) << list;
  }
  write("notepad", "\xef\xbb\xbfmain.py\r\n");
  ASSERT_EQ(make("--file-list notepad").code, 0);
  EXPECT_EQ(python("paths"), "['main.py']\n");
}

TEST_F(manifest_tool, refuses_names_that_are_one_file_to_some_devices) {
  ASSERT_EQ(run("cd " + here.path() + "/r; touch Main.py").code, 0);
  expect_refused("", 1, "main.py and Main.py are one file");
  ASSERT_EQ(run("cd " + here.path() + "/r; rm Main.py; touch LIB").code, 0);
  expect_refused("", 1, "lib/e lies in the file LIB");
  EXPECT_EQ(make("--exclude LIB").code, 0);
}

TEST_F(manifest_tool, replaces_its_output_as_a_whole) {
  const auto script = "import os\nold = open('m.json')\nassert os.system('" + ota +
                      " manifest --root r --out m.json') == 0\nprint(old.read())\n";
  write("m.json", "as it was");
  write("replace.py", script);
  // Whoever has the earlier file open goes on reading it.
  EXPECT_NE(run("cd " + here.path() + "; " OTA_PYTHON " replace.py").out.find("as it was"),
            std::string::npos);
  // A storage that takes no more than the first bytes.
  const std::string look = "cd " + here.path() + "; cat m.json; ls -A";
  const std::string before = run(look).out;
  ASSERT_EQ(run("cd " + here.path() + "/r; for i in $(seq 100); do touch $i; done").code, 0);
  const auto full = run("cd " + here.path() + "; trap '' XFSZ; ulimit -f 4; " + ota +
                        " manifest --root r --out m.json");
  EXPECT_EQ(full.code, 1) << full.out;
  EXPECT_NE(full.out.find("cannot write"), std::string::npos) << full.out;
  EXPECT_EQ(run(look).out, before);
  expect_refused("--out nosuch/m.json", 1, "cannot write");
  expect_refused("--out r/lib", 1, "is not a file");
  ASSERT_EQ(run("mkfifo " + (here / "pipe")).code, 0);
  expect_refused("--out pipe", 1, "is not a file");
  EXPECT_EQ(run("test -p " + (here / "pipe")).code, 0);
}

// A file of 300 MB, in an address space of 100.
TEST_F(manifest_tool, reads_large_files_in_pieces) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the address sanitizer needs more address space";
#endif
  ASSERT_EQ(run("truncate -s 300M " + (here / "r/sub/large")).code, 0);
  const auto made =
      run("cd " + here.path() + "; ulimit -v 100000; " + ota + " manifest --root r --out m.json");
  ASSERT_EQ(made.code, 0) << made.out;
  EXPECT_EQ(python("[f['size'] for f in m['files'] if f['path'] == 'sub/large'], sound()"),
            "([314572800], True)\n");
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
