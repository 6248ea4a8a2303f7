#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "github_contents.hpp"
#include "rate_limit.hpp"

namespace ota::host {

/// A request for a repository, taken apart.
struct github_call {
  const server_request& request;
  git_repository& git;
  const release_assets& assets;
  github_places at;
  std::vector<std::string> parts;  ///< of the path behind OWNER/REPO

  /// The parts from one on, as a path again.
  std::string rest(std::size_t from) const {
    std::string text;
    for (std::size_t i = from; i < parts.size(); ++i) text += (i == from ? "" : "/") + parts[i];
    return text;
  }
  std::string part(std::size_t i) const { return i < parts.size() ? parts[i] : std::string(); }
  bool accepts(const char* what) const {
    return request.header("accept").find(what) != std::string::npos;
  }
};

/// A branch, a tag or a commit, also with its kind before it: heads/NAME, tags/NAME.
inline std::optional<git_object> find_commit(git_repository& git, const std::string& name) {
  if (is_object_id(name)) return git.commit(name);
  for (const char* kind : {"refs/heads/", "refs/tags/", "refs/"})
    if (auto found = git.commit(kind + name)) return found;
  const bool is_whole = name == "HEAD" || name.compare(0, 5, "refs/") == 0;
  return is_whole ? git.commit(name) : std::nullopt;
}

inline server_response plain_answer(int status, const std::string& text) {
  server_response response;
  response.status = status;
  response.headers["Content-Type"] = "text/plain; charset=utf-8";
  response.text = text;
  return response;
}

inline server_response failure_answer(int status, const char* message) {
  server_response response;
  response.status = status;
  response.headers["Content-Type"] = "application/json; charset=utf-8";
  response.text = json_text([&](json_writer& out) {
    out.begin_object().key("message").string(message);
    out.key("documentation_url").string("https://docs.github.com/rest");
    out.key("status").string(std::to_string(status)).end_object();
  });
  return response;
}

inline server_response not_found() { return failure_answer(404, "Not Found"); }

inline server_response redirect_answer(const std::string& to) {
  server_response response = plain_answer(302, "");
  response.headers["Location"] = to;
  return response;
}

inline server_response json_answer(std::string json) {
  server_response response;
  response.headers["Content-Type"] = "application/json; charset=utf-8";
  response.headers["ETag"] = "W/\"" + sha1_of(json) + "\"";
  response.text = std::move(json);
  return response;
}

/// /rate_limit
inline server_response rate_answer(const rate_state& now) {
  const auto write = [&now](json_writer& out, const char* name) {
    out.key(name).begin_object().key("limit").number(now.limit);
    out.key("used").number(now.used);
    out.key("remaining").number(now.remaining());
    out.key("reset").number(now.reset);
    out.key("resource").string("core").end_object();
  };
  return json_answer(json_text([&](json_writer& out) {
    out.begin_object().key("resources").begin_object();
    write(out, "core");
    out.end_object();
    write(out, "rate");
    out.end_object();
  }));
}

namespace detail {

/// Gives `size` bytes to a sink, as much at a time as fits `piece`. \param read  takes where to
/// and how much, and returns what it has read, or throws
template <class Read>
void pass_on(std::uint64_t size, std::size_t piece_size, Read&& read, const body_sink& sink) {
  std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(size, piece_size)), '\0');
  while (size != 0) {
    const std::string_view got =
        read(piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(size, piece_size)));
    if (!sink(got)) return;
    size -= got.size();
  }
}

constexpr std::size_t piece_size = 65536;

}  // namespace detail

/// A body of so many bytes that may be asked for in part.
inline server_response content_answer(std::uint64_t length, const std::string& etag) {
  server_response response;
  response.headers["Content-Type"] = "application/octet-stream";
  response.headers["Accept-Ranges"] = "bytes";
  response.headers["ETag"] = "\"" + etag + "\"";
  response.length = length;
  response.ranges = true;
  return response;
}

/// A file of this machine.
inline server_response file_answer(const std::string& path) {
  std::error_code failed;
  const std::uint64_t size = std::filesystem::file_size(path, failed);
  if (failed) return not_found();
  const auto time = std::filesystem::last_write_time(path, failed).time_since_epoch().count();
  server_response response = content_answer(
      size, sha1_of(path + "\n" + std::to_string(size) + "\n" + std::to_string(time)));
  response.read_part = [path](byte_range part, const body_sink& sink) {
    std::ifstream file(path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(part.first));
    const auto read = [&file](char* to, std::size_t count) {
      if (!file.read(to, static_cast<std::streamsize>(count)))
        throw std::runtime_error("the file became shorter");
      return std::string_view(to, count);
    };
    detail::pass_on(part.size, detail::piece_size, read, sink);
  };
  return response;
}

/// A blob's bytes; those of a large one are read while they are sent.
inline server_response blob_answer(std::shared_ptr<git_batch::reading> blob) {
  if (!blob || blob->head().type != "blob") return not_found();
  server_response response = content_answer(blob->head().size, blob->head().id);
  if (response.length <= detail::piece_size) {
    // At once, since a client that takes its time would keep a process of Git's from others.
    response.text.resize(static_cast<std::size_t>(response.length));
    blob->read(response.text.data(), response.text.size());
    return response;
  }
  response.read_part = [blob](byte_range part, const body_sink& sink) {
    if (!blob->skip(part.first)) throw std::runtime_error("git ended inside a blob");
    const auto read = [&blob](char* to, std::size_t count) { return blob->read(to, count); };
    detail::pass_on(part.size, detail::piece_size, read, sink);
  };
  return response;
}

/// A blob as /git/blobs/ID tells it, made while it is sent.
inline server_response blob_document(const github_places& at,
                                     std::shared_ptr<git_batch::reading> blob) {
  const git_head head = blob->head();
  const std::string json = blob_json(at, head.id, head.size);
  const std::string mark = "\"content\":\"";
  const std::size_t middle = json.find(mark) + mark.size();
  server_response response;
  response.headers["Content-Type"] = "application/json; charset=utf-8";
  // Of what the document is made of, since the document itself is not there yet.
  response.headers["ETag"] = "W/\"" + sha1_of(json) + "\"";
  // Each group of three bytes is four digits; each line of 45 ends with `\n`, two characters.
  response.length = json.size() + (head.size + 2) / 3 * 4 + (head.size + 44) / 45 * 2;
  response.read_part = [blob, json, middle](byte_range, const body_sink& sink) {
    const auto read = [&blob](char* to, std::size_t count) { return blob->read(to, count); };
    const auto encode = [&sink](std::string_view piece) {
      std::string text;
      for (char c : base64_lines(piece)) c == '\n' ? text += "\\n" : text += c;
      return sink(text);
    };
    const std::string_view whole = json;
    if (!sink(whole.substr(0, middle))) return;
    detail::pass_on(blob->head().size, 45 * 1024, read, encode);
    sink(whole.substr(middle));
  };
  return response;
}

}  // namespace ota::host
