#pragma once

#include "../core/hex.hpp"
#include "../core/result.hpp"
#include "../core/text.hpp"
#include "../format/json_reader.hpp"
#include "../hash/crc32.hpp"
#include "../manifest/entry.hpp"

namespace ota {

/// Which of GitHub's documents is being read.
enum class document_kind : std::uint8_t { release, reference, tree };

/// What `github_document::next` met.
enum class document_event : std::uint8_t {
  need_input,  ///< all that was received is read
  item,        ///< an entry of a tree
  end          ///< the document is complete
};

/// Reads one of GitHub's documents piece by piece and keeps the few fields that matter.
class github_document {
 public:
  std::uint32_t manifest_sum = 0;  ///< over that asset's `digest`: differs when it was replaced
  bool is_tag_object = false;      ///< it points to an annotated tag, not to a commit
  bool truncated = false;          ///< a tree too large for one answer

  /// Whether the asset's API address is wanted, as a private repository needs it.
  bool prefer_api_url = false;

  /// Begins a document; the paths of a tree's entries get `prefix` and `/` in front.
  void begin(document_kind kind, std::string_view prefix = {}) {
    kind_ = kind;
    reader_.reset();
    section_ = field::other;
    limit_ = 0;
    truncated = false;
    has_list_ = false;
    is_tag_object = false;
    if (kind == document_kind::release) {
      manifest_url.clear();
      manifest_sum = 0;
    }
    name.clear();
    item_ = {};
    prefix_ = prefix;
  }

  /// The most bytes the document may have; 0: any number.
  void limit_size(std::size_t bytes) { limit_ = bytes; }

  /// Reads one piece of the body; `next` tells what is in it.
  template <class Http>
  result<void> receive(Http& http, mutable_bytes chunk) {
    const auto size = http.read(chunk);
    if (!size) return size.error();
    if (*size == 0)
      reader_.finish();
    else
      reader_.feed(chunk.first(*size));
    return {};
  }

  /// The next file or directory of a tree; other documents have none.
  result<document_event> next() {
    for (;;) {
      const auto event = reader_.next();
      if (!event) return event.error();
      if (*event == json_event::need_input) break;
      if (*event == json_event::end) return end_document();
      const auto complete = take(*event);
      if (!complete) return complete.error();
      if (*complete) return document_event::item;
    }
    if (limit_ != 0 && reader_.offset() > limit_) return too_large;
    return document_event::need_input;
  }

  /// What `next` has found, and whether it is a symbolic link.
  const entry& item() const { return item_; }
  bool is_link() const { return is_link_; }

 private:
  static constexpr error too_large{errc::too_long, "github",
                                   "Response too large: the answer is over its limit"};
  static constexpr error path_too_long{errc::too_long, "github",
                                       "a path in the tree is longer than 255 bytes"};
  static constexpr error bad_id{errc::malformed, "github", "a file in the tree has no SHA-1 id"};
  static constexpr error no_list{errc::malformed, "github", "the answer holds no list of files"};
  static constexpr error incomplete_entry{errc::malformed, "github",
                                          "an entry of the tree lacks its path or its sha"};

  // Members at the top and, where one of those holds objects, members of the objects in it.
  enum class field : std::uint8_t {
    other,
    tag_name,
    assets,
    object,
    tree,
    truncated,
    name,
    url,
    download_url,
    digest,
    state,
    sha,
    type,
    path,
    mode,
    size
  };

  static field field_of(std::string_view key) {
    struct known {
      std::string_view name;
      field value;
    };
    static constexpr known names[] = {{"tag_name", field::tag_name},
                                      {"assets", field::assets},
                                      {"object", field::object},
                                      {"tree", field::tree},
                                      {"truncated", field::truncated},
                                      {"name", field::name},
                                      {"url", field::url},
                                      {"browser_download_url", field::download_url},
                                      {"digest", field::digest},
                                      {"state", field::state},
                                      {"sha", field::sha},
                                      {"type", field::type},
                                      {"path", field::path},
                                      {"mode", field::mode},
                                      {"size", field::size}};
    for (const known& one : names)
      if (key == one.name) return one.value;
    return field::other;
  }

  // An answer that is no list of files must not pass for an empty one.
  result<document_event> end_document() const {
    if (kind_ == document_kind::tree && !has_list_) return no_list;
    return document_event::end;
  }

  // How deep the members of interest of the present section are.
  std::size_t inner_depth() const {
    if (section_ == field::object) return 2;
    if (section_ == field::assets || section_ == field::tree) return 3;
    return 1;
  }

