// ota serve: the development server.

#include <csignal>
#include <cstdio>

#include "command.hpp"
#include "ota/host/github_api.hpp"

namespace ota_tool {
namespace {

std::atomic<bool> stop{false};

void end(int) { stop = true; }

// NAME=PATH
std::pair<std::string, std::string> pair_of(const std::string& option, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos)
    throw std::invalid_argument("--" + option + " needs OWNER/REPO=PATH, not " + text);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace

int run_serve(const arguments& args) {
  ota::host::fault_plan faults;
  for (const auto& text : args.all("fault")) faults.parse(text);
  ota::host::github_api api(faults);
  api.token = args.text("token");
  api.rate_limit = std::stoul(args.text("rate-limit", "0"));
  for (const auto& text : args.all("git")) {
    const auto [name, path] = pair_of("git", text);
    api.add_repository(name, path);
  }
  for (const auto& text : args.all("assets")) {
    const auto [name, path] = pair_of("assets", text);
    api.add_assets(name, path);
  }
  api.set_files(args.text("files"));

  const std::string address = args.text("address", "127.0.0.1");
  const unsigned long port = std::stoul(args.text("port"));
  if (port > 65535) throw std::invalid_argument("--port must be 0 to 65535");
  const bool tells = args.has("log");
  ota::host::http_server server(
      address, static_cast<std::uint16_t>(port),
      [&](const ota::host::server_request& request) {
        auto response = api.handle(request);
        if (tells)
          std::fprintf(stderr, "%s %s%s%s %d\n", request.method.c_str(), request.path.c_str(),
                       request.query.empty() ? "" : "?", request.query.c_str(), response.status);
        return response;
      },
      faults);
  const bool is_ipv6 = address.find(':') != std::string::npos;
  api.base =
      "http://" + (is_ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(server.port());
  std::signal(SIGINT, end);
  std::signal(SIGTERM, end);
  std::signal(SIGPIPE, SIG_IGN);
  std::printf("listening on %s\n", api.base.c_str());
  std::fflush(stdout);
  server.run(stop);
  std::fflush(stdout);
  std::_Exit(0);  // connections still open end with the process
}

}  // namespace ota_tool
