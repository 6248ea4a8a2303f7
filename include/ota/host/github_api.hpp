#pragma once

#include <atomic>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "../core/hex.hpp"
#include "../format/json_writer.hpp"
#include "../hash/sha1.hpp"
#include "../hash/sha256.hpp"
#include "git_repository.hpp"
#include "http_server.hpp"

namespace ota::host {

/// GitHub's REST API and raw files over real Git repositories, as far as updates need them. Every
/// tag is a release; the latest is the highest version. Source: docs.github.com/rest.
class github_api {
 public:
  explicit github_api(fault_plan& faults) : faults_(faults) {}

  std::string token;           ///< without it every repository is hidden; empty: all are public
  std::size_t rate_limit = 0;  ///< requests without a token; 0: any number

  /// Where this server is reached, for the addresses in its answers.
  std::string base;

  /// Serves the repository at `path` as OWNER/REPO.
  void add_repository(const std::string& name, const std::string& path) {
    repositories_[name] = std::make_unique<git_repository>(path);
  }

  /// Files in `folder`/TAG become assets of the releases of OWNER/REPO.
  void add_assets(const std::string& name, const std::string& folder) { assets_[name] = folder; }

  /// Files below `folder` are served below /files/.
  void set_files(const std::string& folder) { files_ = folder; }

  server_response handle(const server_request& request) {
    server_response response = route(request);
    response.headers["Server"] = "ota serve";
    response.headers["Date"] = http_date();
    // GitHub's is that long, and small clients have tripped over it.
    response.headers["Content-Security-Policy"] = "default-src 'none'; " + std::string(3560, 'x');
    return response;
  }

 private:
  using entries = std::vector<std::string>;

