#pragma once

#include "../core/error_text.hpp"
#include "../core/log.hpp"
#include "../core/result.hpp"
#include "../format/json_text.hpp"
#include "../http/message.hpp"
#include "../stager/staging_progress.hpp"
#include "../stager/staging_record.hpp"
#include "../storage/atomic_file.hpp"
#include "../storage/layout.hpp"

namespace ota {

/// Where an update is.
enum class update_phase : std::uint8_t {
  idle,      ///< nothing under way
  checking,  ///< asking the source for the newest version
  staging,   ///< listing, comparing and bringing its files beside the running version
  swapping   ///< making it the running version
};

/// How an update ended.
enum class update_outcome : std::uint8_t {
  none,        ///< not yet
  up_to_date,  ///< the newest version is installed
  updated,     ///< a new version was swapped in and is on trial
  restart,     ///< a new version is ready, and is on trial after a restart that changes the image
  rejected,    ///< the newest version was put back before and is not tried again
  waiting,     ///< the scheduler says that it is not the time
  failed
};

/// How far an update is.
struct update_progress_report : staging_progress {
  update_phase phase = update_phase::idle;
  std::uint32_t files_total = 0;  ///< files to bring; 0 while not known
  std::uint32_t removals = 0;     ///< files to remove
  std::size_t bytes_total = 0;

  /// Takes what a stager tells of itself.
  void take(const staging_progress& staged, const plan_summary& plan) {
    static_cast<staging_progress&>(*this) = staged;
    bytes_total = plan.size;
    files_total = plan.files;
    removals = plan.removals;
  }
};

namespace detail {

/// A sentence about a failure: the file it is about, what happened, and its number.
inline void describe(string_buffer& out, const error& failure, std::string_view subject,
                     const http_response& answer) {
  out.clear();
  // A long path must not push the reason out of the line.
  constexpr std::size_t most = 64;
  if (subject.size() > most) {
    out.append("…");
    subject.remove_prefix(subject.size() - most);
    while (!subject.empty() && (subject.front() & 0xc0) == 0x80)
      subject.remove_prefix(1);  // not half a character
  }
  if (!subject.empty()) out.append(subject).append(": ");
  append_text(out, failure);
  const bool has_status = failure.code == errc::http_status ||
                          failure.code == errc::server_trouble ||
                          failure.code == errc::rate_limited;
  if (has_status) out.append(" (status ").append_number(answer.status).append(')');
}

/// Writes ota_error.json as 0x687931/ota does: {"errors": ["OTA update failed: …"]}.
template <class Storage>
result<void> store_error(Storage& storage, std::string_view message) {
  fixed_string<1000> text;
  text.append("{\"errors\": [\"OTA update failed: ");
  append_json_text(text, message);
  text.append("\"]}");
  return write_if_changed(storage, layout::errors, layout::temporary, as_bytes(text));
}

}  // namespace detail
}  // namespace ota
