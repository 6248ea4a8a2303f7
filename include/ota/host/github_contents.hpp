#pragma once

#include "github_json.hpp"

namespace ota::host {

inline std::vector<std::string> parents_of(const git_object& commit) {
  std::vector<std::string> ids;
  const std::string head = commit.content.substr(0, commit.content.find("\n\n"));
  for (std::size_t at = 0; (at = head.find("\nparent ", at)) != head.npos; at += 8)
    ids.push_back(head.substr(at + 8, commit.id.size()));
  return ids;
}

/// The members that a commit has in either of its two documents.
inline void write_commit_members(json_writer& out, const github_places& at,
                                 const git_object& commit) {
  const std::string tree = git_field(commit, "tree");
  out.key("author");
  write_signature(out, git_field(commit, "author"));
  out.key("committer");
  write_signature(out, git_field(commit, "committer"));
  out.key("tree")
      .begin_object()
      .key("sha")
      .string(tree)
      .key("url")
      .string(at.api("/git/trees/" + tree))
      .end_object()
      .key("message")
      .string(git_message(commit))
      .key("verification");
  write_verification(out);
}

inline void write_parents(json_writer& out, const github_places& at, const git_object& commit,
                          const char* api) {
  out.key("parents").begin_array();
  for (const std::string& id : parents_of(commit))
    out.begin_object()
        .key("sha")
        .string(id)
        .key("url")
        .string(at.api(api + id))
        .key("html_url")
        .string(at.web("/commit/" + id))
        .end_object();
  out.end_array();
}

/// A commit as /git/commits/ID tells it.
inline std::string git_commit_json(const github_places& at, const git_object& commit) {
  return json_text([&](json_writer& out) {
    out.begin_object()
        .key("sha")
        .string(commit.id)
        .key("node_id")
        .string(node_id(commit.id))
        .key("url")
        .string(at.api("/git/commits/" + commit.id))
        .key("html_url")
        .string(at.web("/commit/" + commit.id));
    write_commit_members(out, at, commit);
    write_parents(out, at, commit, "/git/commits/");
    out.end_object();
  });
}

/// A commit as /commits/REF tells it.
inline void write_commit(json_writer& out, const github_places& at, const git_object& commit) {
  out.begin_object()
      .key("sha")
      .string(commit.id)
      .key("node_id")
      .string(node_id(commit.id))
      .key("commit")
      .begin_object();
  write_commit_members(out, at, commit);
  out.key("url")
      .string(at.api("/git/commits/" + commit.id))
      .key("comment_count")
      .number(0u)
      .end_object()
      .key("url")
      .string(at.api("/commits/" + commit.id))
      .key("html_url")
      .string(at.web("/commit/" + commit.id))
      .key("comments_url")
      .string(at.api("/commits/" + commit.id + "/comments"))
      .key("author")
      .null()
      .key("committer")
      .null();
  write_parents(out, at, commit, "/commits/");
  out.end_object();
}

inline std::string commit_json(const github_places& at, const git_object& commit) {
  return json_text([&](json_writer& out) { write_commit(out, at, commit); });
}

/// An object's id and address: `{"sha", "url"}`.
inline void write_link(json_writer& out, const github_places& at, const char* api,
                       const std::string& id) {
  out.begin_object().key("sha").string(id).key("url").string(at.api(api + id)).end_object();
}

/// A tree, piece by piece while Git lists it. \param limit  entries, then `truncated`; 0: all
inline void write_tree(const github_places& at, git_repository& git, const std::string& shown,
                       const std::string& tree, bool recursive, std::uint64_t limit,
                       const body_sink& sink) {
  std::string pending;
  bool wanted = true;
  auto text = [&](std::string_view piece) { pending += piece; };
  json_writer out(text, {false, false});
  out.begin_object()
      .key("sha")
      .string(shown)
      .key("url")
      .string(at.api("/git/trees/" + shown))
      .key("tree")
      .begin_array();
  std::uint64_t count = 0;
  bool truncated = false;
  git.list(tree, recursive, [&](const git_entry& one) {
    truncated = limit != 0 && count++ == limit;
    if (truncated) return false;
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
    if (one.type != "commit") out.key("url").string(at.api("/git/" + one.type + "s/" + one.id));
    out.end_object();
    if (pending.size() < 32768) return true;
    wanted = sink(pending);
    pending.clear();
    return wanted;
  });
  out.end_array().key("truncated").boolean(truncated).end_object();
  if (wanted) sink(pending);
}

/// A blob, with a content that is to be put in.
inline std::string blob_json(const github_places& at, const std::string& id, std::uint64_t size) {
  return json_text([&](json_writer& out) {
    out.begin_object()
        .key("sha")
        .string(id)
        .key("node_id")
        .string(node_id(id))
        .key("size")
        .number(size)
        .key("url")
        .string(at.api("/git/blobs/" + id))
        .key("content")
        .string("")
        .key("encoding")
        .string("base64")
        .end_object();
  });
}

namespace detail {

/// The members that a path has both by itself and in its directory's list.
inline void write_content_members(json_writer& out, const github_places& at, const git_entry& entry,
                                  const std::string& ref, const std::string& size) {
  const std::string path = percent_encode(entry.path), query = "?ref=" + percent_encode(ref);
  const std::string self = at.api("/contents/" + path + query);
  const bool is_tree = entry.type == "tree", is_module = entry.type == "commit";
  const std::string git = at.api((is_tree ? "/git/trees/" : "/git/blobs/") + entry.id);
  const std::string html =
      at.web((is_tree ? "/tree/" : "/blob/") + percent_encode(ref) + "/" + path);
  const auto address = [&](const char* name, const std::string& url, bool is_there) {
    out.key(name);
    is_there ? out.string(url) : out.null();
  };
  out.key("name")
      .string(entry.path.substr(entry.path.rfind('/') + 1))
      .key("path")
      .string(entry.path)
      .key("sha")
      .string(entry.id)
      .key("size")
      .number_text(size)
      .key("url")
      .string(self);
  address("html_url", html, !is_module);
  address("git_url", git, !is_module);
  address("download_url", at.web("/" + percent_encode(ref) + "/" + path), !is_tree && !is_module);
  out.key("type")
      .string(is_tree                  ? "dir"
              : is_module              ? "submodule"
              : entry.mode == "120000" ? "symlink"
                                       : "file")
      .key("_links")
      .begin_object()
      .key("self")
      .string(self);
  address("git", git, !is_module);
  address("html", html, !is_module);
  out.end_object();
}

}  // namespace detail

/// Of larger files the document of /contents/PATH has no content.
constexpr std::uint64_t max_inline_content = 1000000;

/// A file, link or submodule as /contents/PATH tells it. \param size  of the blob, 0 for a
/// submodule \param blob  its content, where it is not too large
inline std::string content_json(const github_places& at, const git_entry& entry,
                                const std::string& ref, std::uint64_t size,
                                const std::string& blob) {
  const bool is_small = size <= max_inline_content;
  return json_text([&](json_writer& out) {
    out.begin_object();
    detail::write_content_members(out, at, entry, ref, std::to_string(size));
    if (entry.mode == "120000") out.key("target").string(blob);
    if (entry.mode.compare(0, 3, "100") == 0)
      out.key("content")
          .string(is_small ? base64_lines(blob) : "")
          .key("encoding")
          .string(is_small ? "base64" : "none");
    out.end_object();
  });
}

/// A directory as /contents/PATH tells it.
inline std::string directory_json(const github_places& at, git_repository& git,
                                  const git_entry& directory, const std::string& ref) {
  return json_text([&](json_writer& out) {
    out.begin_array();
    git.list(directory.id, false, [&](git_entry one) {
      if (!directory.path.empty()) one.path = directory.path + "/" + one.path;
      out.begin_object();
      detail::write_content_members(out, at, one, ref, one.size == "-" ? "0" : one.size);
      out.end_object();
      return true;
    });
    out.end_array();
  });
}

}  // namespace ota::host
