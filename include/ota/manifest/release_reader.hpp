#pragma once

#include "release_document.hpp"

namespace ota {

/// Reads the files, the images and the paths to be removed out of the release document of a signed
/// manifest.
template <std::size_t Longest>
class release_reader {
 public:
  /// Begins with the document at `offset` of the manifest at `path`.
  void begin(std::string_view path, std::uint32_t offset) { document_.begin(path, offset, {}); }

  /// Of the version, once its first file was read.
  std::string_view version() const { return document_.head().version; }

  /// The next path to be removed (`entry_kind::remove`), file (`file`) or firmware image (`image`),
  /// in the document's order; false at its end. Only a device that takes images asks for them, and
  /// only one with a policy for patches for those (`patch`) that it takes.
  template <bool Images = false, class Delta = no_delta, class Storage>
  result<bool> next(Storage& storage, entry& out) {
    for (;;) {
      const auto line = document_.template next<Delta>(storage, out);
      if (!line) return line.error();
      if (*line == release_line::image) {
        if constexpr (!Images) return no_slots;
        out.kind = entry_kind::image;
        return true;
      }
      if constexpr (takes_patches<Delta>) {
        if (*line == release_line::patch) {
          out.kind = entry_kind::patch;
          return true;
        }
      }
      if (*line == release_line::item) return true;
      if (*line == release_line::end) return false;
    }
  }

 private:
  static constexpr error no_slots{errc::unsupported, "manifest",
                                  "the version holds a firmware image, and this device takes none"};

  fixed_string<Longest> line_;
  release_document document_{line_};
};

}  // namespace ota
