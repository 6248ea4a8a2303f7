#pragma once

#include "../core/text.hpp"
#include "../format/json_reader.hpp"
#include "../format/settings.hpp"
#include "../format/url.hpp"
#include "../hash/sha1.hpp"
#include "../http/message.hpp"
#include "../http/status.hpp"
#include "../manifest/entry.hpp"
#include "../manifest/release_target.hpp"
#include "github_document.hpp"

namespace ota {

/// What resolving the newest version came to.
enum class resolution : std::uint8_t {
  working,   ///< another step is needed
  resolved,  ///< `target()` holds it
  unchanged  ///< nothing has changed since the version that is known
};

/// New versions from a GitHub repository: the latest release, a fixed one, or a branch's tip.
///
/// One request is open at a time, answers are read piece by piece, and of a document only the
/// few fields below are kept, so the length of release notes or file lists does not matter.
/// Source: docs.github.com/rest (releases, git/refs, git/tags, git/trees, git/blobs).
template <class Settings>
class basic_github : Settings {
  using Settings::follows_release;
  using Settings::settings_;
  using Settings::web_base;

 public:
  explicit basic_github(Settings settings) : Settings(settings) {}

  /// The version that was found; before that, the one that is known.
  const release_target& target() const { return found_.version; }

  /// The same with the ETag of the first answer. To be filled before `begin` with what an earlier
  /// check found, or with nothing; after a version is resolved, to be kept for the next check.
  known_version& found() { return found_; }

  /// What the file is called that is a version's manifest, a text that stays.
  void look_for(std::string_view manifest) { document_.manifest_name = manifest; }

  /// Whether the release carries a manifest.
  bool has_manifest() const { return !document_.manifest_url.empty(); }

  /// Begins to find the newest version.
  void begin() {
    hops_ = 0;
    open_ = assumed_release_ = blobs_only_ = false;
    document_.manifest_url.clear();
    document_.prefer_api_url = !settings_.token.empty();
    if (follows_release())
      stage_ = can_probe() ? stage::probe : stage::release;
    else
      found_.version.ref.assign(branch()), stage_ = stage::reference;
  }

  /// One request or one piece of an answer further.
  template <class Http>
  result<resolution> step(Http& http, mutable_bytes chunk) {
    if (stage_ == stage::probe) return probe(http);
    if (!open_) return request(http);
    if (auto done = document_.receive(http, chunk); !done) return done.error();
    const auto event = document_.next();
    if (!event) return event.error();
    if (*event != document_event::end) return resolution::working;
    open_ = false;
    return finish_document();
  }

  /// Begins the list of files of a tree; `tree` is its id or a commit's, in hexadecimal digits.
  template <class Http>
  result<void> open_tree(Http& http, std::string_view tree, bool recursive,
                         std::string_view prefix) {
    url_text url = api_url("/git/trees/", tree);
    if (recursive) url.append("?recursive=1");
    if (auto done = open_document(http, document_kind::tree, url, false); !done) return done;
    document_.set_prefix(prefix);
    const http_response& answer = http.response();
    if (auto status = check_status(answer); !status) return status;
    const std::size_t wanted = kilobytes(settings_.max_tree_size_kb);
    const std::size_t limit = wanted != 0 ? wanted : max_tree_size;
    document_.limit_size(limit);
    if (answer.has_length && answer.content_length > limit) return list_too_large;
    return {};
  }

  /// The list of files, to be read piece by piece.
  github_document& tree() { return document_; }

  /// Opens the content of a file from byte `offset` on.
  template <class Http>
  result<void> open_file(Http& http, const entry& file, std::size_t offset, std::string_view etag) {
    http_request request;
    request.range_from = offset;
    request.if_range = etag;
    const bool has_blob = file.hash.kind == digest_kind::git_id && !settings_.token.empty();
    if (!(blobs_only_ && has_blob)) {
      url_text url;
      append_repository(url, raw());
      url.append('/');
      append_escaped(url, version_name());
      url.append('/');
      append_escaped(url, file.path);
      request.accept = raw_type();
      const auto answer = get(http, url, request);
      const std::uint16_t status = http.response().status;
      const bool hidden = answer && (status == 404 || status == 403);
      if (!has_blob || !hidden) return answer;
    }
    // A private repository may show its files through the API alone.
    blobs_only_ = true;
    char id[40];
    to_hex({file.hash.value, 20}, id);
    request.accept = "application/vnd.github.raw"sv;
    return get(http, api_url("/git/blobs/", {id, sizeof id}), request);
  }

