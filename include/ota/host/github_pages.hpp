#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "github_answers.hpp"

namespace ota::host {

/// Which part of a long list a request is for. Source: docs.github.com/rest, "Using pagination".
struct github_page {
  std::uint64_t number = 1;
  std::uint64_t size = 30;  ///< entries a page, at most 100

  static github_page of(const server_request& request) {
    github_page page;
    const auto given = [&request](const char* name, std::uint64_t other) {
      const std::string text = request.parameter(name).value_or("");
      const bool is_number =
          !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == text.npos;
      const std::uint64_t value = is_number ? std::strtoull(text.c_str(), nullptr, 10) : 0;
      return value == 0 ? other : value;
    };
    page.number = given("page", page.number);
    page.size = std::min<std::uint64_t>(given("per_page", page.size), 100);
    return page;
  }

  std::uint64_t first() const { return (number - 1) * size; }
};

/// The `Link` header of a page of a list; empty where all fits one page.
inline std::string page_links(const github_call& one, const github_page& page,
                              std::uint64_t total) {
  const std::uint64_t last = std::max<std::uint64_t>((total + page.size - 1) / page.size, 1);
  std::string query = "?", links;
  const std::string& given = one.request.query;
  for (std::size_t at = 0; at < given.size();) {
    const std::size_t end = std::min(given.find('&', at), given.size());
    if (given.compare(at, 5, "page=") != 0) query += given.substr(at, end - at) + "&";
    at = end + 1;
  }
  const auto link = [&](std::uint64_t number, const char* relation) {
    links += (links.empty() ? "<" : ", <") + one.at.base + percent_encode(one.request.path) +
             query + "page=" + std::to_string(number) + ">; rel=\"" + relation + "\"";
  };
  if (page.number > 1) link(std::min(page.number - 1, last), "prev");
  if (page.number < last) link(page.number + 1, "next");
  if (page.number < last) link(last, "last");
  if (page.number > 1) link(1, "first");
  return links;
}

/// One page of a list. \param write  writes an entry: `write(json_writer&, entry)`
/// \param total  entries in all, of which `entries` begin with the page's first
template <class Entry, class Write>
server_response page_answer(const github_call& one, const std::vector<Entry>& entries,
                            std::uint64_t total, Write&& write) {
  const github_page page = github_page::of(one.request);
  const std::string links = page_links(one, page, total);
  server_response response = json_answer(json_text([&](json_writer& out) {
    out.begin_array();
    for (std::size_t i = 0; i < std::min<std::uint64_t>(entries.size(), page.size); ++i)
      write(out, entries[i]);
    out.end_array();
  }));
  if (!links.empty()) response.headers["Link"] = links;
  return response;
}

/// One page of a list that is there as a whole.
template <class Entry, class Write>
server_response list_answer(const github_call& one, std::vector<Entry> entries, Write&& write) {
  const std::uint64_t total = entries.size();
  const std::uint64_t first = std::min(github_page::of(one.request).first(), total);
  entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(first));
  return page_answer(one, entries, total, write);
}

}  // namespace ota::host
