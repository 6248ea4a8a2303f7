#pragma once

#include "../core/hex.hpp"
#include "../manifest/release_target.hpp"
#include "../manifest/trust_context.hpp"
#include "../manifest/trust_file.hpp"
#include "../manifest/version_file.hpp"
#include "../storage/sealed_record.hpp"
#include "staging_record.hpp"

namespace ota::detail {

/// What is kept of a version of which a manifest may say more than its source.
template <bool ReadsManifests>
struct version_word {
  trust_context context_;
  fixed_string<128> name_;
};
template <>
struct version_word<false> {};

/// The version that is being staged: what names it, and what its plan is made from.
template <class Trust>
class staged_version : version_word<Trust::reads_manifests> {
 public:
  /// `target` stays until all is staged.
  void begin(const release_target& target) {
    target_ = &target;
    if constexpr (Trust::reads_manifests) this->name_ = target.ref;
  }

  const release_target& target() const { return *target_; }

  /// What the trust policy has to know and finds out, and the name, which a manifest may change.
  /// On devices that read manifests.
  trust_context& context() { return this->context_; }
  fixed_string<128>& name() { return this->name_; }

  /// The source's id, or that under which the trust policy knows the version.
  const version_id& identity() const {
    if constexpr (Trust::requires_manifest)
      return this->context_.id;
    else
      return target_->id;
  }

  /// The text of version.json. A signed manifest names the version by itself: the source's word for
  /// it is not signed.
  fixed_string<900> text() const {
    if constexpr (Trust::requires_manifest) {
      const version_id& manifest = this->context_.manifest;
      char digits[2 * sizeof(version_id)];
      to_hex({manifest.data(), manifest.size()}, digits);
      return version_json(this->name_, {digits, sizeof digits});
    } else if constexpr (Trust::reads_manifests) {
      return version_json(this->name_, target_->commit);
    } else {
      return version_json(target_->ref, target_->commit);
    }
  }

  /// Writes into a record which version is staged, and what its plan is made from, of which
  /// `settings` is a sum.
  void note_in(staging_record& record, std::uint32_t settings) const {
    record.version = target_->id;
    if constexpr (Trust::requires_manifest)
      record.settings = basis_sum(this->context_.manifest, settings);
    else
      record.settings = settings;
  }

  /// Whether what a record tells of is still what these settings and the newest manifest seen make
  /// of the version. The version is then known by the id that it was staged under.
  template <class Storage>
  bool is_noted_in(const staging_record& record, Storage& storage, std::uint32_t settings) {
    if (record.version != target_->id) return false;
    if constexpr (Trust::requires_manifest) {
      trust_record seen;
      if (!load_record(storage, layout::trust, seen).value_or(false) ||
          this->context_.now >= seen.expires ||
          record.settings != basis_sum(seen.manifest, settings))
        return false;
      this->context_.id = seen.source;
      return true;
    } else {
      return record.settings == settings;
    }
  }

 private:
  static std::uint32_t basis_sum(const version_id& manifest, std::uint32_t settings) {
    crc32 sum;
    sum.update({manifest.data(), manifest.size()});
    return sum.value() ^ settings;
  }

  const release_target* target_ = nullptr;
};

}  // namespace ota::detail
