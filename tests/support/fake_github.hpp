#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ota/core/bytes.hpp"
#include "ota/core/hex.hpp"
#include "ota/core/result.hpp"
#include "ota/hash/git_blob_id.hpp"
#include "ota/hash/sha1.hpp"
#include "ota/http/message.hpp"

namespace ota_test {

struct repository_file {
  std::string content;
  bool executable = false;
};
using tree = std::map<std::string, repository_file>;

inline std::string git_id(const std::string& content) {
  ota::git_blob_id<ota::sha1> hash(content.size());
  hash.update(ota::as_bytes(content));
  const auto value = hash.finish();
  std::string text(40, '0');
  ota::to_hex({value.data(), value.size()}, text.data());
  return text;
}

/// GitHub in one object: an HTTP policy that answers from trees in memory. One request at a time.
class fake_github {
 public:
  struct release {
    std::string tag;
    std::string commit;
    std::string manifest;  // empty: no manifest asset
    std::string asset = "manifest.json";
  };
  struct state {
    std::map<std::string, tree> commits;       // by commit id
    std::map<std::string, std::string> heads;  // branch -> commit
    std::vector<release> releases;             // the last one is the latest
    std::vector<std::string> requests;         // paths asked for
    std::vector<std::string> with_token;       // addresses asked for with a token
    std::uint64_t body_bytes = 0;              // bytes of bodies sent
    std::size_t piece = 700;                   // bytes a read gives at most
    std::size_t truncate_after = SIZE_MAX;     // entries of a recursive list
    int fail_opens = 0;                        // the next requests fail to connect
    std::size_t drop_after = SIZE_MAX;         // bytes of the next body, then the connection breaks
    bool ignore_ranges = false;
    std::string extra_tree_entries;             // raw JSON put into every tree, with a comma behind
    std::string tree_answer;                    // what every tree is, when not empty
    std::map<std::string, std::string> forged;  // by path: the answer instead of what lies there
    std::map<std::string, std::string> etags;   // by path: instead of the true one
    bool always_unchanged = false;              // 304, also to who did not ask for it
  };

  explicit fake_github(state& shared) : shared_(&shared) {}

  ota::result<void> open(const ota::http_request& request) {
    std::string path(request.url);
    path = path.substr(path.find('/', path.find("//") + 2));
    shared_->requests.push_back(path);
    if (!request.token.empty()) shared_->with_token.emplace_back(request.url);
    if (shared_->fail_opens > 0) {
      --shared_->fail_opens;
      static constexpr ota::error no_connection{ota::errc::connection, "fake", "no connection"};
      return no_connection;
    }
    ota::http_response& answer = answer_ = {};
    answer.status = find(path) ? 200 : 404;
    const auto forged = shared_->forged.find(path);
    if (forged != shared_->forged.end()) answer.status = give(forged->second) ? 200 : 404;
    if (answer.status == 404) body_ = "{\"message\":\"Not Found\"}";
    offset_ = 0;
    etag_ = "\"" + git_id(body_) + "\"";
    const auto etag = shared_->etags.find(path);
    if (etag != shared_->etags.end()) etag_ = etag->second;
    if (answer.status == 200 && (request.if_none_match == etag_ || shared_->always_unchanged)) {
      answer.status = 304;
      body_.clear();
    }
    if (request.range_from > 0 && answer.status == 200 && !shared_->ignore_ranges) {
      if (request.range_from >= body_.size()) {
        answer.status = 416;
        body_.clear();
      } else {
        answer.status = 206;
        answer.has_range = true;
        answer.range_start = request.range_from;
        answer.range_total = body_.size();
        body_.erase(0, request.range_from);
      }
    }
    answer.has_length = true;
    answer.content_length = body_.size();
    return {};
  }

  ota::result<std::size_t> read(ota::mutable_bytes out) {
    std::size_t size = std::min({out.size(), body_.size() - offset_, shared_->piece});
    if (shared_->drop_after != SIZE_MAX) {
      if (shared_->drop_after == 0) {
        shared_->drop_after = SIZE_MAX;
        static constexpr ota::error broken{ota::errc::connection, "fake", "the connection broke"};
        return broken;
      }
      size = std::min(size, shared_->drop_after);
      shared_->drop_after -= size;
    }
    std::copy_n(body_.begin() + static_cast<std::ptrdiff_t>(offset_), size, out.begin());
    offset_ += size;
    shared_->body_bytes += size;
    return size;
  }

  const ota::http_response& response() const { return answer_; }
  std::string_view etag() const { return etag_; }
  std::string_view location() const { return {}; }
  void close() {}

