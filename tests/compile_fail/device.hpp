#pragma once

#include <ota/ota.hpp>

/// A device with which nothing is wrong; each file makes one mistake on top of it.
struct good_stream {
  static constexpr bool can_secure = false;
  ota::result<void> connect(std::string_view, std::uint16_t, bool, std::uint32_t);
  ota::result<std::size_t> read(ota::mutable_bytes, std::uint32_t);
  ota::result<void> write(ota::bytes, std::uint32_t);
  void close();
};

struct good_device : ota::default_policies {
  using http = ota::http_client<good_stream>;
  using storage = ota::memory_files<1024>;
};