  /// Opens the version's manifest: the release's asset, or the file of that name in the tree.
  template <class Http>
  result<void> open_manifest(Http& http) {
    if (!has_manifest()) {
      entry file;
      file.path.assign(document_.manifest_name);
      return open_file(http, file, 0, {});
    }
    http_request request;
    request.accept = raw_type();
    return get(http, document_.manifest_url, request);
  }

 private:
  static constexpr error list_too_large{errc::too_long, "github",
                                        "Response too large: the list is over its limit"};
  static constexpr error address_too_long{errc::too_long, "github", "an address is too long"};
  static constexpr error no_tag_name{errc::malformed, "github",
                                     "the release has no usable tag_name"};
  static constexpr error no_commit{errc::malformed, "github", "the reference names no commit"};
  static constexpr error endless_tags{errc::malformed, "github", "the tag names only further tags"};

  using url_text = fixed_string<1400>;
  enum class stage : std::uint8_t { probe, release, reference, tag };

  // Where `max_tree_size_kb` says nothing. GitHub itself ends at 7 MB; a list must not be endless.
  static constexpr std::size_t max_tree_size = 256u << 20;
  static constexpr std::string_view raw_type() { return "application/octet-stream"; }

  // By their values, so that settings which are known need not be in memory.
  std::string_view api() const { return Settings::template text<&config::api>(); }
  std::string_view raw() const { return Settings::template text<&config::raw>(); }
  std::string_view owner() const { return Settings::template text<&config::owner>(); }
  std::string_view repo() const { return Settings::template text<&config::repo>(); }
  std::string_view branch() const { return Settings::template text<&config::branch>(); }
  std::string_view tag() const { return Settings::template text<&config::tag>(); }
  std::string_view user_agent() const { return Settings::template text<&config::user_agent>(); }

  // A document may name any host; the token is for those of the configuration alone.
  bool is_ours(std::string_view url) const { return is_below(url, api()) || is_below(url, raw()); }

  static bool is_below(std::string_view url, std::string_view base) {
    return url.size() > base.size() && url[base.size()] == '/' &&
           std::string_view(url.data(), base.size()) == base;
  }

  // As the addresses of raw files have it.
  const string_buffer& version_name() const {
    if (follows_release()) return found_.version.ref;
    return found_.version.commit;
  }

  // Without a token an answer of the API counts against 60 an hour, one of the web site does not.
  bool can_probe() const {
    return tag().empty() && settings_.token.empty() && !settings_.force && !target().ref.empty();
  }

  void append_repository(string_buffer& url, std::string_view below) const {
    url.append(below).append('/').append(owner()).append('/').append(repo());
  }

  url_text api_url(const char* place, const std::string_view& name) const {
    url_text url;
    url.append(api());
    append_repository(url, "/repos"sv);
    url.append(place);
    append_escaped(url, name);
    return url;
  }

  template <class Http>
  result<void> get(Http& http, const string_buffer& url, http_request& request) {
    if (url.overflowed()) return address_too_long;
    request.url = url;
    request.user_agent = user_agent();
    if (!settings_.token.empty() && is_ours(url)) request.token = settings_.token;
    return http.open(request);
  }

  template <class Http>
  result<void> open_document(Http& http, document_kind kind, const string_buffer& url,
                             bool only_if_changed) {
    document_.begin(kind);
    http_request request;
    request.accept = "application/vnd.github+json"sv;
    if (only_if_changed) request.if_none_match = found_.etag;
    return get(http, url, request);
  }