 private:
  // Fills body_ with what lies at `path`.
  bool find(const std::string& path) {
    const std::string api = "/repos/o/r";
    const auto begins = [&path](const std::string& prefix) {
      return path.compare(0, prefix.size(), prefix) == 0;
    };
    if (path == api + "/releases/latest") {
      if (shared_->releases.empty()) return false;
      return give_release(shared_->releases.back());
    }
    for (auto at = shared_->releases.rbegin(); at != shared_->releases.rend(); ++at) {
      const release& one = *at;
      if (path == api + "/releases/tags/" + one.tag) return give_release(one);
      if (path == api + "/git/ref/tags/" + one.tag) return give_reference("commit", one.commit);
      if (path == "/assets/" + one.tag + "/" + one.asset) return give(one.manifest);
    }
    for (const auto& [branch, commit] : shared_->heads)
      if (path == api + "/git/ref/heads/" + branch) return give_reference("commit", commit);
    for (const auto& [commit, files] : shared_->commits) {
      if (begins(api + "/git/trees/" + commit))
        return give_tree(files, "", path.find("recursive=1") != std::string::npos);
      for (const auto& one : shared_->releases)
        if (one.commit == commit && begins("/o/r/" + one.tag + "/"))
          return give_file(files, path.substr(("/o/r/" + one.tag + "/").size()));
      if (begins("/o/r/" + commit + "/"))
        return give_file(files, path.substr(("/o/r/" + commit + "/").size()));
    }
    if (begins(api + "/git/trees/"))
      for (const auto& [commit, files] : shared_->commits)
        for (const auto& [name, file] : files)
          for (std::size_t at = name.find('/'); at != std::string::npos;
               at = name.find('/', at + 1))
            if (begins(api + "/git/trees/" + tree_id(commit, name.substr(0, at))))
              return give_tree(files, name.substr(0, at + 1),
                               path.find("recursive=1") != std::string::npos);
    return false;
  }

  static std::string tree_id(const std::string& commit, const std::string& directory) {
    return git_id("tree " + commit + " " + directory);
  }

  bool give(std::string body) {
    body_ = std::move(body);
    return true;
  }

  bool give_release(const release& one) {
    std::string assets;
    if (!one.manifest.empty())
      assets = R"({"name":")" + one.asset + R"(","state":"uploaded","url":"http://x/assets/)" +
               one.tag + "/" + one.asset + R"(","browser_download_url":"http://x/assets/)" +
               one.tag + "/" + one.asset +
               R"(","uploader":{"url":"http://x/nobody"},"digest":"sha256:)" +
               git_id(one.manifest) + "\"}";
    return give(R"({"url":"http://x","tag_name":")" + one.tag + R"(","assets":[)" + assets +
                R"(],"body":")" + std::string(3000, 'n') + "\"}");
  }

  bool give_reference(const std::string& type, const std::string& sha) {
    return give(R"({"ref":"r","object":{"type":")" + type + R"(","sha":")" + sha + "\"}}");
  }

  bool give_tree(const tree& files, const std::string& below, bool recursive) {
    if (!shared_->tree_answer.empty()) return give(shared_->tree_answer);
    std::string entries = shared_->extra_tree_entries;
    std::size_t count = 0;
    bool truncated = false;
    std::string last_directory;
    for (const auto& [name, file] : files) {
      if (name.compare(0, below.size(), below) != 0) continue;
      std::string rest = name.substr(below.size());
      const auto slash = rest.find('/');
      if (slash != std::string::npos && !recursive) {
        rest.resize(slash);
        if (rest == last_directory) continue;
        last_directory = rest;
        std::string commit;
        for (const auto& [id, one] : shared_->commits)
          if (&one == &files) commit = id;
        entries += R"({"path":")" + rest + R"(","mode":"040000","type":"tree","sha":")" +
                   tree_id(commit, below + rest) + "\"},";
        continue;
      }
      if (recursive && ++count > shared_->truncate_after) {
        truncated = true;
        break;
      }
      entries += R"({"path":")" + rest + R"(","mode":")" + (file.executable ? "100755" : "100644") +
                 R"(","type":"blob","sha":")" + git_id(file.content) + R"(","size":)" +
                 std::to_string(file.content.size()) + "},";
    }
    if (!entries.empty()) entries.pop_back();
    return give(R"({"sha":"x","url":"u","tree":[)" + entries + R"(],"truncated":)" +
                (truncated ? "true" : "false") + "}");
  }

  bool give_file(const tree& files, const std::string& name) {
    const auto found = files.find(name);
    return found != files.end() && give(found->second.content);
  }

  state* shared_;
  ota::http_response answer_;
  std::string body_;
  std::string etag_;
  std::size_t offset_ = 0;
};

}  // namespace ota_test
