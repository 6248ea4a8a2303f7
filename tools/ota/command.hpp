#pragma once

#include <map>
#include <string>
#include <vector>

namespace ota_tool {

/// The options of a command: `--name value`, `--name=value`, `--flag`; some may be repeated.
class arguments {
 public:
  bool has(const std::string& name) const { return options_.count(name) != 0; }

  /// The last value of an option.
  std::string text(const std::string& name, const std::string& otherwise = {}) const {
    const auto found = options_.find(name);
    return found == options_.end() ? otherwise : found->second.back();
  }

  /// All values of an option.
  std::vector<std::string> all(const std::string& name) const {
    const auto found = options_.find(name);
    return found == options_.end() ? std::vector<std::string>{} : found->second;
  }

  void add(const std::string& name, const std::string& value) { options_[name].push_back(value); }

 private:
  std::map<std::string, std::vector<std::string>> options_;
};

int run_update(const arguments& args);
int run_boot(const arguments& args);
int run_confirm(const arguments& args);
int run_rollback(const arguments& args);
int run_status(const arguments& args);
int run_serve(const arguments& args);
int run_manifest(const arguments& args);

}  // namespace ota_tool
