// Any bytes as a signed manifest: the check ends, trusts nothing where no signature is good, and a
// list of files that it trusts can be read.
#include <cstdlib>

#include <ota/manifest/signed_by.hpp>
#include <ota/storage/memory_files.hpp>

namespace {

// Keys and signatures of four bytes, so that the fuzzer finds them.
template <bool Good>
struct small_key {
  static constexpr std::string_view name = "small";
  static constexpr std::size_t public_key_size = 4;
  static constexpr std::size_t signature_size = 4;
  static bool verify(ota::bytes key, ota::bytes, ota::bytes signature) {
    return Good && ota::equal(key, signature);
  }
};

using files = ota::memory_files<16384>;

// the key's id is what `printf 'small 01020304' | sha256sum` begins with
constexpr std::string_view root =
    "ota-root 1\nversion 1\nepoch 0\nexpires never\nroot 1 c07e65f8efa83233\nrelease 1 "
    "c07e65f8efa83233\n"
    "key small 01020304\nsignature c07e65f8efa83233 01020304\n";

template <bool Good>
void check(ota::bytes manifest) {
  using trust = ota::signed_by<small_key<Good>>;
  files storage;
  if (!storage.write(ota::layout::manifest, 0, manifest)) return;
  ota::config settings;
  settings.trusted_root = root;
  settings.product = "p";
  ota::trust_context context;
  context.now = 1000;
  typename trust::template check<files> checker(storage, settings, context);
  for (std::size_t steps = 0;; ++steps) {
    if (steps == 100000) std::abort();
    const auto more = checker.step({});
    if (!more) return;
    if (!*more) break;
  }
  if (!Good) std::abort();
  typename trust::reader reader;
  reader.begin(ota::layout::manifest, context.offset);
  ota::entry item;
  for (;;) {
    const auto more = reader.next(storage, item);
    if (!more && more.error().code != ota::errc::unsupported) std::abort();
    if (!more || !*more) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4000) return 0;
  check<true>({data, size});
  check<false>({data, size});
  return 0;
}
