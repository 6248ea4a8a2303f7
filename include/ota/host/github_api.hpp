#pragma once

#include <algorithm>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../hash/hmac.hpp"
#include "fault_plan.hpp"
#include "github_answers.hpp"
#include "http_message.hpp"
#include "rate_limit.hpp"
#include "signed_urls.hpp"

namespace ota::host {

/// What a `github_api` serves and how. Source of the behaviour: docs.github.com/rest.
struct github_settings {
  std::string token;             ///< without it all repositories are hidden; empty: all are public
  std::uint64_t rate_limit = 0;  ///< requests an hour without a token; 0: any number
  std::string files;             ///< a folder served below /files/; empty: none
};

/// GitHub's REST API, web site and raw files over real Git repositories, as far as updates need
/// them, all on one address:
///
/// - /repos/OWNER/REPO/…            the API
/// - /OWNER/REPO/releases/…         the web site: the latest release by redirect, assets
/// - [/raw]/OWNER/REPO/REF/PATH     raw files
/// - /files/PATH                    plain files
///
/// Every tag is a release; the latest is the highest version that is no prerelease.
class github_api {
 public:
  /// \param faults  of which it minds `truncate`, `redirect` and `expire`
  github_api(github_settings settings, const fault_plan& faults)
      : settings_(std::move(settings)), faults_(faults), rate_(settings_.rate_limit) {}

  /// Serves the repository at `path` as OWNER/REPO; throws std::runtime_error when it is none.
  void add_repository(const std::string& name, const std::string& path) {
    auto git = std::make_unique<git_repository>(path);
    repositories_[lower_case(name)] = {name, std::move(git), {}};
  }

  /// Files FOLDER/TAG/NAME become assets of the releases of a repository that was added.
  void add_assets(const std::string& name, const std::string& folder) {
    const auto found = repositories_.find(lower_case(name));
    if (found == repositories_.end())
      throw std::runtime_error("assets for a repository that is not served: " + name);
    found->second.assets = release_assets(folder);
  }

  /// Answers a request. May be called by several threads at once.
  server_response handle(const server_request& request) {
    server_response response = route(request);
    response.headers["Server"] = "ota-serve";
    response.headers["Date"] = http_date();
    // GitHub's is that long, and small clients have tripped over it.
    response.headers["Content-Security-Policy"] = "default-src 'none'; " + std::string(3560, 'x');
    return response;
  }

 private:
  struct served_repository {
    std::string name;  // as it was given; the documents have it like that
    std::unique_ptr<git_repository> git;
    release_assets assets;
  };

  static std::string http_date() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return text;
  }

  // ---- who asks for what ------------------------------------------------------------------

