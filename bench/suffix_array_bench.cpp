// Suffix arrays beside libdivsufsort, in one run: a program of this machine, random bytes, and
// zeros. `match` finds the longest match of every 64th place of the text with a few bytes changed.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include <ota/host/longest_match.hpp>
#include <ota/host/suffix_array.hpp>

#if __has_include(<divsufsort.h>)
#include <divsufsort.h>
#endif

namespace {

using text = std::vector<std::uint8_t>;
constexpr std::size_t size = 1 << 20;

/// The tool itself, repeated where it is shorter.
text program() {
  std::ifstream file(OTA_TOOL, std::ios::binary);
  text all{std::istreambuf_iterator<char>(file), {}};
  while (!all.empty() && all.size() < size) {
    const text once = all;
    all.insert(all.end(), once.begin(), once.end());
  }
  all.resize(size);
  return all;
}

text random_bytes() {
  std::mt19937 random(1);
  text out(size);
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

text zeros() { return text(size); }

ota::bytes view(const text& data) { return {data.data(), data.size()}; }

template <text (*Make)()>
void ours(benchmark::State& state) {
  const text data = Make();
  for (auto _ : state) benchmark::DoNotOptimize(ota::host::suffix_array(view(data)));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}

#if __has_include(<divsufsort.h>)
template <text (*Make)()>
void peer(benchmark::State& state) {
  const text data = Make();
  for (auto _ : state) {
    std::vector<std::int32_t> out(size);
    divsufsort(data.data(), out.data(), static_cast<std::int32_t>(size));
    benchmark::DoNotOptimize(out);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}
#endif

template <text (*Make)()>
void match(benchmark::State& state) {
  const text old = Make();
  const auto suffixes = ota::host::suffix_array(view(old));
  text changed = old;
  for (std::size_t at = 500; at < size; at += 1000) changed[at] ^= 1;
  std::int64_t count = 0;
  for (auto _ : state)
    for (std::size_t at = 0; at < size; at += 64, ++count)
      benchmark::DoNotOptimize(
          ota::host::longest_match(view(old), suffixes, view(changed).drop(at).first(4096)));
  state.SetItemsProcessed(count);
}

BENCHMARK(ours<program>)->Name("suffix_array/program/ours")->Unit(benchmark::kMillisecond);
BENCHMARK(ours<random_bytes>)->Name("suffix_array/random/ours")->Unit(benchmark::kMillisecond);
BENCHMARK(ours<zeros>)->Name("suffix_array/zeros/ours")->Unit(benchmark::kMillisecond);
#if __has_include(<divsufsort.h>)
BENCHMARK(peer<program>)->Name("suffix_array/program/divsufsort")->Unit(benchmark::kMillisecond);
BENCHMARK(peer<random_bytes>)
    ->Name("suffix_array/random/divsufsort")
    ->Unit(benchmark::kMillisecond);
BENCHMARK(peer<zeros>)->Name("suffix_array/zeros/divsufsort")->Unit(benchmark::kMillisecond);
#endif
BENCHMARK(match<program>)->Name("longest_match/program")->Unit(benchmark::kMillisecond);
BENCHMARK(match<zeros>)->Name("longest_match/zeros")->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
