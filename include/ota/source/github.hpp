#pragma once

#include "../core/text.hpp"
#include "../format/config.hpp"
#include "../format/json_reader.hpp"
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
  unchanged  ///< the server says that nothing has changed since `installed`
};

/// New versions from a GitHub repository: the latest release, a fixed one, or a branch's tip.
///
/// One request is open at a time, answers are read piece by piece, and of a document only the
/// few fields below are kept, so the length of release notes or file lists does not matter.
/// Source: docs.github.com/rest (releases, git/refs, git/tags, git/trees, git/blobs).
class github {
 public:
  explicit github(const config& settings) : settings_(settings) {}

  const release_target& target() const { return target_; }

  /// The ETag of the first answer, to be given to `begin` the next time.
  std::string_view etag() const { return etag_; }

  /// Whether the release carries a `manifest.json`.
  bool has_manifest() const { return !document_.manifest_url.empty(); }

  /// Begins to find the newest version. `etag` and `installed` are what the last check left;
  /// `installed` must stay until the version is resolved.
  void begin(const release_target& installed, std::string_view etag) {
    installed_ = &installed;
    target_ = {};
    document_.manifest_url.clear();
    document_.prefer_api_url = !settings_.token.empty();
    etag_.assign(etag);
    assumed_release_ = false;
    blobs_only_ = false;
    hops_ = 0;
    if (follows_release())
      stage_ = can_probe() ? stage::probe : stage::release;
    else
      target_.ref.assign(settings_.branch), stage_ = stage::reference;
    open_ = false;
  }

  /// One request or one piece of an answer further.
  template <class Http>
  result<resolution> step(Http& http, mutable_bytes chunk, std::uint64_t now) {
    if (stage_ == stage::probe) return probe(http);
    if (!open_) return request(http, now);
    const auto more =
        document_.read(http, chunk, [](const entry&, bool) { return result<void>{}; });
    if (!more) return more.error();
    if (*more) return resolution::working;
    open_ = false;
    return finish_document();
  }

  /// Begins the list of files of a tree; `tree` is its id or a commit's, in hexadecimal digits.
  template <class Http>
  result<void> open_tree(Http& http, std::string_view tree, bool recursive, std::string_view prefix,
                         std::uint64_t now) {
    url_text url = api_url("/git/trees/");
    url.append(tree);
    if (recursive) url.append("?recursive=1");
    document_.begin(document_kind::tree, prefix);
    const auto answer = get(http, url, json_type, settings_.token);
    if (!answer) return answer.error();
    if (auto status = check_status(*answer, now); !status) return status;
    const std::uint64_t wanted = std::uint64_t{settings_.max_tree_size_kb} * 1024;
    const std::uint64_t limit = wanted != 0 ? wanted : max_tree_size;
    document_.limit_size(limit);
    if (answer->has_length && answer->content_length > limit)
      return error{errc::too_long, "github", "Response too large: the list is over its limit",
                   static_cast<std::int32_t>(answer->content_length)};
    return {};
  }

  /// One piece of the list further: `sink(entry, is_link)` for each file and directory in it.
  /// False at its end.
  template <class Http, class Sink>
  result<bool> read_tree(Http& http, mutable_bytes chunk, Sink&& sink) {
    return document_.read(http, chunk, sink);
  }

  /// Whether the list just read lacks entries because the tree is too large for one answer.
  bool truncated() const { return document_.truncated; }

  /// Opens the content of a file from byte `offset` on.
  template <class Http>
  result<http_response> open_file(Http& http, const entry& file, std::uint64_t offset,
                                  std::string_view etag) {
    const bool has_blob = file.hash.kind == digest_kind::git_id && !settings_.token.empty();
    if (!(blobs_only_ && has_blob)) {
      url_text url(settings_.raw);
      url.append('/').append(settings_.owner).append('/').append(settings_.repo).append('/');
      append_escaped(url, follows_release() ? target_.ref.view() : target_.commit.view());
      url.append('/');
      append_escaped(url, file.path);
      const auto answer = get(http, url, raw_type, settings_.token, offset, etag);
      const bool hidden = answer && (answer->status == 404 || answer->status == 403);
      if (!has_blob || !hidden) return answer;
    }
    // A private repository may show its files through the API alone.
    blobs_only_ = true;
    char id[40];
    to_hex(file.hash.view(), id);
    url_text url = api_url("/git/blobs/");
    url.append({id, sizeof id});
    return get(http, url, "application/vnd.github.raw", settings_.token, offset, etag);
  }

  /// Opens the release's manifest.
  template <class Http>
  result<http_response> open_manifest(Http& http) {
    return get(http, document_.manifest_url, raw_type, settings_.token);
  }

 private:
  using url_text = fixed_string<1400>;
  enum class stage : std::uint8_t { probe, release, reference, tag };

  // Where `max_tree_size_kb` says nothing. GitHub's own limit is 7 MB; a list must not be endless.
  static constexpr std::uint64_t max_tree_size = 64u << 20;
  static constexpr const char* json_type = "application/vnd.github+json";
  static constexpr const char* raw_type = "application/octet-stream";

  bool follows_release() const { return settings_.channel == "stable" || !settings_.tag.empty(); }

  // Without a token an answer of the API counts against 60 an hour, one of the web site does not.
  bool can_probe() const {
    return settings_.tag.empty() && settings_.token.empty() && !settings_.force &&
           !web_base(settings_).empty() && !installed_->ref.empty();
  }

