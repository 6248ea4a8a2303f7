#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace ota_tool {

/// Wrong usage, told with the usage text and exit code 2.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The options of a command: `--name value`, `--name=value`, `--flag`; some may be repeated, or
/// take several values at once. What is given without a name has one in capitals, such as `FILE`.
class arguments {
 public:
  bool has(const std::string& name) const { return options_.count(name) != 0; }

  /// The last value of an option.
  std::string text(const std::string& name, const std::string& otherwise = {}) const {
    const auto found = options_.find(name);
    return found == options_.end() || found->second.empty() ? otherwise : found->second.back();
  }

  /// All values of an option.
  std::vector<std::string> all(const std::string& name) const {
    const auto found = options_.find(name);
    return found == options_.end() ? std::vector<std::string>{} : found->second;
  }

  /// The last value of an option as a number of at most `limit`; throws usage_error.
  std::uint64_t number(const std::string& name, std::uint64_t otherwise,
                       std::uint64_t limit) const {
    if (!has(name)) return otherwise;
    const std::string digits = text(name);
    const bool is_number = !digits.empty() && digits.size() < 19 &&
                           digits.find_first_not_of("0123456789") == digits.npos;
    const std::uint64_t value = is_number ? std::stoull(digits) : 0;
    if (!is_number || value > limit)
      throw usage_error("--" + name + " must be a number from 0 to " + std::to_string(limit) +
                        ", not " + digits);
    return value;
  }

  void add(const std::string& name, const std::string& value) { options_[name].push_back(value); }

  /// The option was given, maybe without any value.
  void mention(const std::string& name) { options_[name]; }

 private:
  std::map<std::string, std::vector<std::string>> options_;
};

int run_update(const arguments& args);
int run_boot(const arguments& args);
int run_confirm(const arguments& args);
int run_rollback(const arguments& args);
int run_status(const arguments& args);
int run_explain(const arguments& args);
int run_serve(const arguments& args);
int run_manifest(const arguments& args);
int run_image_send(const arguments& args);
int run_keygen(const arguments& args);
int run_sign(const arguments& args);
int run_verify(const arguments& args);
int run_root_init(const arguments& args);
int run_root_rotate(const arguments& args);
int run_root_show(const arguments& args);
int run_image_pack(const arguments& args);
int run_image_info(const arguments& args);
int run_image_verify(const arguments& args);
int run_image_uf2(const arguments& args);
int run_delta_make(const arguments& args);
int run_delta_apply(const arguments& args);
int run_delta_info(const arguments& args);

}  // namespace ota_tool
