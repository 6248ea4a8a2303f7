#pragma once

#include <utility>

#include "../delta/no_delta.hpp"
#include "../format/settings.hpp"
#include "../hardware/no_hardware.hpp"
#include "../hash/hash_policy.hpp"
#include "../http/message.hpp"
#include "../image/image_policy.hpp"
#include "../storage/file_storage.hpp"

namespace ota {

// The contract of an HTTP policy; `http_client` fills it over any byte stream.
//
//   result<void> open(const http_request&)   sends it and reads the head of the answer
//   result<size_t> read(mutable_bytes)       the body; 0 at its end
//   const http_response& response()          that head
//   string_view etag(), location()           of the answer
//   void close()                             gives up the connection
//   void set_timeouts(const http_timeouts&)  optional

namespace detail {

template <class H>
using open_of = decltype(std::declval<H&>().open(std::declval<const http_request&>()));
template <class H>
using body_read_of = decltype(std::declval<H&>().read(mutable_bytes{}));
template <class H>
using set_timeouts_of = decltype(std::declval<H&>().set_timeouts(http_timeouts{}));

template <class D>
using takes_of = decltype(D::takes(std::size_t{}, std::size_t{}));

template <class Http>
void set_timeouts(Http& http, const config& settings) {
  if constexpr (gives<void, set_timeouts_of, Http>::value) {
    const std::uint32_t read = settings.http_timeout_sec * 1000;
    const std::uint32_t connect = settings.connect_timeout_sec * 1000;
    http.set_timeouts({connect != 0 ? connect : read, read});
  }
}

}  // namespace detail

/// Checks a device's policy for patches.
template <class Delta>
struct check_delta {
  static_assert(detail::gives<bool, detail::takes_of, Delta>::value,
                "the delta policy must be ota::no_delta or an ota::delta_patches<…>");
  static constexpr bool ok = true;
};
template <>
struct check_delta<no_delta> {
  static constexpr bool ok = true;
};

/// Checks that a device's policies keep their contracts: one sentence for whatever is missing.
template <class Policies>
struct check_policies {
  using http = typename Policies::http;
  static_assert(check_settings<Policies>::ok);
  static_assert(check_file_storage<typename Policies::storage>::ok);
  static_assert(detail::gives<result<void>, detail::open_of, http>::value,
                "the HTTP policy needs: ota::result<void> open(const ota::http_request&)");
  static_assert(detail::gives<result<std::size_t>, detail::body_read_of, http>::value,
                "the HTTP policy needs: ota::result<std::size_t> read(ota::mutable_bytes out)");
  static_assert(check_hardware<typename Policies::hardware>::ok);
  static_assert(check_hash<typename Policies::hash>::ok);
  static_assert(Policies::hash::digest_size >= 20,
                "the hash policy needs a digest of 20 bytes (ota::sha1) or 32 (ota::sha256)");
  static_assert(check_delta<typename Policies::delta>::ok);
  static_assert(check_image_slots<typename Policies::image>::ok);
  static_assert(!takes_images<typename Policies::image> || Policies::trust::requires_manifest,
                "a device with an image policy needs a trust policy whose manifests name images: "
                "using trust = ota::signed_by<ota::ed25519>");
  static_assert(Policies::chunk_size >= 256 && Policies::chunk_size <= 65536,
                "chunk_size must lie between 256 and 65536 bytes");
};

}  // namespace ota
