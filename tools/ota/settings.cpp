#include "settings.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace ota_tool {
namespace {

bool read_file(const std::string& path, std::string& content) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) return false;
  content.assign(std::istreambuf_iterator<char>(file), {});
  return file.good() || file.eof();
}

std::string base_address(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

/// A file that a configuration in `folder` names: relative paths begin there.
std::string file_in(const std::filesystem::path& folder, std::string_view file) {
  return file.empty() ? std::string() : (folder / file).string();
}

/// Brings the root document from the file that the configuration names.
void fetch_root(const std::filesystem::path& folder, ota::config& config, std::string& text) {
  if (config.trusted_root_file.empty()) return;
  if (!config.trusted_root.empty())
    throw std::runtime_error("only one of `trusted_root` and `trusted_root_file` may be given");
  const std::string file = file_in(folder, config.trusted_root_file);
  if (!read_file(file, text)) throw std::runtime_error("`trusted_root_file`: cannot read " + file);
  // It must not leave the device without any check.
  if (text.empty()) throw std::runtime_error("`trusted_root_file`: " + file + " is empty");
  config.trusted_root = text;
}

/// Where a secret can stand, by the names of the keys.
struct secret {
  const char* key;
  std::string_view ota::config::*value;
  std::string_view ota::config::*file;
  std::string_view ota::config::*variable;
};

constexpr secret secrets[] = {
    {"token", &ota::config::token, &ota::config::token_file, &ota::config::token_env},
    {"manifest_key", &ota::config::manifest_key, &ota::config::manifest_key_file,
     &ota::config::manifest_key_env}};

/// Brings a secret that the configuration only points to. What is wrong is told by its key.
void fetch(const secret& one, const std::filesystem::path& folder, ota::config& config,
           std::string& text) {
  const std::string key = one.key;
  const std::string file = file_in(folder, config.*one.file), variable(config.*one.variable);
  if ((config.*one.value).empty() + file.empty() + variable.empty() < 2)
    throw std::runtime_error("only one of `" + key + "`, `" + key + "_file` and `" + key +
                             "_env` may be given");
  if (file.empty() && variable.empty()) return;
  if (!file.empty() && !read_file(file, text))
    throw std::runtime_error("`" + key + "_file`: cannot read " + file);
  if (!variable.empty()) {
    const char* const value = std::getenv(variable.c_str());
    if (value == nullptr)
      throw std::runtime_error("`" + key + "_env`: the environment has no variable " + variable);
    text = value;
  }
  // The end of a line, as editors and `echo` leave it.
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) throw std::runtime_error("`" + key + "`: " + file + variable + " is empty");
  config.*one.value = text;
}

}  // namespace

update_settings::update_settings(const arguments& args) {
  const std::string path = args.text("config");
  std::string content;
  if (!read_file(path, content)) throw std::runtime_error("cannot read the configuration " + path);
  const auto read = document_.read_json(ota::as_bytes(content), [&](std::string_view key) {
    std::fprintf(stderr, "ota: %s: unknown key %.*s\n", path.c_str(), static_cast<int>(key.size()),
                 key.data());
  });
  if (!read) throw std::runtime_error(path + ": " + read.error().where + ": " + read.error().text);
  config_ = document_.get();
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  ca_file_ = file_in(folder, config_.tls_ca_file);
  take_options(args);
  try {
    fetch(secrets[0], folder, config_, token_);
    fetch(secrets[1], folder, config_, manifest_key_);
    fetch_root(folder, config_, trusted_root_);
  } catch (const std::runtime_error& wrong) {
    throw std::runtime_error(path + ": " + wrong.what());
  }
  if (const auto valid = ota::validate(config_); !valid)
    throw std::runtime_error(path + ": " + valid.error().text);
  for (std::string_view pin : config_.tls_pins)
    if (!ota::is_tls_pin(pin))
      throw std::runtime_error("a pin must be sha256/ and 44 characters of base64, not " +
                               std::string(pin));
  config_.reset = ota::reset_mode::none;  // a computer is not reset by its updater
}

void update_settings::take_options(const arguments& args) {
  api_ = base_address(args.text("api"));
  raw_ = base_address(args.text("raw"));
  ca_file_ = args.text("ca-file", ca_file_);
  pins_ = args.all("pin");
  pin_views_.assign(pins_.begin(), pins_.end());
  if (!api_.empty()) config_.api = api_;
  if (!raw_.empty()) config_.raw = raw_;
  config_.tls_ca_file = ca_file_;
  if (!pins_.empty()) config_.tls_pins = {pin_views_.data(), pin_views_.size()};
}

}  // namespace ota_tool
