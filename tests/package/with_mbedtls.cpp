// A device on the single header that speaks https.
#include <ota/ota.hpp>

namespace {

struct device : ota::default_policies {
  using http = ota::http_client<ota::mbedtls_tls<>>;
  using storage = ota::memory_files<4096>;
  using hash = ota::mbedtls_sha256;
  using trust = ota::signed_by<ota::ed25519, ota::mbedtls_ecdsa_p256>;
};

}  // namespace

int main() {
  ota::config settings;
  settings.owner = "o";
  settings.repo = "r";
  settings.reset = ota::reset_mode::none;
  settings.http_retries = 1;
  settings.api = "https://127.0.0.1:9";  // nobody there
  static ota::updater<device> updater(settings);
  return updater.run() ? 1 : 0;
}