  url_text api_url(const char* rest) const {
    url_text url(settings_.api);
    url.append("/repos/").append(settings_.owner).append('/').append(settings_.repo).append(rest);
    return url;
  }

  template <class Http>
  result<http_response> get(Http& http, const url_text& url, const char* accept,
                            std::string_view token, std::uint64_t offset = 0,
                            std::string_view if_range = {}) {
    if (url.overflowed()) return error{errc::too_long, "github", "an address is too long"};
    return get(http, url.view(), accept, token, offset, if_range);
  }

  template <class Http>
  result<http_response> get(Http& http, std::string_view url, const char* accept,
                            std::string_view token, std::uint64_t offset = 0,
                            std::string_view if_range = {}, std::string_view if_none_match = {}) {
    http_request request;
    request.url = url;
    request.accept = accept;
    request.user_agent = settings_.user_agent;
    request.token = token;
    request.range_from = offset;
    request.if_range = if_range;
    request.if_none_match = if_none_match;
    return http.open(request);
  }

  // https://github.com/o/r/releases/latest sends a browser on to …/releases/tag/TAG.
  template <class Http>
  result<resolution> probe(Http& http) {
    stage_ = stage::release;
    url_text url(web_base(settings_));
    url.append('/').append(settings_.owner).append('/').append(settings_.repo);
    url.append("/releases/latest");
    http_request request;
    request.url = url;
    request.user_agent = settings_.user_agent;
    request.follow_redirects = false;
    const auto answer = http.open(request);
    if (!answer || answer->status / 100 != 3) return resolution::working;
    url.clear();
    url.append("/releases/tag/");
    append_escaped(url, installed_->ref);
    const std::string_view place = http.location();
    const bool same =
        place.size() >= url.size() && slice(place, place.size() - url.size()) == url.view();
    return same ? resolution::unchanged : resolution::working;
  }

  template <class Http>
  result<resolution> request(Http& http, std::uint64_t now) {
    url_text url = api_url("");
    switch (stage_) {
      case stage::release:
        document_.begin(document_kind::release);
        url.append(settings_.tag.empty() ? "/releases/latest" : "/releases/tags/");
        append_escaped(url, settings_.tag);
        break;
      case stage::reference:
        document_.begin(document_kind::reference);
        url.append(follows_release() ? "/git/ref/tags/" : "/git/ref/heads/");
        append_escaped(url, target_.ref);
        break;
      default:
        document_.begin(document_kind::reference);
        url.append("/git/tags/").append(target_.commit);
        break;
    }
    const bool first = stage_ == stage::release || !follows_release();
    const std::string_view known = first && !settings_.force ? etag_.view() : std::string_view{};
    if (url.overflowed()) return error{errc::too_long, "github", "an address is too long"};
    const auto answer = get(http, url.view(), json_type, settings_.token, 0, {}, known);
    if (!answer) return answer.error();
    if (answer->status == 304) return not_modified();
    if (answer->status == 404 && stage_ == stage::release && !settings_.tag.empty()) {
      // A tag without a release has no manifest, but it has files.
      target_.ref.assign(settings_.tag);
      stage_ = stage::reference;
      return resolution::working;
    }
    if (const auto status = check_status(*answer, now); !status) return status.error();
    if (first) etag_.assign(http.etag());
    document_.limit_size(1u << 20);
    open_ = true;
    return resolution::working;
  }

  // The same release as the last time; its tag may have been moved all the same.
  result<resolution> not_modified() {
    if (!follows_release()) return resolution::unchanged;
    assumed_release_ = true;
    target_.ref = installed_->ref;
    stage_ = stage::reference;
    return resolution::working;
  }

  result<resolution> finish_document() {
    if (stage_ == stage::release) {
      if (document_.name.empty() || document_.name.overflowed())
        return error{errc::malformed, "github", "the release has no usable tag_name"};
      target_.ref = document_.name;
      stage_ = stage::reference;
      return resolution::working;
    }
    target_.commit.assign(document_.name);
    if (!is_object_id(target_.commit))
      return error{errc::malformed, "github", "the reference names no commit"};
    if (document_.is_tag_object) {
      if (++hops_ > 5) return error{errc::malformed, "github", "the tag names only further tags"};
      stage_ = stage::tag;
      return resolution::working;
    }
    if (assumed_release_) {
      if (target_.commit.view() == installed_->commit.view()) return resolution::unchanged;
      // The tag moved: read the release after all, for its manifest.
      assumed_release_ = false;
      etag_.clear();
      stage_ = stage::release;
      hops_ = 0;
      return resolution::working;
    }
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
    sha1 hash;
    const std::uint8_t end_of_part[] = {0};
    fixed_string<10> sum;
    sum.append_number(document_.manifest_sum);
    const std::string_view parts[] = {target_.ref, target_.commit, document_.manifest_url, sum};
    for (std::string_view part : parts) {
      hash.update(as_bytes(part));
      hash.update(end_of_part);
    }
    target_.id = hash.finish();
  }

  const config& settings_;
  release_target target_;
  github_document document_;
  const release_target* installed_ = nullptr;
  fixed_string<128> etag_;
  stage stage_ = stage::release;
  std::uint8_t hops_ = 0;
  bool open_ = false;
  bool assumed_release_ = false;
  bool blobs_only_ = false;
};

}  // namespace ota
