#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

#include "../core/bytes.hpp"
#include "../core/contract.hpp"
#include "../core/result.hpp"
#include "image_state.hpp"

namespace ota {

/// Where one image of a device stands.
enum class image_standing : std::uint8_t {
  unknown,    ///< nothing is known of it: not staged, or given up
  staged,     ///< complete beside the running one
  swapping,   ///< the next start of the device makes it run
  trial,      ///< it runs and is not confirmed yet
  kept,       ///< it runs and is confirmed; the one before it can still be put back
  alone,      ///< it runs, because the one before it could not be put back
  restoring,  ///< the next start of the device puts the one before it back
  put_back    ///< it was put back or refused
};

/// A device whose updates hold no firmware image; nothing about images is in its program.
struct no_image {};

template <class Image>
inline constexpr bool takes_images = !std::is_same_v<Image, no_image>;

// The contract of an image policy, which keeps firmware images and has them swapped at a start of
// the device; `image_slots` fills it on raw flash.
//
//   static constexpr std::string_view name   of the manifest's `image` line that is this device's
//   result<void> load()                      reads how far it is; before anything else. What is
//                                            told after it must be so after a power cut as well
//   result<image_standing> standing_of(const image_id&)
//   result<bool> runs(uint32_t size, const sha256::digest_type&)
//                                            whether the running image is that one, to the byte
//   result<uint32_t> begin(uint32_t size, const sha256::digest_type&)
//                                            begins to stage it, or goes on: the first byte wanted
//   result<void> write(bytes)                the next bytes; one more than `size` is an error
//   result<void> finish()                    all were written: checks them; `staged` from now on
//   result<void> swap(uint32_t allowed)      asks for the staged image: `swapping`. It may start
//                                            that often without being confirmed
//   result<void> confirm()                   `trial` becomes `kept`
//   result<bool> can_revert()                whether the one before is there, and whole
//   result<void> revert()                    asks for the one before: `restoring`
//
// finish, swap, confirm and revert are each one change that a power cut leaves done or not done.
// After a failure nothing is known of it until `load()`.
//
// The updater keeps account of versions that were put back: `begin` is only called where the image
// may be tried, maybe once more.

namespace detail {

template <class I>
using image_name_of = decltype(std::string_view(I::name));
template <class I>
using image_load_of = decltype(std::declval<I&>().load());
template <class I>
using image_standing_of = decltype(std::declval<I&>().standing_of(std::declval<const image_id&>()));
template <class I>
using image_runs_of =
    decltype(std::declval<I&>().runs(std::uint32_t{}, std::declval<const sha256::digest_type&>()));
template <class I>
using image_begin_of =
    decltype(std::declval<I&>().begin(std::uint32_t{}, std::declval<const sha256::digest_type&>()));
template <class I>
using image_write_of = decltype(std::declval<I&>().write(bytes{}));
template <class I>
using image_finish_of = decltype(std::declval<I&>().finish());
template <class I>
using image_swap_of = decltype(std::declval<I&>().swap(std::uint32_t{}));
template <class I>
using image_confirm_of = decltype(std::declval<I&>().confirm());
template <class I>
using image_can_revert_of = decltype(std::declval<I&>().can_revert());
template <class I>
using image_revert_of = decltype(std::declval<I&>().revert());

}  // namespace detail

/// Checks an image policy against the contract, one sentence for each missing member.
template <class Image>
struct check_image_slots {
  static_assert(detail::gives<std::string_view, detail::image_name_of, Image>::value,
                "the image policy needs: static constexpr std::string_view name");
  static_assert(detail::gives<result<void>, detail::image_load_of, Image>::value,
                "the image policy needs: ota::result<void> load()");
  static_assert(detail::gives<result<image_standing>, detail::image_standing_of, Image>::value,
                "the image policy needs: ota::result<ota::image_standing> standing_of(const "
                "ota::image_id& id)");
  static_assert(detail::gives<result<bool>, detail::image_runs_of, Image>::value,
                "the image policy needs: ota::result<bool> runs(std::uint32_t size, const "
                "ota::sha256::digest_type& digest)");
  static_assert(detail::gives<result<std::uint32_t>, detail::image_begin_of, Image>::value,
                "the image policy needs: ota::result<std::uint32_t> begin(std::uint32_t size, "
                "const ota::sha256::digest_type& digest)");
  static_assert(detail::gives<result<void>, detail::image_write_of, Image>::value,
                "the image policy needs: ota::result<void> write(ota::bytes data)");
  static_assert(detail::gives<result<void>, detail::image_finish_of, Image>::value,
                "the image policy needs: ota::result<void> finish()");
  static_assert(detail::gives<result<void>, detail::image_swap_of, Image>::value,
                "the image policy needs: ota::result<void> swap(std::uint32_t allowed)");
  static_assert(detail::gives<result<void>, detail::image_confirm_of, Image>::value,
                "the image policy needs: ota::result<void> confirm()");
  static_assert(detail::gives<result<bool>, detail::image_can_revert_of, Image>::value,
                "the image policy needs: ota::result<bool> can_revert()");
  static_assert(detail::gives<result<void>, detail::image_revert_of, Image>::value,
                "the image policy needs: ota::result<void> revert()");
  static constexpr bool ok = true;
};
template <>
struct check_image_slots<no_image> {
  static constexpr bool ok = true;
};

}  // namespace ota