  // True when an entry is complete.
  result<bool> take(json_event event) {
    const std::size_t depth = reader_.depth();
    if (event == json_event::key) {
      field_ = field::other;
      if (depth == 1)
        section_ = field_ = field_of(reader_.text());
      else if (depth == inner_depth())
        field_ = field_of(reader_.text());
      return false;
    }
    if (event == json_event::begin_object) {
      if (depth == 3) begin_item();
      return false;
    }
    if (event == json_event::end_object)
      return depth == 2 && inner_depth() == 3 ? end_item() : result<bool>(false);
    if (event == json_event::begin_array && depth == 2) has_list_ |= section_ == field::tree;
    if (event == json_event::begin_array || event == json_event::end_array) return false;
    if (depth == 1) take_top(event);
    if (depth == inner_depth() && depth != 1)
      if (auto done = take_inner(event); !done) return done.error();
    return false;
  }

  void take_top(json_event event) {
    if (kind_ == document_kind::release && field_ == field::tag_name && event == json_event::string)
      name.assign(whole_text());
    if (kind_ == document_kind::tree && field_ == field::truncated && event == json_event::boolean)
      truncated = reader_.boolean();
  }

  // A text that did not fit is as good as none.
  std::string_view whole_text() const {
    return reader_.truncated() ? std::string_view{} : reader_.text();
  }

  static std::uint32_t sum_of(std::string_view text) {
    crc32 sum;
    sum.update(as_bytes(text));
    return sum.value();
  }

  void begin_item() {
    item_ = {};
    item_.has_size = false;
    is_manifest_ = false;
    complete_ = true;
    asset_sum_ = 0;
    is_listed_ = is_link_ = false;
  }

  result<void> take_inner(json_event event) {
    const std::string_view text = event == json_event::string ? whole_text() : std::string_view{};
    if (section_ == field::object) {
      if (field_ == field::sha) name.assign(text);
      if (field_ == field::type) is_tag_object = text == "tag"sv;
      return {};
    }
    if (kind_ == document_kind::release && section_ == field::assets) {
      if (field_ == field::name) is_manifest_ = text == "manifest.json"sv;
      if (field_ == field::digest) asset_sum_ = sum_of(text);
      if (field_ == field::state) complete_ = text == "uploaded"sv;
      if (field_ == (prefer_api_url ? field::url : field::download_url)) item_.path.assign(text);
      if (field_ == (prefer_api_url ? field::download_url : field::url) && item_.path.empty())
        item_.path.assign(text);
      return {};
    }
    if (kind_ == document_kind::tree && section_ == field::tree) return take_tree(event, text);
    return {};
  }

  result<void> take_tree(json_event event, std::string_view text) {
    switch (field_) {
      case field::path:
        if (reader_.truncated()) return path_too_long;
        item_.path.assign(prefix_);
        if (!prefix_.empty()) item_.path.append('/');
        item_.path.append(text);
        if (item_.path.overflowed()) return path_too_long;
        break;
      case field::mode:
        item_.executable = text == "100755"sv;
        is_link_ = text == "120000"sv;
        break;
      case field::type:
        is_listed_ = text == "blob"sv || text == "tree"sv;
        item_.kind = text == "tree"sv ? entry_kind::directory : entry_kind::file;
        break;
      case field::sha:
        item_.hash.kind = digest_kind::git_id;
        if (!from_hex(text, {item_.hash.value, 20})) return bad_id;
        break;
      case field::size:
        if (event == json_event::number) {
          const auto size = reader_.as_size();
          if (!size) return size.error();
          item_.size = *size;
          item_.has_size = true;
        }
        break;
      default:
        break;
    }
    return {};
  }

  result<bool> end_item() {
    if (kind_ == document_kind::release && section_ == field::assets) {
      if (is_manifest_ && complete_ && !item_.path.empty() && !item_.path.overflowed()) {
        manifest_url.assign(item_.path);
        manifest_sum = asset_sum_;
      }
      return false;
    }
    if (kind_ != document_kind::tree || section_ != field::tree || !is_listed_) return false;
    if (item_.path.empty() || item_.hash.kind == digest_kind::none) return incomplete_entry;
    return true;
  }

  std::uint32_t asset_sum_ = 0;
  std::string_view prefix_;
  std::size_t limit_ = 0;
  document_kind kind_ = document_kind::reference;
  field section_ = field::other;
  field field_ = field::other;
  bool is_manifest_ = false;
  bool complete_ = true;
  bool is_listed_ = false;
  bool is_link_ = false;
  bool has_list_ = false;  // the member `tree` is one
  entry item_;             // of a tree; of an asset, its path is the address
  json_reader<256> reader_;

 public:
  fixed_string<128> name;          ///< a release's tag; what a reference or tag points to
  fixed_string<256> manifest_url;  ///< of a release's asset `manifest.json`; empty: none
};

}  // namespace ota
