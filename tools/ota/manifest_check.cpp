// A manifest, checked by the library's own check on a device in memory.

#include "manifest_check.hpp"

#include <memory>
#include <stdexcept>

#include "files.hpp"
#include "keys.hpp"
#include "ota/host/document_texts.hpp"
#include "ota/storage/memory_files.hpp"
#include "times.hpp"

namespace ota_tool {
namespace {

// A device with the default of `max_tree_size_kb` takes this much.
constexpr std::size_t longest_manifest = std::size_t{32} << 20;
using storage = ota::memory_files<longest_manifest + (std::size_t{1} << 20)>;

void expect(const ota::result<void>& done) {
  if (!done) throw std::runtime_error(done.error().text);
}

// The root document that the device then trusts; its number is what `.ota/trust` keeps.
std::uint32_t check(storage& device, const ota::config& settings, std::uint64_t now) {
  ota::trust_context context;
  context.now = now;
  key_trust::check<storage> check(device, settings, context);
  std::uint8_t scratch[1024];
  for (;;) {
    const auto more = check.step(scratch);
    if (!more) throw std::runtime_error(more.error().text);
    if (!*more) break;
  }
  ota::trust_record record;
  (void)ota::trust_file<storage>(device).load(record);
  return record.root_version;
}

}  // namespace

std::vector<fact> check_manifest(const arguments& args) {
  const std::string manifest = content_of(args.text("FILE"));
  const std::string root = content_of(args.text("trusted-root"));
  if (manifest.size() > longest_manifest)
    throw std::runtime_error("the manifest is larger than the 32 MB that devices take");
  const auto documents = ota::host::documents_of(manifest);
  if (documents.empty() || ota::host::is_root(documents.back()))
    throw std::runtime_error("the manifest holds no release document");
  const auto release = ota::host::release_summary_of(documents.back());

  const std::string product = args.text("product", release.product);
  const std::string hardware =
      args.text("hardware", release.hardware.empty() ? "" : release.hardware.front());
  ota::config settings;
  settings.trusted_root = root;
  settings.product = product;
  settings.hardware = hardware;
  const std::unique_ptr<storage> device(new storage);  // its arena is not cleared
  expect(device->write(ota::layout::manifest, 0, ota::as_bytes(manifest)));
  const std::uint64_t now = args.number("now", seconds_now(), INT64_MAX / 10);
  const std::uint32_t root_version = check(*device, settings, now);
  return {{"product", product},
          {"version", std::string(release.head.version)},
          {"counter", std::to_string(release.head.counter), true},
          {"expires", date_of(release.head.expires)},
          {"files", std::to_string(release.files), true},
          {"images", std::to_string(release.images), true},
          {"root_version", std::to_string(root_version), true}};
}

}  // namespace ota_tool
