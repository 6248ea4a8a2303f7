// The JSON reader beside nlohmann/json's SAX parser, on the documents of GitHub that matter: the
// list of 10,000 files, and a release with long notes.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>

#include <ota/format/json_reader.hpp>

#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#define OTA_BENCH_NLOHMANN 1
#endif

namespace {

std::string random_hex(std::mt19937& random, std::size_t size) {
  std::string text;
  while (text.size() < size) text += "0123456789abcdef"[random() % 16];
  return text;
}

// In the form of GET /repos/{o}/{r}/git/trees/{sha}?recursive=1.
const std::string& tree_document() {
  static const std::string document = [] {
    std::mt19937 random(1);
    const std::string base = "https://api.github.com/repos/example/station/git/";
    const std::string id = random_hex(random, 40);
    std::string text = R"({"sha":")" + id + R"(","url":")" + base + "trees/" + id + R"(","tree":[)";
    for (int i = 0; i < 10000; ++i) {
      const std::string sha = random_hex(random, 40);
      text += i == 0 ? "" : ",";
      text += R"({"path":"lib/package)" + std::to_string(i / 100) + "/module_" + std::to_string(i) +
              R"(.py","mode":"100644","type":"blob","sha":")" + sha + R"(","size":)" +
              std::to_string(random() % 100000) + R"(,"url":")" + base + "blobs/" + sha + R"("})";
    }
    return text + R"(],"truncated":false})";
  }();
  return document;
}

// In the form of GET /repos/{o}/{r}/releases/latest, with notes that make it 30 KB long.
const std::string& release_document() {
  static const std::string document = [] {
    std::string notes;
    for (int i = 0; notes.size() < 26000; ++i)
      notes += "* Fixed the clock by @someone in https://github.com/example/station/pull/" +
               std::to_string(i) + (i % 5 == 0 ? R"( \u2014 a \"must\"!\r\n)" : R"(\r\n)");
    std::string text = R"({"tag_name":"v1.2.3","draft":false,"assets":[)";
    for (int i = 0; i < 12; ++i)
      text += std::string(i == 0 ? "" : ",") + R"({"name":"firmware_)" + std::to_string(i) +
              R"(.bin","size":123456,"state":"uploaded","download_count":7,"browser_download_url":)"
              R"("https://github.com/example/station/releases/download/v1.2.3/firmware_)" +
              std::to_string(i) +
              R"(.bin","url":"https://api.github.com/repos/example/station/)"
              R"(releases/assets/7198914)" +
              std::to_string(i) + R"("})";
    return text + R"(],"body":")" + notes + R"("})";
  }();
  return document;
}

// Uses every event, as a reader of the document would.
void read_ours(benchmark::State& state, const std::string& document, std::size_t piece_size) {
  for (auto _ : state) {
    ota::json_reader<> reader;
    ota::bytes rest = ota::as_bytes(document);
    std::uint64_t sum = 0;
    for (;;) {
      const auto event = reader.next();
      if (!event) return state.SkipWithError(event.error().text);
      if (*event == ota::json_event::end) break;
      if (*event == ota::json_event::need_input) {
        if (rest.empty()) reader.finish();
        reader.feed(rest.first(piece_size));
        rest = rest.drop(piece_size);
        continue;
      }
      if (*event == ota::json_event::number) sum += *reader.as_u64();
      sum += reader.text().size();
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(document.size()));
}

void ours_tree(benchmark::State& state) { read_ours(state, tree_document(), SIZE_MAX); }
void ours_tree_in_1_kib_pieces(benchmark::State& state) { read_ours(state, tree_document(), 1024); }
void ours_release(benchmark::State& state) { read_ours(state, release_document(), SIZE_MAX); }
BENCHMARK(ours_tree);
BENCHMARK(ours_tree_in_1_kib_pieces);
BENCHMARK(ours_release);

#ifdef OTA_BENCH_NLOHMANN
struct counting_sax : nlohmann::json_sax<nlohmann::json> {
  std::uint64_t sum = 0;
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t value) override { return sum += value, true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t& text) override { return sum += text.size(), true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t& text) override { return sum += text.size(), true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }
};

void read_nlohmann(benchmark::State& state, const std::string& document) {
  for (auto _ : state) {
    counting_sax sink;
    if (!nlohmann::json::sax_parse(document, &sink)) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(sink.sum);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(document.size()));
}

void nlohmann_tree(benchmark::State& state) { read_nlohmann(state, tree_document()); }
void nlohmann_release(benchmark::State& state) { read_nlohmann(state, release_document()); }
BENCHMARK(nlohmann_tree);
BENCHMARK(nlohmann_release);
#endif

}  // namespace

BENCHMARK_MAIN();
