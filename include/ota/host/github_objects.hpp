#pragma once

#include <memory>
#include <string>
#include <utility>

#include "github_answers.hpp"

namespace ota::host {

/// /git/blobs/ID
inline server_response blob_by_id(const github_call& one) {
  std::shared_ptr<git_batch::reading> found = one.git.open(one.rest(2));
  if (!found || found->head().type != "blob") return not_found();
  return one.accepts("raw") ? blob_answer(std::move(found))
                            : blob_document(one.at, std::move(found));
}

/// /git/ref/heads/NAME, /git/ref/tags/NAME
inline server_response one_reference(const github_call& one) {
  const std::string ref = "refs/" + one.rest(2);
  const auto object = one.parts.size() > 3 ? one.git.reference(ref) : std::nullopt;
  return object ? json_answer(reference_json(one.at, ref, *object)) : not_found();
}

/// /commits/REF
inline server_response one_commit(const github_call& one) {
  const auto found = find_commit(one.git, one.rest(1));
  if (!found) return not_found();
  return one.accepts("application/vnd.github.sha") ? plain_answer(200, found->id)
                                                   : json_answer(commit_json(one.at, *found));
}

/// What a tree is asked for by, a tree's id, a commit's name, or either with `:FOLDER` behind it,
/// and the tree; its id is empty where there is none.
/// \return  the id that the document tells, and the tree's
inline std::pair<std::string, std::string> find_tree(git_repository& git, const std::string& name) {
  const std::size_t colon = std::min(name.find(':'), name.size());
  const std::string ref = name.substr(0, colon);
  auto found = git.object(ref);
  if (!found || found->type != "tree") found = find_commit(git, ref);
  if (!found) return {};
  const std::string tree = found->type == "tree" ? found->id : git_field(*found, "tree");
  if (colon == name.size()) return {found->id, tree};
  std::string path = name.substr(colon + 1);
  if (!path.empty() && path.back() == '/') path.pop_back();
  const auto entry = git.entry(tree, path);
  return entry && entry->type == "tree" ? std::pair(entry->id, entry->id)
                                        : std::pair<std::string, std::string>();
}

/// /git/trees/NAME \param truncate  entries of a recursive list, then no more; 0: all
inline server_response tree_by_name(const github_call& one, std::uint64_t truncate) {
  const auto [shown, id] = find_tree(one.git, one.rest(2));
  if (id.empty()) return not_found();
  const bool recursive = one.request.parameter("recursive").has_value();
  const std::uint64_t limit = recursive ? truncate : 0;
  server_response response;
  response.headers["Content-Type"] = "application/json; charset=utf-8";
  // Of what the document is made of, since the document itself is not there yet.
  const std::string made_of =
      shown + (recursive ? " all " : " one ") + std::to_string(limit) + one.at.base;
  response.headers["ETag"] = "W/\"" + sha1_of(made_of) + "\"";
  response.produce = [&git = one.git, at = one.at, shown = shown, id = id, recursive,
                      limit](const body_sink& sink) {
    write_tree(at, git, shown, id, recursive, limit, sink);
  };
  return response;
}

/// /contents/PATH
inline server_response contents_of(const github_call& one) {
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

}  // namespace ota::host
