#pragma once

#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "../format/json_writer.hpp"
#include "git_repository.hpp"
#include "http_message.hpp"
#include "release_assets.hpp"

namespace ota::host {

/// Where a repository is seen from: the addresses in GitHub's documents begin with them.
struct github_places {
  std::string base;  ///< of the server, which is API, web site and raw host in one
  std::string name;  ///< OWNER/REPO

  std::string api(const std::string& rest) const { return base + "/repos/" + name + rest; }
  std::string web(const std::string& rest) const { return base + "/" + name + rest; }
};

/// Compact JSON with UTF-8, as GitHub writes it.
template <class Write>
std::string json_text(Write&& write) {
  std::string text;
  auto out = [&text](std::string_view piece) { text += piece; };
  json_writer writer(out, {false, false});
  write(writer);
  return text;
}

/// Base64 (RFC 4648) in lines of 60, each with its line end, as GitHub writes contents.
inline std::string base64_lines(std::string_view data) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < data.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < data.size() ? static_cast<unsigned char>(data[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      text += i + j <= data.size() ? digits[group >> (18 - 6 * j) & 63] : '=';
    if (i % 45 == 42 || i + 3 >= data.size()) text += '\n';
  }
  return text;
}

/// A time as GitHub writes it: 2017-10-10T16:00:00Z.
inline std::string iso_time(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// The value of a header line of a commit or tag; empty when it has none.
inline std::string git_field(const git_object& object, const std::string& name) {
  const std::string head = "\n" + object.content.substr(0, object.content.find("\n\n")) + "\n";
  const std::size_t at = head.find("\n" + name + " ");
  if (at == head.npos) return {};
  const std::size_t begin = at + name.size() + 2;
  return head.substr(begin, head.find('\n', begin) - begin);
}

/// What follows the header lines, without the last line end.
inline std::string git_message(const git_object& object) {
  const std::size_t at = object.content.find("\n\n");
  std::string text = at == object.content.npos ? std::string() : object.content.substr(at + 2);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// A commit's author or committer, or who made a tag: NAME <EMAIL> SECONDS ZONE.
struct git_signature {
  std::string name;
  std::string email;
  std::int64_t time = 0;  ///< epoch seconds

  explicit git_signature(const std::string& line) {
    const std::size_t open = std::min(line.find(" <"), line.size());
    const std::size_t close = std::min(line.find("> ", open), line.size());
    name = line.substr(0, open);
    if (close == line.size()) return;
    email = line.substr(open + 2, close - open - 2);
    time = std::strtoll(line.c_str() + close + 2, nullptr, 10);
  }
};

/// An object `{"name", "email", "date"}` of such a line.
inline void write_signature(json_writer& out, const std::string& line) {
  const git_signature who(line);
  out.begin_object().key("name").string(who.name).key("email").string(who.email);
  out.key("date").string(iso_time(who.time)).end_object();
}

inline void write_verification(json_writer& out) {
  out.begin_object()
      .key("verified")
      .boolean(false)
      .key("reason")
      .string("unsigned")
      .key("signature")
      .null()
      .key("payload")
      .null()
      .key("verified_at")
      .null()
      .end_object();
}

inline std::string node_id(const std::string& of) { return "N_" + sha1_of(of).substr(0, 12); }

/// A user with all members that GitHub gives one.
inline void write_user(json_writer& out, const github_places& at, const std::string& login) {
  const std::string api = at.base + "/users/" + login;
  out.begin_object()
      .key("login")
      .string(login)
      .key("id")
      .number(number_of(login))
      .key("node_id")
      .string(node_id(login))
      .key("avatar_url")
      .string(at.base + "/avatars/" + login)
      .key("gravatar_id")
      .string("")
      .key("url")
      .string(api)
      .key("html_url")
      .string(at.base + "/" + login)
      .key("followers_url")
      .string(api + "/followers")
      .key("following_url")
      .string(api + "/following{/other_user}")
      .key("gists_url")
      .string(api + "/gists{/gist_id}")
      .key("starred_url")
      .string(api + "/starred{/owner}{/repo}")
      .key("subscriptions_url")
      .string(api + "/subscriptions")
      .key("organizations_url")
      .string(api + "/orgs")
      .key("repos_url")
      .string(api + "/repos")
      .key("events_url")
      .string(api + "/events{/privacy}")
      .key("received_events_url")
      .string(api + "/received_events")
      .key("type")
      .string("User")
      .key("user_view_type")
      .string("public")
      .key("site_admin")
      .boolean(false)
      .end_object();
}

inline void write_asset(json_writer& out, const github_places& at, const release_asset& asset,
                        std::int64_t created) {
  out.begin_object()
      .key("url")
      .string(at.api("/releases/assets/" + std::to_string(asset.id)))
      .key("id")
      .number(asset.id)
      .key("node_id")
      .string(node_id(asset.name))
      .key("name")
      .string(asset.name)
      .key("label")
      .string("")
      .key("uploader");
  write_user(out, at, at.name.substr(0, at.name.find('/')));
  out.key("content_type")
      .string("application/octet-stream")
      .key("state")
      .string("uploaded")
      .key("size")
      .number(asset.size)
      .key("digest")
      .string("sha256:" + asset.sha256_digits())
      .key("download_count")
      .number(0u)
      .key("created_at")
      .string(iso_time(created))
      .key("updated_at")
      .string(iso_time(created))
      .key("browser_download_url")
      .string(at.web("/releases/download/" + percent_encode(asset.tag) + "/" +
                     percent_encode(asset.name)))
      .end_object();
}

/// A release's number, as text.
inline std::string release_id(const std::string& tag) {
  return std::to_string(number_of("release " + tag));
}

/// A release. \param tag_object  what the tag points to: its message is the release's text
inline void write_release(json_writer& out, const github_places& at, const release_tag& tag,
                          const git_object& tag_object, const git_object& commit,
                          const std::vector<release_asset>& assets) {
  const std::string id = release_id(tag.name);
  const std::string url = at.api("/releases/" + id);
  const std::string escaped = percent_encode(tag.name);
  out.begin_object()
      .key("url")
      .string(url)
      .key("assets_url")
      .string(url + "/assets")
      .key("upload_url")
      .string(url + "/assets{?name,label}")
      .key("html_url")
      .string(at.web("/releases/tag/" + escaped))
      .key("id")
      .number_text(id)
      .key("author");
  write_user(out, at, at.name.substr(0, at.name.find('/')));
  out.key("node_id")
      .string(node_id(tag.name))
      .key("tag_name")
      .string(tag.name)
      .key("target_commitish")
      .string(commit.id)
      .key("name")
      .string(tag.name)
      .key("draft")
      .boolean(false)
      .key("immutable")
      .boolean(false)
      .key("prerelease")
      .boolean(is_prerelease(tag.name))
      .key("created_at")
      .string(iso_time(tag.created))
      .key("updated_at")
      .string(iso_time(tag.created))
      .key("published_at")
      .string(iso_time(tag.created))
      .key("assets")
      .begin_array();
  for (const release_asset& asset : assets) write_asset(out, at, asset, tag.created);
  out.end_array()
      .key("tarball_url")
      .string(at.api("/tarball/" + escaped))
      .key("zipball_url")
      .string(at.api("/zipball/" + escaped))
      .key("body")
      .string(git_message(tag_object))
      .end_object();
}

inline std::string release_json(const github_places& at, const release_tag& tag,
                                const git_object& tag_object, const git_object& commit,
                                const std::vector<release_asset>& assets) {
  return json_text(
      [&](json_writer& out) { write_release(out, at, tag, tag_object, commit, assets); });
}

/// The member `object` of a reference or a tag: what it points to.
inline void write_object(json_writer& out, const github_places& at, const std::string& id,
                         const std::string& type) {
  out.key("object")
      .begin_object()
      .key("sha")
      .string(id)
      .key("type")
      .string(type)
      .key("url")
      .string(at.api("/git/" + type + "s/" + id))
      .end_object();
}

inline void write_reference(json_writer& out, const github_places& at, const std::string& ref,
                            const std::string& id, const std::string& type) {
  out.begin_object()
      .key("ref")
      .string(ref)
      .key("node_id")
      .string(node_id(ref))
      .key("url")
      .string(at.api("/git/" + percent_encode(ref)));
  write_object(out, at, id, type);
  out.end_object();
}

inline std::string reference_json(const github_places& at, const std::string& ref,
                                  const git_object& object) {
  return json_text(
      [&](json_writer& out) { write_reference(out, at, ref, object.id, object.type); });
}

inline std::string tag_json(const github_places& at, const git_object& tag) {
  const std::string type = git_field(tag, "type"), id = git_field(tag, "object");
  return json_text([&](json_writer& out) {
    out.begin_object()
        .key("node_id")
        .string(node_id(tag.id))
        .key("sha")
        .string(tag.id)
        .key("url")
        .string(at.api("/git/tags/" + tag.id))
        .key("tagger");
    write_signature(out, git_field(tag, "tagger"));
    write_object(out, at, id, type);
    out.key("tag")
        .string(git_field(tag, "tag"))
        .key("message")
        .string(git_message(tag))
        .key("verification");
    write_verification(out);
    out.end_object();
  });
}

}  // namespace ota::host
