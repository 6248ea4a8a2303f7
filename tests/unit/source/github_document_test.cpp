// Answers that GitHub gave, recorded by others (tests/data/github), read piece by piece; python's
// json says what is in them.

#include "ota/source/github_document.hpp"

#include "support/python.hpp"

namespace {

using namespace ota_test;

const std::string data = OTA_TEST_DATA_DIR "/github/";

/// A body that comes in pieces of one size.
struct body {
  std::string text;
  std::size_t piece;
  std::size_t at = 0;

  ota::result<std::size_t> read(ota::mutable_bytes out) {
    const std::size_t size = std::min({piece, out.size(), text.size() - at});
    text.copy(reinterpret_cast<char*>(out.data()), size, at);
    at += size;
    return size;
  }
};

struct reading {
  ota::github_document document;
  std::string failure;
  std::vector<std::string> entries;  // as python prints them below
};

std::string line_of(const ota::github_document& document) {
  const ota::entry& item = document.item();
  std::string hash(40, '0');
  ota::to_hex({item.hash.value, 20}, hash.data());
  std::string line(item.path.view());
  line += item.kind == ota::entry_kind::directory ? " tree " : " blob ";
  line += hash + (item.executable ? " x " : " - ") + (document.is_link() ? "link " : "- ");
  return line + (item.has_size ? std::to_string(item.size) : "None");
}

void read(const std::string& text, ota::document_kind kind, std::size_t piece, reading& out) {
  body source{text, piece};
  out.document.begin(kind);
  out.entries.clear();
  std::uint8_t chunk[1024];
  for (;;) {
    const auto event = out.document.next();
    if (!event) {
      out.failure = event.error().text;
      return;
    }
    if (*event == ota::document_event::end) return;
    if (*event == ota::document_event::item) out.entries.push_back(line_of(out.document));
    if (*event == ota::document_event::need_input) (void)out.document.receive(source, chunk);
  }
}

/// What `expression` is in a recorded document, a line each; `d` is the document.
std::vector<std::string> python_says(const std::string& text, const std::string& expression) {
  return ask_python("import json, sys\nd = json.load(sys.stdin)\nfor line in " + expression +
                        ":\n  print(line)\n",
                    text);
}

std::string recorded(const std::string& name) {
  const finished unpacked = run("gzip -cdf " + data + name);
  EXPECT_EQ(unpacked.code, 0) << unpacked.out;
  return unpacked.out;
}

/// One answer of octokit's recording: the first whose address ends with `end`.
std::string octokit(const std::string& name, const std::string& method, const std::string& end) {
  const auto lines =
      ask_python("import json\nfor one in json.load(open('" + data + name +
                     "')):\n  if one['method'] == '" + method + "' and one['path'].endswith('" +
                     end + "'):\n    print(json.dumps(one['response']))\n    break\n",
                 "");
  return lines.empty() ? std::string{} : lines[0];
}

const std::size_t pieces[] = {1, 7, 333, 1024};

TEST(recorded_github, trees_hold_what_python_reads_in_them) {
  OTA_NEEDS_PYTHON();
  for (const char* name : {"hub4j/tree.json", "hub4j/tree-recursive.json.gz"}) {
    const std::string text = recorded(name);
    const auto expected = python_says(
        text,
        "['%s %s %s %s %s %s' % (e['path'], e['type'], e['sha'], "
        "'x' if e['mode'] == '100755' else '-', 'link' if e['mode'] == '120000' else '-', "
        "e.get('size')) for e in d['tree']]");
    ASSERT_FALSE(expected.empty());
    for (const std::size_t piece : pieces) {
      reading tree;
      read(text, ota::document_kind::tree, piece, tree);
      EXPECT_EQ(tree.failure, "");
      EXPECT_EQ(tree.entries, expected) << name << " in pieces of " << piece;
      EXPECT_FALSE(tree.document.truncated);
    }
  }
}

TEST(recorded_github, references_and_tags_point_where_python_says) {
  OTA_NEEDS_PYTHON();
  const std::string answers[] = {recorded("hub4j/reference.json"), recorded("hub4j/tag.json"),
                                 octokit("git-refs.json", "patch", "/git/refs/heads/test")};
  for (const std::string& text : answers) {
    const auto expected = python_says(text, "[d['object']['sha'], d['object']['type']]");
    ASSERT_EQ(expected.size(), 2u);
    for (const std::size_t piece : pieces) {
      reading reference;
      read(text, ota::document_kind::reference, piece, reference);
      EXPECT_EQ(reference.failure, "");
      EXPECT_EQ(reference.document.name.view(), expected[0]);
      EXPECT_EQ(reference.document.is_tag_object, expected[1] == "tag");
    }
  }
}

TEST(recorded_github, releases_have_their_tag_and_no_manifest_unless_there_is_one) {
  OTA_NEEDS_PYTHON();
  const std::string answers[] = {recorded("hub4j/release.json"),
                                 octokit("release-assets.json", "get", "/releases/tags/v1.0.0")};
  for (const std::string& text : answers) {
    const auto expected = python_says(text, "[d['tag_name']]");
    ASSERT_EQ(expected.size(), 1u);
    for (const std::size_t piece : pieces) {
      reading release;
      read(text, ota::document_kind::release, piece, release);
      EXPECT_EQ(release.failure, "");
      EXPECT_EQ(release.document.name.view(), expected[0]);
      EXPECT_TRUE(release.document.manifest_url.empty());
    }
  }
}

TEST(recorded_github, a_manifest_among_the_assets_is_found_by_either_address) {
  OTA_NEEDS_PYTHON();
  std::string text = recorded("hub4j/release.json");
  for (std::size_t at; (at = text.find("CheckIDNumber.jar\"")) != std::string::npos;)
    text.replace(at, 17, "manifest.json");
  const auto expected =
      python_says(text, "[d['assets'][0]['url'], d['assets'][0]['browser_download_url']]");
  ASSERT_EQ(expected.size(), 2u);
  for (const bool from_api : {true, false}) {
    reading release;
    release.document.prefer_api_url = from_api;
    read(text, ota::document_kind::release, 333, release);
    EXPECT_EQ(release.document.manifest_url.view(), expected[from_api ? 0 : 1]);
  }
}

TEST(recorded_github, an_error_document_is_no_tree) {
  OTA_NEEDS_PYTHON();
  reading tree;
  read(octokit("errors.json", "post", "/labels"), ota::document_kind::tree, 333, tree);
  EXPECT_EQ(tree.failure, "the answer holds no list of files");
  EXPECT_TRUE(tree.entries.empty());
}

}  // namespace
