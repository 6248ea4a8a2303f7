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
#include "github_lists.hpp"
#include "github_objects.hpp"
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
/// - /codeload/OWNER/REPO/…         archives
/// - /files/PATH                    plain files
/// - /rate_limit, /users/OWNER
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
    const bool may_see = is_public || given == access::granted;
    if (parts[0] == "codeload") return codeload(request, parts, may_see);
    if (parts[0] != "repos" && parts[0] != "users" && request.path != "/rate_limit")
      return may_see ? repository(request, parts) : not_found();
    server_response response;
    const bool is_authorized = given == access::granted;
    if (!is_public && given == access::wrong_token)
      response = failure_answer(401, "Bad credentials");
    else if (request.path == "/rate_limit")
      response = rate_answer(rate_.state(is_authorized));
    else if (!is_authorized && !rate_.take())
      response = failure_answer(403, "API rate limit exceeded");
    else if (parts[0] == "users")
      response = user(request, parts);
    else
      response = may_see ? repository(request, parts) : not_found();
    rate_.tell(response, is_authorized);
    return response;
  }

  // Those whose repositories are served; who they are is no secret.
  server_response user(const server_request& request, const std::vector<std::string>& parts) const {
    if (parts.size() != 2) return not_found();
    for (const auto& one : repositories_) {
      const std::string& name = one.second.name;
      const std::string owner = name.substr(0, name.find('/'));
      if (lower_case(owner) != lower_case(parts[1])) continue;
      return json_answer(json_text([&](json_writer& out) {
        write_user(out, {base_of(request), name}, owner);
      }));
    }
    return not_found();
  }

  server_response repository(const server_request& request, std::vector<std::string> parts) {
    const bool is_api = parts[0] == "repos", is_raw = parts[0] == "raw";
    if (is_api || is_raw) parts.erase(parts.begin());
    const auto one = call_of(request, std::move(parts));
    if (!one) return not_found();
    if (is_api) return api(*one);
    if (one->part(0) != "releases" || is_raw) return raw(*one);
    // The web site knows browsers' sessions, not tokens: a private repository is not there.
    return settings_.token.empty() ? web(*one) : not_found();
  }

  // Of parts that begin with OWNER/REPO; nothing when there is no such repository.
  std::optional<github_call> call_of(const server_request& request,
                                     std::vector<std::string> parts) const {
    if (parts.size() < 2) return std::nullopt;
    const auto found = repositories_.find(lower_case(parts[0] + "/" + parts[1]));
    if (found == repositories_.end()) return std::nullopt;
    const served_repository& served = found->second;
    parts.erase(parts.begin(), parts.begin() + 2);
    return github_call{
        request, *served.git, served.assets, {base_of(request), served.name}, std::move(parts)};
  }

  // ---- /repos/OWNER/REPO/… ----------------------------------------------------------------

  server_response api(const github_call& one) {
    const std::string group = one.part(0);
    const bool is_list = one.rest(1).empty();
    if (group.empty() && is_list) return repository_document(one);
    if (group == "releases") return is_list ? list_releases(one) : api_releases(one);
    if (group == "branches") return is_list ? list_branches(one) : branch(one);
    if (group == "tags" && is_list) return list_tags(one);
    if (group == "commits") return is_list ? list_commits(one) : one_commit(one);
    if (group == "contents") return contents_of(one);
    if (group == "tarball") return archive(one, "tar.gz");
    if (group == "zipball") return archive(one, "zip");
    return group == "git" ? api_git(one) : not_found();
  }

  server_response api_releases(const github_call& one) {
    const std::string kind = one.part(1);
    const bool has_more = one.parts.size() > 2;
    if (kind == "latest" && !has_more) return latest(one);
    if (kind == "tags" && has_more) return release(one, one.rest(2));
    return kind == "assets" ? asset(one) : release_by_id(one);
  }

  server_response api_git(const github_call& one) {
    const std::string kind = one.part(1);
    if (kind == "refs") return older_references(one);
    if (kind == "matching-refs")
      return list_references(one, one.git.references("refs/" + one.rest(2), "refname"));
    if (one.parts.size() < 3) return not_found();
    if (kind == "ref") return one_reference(one);
    if (kind == "trees") return tree_by_name(one, faults_.truncate);
    if (kind == "blobs") return blob_by_id(one);
    const auto object = one.parts.size() == 3 ? one.git.object(one.part(2)) : std::nullopt;
    if (!object || object->type + "s" != kind) return not_found();
    if (kind == "tags") return json_answer(tag_json(one.at, *object));
    return kind == "commits" ? json_answer(git_commit_json(one.at, *object)) : not_found();
  }

  server_response repository_document(const github_call& one) const {
    github_repository what;
    what.default_branch = one.git.default_branch();
    what.is_private = !settings_.token.empty();
    if (const auto tip = one.git.commit("HEAD"))
      what.changed = git_signature(git_field(*tip, "committer")).time;
    return json_answer(repository_json(one.at, what));
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

  // ---- archives -------------------------------------------------------------------------

  server_response archive(const github_call& one, const std::string& kind) const {
    const std::string ref = one.rest(1);
    return find_commit(one.git, ref.empty() ? "HEAD" : ref)
               ? redirect_answer(archive_address(one, kind))
               : not_found();
  }

  // On the host for downloads, which takes no token of the API's but one in the address.
  std::string archive_address(const github_call& one, const std::string& kind) const {
    const std::string ref = one.rest(1);
    const std::string path =
        "/codeload/" + one.at.name + "/legacy." + kind + "/" + (ref.empty() ? "HEAD" : ref);
    const std::string address = other_host(one.at.base) + percent_encode(path);
    return settings_.token.empty() ? address : address + "?token=" + archive_token(path);
  }

  std::string archive_token(const std::string& path) const {
    return sha1_of("archive " + settings_.token + " " + path);
  }

  // codeload/OWNER/REPO/legacy.KIND/REF
  server_response codeload(const server_request& request, std::vector<std::string> parts,
                           bool may_see) const {
    const std::string token = request.parameter("token").value_or("");
    if (!may_see && token != archive_token(request.path)) return not_found();
    parts.erase(parts.begin());
    const auto one = call_of(request, std::move(parts));
    return one && one->part(0).compare(0, 7, "legacy.") == 0
               ? archive_answer(*one, one->part(0).substr(7), one->rest(1))
               : not_found();
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
