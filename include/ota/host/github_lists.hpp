#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "github_pages.hpp"
#include "github_repository.hpp"

namespace ota::host {

/// A tag as a release: what its document is made of.
struct github_release {
  release_tag tag;
  git_object object;  ///< what the tag points to: its message is the release's text
  git_object commit;
};

/// The releases, the newest first: the tags that lead to a commit.
inline std::vector<github_release> releases_of(git_repository& git) {
  std::vector<github_release> found;
  for (release_tag& tag : git.releases()) {
    auto object = git.reference("refs/tags/" + tag.name);
    auto commit = git.commit("refs/tags/" + tag.name);
    if (object && commit) found.push_back({std::move(tag), std::move(*object), std::move(*commit)});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.tag.created > b.tag.created; });
  return found;
}

inline server_response list_releases(const github_call& one) {
  return list_answer(one, releases_of(one.git), [&one](json_writer& out, const auto& release) {
    write_release(out, one.at, release.tag, release.object, release.commit,
                  one.assets.of(release.tag.name));
  });
}

/// A release, or the list of its assets, by its number: /releases/ID, /releases/ID/assets.
inline server_response release_by_id(const github_call& one) {
  const std::string what = one.rest(2);
  for (const github_release& release : releases_of(one.git)) {
    if (release_id(release.tag.name) != one.part(1)) continue;
    const auto assets = one.assets.of(release.tag.name);
    if (what.empty())
      return json_answer(release_json(one.at, release.tag, release.object, release.commit, assets));
    if (what != "assets") break;
    return list_answer(one, assets, [&](json_writer& out, const release_asset& asset) {
      write_asset(out, one.at, asset, release.tag.created);
    });
  }
  return not_found();
}

/// Branches or tags whose commit is known, by the names behind `kind` ("refs/heads/").
struct github_tip {
  std::string name;
  std::string commit;
};

inline std::vector<github_tip> tips_of(git_repository& git, const std::string& kind,
                                       const std::string& order) {
  std::vector<github_tip> tips;
  for (const git_reference& one : git.references(kind, order))
    if (const auto commit = git.commit(one.name))
      tips.push_back({one.name.substr(kind.size()), commit->id});
  return tips;
}

inline server_response list_branches(const github_call& one) {
  return list_answer(one, tips_of(one.git, "refs/heads/", "refname"),
                     [&one](json_writer& out, const github_tip& tip) {
                       out.begin_object().key("name").string(tip.name).key("commit");
                       write_link(out, one.at, "/commits/", tip.commit);
                       out.key("protected").boolean(false).end_object();
                     });
}

inline server_response list_tags(const github_call& one) {
  return list_answer(one, tips_of(one.git, "refs/tags/", "-version:refname"),
                     [&one](json_writer& out, const github_tip& tip) {
                       const std::string ref = percent_encode("refs/tags/" + tip.name);
                       out.begin_object()
                           .key("name")
                           .string(tip.name)
                           .key("zipball_url")
                           .string(one.at.api("/zipball/" + ref))
                           .key("tarball_url")
                           .string(one.at.api("/tarball/" + ref))
                           .key("commit");
                       write_link(out, one.at, "/commits/", tip.commit);
                       out.key("node_id").string(node_id(tip.name)).end_object();
                     });
}

inline server_response branch(const github_call& one) {
  const auto commit = one.git.commit("refs/heads/" + one.rest(1));
  return commit ? json_answer(branch_json(one.at, one.rest(1), *commit)) : not_found();
}

/// The commits that lead to `sha`, the newest first; `path`, `since` and `until` choose among them.
inline server_response list_commits(const github_call& one) {
  const std::string sha = one.request.parameter("sha").value_or("");
  const auto tip = find_commit(one.git, sha.empty() ? "HEAD" : sha);
  if (!tip) return sha.empty() ? failure_answer(409, "Git Repository is empty.") : not_found();
  std::vector<std::string> choice;
  for (const char* name : {"since", "until"})
    if (const auto value = one.request.parameter(name))
      choice.push_back(std::string("--") + name + "=" + *value);
  choice.push_back(tip->id);
  choice.emplace_back("--");
  const std::string path = one.request.parameter("path").value_or("");
  if (!path.empty()) choice.push_back(path);
  const github_page page = github_page::of(one.request);
  return page_answer(one, one.git.history(choice, page.first(), page.size),
                     one.git.history_size(choice), [&one](json_writer& out, const std::string& id) {
                       if (const auto commit = one.git.commit(id))
                         write_commit(out, one.at, *commit);
                     });
}

/// The references that begin with `prefix`, as a list.
inline server_response list_references(const github_call& one,
                                       const std::vector<git_reference>& references) {
  return json_answer(json_text([&](json_writer& out) {
    out.begin_array();
    for (const git_reference& reference : references)
      write_reference(out, one.at, reference.name, reference.id, reference.type);
    out.end_array();
  }));
}

/// /git/refs/heads/NAME, the older way: one reference, or all that begin like that.
inline server_response older_references(const github_call& one) {
  const std::string name = "refs/" + one.rest(2);
  const auto found = one.git.references(name, "refname");
  for (const git_reference& reference : found)
    if (reference.name == name)
      return json_answer(reference_json(one.at, name, {reference.id, reference.type, {}}));
  return found.empty() ? not_found() : list_references(one, found);
}

/// What an archive of a commit is named, and its one folder: OWNER-REPO-COMMIT.
inline std::string archive_name(const github_call& one, const std::string& commit) {
  std::string name = one.at.name + "-" + commit.substr(0, 7);
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

/// An archive, made while it is sent. \param kind  tar.gz or zip
inline server_response archive_answer(const github_call& one, const std::string& kind,
                                      const std::string& ref) {
  const auto commit = find_commit(one.git, ref);
  if (!commit || (kind != "tar.gz" && kind != "zip")) return not_found();
  const std::string name = archive_name(one, commit->id);
  server_response response;
  response.headers["Content-Type"] = kind == "zip" ? "application/zip" : "application/x-gzip";
  response.headers["Content-Disposition"] = "attachment; filename=" + name + "." + kind;
  response.headers["ETag"] = "W/\"" + sha1_of(name + "." + kind) + "\"";
  response.produce = [&git = one.git, kind, name, id = commit->id](const body_sink& sink) {
    git.archive(kind, name + "/", id, sink);
  };
  return response;
}

}  // namespace ota::host