  // https://github.com/o/r/releases/latest sends a browser on to …/releases/tag/TAG.
  template <class Http>
  result<resolution> probe(Http& http) {
    stage_ = stage::release;
    const std::string_view web = web_base();
    if (web.empty()) return resolution::working;
    url_text url;
    append_repository(url, web);
    url.append("/releases/latest");
    http_request request;
    request.follow_redirects = false;
    const auto answer = get(http, url, request);
    if (!answer || http.response().status / 100 != 3) return resolution::working;
    url.assign("/releases/tag/"sv);
    append_escaped(url, target().ref);
    const std::string_view place = http.location();
    const bool same =
        place.size() >= url.size() && slice(place, place.size() - url.size()) == url.view();
    return same ? resolution::unchanged : resolution::working;
  }

  template <class Http>
  result<resolution> request(Http& http) {
    const char* place = "/git/tags/";
    std::string_view name = document_.name;
    if (stage_ == stage::release) {
      place = tag().empty() ? "/releases/latest" : "/releases/tags/";
      name = tag();
    } else if (stage_ == stage::reference) {
      place = follows_release() ? "/git/ref/tags/" : "/git/ref/heads/";
      name = found_.version.ref;
    }
    const url_text url = api_url(place, name);
    const auto kind = stage_ == stage::release ? document_kind::release : document_kind::reference;
    const bool first = stage_ == stage::release || !follows_release();
    const bool only_if_changed = first && !settings_.force && !found_.etag.empty();
    if (auto done = open_document(http, kind, url, only_if_changed); !done) return done.error();
    const std::uint16_t status = http.response().status;
    // To who did not ask it says nothing, and could say so for ever.
    if (status == 304 && only_if_changed) return not_modified();
    if (status == 404 && stage_ == stage::release && !tag().empty()) {
      // A tag without a release has no manifest, but it has files.
      found_.version.ref.assign(tag());
      stage_ = stage::reference;
      return resolution::working;
    }
    if (const auto fine = check_status(http.response()); !fine) return fine.error();
    if (first) found_.etag.assign(http.etag());
    document_.limit_size(1u << 20);
    open_ = true;
    return resolution::working;
  }

  // The same release as the last time; its tag may have been moved all the same.
  result<resolution> not_modified() {
    if (!follows_release()) return resolution::unchanged;
    assumed_release_ = true;
    stage_ = stage::reference;
    return resolution::working;
  }

  result<resolution> finish_document() {
    if (stage_ == stage::release) {
      if (document_.name.empty() || document_.name.overflowed()) return no_tag_name;
      found_.version.ref = document_.name;
      stage_ = stage::reference;
      return resolution::working;
    }
    if (!is_object_id(document_.name)) return no_commit;
    if (document_.is_tag_object) {
      if (hops_++ == 5) return endless_tags;
      stage_ = stage::tag;
      return resolution::working;
    }
    if (assumed_release_) {
      if (document_.name.view() == target().commit.view()) return resolution::unchanged;
      // The tag moved: read the release after all, for its manifest.
      assumed_release_ = false;
      found_.etag.clear();
      stage_ = stage::release;
      hops_ = 0;
      return resolution::working;
    }
    found_.version.commit.assign(document_.name);
    identify();
    return resolution::resolved;
  }

  static bool is_object_id(std::string_view text) {
    if (text.size() != 40 && text.size() != 64) return false;
    for (char c : text)
      if (hex_digit(c) < 0) return false;
    return true;
  }

  void identify() {
    fixed_string<128 + 64 + 256 + 10 + 4> all;
    all.append(found_.version.ref).append('\0').append(found_.version.commit).append('\0');
    all.append(document_.manifest_url).append('\0');
    all.append_number(document_.manifest_sum).append('\0');
    sha1 hash;
    hash.update(as_bytes(all));
    found_.version.id = hash.finish();
  }

  // Cleared together, as one word.
  std::uint8_t hops_ = 0;
  bool open_ = false;
  bool assumed_release_ = false;
  bool blobs_only_ = false;
  stage stage_ = stage::release;
  known_version found_;
  github_document document_;
};

/// GitHub with settings that are told at the start. The updater of a device that names its settings
/// takes `basic_github` with those instead.
using github = basic_github<told_settings>;

namespace detail {

/// The source that a device names, and what it is made with.
template <class Source, class Settings>
struct source_with {
  using type = Source;
  using made_with = const config&;
};
template <class Settings>
struct source_with<github, Settings> {
  using type = basic_github<Settings>;
  using made_with = Settings;
};

}  // namespace detail
}  // namespace ota
