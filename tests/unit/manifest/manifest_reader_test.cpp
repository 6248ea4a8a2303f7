#include "ota/manifest/manifest_reader.hpp"

#include <gtest/gtest.h>

#include <string>

#include "ota/storage/layout.hpp"
#include "ota/storage/memory_files.hpp"

namespace {

using files = ota::memory_files<65536>;

// A device that takes patches of up to 4000 bytes for code of the kinds 0 to 2.
struct some_patches {
  static bool takes(std::size_t memory, std::size_t code) { return memory <= 4000 && code <= 2; }
};

// Everything in a manifest as one text; "!" and a text for an error.
template <class Delta = ota::no_delta>
std::string read(const std::string& document) {
  static files storage;
  storage = {};
  EXPECT_TRUE(storage.write(ota::layout::manifest, 0, ota::as_bytes(document)));
  ota::manifest_reader reader;
  reader.begin(ota::layout::manifest);
  std::string out;
  for (;;) {
    ota::entry item;
    const auto more = reader.next<false, Delta>(storage, item);
    if (!more) return "!" + std::string(more.error().text);
    if (!*more) break;
    out += (item.kind == ota::entry_kind::remove  ? "-"
            : item.kind == ota::entry_kind::patch ? "*"
                                                  : "+") +
           std::string(item.path) + " " + (item.has_size ? std::to_string(item.size) : "?") + " " +
           std::to_string(static_cast<int>(item.hash.kind)) + ";";
  }
  return out + std::string(reader.version()) + ";";
}

TEST(manifest_reader, reads_what_the_original_generator_writes) {
  const std::string sum(64, 'a');
  EXPECT_EQ(read(R"({"deletes": ["old.py"], "files": [{"crc32": 222957957, "path": "main.py",)"
                 R"("sha256": ")" +
                 sum +
                 R"(", "size": 11}, {"path": "b", "crc32": 1}],)"
                 R"("generated_at": "2025-01-01T00:00:00Z", "unknown": {"path": [1, {"x": 2}]},)"
                 R"("signature": "abc", "version": "v1"})"),
            "-old.py 0 0;+main.py 11 2;+b ? 3;v1;");
}

TEST(manifest_reader, reads_members_in_any_order) {
  EXPECT_EQ(read(R"({"version":"2","files":[{"size":1,"path":"x"}],"deletes":[]})"), "+x 1 0;2;");
}

TEST(manifest_reader, gives_patches_to_devices_that_take_them) {
  const std::string document = R"({"files":[{"path":"a","size":1}],"patches":[)"
                               R"({"path":"p","size":2,"memory":4000},)"
                               R"({"path":"q","size":3,"memory":4001},)"
                               R"({"code":2,"path":"r","size":4,"memory":1},)"
                               R"({"code":3,"path":"s","size":5,"memory":1},)"
                               R"({"path":"t","size":6}],"version":"v"})";
  EXPECT_EQ(read<some_patches>(document), "+a 1 0;*p 2 0;*r 4 0;*t 6 0;v;");
  EXPECT_EQ(read(document), "+a 1 0;v;");
  // A manifest of patches alone has no files.
  EXPECT_EQ(read<some_patches>(R"({"patches":[]})"), "!the manifest has no list of files");
  for (const char* wrong : {R"({"files":[],"patches":[1]})", R"({"files":[],"patches":[{}]})",
                            R"({"files":[],"patches":[{"path":"p","memory":-1}]})",
                            R"({"files":[],"patches":[{"path":"p","code":"2"}]})",
                            R"({"patches":[],"files":[],"patches":[]})"}) {
    EXPECT_EQ(read<some_patches>(wrong)[0], '!') << wrong;
    EXPECT_EQ(read(wrong)[0], ';') << wrong;
  }
}

TEST(manifest_reader, refuses_what_is_no_manifest) {
  for (const char* document :
       {"", "[]", "1", "{", R"({"files":[1]})", R"({"files":[{"size":1}]})",
        R"({"files":[{"path":1}]})", R"({"files":[{"path":"a","size":-1}]})",
        R"({"files":[{"path":"a","size":1.5}]})", R"({"files":[{"path":"a","sha256":"12"}]})",
        R"({"files":[{"path":"a","crc32":4294967296}]})", R"({"files":[{"path":"a"}]} x)"})
    EXPECT_EQ(read(document)[0], '!') << document;
  EXPECT_EQ(read(R"({"files":[{"path":")" + std::string(256, 'p') + "\"}]}"),
            "!a path in the manifest is longer than 255 bytes");
}

TEST(manifest_reader, keeps_a_path_of_255_bytes) {
  const std::string path(255, 'p');
  EXPECT_EQ(read(R"({"files":[{"path":")" + path + "\"}]}"), "+" + path + " ? 0;;");
}

}  // namespace
