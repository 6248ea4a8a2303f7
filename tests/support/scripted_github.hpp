#pragma once

#include <algorithm>
#include <map>

#include "loopback_server.hpp"
#include "ota/core/hex.hpp"
#include "ota/hash/git_blob_id.hpp"

namespace ota_test {

inline std::string blob_id(const std::string& content) {
  ota::git_blob_id<> hash(content.size());
  hash.update(ota::as_bytes(content));
  std::string text(40, '0');
  const auto id = hash.finish();
  ota::to_hex({id.data(), id.size()}, text.data());
  return text;
}

/// An entry of a tree as GitHub writes it; `path` is put in as JSON text, escapes and all.
inline std::string tree_entry(const std::string& path, const std::string& content) {
  return R"({"path":")" + path + R"(","mode":"100644","type":"blob","sha":")" + blob_id(content) +
         R"(","size":)" + std::to_string(content.size()) + "}";
}

/// The documents of repository o/r as GitHub would answer them, each of which a test may replace
/// by an answer of its own.
class scripted_github {
 public:
  using files = std::map<std::string, std::string>;
  using handler = loopback_server::handler;

  explicit scripted_github(const char* host = "127.0.0.1")
      : server_([this](const asked& request, wire& out) { route(request, out); }, host) {}

  bool is_running() const { return server_.is_running(); }
  std::string url() const { return server_.url(); }
  std::vector<asked> requests(const std::string& part = {}) const { return server_.requests(part); }

  /// Answers requests for `path`, whatever their query, from now on.
  void on(const std::string& path, handler answer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    routes_[path] = std::move(answer);
  }
  void on(const std::string& path, const std::string& body, const std::string& headers = {}) {
    on(path, [body, headers](const asked&, wire& out) { out.answer("200 OK", body, headers); });
  }

  /// Makes `content` the tip of branch main and the files of release `tag`.
  void publish(const std::string& tag, const files& content) {
    commit_ = blob_id(tag);
    std::string entries;
    for (const auto& [path, text] : content) {
      entries += (entries.empty() ? "" : ",") + tree_entry(path, text);
      on("/o/r/" + commit_ + "/" + path, text);
      on("/o/r/" + tag + "/" + path, text);
    }
    set_tree("[" + entries + "]");
    const std::string object = R"({"object":{"type":"commit","sha":")" + commit_ + "\"}}";
    on(api("/git/ref/heads/main"), object);
    on(api("/git/ref/tags/" + tag), object);
    set_release(R"({"tag_name":")" + tag + R"(","assets":[]})");
  }

  /// Replaces the list of files of what was published.
  void set_tree(const std::string& entries) {
    on(tree_path(), R"({"tree":)" + entries + R"(,"truncated":false})");
  }
  void set_release(const std::string& document, const std::string& headers = {}) {
    on(api("/releases/latest"), document, headers);
  }

  /// Makes the release have a manifest.json, sent by `answer`.
  void set_manifest(const std::string& tag, handler answer) {
    set_release(R"({"tag_name":")" + tag + R"(","assets":[{"name":"manifest.json",)" +
                R"("state":"uploaded","browser_download_url":")" + url() + "/manifest\"}]}");
    on("/manifest", std::move(answer));
  }

  static std::string api(const std::string& rest) { return "/repos/o/r" + rest; }
  std::string tree_path() const { return api("/git/trees/" + commit_); }
  std::string raw_path(const std::string& file) const { return "/o/r/" + commit_ + "/" + file; }

 private:
  void route(const asked& request, wire& out) {
    handler answer;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto found = routes_.find(request.target.substr(0, request.target.find('?')));
      if (found != routes_.end()) answer = found->second;
    }
    if (answer)
      answer(request, out);
    else
      out.answer("404 Not Found", "{}");
  }

  std::mutex mutex_;
  std::map<std::string, handler> routes_;
  std::string commit_;
  loopback_server server_;
};

}  // namespace ota_test
