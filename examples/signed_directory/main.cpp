// Keeps a directory equal to the tip of a branch, and takes only what the holders of its keys have
// signed. The branch holds the files and `manifest.ota`, which `ota manifest --key` has made.
//
//   signed_directory OWNER REPO ROOT_DOCUMENT DIRECTORY [API RAW]
//
// ROOT_DOCUMENT is the file that `ota root init` has made; a device without files has it in its
// program. With mbedtls, `ota::mbedtls_tls<>` instead of `posix_socket` speaks https.

#include <cstdio>

#include <ota/ota.hpp>

struct signed_directory : ota::default_policies {
  using storage = ota::posix_files;
  using http = ota::http_client<ota::posix_socket>;
  using hardware = ota::linux_host;
  using trust = ota::signed_by<ota::ed25519>;
};

int main(int argc, char** argv) {
  if (argc != 5 && argc != 7) {
    std::fprintf(stderr, "usage: signed_directory OWNER REPO ROOT_DOCUMENT DIRECTORY [API RAW]\n");
    return 2;
  }
  char root[4096];
  std::FILE* const file = std::fopen(argv[3], "rb");
  if (file == nullptr) {
    std::perror(argv[3]);
    return 1;
  }
  const std::size_t size = std::fread(root, 1, sizeof root, file);
  std::fclose(file);

  ota::config config;
  config.owner = argv[1];
  config.repo = argv[2];
  config.channel = "developer";
  config.trusted_root = {root, size};
  if (argc == 7) {
    config.api = argv[5];
    config.raw = argv[6];
  }

  ota::updater<signed_directory> updater{config, ota::posix_files(argv[4])};
  if (const auto started = updater.boot(); !started) {
    std::fprintf(stderr, "%s\n", started.error().text);
    return 1;
  }
  const auto outcome = updater.run();
  if (!outcome) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(updater.message().size()),
                 updater.message().data());
    return 1;
  }
  if (*outcome == ota::update_outcome::updated && !updater.confirm()) return 1;
  return 0;
}
