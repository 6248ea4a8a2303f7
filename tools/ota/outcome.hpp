#pragma once

#include <exception>
#include <string>

#include "command.hpp"

namespace ota_tool {

/// Prints `{"outcome": "failed", "message": …}`.
void print_failure(const std::string& message);

/// Does the work of a command. With --json also what is wrong is told in JSON, besides the line on
/// standard error.
template <class Work>
int told_in_json(const arguments& args, Work&& work) {
  try {
    return work();
  } catch (const std::exception& failure) {
    if (args.has("json")) print_failure(failure.what());
    throw;
  }
}

}  // namespace ota_tool
