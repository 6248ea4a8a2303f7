#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "ota/format/config.hpp"
#include "ota/format/config_document.hpp"
#include "ota/http/tls_settings.hpp"

namespace ota_tool {

/// What `ota update` is told: the document named by --config, what other options set over it, and
/// the secrets that the document only points to.
class update_settings {
 public:
  /// Throws std::runtime_error with what is wrong; it never holds a secret.
  explicit update_settings(const arguments& args);
  update_settings(const update_settings&) = delete;  // the views point into this object
  update_settings& operator=(const update_settings&) = delete;

  const ota::config& config() const { return config_; }
  ota::tls_settings tls() const { return {config_.tls_ca_file, {}, config_.tls_pins}; }

 private:
  void take_options(const arguments& args);

  ota::config_document<65536, 4096> document_;
  ota::config config_;
  std::string api_, raw_, ca_file_, token_, manifest_key_, trusted_root_;
  std::vector<std::string> pins_;
  std::vector<std::string_view> pin_views_;
};

}  // namespace ota_tool