  // Where the client reaches the server, as it says itself.
  static std::string base_of(const server_request& request) {
    const std::string host = request.header("host");
    const bool usable = !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
      return c < 0x80 && (std::isalnum(c) != 0 || std::strchr(".-:[]", c) != nullptr);
    });
    return "http://" + (usable ? host : "localhost");
  }

  // Public repositories are for all; a private one needs the token.
  enum class access { granted, no_token, wrong_token };

  access access_of(const server_request& request) const {
    std::string given = request.header("authorization");
    if (given.empty()) return access::no_token;
    for (std::string_view scheme : {"token ", "bearer "})
      if (lower_case(given.substr(0, scheme.size())) == scheme) given.erase(0, scheme.size());
    return !settings_.token.empty() &&
                   equal_constant_time(as_bytes(given), as_bytes(settings_.token))
               ? access::granted
               : access::wrong_token;
  }

  static std::vector<std::string> split(const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t at = 1; at <= path.size();) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      parts.push_back(path.substr(at, end - at));
      at = end + 1;
    }
    return parts;
  }

  server_response route(const server_request& request) {
    const std::vector<std::string> parts = split(request.path);
    if (request.header("user-agent").empty())
      return plain_answer(
          403,
          "Request forbidden by administrative rules. Please make sure your request "
          "has a User-Agent header.\n");
    if (parts[0] == "files") return plain_file(request.path.substr(6));
    if (parts[0] == "signed") return signed_file(request, parts);
    const bool is_public = settings_.token.empty();
    const access given = access_of(request);
    const bool is_authorized = given == access::granted;
    if (parts[0] != "repos")
      return is_public || is_authorized ? repository(request, parts) : not_found();
    server_response response;
    if (!is_public && given == access::wrong_token)
      response = failure_answer(401, "Bad credentials");
    else if (!is_authorized && !rate_.take())
      response = failure_answer(403, "API rate limit exceeded");
    else
      response = is_public || is_authorized ? repository(request, parts) : not_found();
    rate_.tell(response, is_authorized);
    return response;
  }

  server_response repository(const server_request& request, std::vector<std::string> parts) {
    const bool is_api = parts[0] == "repos", is_raw = parts[0] == "raw";
    if (is_api || is_raw) parts.erase(parts.begin());
    if (parts.size() < 3) return not_found();
    const auto found = repositories_.find(lower_case(parts[0] + "/" + parts[1]));
    if (found == repositories_.end()) return not_found();
    parts.erase(parts.begin(), parts.begin() + 2);
    const github_call one{request,
                          *found->second.git,
                          found->second.assets,
                          {base_of(request), found->second.name},
                          std::move(parts)};
    if (is_api) return api(one);
    if (one.part(0) != "releases" || is_raw) return raw(one);
    // The web site knows browsers' sessions, not tokens: a private repository is not there.
    return settings_.token.empty() ? web(one) : not_found();
  }

  // ---- /repos/OWNER/REPO/… ----------------------------------------------------------------

  server_response api(const github_call& one) {
    const std::string group = one.part(0), kind = one.part(1);
    const bool has_more = one.parts.size() > 2;
    if (group == "releases" && kind == "latest" && !has_more) return latest(one);
    if (group == "releases" && kind == "tags" && has_more) return release(one, one.rest(2));
    if (group == "releases" && kind == "assets") return asset(one);
    if (group == "commits") return commit(one);
    if (group == "contents") return contents(one);
    if (group != "git" || !has_more) return not_found();
    if (kind == "ref") return reference(one);
    if (kind == "trees") return tree(one);
    if (kind == "blobs") return blob(one);
    const auto object = one.parts.size() == 3 ? one.git.object(one.part(2)) : std::nullopt;
    if (!object || object->type + "s" != kind) return not_found();
    if (kind == "tags") return json_answer(tag_json(one.at, *object));
    return kind == "commits" ? json_answer(git_commit_json(one.at, *object)) : not_found();
  }

  server_response blob(const github_call& one) {
    std::shared_ptr<git_batch::reading> found = one.git.open(one.rest(2));
    if (!found || found->head().type != "blob") return not_found();
    return one.accepts("raw") ? blob_answer(std::move(found))
                              : blob_document(one.at, std::move(found));
  }

  server_response latest(const github_call& one) {
    const auto tags = one.git.releases();
    if (tags.empty() || is_prerelease(tags.front().name)) return not_found();
    return release(one, tags.front().name);
  }

  server_response release(const github_call& one, const std::string& name) {
    for (const release_tag& tag : one.git.releases()) {
      if (tag.name != name) continue;
      const auto object = one.git.reference("refs/tags/" + name);
      const auto commit = one.git.commit("refs/tags/" + name);
      if (!object || !commit) return not_found();
      return json_answer(release_json(one.at, tag, *object, *commit, one.assets.of(name)));
    }
    return not_found();
  }

  server_response asset(const github_call& one) {
    for (const release_tag& tag : one.git.releases())
      for (const release_asset& file : one.assets.of(tag.name)) {
        if (std::to_string(file.id) != one.rest(2)) continue;
        if (one.accepts("application/octet-stream"))
          return redirect_answer(sign_file(one, file.file));
        return json_answer(
            json_text([&](json_writer& out) { write_asset(out, one.at, file, tag.created); }));
      }
    return not_found();
  }

  server_response reference(const github_call& one) {
    const std::string ref = "refs/" + one.rest(2);
    const auto object = one.parts.size() > 3 ? one.git.reference(ref) : std::nullopt;
    return object ? json_answer(reference_json(one.at, ref, *object)) : not_found();
  }

  // A branch, a tag or a commit, also with its kind before it: heads/NAME, tags/NAME.
  static std::optional<git_object> find_commit(git_repository& git, const std::string& name) {
    if (is_object_id(name)) return git.commit(name);
    for (const char* kind : {"refs/heads/", "refs/tags/", "refs/"})
      if (auto found = git.commit(kind + name)) return found;
    const bool is_whole = name == "HEAD" || name.compare(0, 5, "refs/") == 0;
    return is_whole ? git.commit(name) : std::nullopt;
  }

  server_response commit(const github_call& one) {
    const auto found = find_commit(one.git, one.rest(1));
    if (!found) return not_found();
    return one.accepts("application/vnd.github.sha") ? plain_answer(200, found->id)
                                                     : json_answer(commit_json(one.at, *found));
  }

  server_response tree(const github_call& one) {
    auto shown = one.git.object(one.rest(2));
    if (!shown || shown->type != "tree") shown = find_commit(one.git, one.rest(2));
    if (!shown) return not_found();
    const std::string id = shown->type == "tree" ? shown->id : git_field(*shown, "tree");
    const bool recursive = one.request.parameter("recursive").has_value();
    const std::uint64_t limit = recursive ? faults_.truncate : 0;
    server_response response;
    response.headers["Content-Type"] = "application/json; charset=utf-8";
    // Of what the document is made of, since the document itself is not there yet.
    const std::string made_of =
        shown->id + (recursive ? " all " : " one ") + std::to_string(limit) + one.at.base;
    response.headers["ETag"] = "W/\"" + sha1_of(made_of) + "\"";
    response.produce = [&git = one.git, at = one.at, shown = shown->id, id, recursive,
                        limit](const body_sink& sink) {
      write_tree(at, git, shown, id, recursive, limit, sink);
    };
    return response;
  }

  server_response contents(const github_call& one) {
    const std::string ref = one.request.parameter("ref").value_or("HEAD");
    const auto commit = find_commit(one.git, ref);
    std::string path = one.rest(1);
    while (!path.empty() && path.back() == '/') path.pop_back();
    const auto entry = commit ? one.git.entry(git_field(*commit, "tree"), path) : std::nullopt;
    if (!entry) return not_found();
    if (entry->type == "tree") return json_answer(directory_json(one.at, one.git, *entry, ref));
    if (entry->type == "commit") return json_answer(content_json(one.at, *entry, ref, 0, ""));
    std::shared_ptr<git_batch::reading> blob = one.git.open(entry->id);
    if (!blob) return not_found();
    if (one.accepts("raw")) return blob_answer(std::move(blob));
    const std::uint64_t size = blob->head().size;
    std::string text(size <= max_inline_content ? static_cast<std::size_t>(size) : 0, '\0');
    blob->read(text.data(), text.size());
    return json_answer(content_json(one.at, *entry, ref, size, text));
  }

  // ---- /OWNER/REPO/releases/… -------------------------------------------------------------

  // latest, tag/TAG, download/TAG/NAME, latest/download/NAME; tags may hold slashes.
  server_response web(const github_call& one) {
    const auto tags = one.git.releases();
    const bool is_latest = one.part(1) == "latest";
    if (tags.empty() || (is_latest && is_prerelease(tags.front().name))) return not_found();
    if (is_latest && one.parts.size() == 2)
      return redirect_answer(one.at.web("/releases/tag/" + percent_encode(tags.front().name)));
    const bool is_download = one.part(is_latest ? 2 : 1) == "download";
    const std::string wanted = is_latest ? tags.front().name + "/" + one.rest(3) : one.rest(2);
    for (const release_tag& tag : tags) {
      if (one.part(1) == "tag" && tag.name == wanted) return plain_answer(200, "");
      if (!is_download || wanted.compare(0, tag.name.size() + 1, tag.name + "/") != 0) continue;
      for (const release_asset& file : one.assets.of(tag.name))
        if (tag.name + "/" + file.name == wanted) return redirect_answer(sign_file(one, file.file));
    }
    return not_found();
  }

  // ---- raw files and the host behind the redirects ----------------------------------------

  // REF/PATH, where REF is a commit, a tag or a branch and may hold slashes itself.
  server_response raw(const github_call& one) {
    std::string ref = one.part(0);
    for (std::size_t path_at = 1; path_at < one.parts.size(); ref += "/" + one.parts[path_at++]) {
      const auto commit = find_raw_commit(one.git, ref);
      if (!commit) continue;
      const auto entry = one.git.entry(git_field(*commit, "tree"), one.rest(path_at));
      if (!entry || entry->type != "blob") continue;
      return faults_.redirect ? redirect_answer(sign_blob(one, entry->id))
                              : blob_answer(one.git.open(entry->id));
    }
    return not_found();
  }

  static std::optional<git_object> find_raw_commit(git_repository& git, const std::string& ref) {
    auto tag = is_object_id(ref) ? std::nullopt : git.commit("refs/tags/" + ref);
    return tag ? tag : find_commit(git, ref);
  }

  std::string sign_file(const github_call& one, const std::string& file) {
    return other_host(one.at.base) +
           signed_.add([file] { return file_answer(file); }, faults_.expire);
  }

  std::string sign_blob(const github_call& one, const std::string& id) {
    return other_host(one.at.base) +
           signed_.add([&git = one.git, id] { return blob_answer(git.open(id)); }, faults_.expire);
  }

  // The same server by another name, where it has one that is known.
  static std::string other_host(const std::string& base) {
    const std::string number = "http://127.0.0.1", name = "http://localhost";
    if (base.compare(0, number.size(), number) == 0) return name + base.substr(number.size());
    if (base.compare(0, name.size(), name) == 0) return number + base.substr(name.size());
    return base;
  }

  server_response signed_file(const server_request& request,
                              const std::vector<std::string>& parts) {
    // As S3 does it: a token that came along is a mistake, and told.
    if (!request.header("authorization").empty())
      return plain_answer(400, "Only one auth mechanism allowed\n");
    auto response = parts.size() == 2 ? signed_.open(parts[1]) : std::nullopt;
    return response ? *response : plain_answer(403, "Request has expired\n");
  }

  // ---- /files/ ----------------------------------------------------------------------------

  server_response plain_file(const std::string& path) const {
    if (settings_.files.empty() || path.find('\0') != path.npos) return not_found();
    std::error_code failed;
    const std::string root = std::filesystem::canonical(settings_.files, failed).string() + "/";
    if (failed) return not_found();
    // Canonical, so that neither `..` nor a link leads out.
    const std::string file = std::filesystem::canonical(root + path, failed).string();
    if (failed || file.compare(0, root.size(), root) != 0 ||
        !std::filesystem::is_regular_file(file, failed))
      return not_found();
    return file_answer(file);
  }

  github_settings settings_;
  const fault_plan& faults_;
  rate_limiter rate_;
  std::map<std::string, served_repository> repositories_;  // by their names in lower case
  signed_urls signed_;
};

}  // namespace ota::host
