// No bytes make the configuration reader or the URL functions step out of their memory.
#include <cstdlib>

#include <ota/format/config_document.hpp>
#include <ota/http/head_parser.hpp>

namespace {

void check_url(std::string_view base, std::string_view location) {
  if (location.empty()) return;
  char memory[200];
  ota::detail::url_buffer url(memory, sizeof memory);
  ota::url_view from;
  if (!url.assign(base) || !ota::detail::split_url(url.url(), from)) return;
  url.begin_location();
  for (char c : location) url.add_location(c);
  if (url.overflowed()) return;
  if (!url.follow(from)) return;
  const auto parts = ota::parse_url(url.url());
  if (parts && (parts->target.front() != '/' || parts->host.empty() || parts->port == 0))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ota::bytes input(data, size);
  ota::config_document<256, 4> document;
  std::size_t unknown = 0;
  const auto done = document.read_json(input, [&unknown](std::string_view key) {
    for (char c : key) unknown += static_cast<unsigned char>(c);
  });
  if (done) {
    const ota::config& settings = document.get();
    (void)ota::validate(settings);
    for (const auto& list : {settings.allow, settings.ignore, settings.delete_patterns})
      for (std::string_view entry : list)
        for (char c : entry) unknown += static_cast<unsigned char>(c);
  }
  const std::string_view text = ota::as_text(input);
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  check_url(text.substr(0, line), text.substr(line + 1));
  check_url("http://a/b/c/d;p?q", text.substr(line + 1));
  return 0;
}
