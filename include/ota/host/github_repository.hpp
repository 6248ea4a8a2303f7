#pragma once

#include <string>

#include "github_contents.hpp"

namespace ota::host {

/// A repository as /repos/OWNER/REPO tells it.
struct github_repository {
  std::string default_branch;
  std::int64_t changed = 0;  ///< epoch seconds of its newest commit
  bool is_private = false;
};

namespace detail {

inline void write_repository_addresses(json_writer& out, const github_places& at) {
  static const char* const addresses[][2] = {
      {"url", ""},
      {"forks_url", "/forks"},
      {"keys_url", "/keys{/key_id}"},
      {"collaborators_url", "/collaborators{/collaborator}"},
      {"teams_url", "/teams"},
      {"hooks_url", "/hooks"},
      {"issue_events_url", "/issues/events{/number}"},
      {"events_url", "/events"},
      {"assignees_url", "/assignees{/user}"},
      {"branches_url", "/branches{/branch}"},
      {"tags_url", "/tags"},
      {"blobs_url", "/git/blobs{/sha}"},
      {"git_tags_url", "/git/tags{/sha}"},
      {"git_refs_url", "/git/refs{/sha}"},
      {"trees_url", "/git/trees{/sha}"},
      {"statuses_url", "/statuses/{sha}"},
      {"languages_url", "/languages"},
      {"stargazers_url", "/stargazers"},
      {"contributors_url", "/contributors"},
      {"subscribers_url", "/subscribers"},
      {"subscription_url", "/subscription"},
      {"commits_url", "/commits{/sha}"},
      {"git_commits_url", "/git/commits{/sha}"},
      {"comments_url", "/comments{/number}"},
      {"issue_comment_url", "/issues/comments{/number}"},
      {"contents_url", "/contents/{+path}"},
      {"compare_url", "/compare/{base}...{head}"},
      {"merges_url", "/merges"},
      {"archive_url", "/{archive_format}{/ref}"},
      {"downloads_url", "/downloads"},
      {"issues_url", "/issues{/number}"},
      {"pulls_url", "/pulls{/number}"},
      {"milestones_url", "/milestones{/number}"},
      {"notifications_url", "/notifications{?since,all,participating}"},
      {"labels_url", "/labels{/name}"},
      {"releases_url", "/releases{/id}"},
      {"deployments_url", "/deployments"},
  };
  for (const auto& [name, rest] : addresses) out.key(name).string(at.api(rest));
  const std::string host = at.base.substr(at.base.find("//") + 2);
  out.key("html_url").string(at.web(""));
  out.key("git_url").string("git://" + host + "/" + at.name + ".git");
  out.key("ssh_url").string("git@" + host + ":" + at.name + ".git");
  out.key("clone_url").string(at.web(".git"));
  out.key("svn_url").string(at.web(""));
}

inline void write_repository_traits(json_writer& out, bool is_private) {
  for (const char* name :
       {"description", "homepage", "language", "mirror_url", "license", "temp_clone_token"})
    out.key(name).null();
  for (const char* name :
       {"size", "stargazers_count", "watchers_count", "forks_count", "open_issues_count", "forks",
        "open_issues", "watchers", "network_count", "subscribers_count"})
    out.key(name).number(0u);
  for (const char* name :
       {"fork", "has_issues", "has_projects", "has_wiki", "has_pages", "has_discussions",
        "archived", "disabled", "is_template", "web_commit_signoff_required"})
    out.key(name).boolean(false);
  out.key("has_downloads").boolean(true);
  out.key("allow_forking").boolean(true);
  out.key("private").boolean(is_private);
  out.key("visibility").string(is_private ? "private" : "public");
  out.key("topics").begin_array().end_array();
  out.key("permissions").begin_object();
  for (const char* name : {"admin", "maintain", "push", "triage"}) out.key(name).boolean(false);
  out.key("pull").boolean(true).end_object();
}

}  // namespace detail

inline std::string repository_json(const github_places& at, const github_repository& what) {
  const std::size_t slash = at.name.find('/');
  return json_text([&](json_writer& out) {
    out.begin_object().key("id").number(number_of(at.name));
    out.key("node_id").string(node_id(at.name));
    out.key("name").string(at.name.substr(slash + 1));
    out.key("full_name").string(at.name);
    out.key("owner");
    write_user(out, at, at.name.substr(0, slash));
    detail::write_repository_addresses(out, at);
    for (const char* name : {"created_at", "updated_at", "pushed_at"})
      out.key(name).string(iso_time(what.changed));
    detail::write_repository_traits(out, what.is_private);
    out.key("default_branch").string(what.default_branch).end_object();
  });
}

/// A branch as /branches/NAME tells it.
inline std::string branch_json(const github_places& at, const std::string& name,
                               const git_object& commit) {
  const std::string escaped = percent_encode(name), self = at.api("/branches/" + escaped);
  return json_text([&](json_writer& out) {
    out.begin_object().key("name").string(name).key("commit");
    write_commit(out, at, commit);
    out.key("_links").begin_object().key("self").string(self);
    out.key("html").string(at.web("/tree/" + escaped)).end_object();
    out.key("protected").boolean(false);
    out.key("protection").begin_object().key("enabled").boolean(false);
    out.key("required_status_checks").begin_object().key("enforcement_level").string("off");
    out.key("contexts").begin_array().end_array();
    out.key("checks").begin_array().end_array().end_object().end_object();
    out.key("protection_url").string(self + "/protection").end_object();
  });
}

}  // namespace ota::host