  static std::string http_date() {
    const std::time_t now = std::time(nullptr);
    char text[64];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&now));
    return text;
  }

  static entries split(const std::string& path) {
    entries parts;
    for (std::size_t at = 1; at <= path.size();) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      parts.push_back(path.substr(at, end - at));
      at = end + 1;
    }
    return parts;
  }

  static std::string join(const entries& parts, std::size_t from) {
    std::string text;
    for (std::size_t i = from; i < parts.size(); ++i) text += (i == from ? "" : "/") + parts[i];
    return text;
  }

  template <class Write>
  static std::string json(Write&& write) {
    std::string text;
    auto out = [&text](std::string_view piece) { text += piece; };
    json_writer writer(out, {false, false});
    write(writer);
    return text;
  }

  static server_response not_found() {
    return {
        404,
        {{"Content-Type", "application/json; charset=utf-8"}},
        R"({"message":"Not Found","documentation_url":"https://docs.github.com/rest","status":"404"})"};
  }

  static std::string hash_of(const std::string& text) {
    sha1 hash;
    hash.update(as_bytes(text));
    const auto digest = hash.finish();
    std::string id(40, '0');
    to_hex({digest.data(), digest.size()}, id.data());
    return id;
  }

  server_response document(std::string body) {
    server_response response;
    response.headers["Content-Type"] = "application/json; charset=utf-8";
    response.headers["ETag"] = "W/\"" + hash_of(body) + "\"";
    response.body = std::move(body);
    return response;
  }

  static server_response content(std::string body, const std::string& id) {
    server_response response;
    response.headers["Content-Type"] = "application/octet-stream";
    response.headers["Accept-Ranges"] = "bytes";
    response.headers["ETag"] = "\"" + (id.empty() ? hash_of(body) : id) + "\"";
    response.body = std::move(body);
    response.ranges = true;
    return response;
  }

  static server_response redirect(const std::string& to) {
    return {302, {{"Location", to}}, "", false};
  }

  git_repository* repository(const std::string& owner, const std::string& repo) {
    const auto found = repositories_.find(owner + "/" + repo);
    return found == repositories_.end() ? nullptr : found->second.get();
  }

  server_response route(const server_request& request) {
    entries parts = split(request.path);
    if (request.header("user-agent").empty())
      return {403,
              {},
              "Request forbidden by administrative rules. Please make sure your request "
              "has a User-Agent header.",
              false};
    if (parts[0] == "files" && !files_.empty()) return plain_file(join(parts, 1));
    if (parts[0] == "signed") return signed_file(request, parts);
    const std::string given = request.header("authorization");
    const bool known = !token.empty() && (given == "token " + token || given == "Bearer " + token);
    if (!token.empty() && !known) return not_found();
    if (parts[0] == "repos" && parts.size() >= 4) {
      server_response response = api(request, parts);
      limit_rate(response, known);
      return response;
    }
    if (parts[0] == "raw") parts.erase(parts.begin());
    if (parts.size() >= 4 && parts[2] == "releases") return web(parts);
    if (parts.size() >= 4) return raw(request, parts);
    return not_found();
  }

  void limit_rate(server_response& response, bool known) {
    if (rate_limit == 0 || known) return;
    // As on GitHub, a 304 without a token counts like any other answer.
    const std::size_t used = ++requests_;
    const std::string reset = std::to_string(std::time(nullptr) + 3600);
    if (used > rate_limit)
      response = {403,
                  {{"Content-Type", "application/json"}},
                  R"({"message":"API rate limit exceeded"})",
                  false};
    response.headers["X-RateLimit-Limit"] = std::to_string(rate_limit);
    response.headers["X-RateLimit-Remaining"] =
        std::to_string(used > rate_limit ? 0 : rate_limit - used);
    response.headers["X-RateLimit-Reset"] = reset;
  }

  // /repos/OWNER/REPO/…
  server_response api(const server_request& request, const entries& parts) {
    git_repository* const git = repository(parts[1], parts[2]);
    if (git == nullptr) return not_found();
    const std::string name = parts[1] + "/" + parts[2];
    const std::string what = parts[3] + (parts.size() > 4 ? "/" + parts[4] : "");
    if (what == "releases/latest") {
      const auto tags = git->tags();
      return tags.empty() ? not_found() : release(*git, name, tags.front());
    }
    if (what == "releases/tags") return release(*git, name, join(parts, 5));
    if (what == "releases/assets" && parts.size() == 6) return asset(request, name, parts[5]);
    if (what == "git/ref" && parts.size() >= 7) return reference(*git, parts);
    if (what == "git/tags" && parts.size() == 6) return tag_object(*git, parts[5]);
    if (what == "git/trees") return tree(*git, name, join(parts, 5), request.query);
    if (what == "git/blobs" && parts.size() == 6) return blob(*git, parts[5], request);
    if (parts[3] == "commits") return commit(*git, join(parts, 4), request);
    return not_found();
  }

  std::string api_url(const std::string& name, const std::string& rest) const {
    return base + "/repos/" + name + rest;
  }

  server_response release(git_repository& git, const std::string& name, const std::string& tag) {
    if (!git.reference("refs/tags/" + tag)) return not_found();
    return document(json([&](json_writer& out) {
      out.begin_object()
          .key("url")
          .string(api_url(name, "/releases/" + hash_of(tag).substr(0, 8)))
          .key("tag_name")
          .string(tag)
          .key("name")
          .string(tag)
          .key("draft")
          .boolean(false)
          .key("prerelease")
          .boolean(false)
          .key("assets")
          .begin_array();
      const std::filesystem::path folder = std::filesystem::path(assets_[name]) / tag;
      if (!assets_[name].empty() && std::filesystem::is_directory(folder))
        for (const auto& file : std::filesystem::directory_iterator(folder))
          write_asset(out, name, tag, file.path());
      out.end_array().key("body").string("Release notes of " + tag).end_object();
    }));
  }

  void write_asset(json_writer& out, const std::string& name, const std::string& tag,
                   const std::filesystem::path& file) {
    const std::string file_name = file.filename().string();
    const std::string body = read(file);
    const std::string id = asset_id(tag + "/" + file_name);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      known_assets_[name + "/" + id] = file.string();
    }
    sha256 hash;
    hash.update(as_bytes(body));
    const auto digest = hash.finish();
    std::string hex(64, '0');
    to_hex({digest.data(), digest.size()}, hex.data());
    out.begin_object()
        .key("url")
        .string(api_url(name, "/releases/assets/" + id))
        .key("id")
        .number_text(id)
        .key("name")
        .string(file_name)
        .key("uploader")
        .begin_object()
        .key("login")
        .string("nobody")
        .key("url")
        .string(base + "/users/nobody")
        .end_object()
        .key("content_type")
        .string("application/octet-stream")
        .key("state")
        .string("uploaded")
        .key("size")
        .number(std::uint64_t{body.size()})
        .key("digest")
        .string("sha256:" + hex)
        .key("browser_download_url")
        .string(base + "/" + name + "/releases/download/" + tag + "/" + file_name)
        .end_object();
  }

  static std::string asset_id(const std::string& text) {
    return std::to_string(std::stoul(hash_of(text).substr(0, 7), nullptr, 16) + 1);
  }

  static std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  server_response asset(const server_request& request, const std::string& name,
                        const std::string& id) {
    std::string path;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      path = known_assets_[name + "/" + id];
    }
    if (path.empty()) return not_found();
    if (request.header("accept") != "application/octet-stream")
      return document(json(
          [&](json_writer& out) { out.begin_object().key("id").number_text(id).end_object(); }));
    return redirect(signed_url(path));
  }

  // Content lies on another host, behind an address of over 1 KB that is good for a while.
  std::string signed_url(const std::string& path) {
    const std::string id = hash_of(path + std::to_string(std::time(nullptr) / 300));
    const std::lock_guard<std::mutex> lock(mutex_);
    signed_[id] = path;
    std::string other = base;
    const std::size_t host = other.find("127.0.0.1");
    if (host != std::string::npos) other.replace(host, 9, "localhost");
    return other + "/signed/" + id + "?X-Amz-Expires=300&X-Amz-Signature=" + std::string(1024, 'a');
  }

  server_response signed_file(const server_request& request, const entries& parts) {
    if (!request.header("authorization").empty())
      return {400, {}, "Only one auth mechanism allowed", false};
    std::string path;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (parts.size() == 2) path = signed_[parts[1]];
    }
    if (path.empty()) return {403, {}, "Request has expired", false};
    if (path.compare(0, 4, "git:") == 0) {
      const std::size_t colon = path.find(':', 4);
      const auto object = repositories_[path.substr(4, colon - 4)]->find(path.substr(colon + 1));
      return object ? content(object->content, object->id) : not_found();
    }
    return content(read(path), "");
  }

  // github.com itself: the latest release by redirect, and assets.
  server_response web(const entries& parts) {
    git_repository* const git = repository(parts[0], parts[1]);
    if (git == nullptr) return not_found();
    const std::string name = parts[0] + "/" + parts[1];
    if (parts[3] == "latest") {
      const auto tags = git->tags();
      return tags.empty() ? not_found()
                          : redirect(base + "/" + name + "/releases/tag/" + tags.front());
    }
    if (parts[3] == "download" && parts.size() >= 6 && !assets_[name].empty()) {
      const std::filesystem::path file = std::filesystem::path(assets_[name]) / join(parts, 4);
      if (file.string().find("..") == std::string::npos && std::filesystem::is_regular_file(file))
        return redirect(signed_url(file.string()));
    }
    return not_found();
  }

  server_response reference(git_repository& git, const entries& parts) {
    const std::string ref = "refs/" + join(parts, 5);
    const auto object = git.reference(ref);
    if (!object) return not_found();
    return document(json([&](json_writer& out) {
      out.begin_object()
          .key("ref")
          .string(ref)
          .key("node_id")
          .string("REF")
          .key("url")
          .string(base + "/repos/" + parts[1] + "/" + parts[2] + "/git/" + ref)
          .key("object")
          .begin_object()
          .key("sha")
          .string(object->id)
          .key("type")
          .string(object->type)
          .key("url")
          .string(base + "/x")
          .end_object()
          .end_object();
    }));
  }

  server_response tag_object(git_repository& git, const std::string& id) {
    const auto object = git.find(id);
    if (!object || object->type != "tag") return not_found();
    const auto field = [&](const std::string& name) {
      const std::size_t at = object->content.find(name + " ") + name.size() + 1;
      return object->content.substr(at, object->content.find('\n', at) - at);
    };
    return document(json([&](json_writer& out) {
      out.begin_object()
          .key("sha")
          .string(object->id)
          .key("tag")
          .string(field("tag"))
          .key("message")
          .string("")
          .key("object")
          .begin_object()
          .key("type")
          .string(field("type"))
          .key("sha")
          .string(field("object"))
          .end_object()
          .end_object();
    }));
  }

  server_response commit(git_repository& git, const std::string& name,
                         const server_request& request) {
    auto object = git.reference("refs/heads/" + name);
    if (!object) object = git.reference(name + "^{commit}");
    if (!object) return not_found();
    if (request.header("accept") == "application/vnd.github.sha") return content(object->id, "");
    return document(json(
        [&](json_writer& out) { out.begin_object().key("sha").string(object->id).end_object(); }));
  }

  server_response tree(git_repository& git, const std::string& name, const std::string& id,
                       const std::string& query) {
    const bool recursive = query.find("recursive=") != std::string::npos;
    const auto object = git.reference(id + "^{tree}");
    if (!object) return not_found();
    const auto listed = git.list(object->id, recursive);
    const std::size_t limit = recursive && faults_.truncate != 0 ? faults_.truncate : listed.size();
    return document(json([&](json_writer& out) {
      out.begin_object().key("sha").string(id);
      out.key("url").string(api_url(name, "/git/trees/" + object->id)).key("tree").begin_array();
      for (std::size_t i = 0; i < listed.size() && i < limit; ++i) {
        const git_entry& one = listed[i];
        out.begin_object()
            .key("path")
            .string(one.path)
            .key("mode")
            .string(one.mode)
            .key("type")
            .string(one.type)
            .key("sha")
            .string(one.id);
        if (one.type == "blob") out.key("size").number_text(one.size);
        out.key("url").string(api_url(name, "/git/" + one.type + "s/" + one.id)).end_object();
      }
      out.end_array().key("truncated").boolean(listed.size() > limit).end_object();
    }));
  }

  server_response blob(git_repository& git, const std::string& id, const server_request& request) {
    const auto object = git.find(id);
    if (!object || object->type != "blob") return not_found();
    if (request.header("accept").find("raw") != std::string::npos)
      return content(object->content, object->id);
    return document(json([&](json_writer& out) {
      out.begin_object()
          .key("sha")
          .string(object->id)
          .key("size")
          .number(std::uint64_t{object->content.size()})
          .key("encoding")
          .string("base64")
          .key("content")
          .string(base64(object->content))
          .end_object();
    }));
  }

  static std::string base64(const std::string& data) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < data.size(); i += 3) {
      unsigned long group = 0;
      for (std::size_t j = 0; j < 3; ++j)
        group = group << 8 | (i + j < data.size() ? static_cast<unsigned char>(data[i + j]) : 0u);
      for (std::size_t j = 0; j < 4; ++j)
        text += i + j <= data.size() ? digits[group >> (18 - 6 * j) & 63] : '=';
    }
    return text;
  }

  // OWNER/REPO/REF/PATH, where REF is a commit, a tag or a branch and may hold slashes itself.
  server_response raw(const server_request&, const entries& parts) {
    git_repository* const git = repository(parts[0], parts[1]);
    if (git == nullptr) return not_found();
    std::string ref = parts[2];
    for (std::size_t path_at = 3; path_at < parts.size(); ref += "/" + parts[path_at++]) {
      const std::string commit = commit_of(*git, ref);
      if (commit.empty()) continue;
      const auto object = git->find(commit + ":" + join(parts, path_at));
      if (!object || object->type != "blob") continue;
      if (faults_.redirect)
        return redirect(signed_url("git:" + parts[0] + "/" + parts[1] + ":" + object->id));
      return content(object->content, object->id);
    }
    return not_found();
  }

  // A tag or branch is looked up each time, since it may move; a commit never changes.
  static std::string commit_of(git_repository& git, const std::string& ref) {
    const bool is_id = ref.size() == 40 && ref.find_first_not_of("0123456789abcdef") == ref.npos;
    if (is_id) return ref;
    for (const char* kind : {"refs/tags/", "refs/heads/"})
      if (const auto object = git.reference(kind + ref + "^{commit}")) return object->id;
    return {};
  }

  server_response plain_file(const std::string& name) {
    const std::filesystem::path root = std::filesystem::weakly_canonical(files_);
    const std::filesystem::path file = std::filesystem::weakly_canonical(root / name);
    const std::string below = file.string();
    if (below.compare(0, root.string().size() + 1, root.string() + "/") != 0 ||
        !std::filesystem::is_regular_file(file))
      return not_found();
    return content(read(file), "");
  }

  fault_plan& faults_;
  std::map<std::string, std::unique_ptr<git_repository>> repositories_;
  std::map<std::string, std::string> assets_;
  std::string files_;
  std::mutex mutex_;
  std::map<std::string, std::string> known_assets_;  // OWNER/REPO/ID -> file
  std::map<std::string, std::string> signed_;        // address -> file, or git:OWNER/REPO:ID
  std::atomic<std::size_t> requests_{0};
};

}  // namespace ota::host
