// ota serve: the development server.

#include <signal.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "command.hpp"
#include "ota/host/github_api.hpp"
#include "ota/host/http_server.hpp"

namespace ota_tool {
namespace {

// OWNER/REPO=PATH
std::pair<std::string, std::string> pair_of(const std::string& option, const std::string& text) {
  const std::size_t equals = text.find('='), slash = text.find('/');
  if (equals == text.npos || slash == 0 || slash > equals || slash + 1 == equals ||
      text.find('/', slash + 1) < equals || equals + 1 == text.size())
    throw usage_error("--" + option + " must be OWNER/REPO=PATH, not " + text);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

void read_faults(const arguments& args, ota::host::fault_plan& faults) {
  try {
    for (const std::string& text : args.all("fault")) faults.parse(text);
  } catch (const std::invalid_argument& wrong) {
    throw usage_error(wrong.what());
  }
}

void log_answer(const ota::host::server_request& request, int status, std::uint64_t bytes) {
  std::fprintf(stderr, "%s %s%s%s %d %llu\n", request.method.c_str(),
               ota::host::percent_encode(request.path).c_str(), request.query.empty() ? "" : "?",
               request.query.c_str(), status, static_cast<unsigned long long>(bytes));
}

}  // namespace

int run_serve(const arguments& args) {
  // Before any thread is there, so that these signals come to nobody but the wait below.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  ota::host::fault_plan faults;
  read_faults(args, faults);
  ota::host::github_settings settings;
  settings.token = args.text("token");
  settings.rate_limit = args.number("rate-limit", 0, 1000000000);
  settings.files = args.text("files");
  if (args.has("files") && !std::filesystem::is_directory(settings.files))
    throw std::runtime_error("--files is no directory: " + settings.files);
  const auto port = static_cast<std::uint16_t>(args.number("port", 0, 65535));
  ota::host::github_api api(settings, faults);
  for (const std::string& text : args.all("git")) {
    const auto [name, path] = pair_of("git", text);
    api.add_repository(name, path);
  }
  for (const std::string& text : args.all("assets")) {
    const auto [name, path] = pair_of("assets", text);
    api.add_assets(name, path);
  }

  const std::string address = args.text("address", "127.0.0.1");
  const ota::host::http_server server(
      address, port, [&api](const auto& request) { return api.handle(request); }, faults,
      args.has("log") ? log_answer : ota::host::http_server::observer());
  const bool is_ipv6 = address.find(':') != address.npos;
  std::printf("listening on http://%s:%u\n", (is_ipv6 ? "[" + address + "]" : address).c_str(),
              static_cast<unsigned>(server.port()));
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  return 0;
}

}  // namespace ota_tool
