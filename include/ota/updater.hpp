#pragma once

#include <new>
#include <utility>

#include "core/text.hpp"
#include "format/settings.hpp"
#include "policies.hpp"
#include "scheduler.hpp"
#include "stager.hpp"
#include "swapper.hpp"
#include "updater/adaptation.hpp"
#include "updater/changeover.hpp"
#include "updater/contracts.hpp"
#include "updater/event_log.hpp"
#include "updater/patch_teller.hpp"
#include "updater/records.hpp"
#include "updater/report.hpp"
#include "updater/retry.hpp"
#include "updater/staging_teller.hpp"
#include "updater/status_light.hpp"
#include "updater/trust_duties.hpp"
#include "updater/watched_http.hpp"

namespace ota {

/// Updates a device, composed from the policies that `Policies` names.
///
/// `boot()` once at the start of the device, then `step()` until it says false, or `run()`. A
/// step is one bounded piece of work: one request, one chunk, one file moved, one second waited.
/// What has to survive a power cut is on storage; `sizeof(updater)` is all the memory there is.
template <class Policies>
class updater : private settings_of<Policies>,
                private check_policies<Policies>,
                private detail::patch_teller<takes_patches<typename Policies::delta>> {
  using settings_type = settings_of<Policies>;
  using source_with = detail::source_with<typename Policies::source, settings_type>;

 public:
  using storage_type = typename Policies::storage;
  using http_type = typename Policies::http;
  using hardware_type = typename Policies::hardware;
  using log_type = typename Policies::log;
  using image_type = typename Policies::image;

  /// `settings`, and the texts it views, must outlive the updater. Settings that come from outside
  /// should have been through `validate`. A device that names its settings has them already: its
  /// updater is made without, or with `{}` before other policies.
  explicit updater(settings_type settings = {})
      : settings_type(settings), log_(log_type{}, this->settings_.debug) {
    set_up();
  }

  /// As above, with policies that are made elsewhere, and moved in.
  updater(settings_type settings, storage_type&& storage, http_type&& http = {},
          hardware_type&& hardware = {}, log_type log = {}, image_type&& image = image_type())
      : settings_type(settings),
        hardware_(std::move(hardware)),
        log_(std::move(log), this->settings_.debug),
        swapper_(storage_, std::move(image)),
        http_(std::move(http)),
        storage_(std::move(storage)) {
    set_up();
  }

  updater(const updater&) = delete;
  updater& operator=(const updater&) = delete;

  storage_type& storage() { return storage_; }
  http_type& http() { return http_; }
  hardware_type& hardware() { return hardware_; }
  log_type& log() { return log_; }  ///< the log policy
  image_type& image() { return swapper_.image(); }

  /// What a start of the device does, before anything of the version runs: ends or undoes what a
  /// power cut interrupted, and puts a version back that was not confirmed within its starts.
  /// Nothing of the version may run while `needs_restart()`.
  result<void> boot() { return carry_out(order::start); }

  /// Ends or undoes what was interrupted, without counting a start of the device.
  result<void> recover() { return carry_out(order::recover); }

  /// Reads how far the swap is, and changes nothing: for a report.
  result<void> load() { return swapper_.load(); }

  /// One piece of work further; false when there is nothing left to do, `outcome()` tells why.
  /// The step after that begins a new check.
  bool step() {
    hardware_.feed_watchdog();
    light_.tick();
    if (progress_.phase == update_phase::idle) begin();
    if (retry_.pause() != 0) {
      hardware_.wait(1000);
      retry_.pass_a_second();
      return true;
    }
    if (const auto done = advance(); !done) handle(done.error());
    update_progress();
    return progress_.phase != update_phase::idle;
  }

  /// Steps until the update is done; `observe(progress)` is called after each step.
  template <class Observe>
  result<update_outcome> run(Observe&& observe) {
    while (step()) observe(static_cast<const update_progress_report&>(progress_));
    if (outcome_ == update_outcome::failed) return *failure_;
    return outcome_;
  }
  result<update_outcome> run() {
    return run([](const update_progress_report&) {});
  }

  /// The version on trial works: keep it.
  result<void> confirm() { return carry_out(order::confirm); }

  /// Puts the version before the present one back; the present one is not tried again.
  result<void> rollback() { return carry_out(order::put_back); }

  /// Whether files and image of a version are not together before the device has started again:
  /// then `boot()`, `run()` and `rollback()` end with the hardware policy's `reset()`. Where that
  /// comes back, the program has to start the device again by itself.
  bool needs_restart() const {
    if constexpr (has_image) return swapper_.needs_restart();
    return false;
  }

  const update_progress_report& progress() const { return progress_; }
  update_outcome outcome() const { return outcome_; }

  /// What patches came to in the last update. On devices that take them.
  const patch_figures& patches() const { return stager_.patches(); }

  /// Why the last update failed, and a sentence for people that also names the file.
  const error& failure() const { return *failure_; }
  std::string_view message() const { return message_; }

  /// The version that the last check found, and what is installed.
  const release_target& target() const { return source_.target(); }
  release_target installed() { return detail::read_version(storage_); }
  const swap_state& state() const { return swapper_.state(); }

  /// Updates without asking the scheduler.
  void ignore_schedule() { scheduled_ = false; }

  /// Records the newest version as installed without bringing its files: for a device that got
  /// them another way. The next update compares contents, so a wrong record does not last.
  void record_only() { stager_.record_only(); }

 private:
  static constexpr bool has_image = takes_images<image_type>;
  static constexpr bool has_delta = takes_patches<typename Policies::delta>;

  static constexpr error trial_pending{
      errc::wrong_state, "updater",
      "a version is on trial: confirm it or roll it back before the next update"};
  static constexpr error restart_pending{
      errc::wrong_state, "updater", "the last version waits for the device to be started again"};
  static constexpr error too_little_memory{errc::wrong_state, "updater",
                                           "less memory is free than min_free_mem asks for"};

  void set_up() {
    detail::set_timeouts(http_, this->settings_);
    if constexpr (Policies::trust::requires_manifest)
      source_.look_for(Policies::trust::manifest_name);
  }

  // ---- what a start does ----------------------------------------------------------------------

  enum class order : std::uint8_t { recover, start, confirm, put_back };

  // After a failure nobody knows what of the change reached the storage, so the next one reads it
  // again. A full storage must not keep a bad version in place.
  result<void> carry_out(order given) {
    auto done = try_out(given);
    if (done.error().code == errc::no_space) {
      detail::make_room(storage_);
      (void)storage_.remove(layout::reserve);
      done = try_out(given);
    }
    loaded_ = done.has_value();
    if (done) detail::raise_counter(storage_, hardware_, swapper_.state());
    if constexpr (has_image)
      if (done && needs_restart()) restart();
    return done;
  }

  result<void> try_out(order given) {
    if (auto done = swapper_.load(); !done) return done;
    if constexpr (Policies::takes_over)
      if (auto done = detail::take_over(storage_, this->settings_); !done) return done;
    if constexpr (has_image)
      if (auto done = follow_image(given); !done || (needs_restart() && given <= order::start))
        return done;
    if (auto done = finish_swap(); !done || given == order::recover) return done;
    if (given == order::confirm) return swapper_.confirm();
    if (auto done = given == order::start ? swapper_.count_boot() : swapper_.revert(); !done)
      return done;
    if (!swapper_.active()) return {};
    log_.info(given == order::start ? "Rollback triggered: the version on trial was not confirmed"sv
                                    : "Rollback triggered"sv);
    return finish_swap();
  }

  // What the bootloader did with the image of the version comes before everything else.
  result<void> follow_image(order given) {
    auto done = finish_swap();
    return done && given != order::confirm ? swapper_.follow_image() : done;
  }

  // ---- the phases of an update --------------------------------------------------------------

  void begin() {
    outcome_ = update_outcome::none;
    failure_ = &no_error;
    message_.clear();
    retry_.reset();
    progress_ = {};
    enter(update_phase::checking);
    checking_ = false;
    light_.show(led_pattern::connecting);
  }

  void enter(update_phase phase) {
    progress_.phase = phase;
    retry_.next_request();
  }

  void finish(update_outcome outcome) {
    outcome_ = outcome;
    http_.close();
    progress_.phase = update_phase::idle;
  }

  result<void> advance() {
    constexpr std::uint32_t most = sizeof buffer_;
    const std::uint32_t asked = this->settings_.chunk < most ? this->settings_.chunk : most;
    const std::size_t chunk = effective_chunk(asked, hardware_.free_memory());
    switch (progress_.phase) {
      case update_phase::checking:
        return check(chunk);
      case update_phase::staging:
        return stage(chunk);
      case update_phase::swapping:
        return swap();
      case update_phase::idle:
        break;
    }
    return {};
  }

  result<void> check(std::size_t chunk) {
    if (!checking_) {
      if (!loaded_)
        if (auto done = recover(); !done) return done;
      if (needs_restart()) return restart_pending;
      if (is_scheduled() && !ask(scheduler_.may_check())) return {};
      if constexpr (log_type::enabled) log_.version("Installed version: "sv, installed());
      if (chunk != Policies::chunk_size) log_.adapted("chunk size"sv, chunk);
      known_version& known = source_.found();
      if (!detail::load_known(storage_, this->sum(), known) || !is_settled(known.version.id) ||
          !check_fresh())
        known = {};
      source_.begin();
      checking_ = true;
      return {};
    }
    const auto found = source_.step(watched(), mutable_bytes(buffer_, chunk));
    if (!found) return found.error();
    light_.show(led_pattern::processing);
    if (*found == resolution::working) return {};
    if (*found == resolution::unchanged) return up_to_date();
    return decide();
  }

  result<void> check_fresh() {
    return detail::check_source_word<typename Policies::trust>(storage_, hardware_);
  }

  // Whether nothing is left to do for a version: it runs, or was put back.
  bool is_settled(const version_id& id) const {
    return names_version(id) && (id == swapper_.state().version || id == swapper_.state().rejected);
  }

  result<void> decide() {
    const release_target& target = source_.target();
    const swap_state& state = swapper_.state();
    log_.version("Repo version: "sv, target);
    const bool fresh = check_fresh().has_value();
    const bool rejected = target.id == state.rejected;
    const bool same =
        names_version(state.version) ? target.id == state.version : is_installed(target);
    if (fresh && (rejected || (same && !this->settings_.force))) return up_to_date();
    if (state.phase == swap_phase::trial) {
      if (same) return up_to_date();
      return trial_pending;
    }
    if (is_scheduled()) {
      // A version that has to wait was checked for all the same.
      if (auto done = scheduler_.record_check(); !done) return done;
      const schedule_decision may = scheduler_.may_update(target.ref);
      if (!fresh && (rejected || same) && !may.allowed) return up_to_date();
      if (!ask(may)) return {};
    }
    if (!detail::has_memory(this->settings_, hardware_)) return too_little_memory;
    enter(update_phase::staging);
    if constexpr (Policies::trust::requires_manifest)
      detail::fill_context(stager_.context(), target, this->settings_, hardware_);
    return stager_.begin(target, source_.has_manifest());
  }

  bool is_installed(const release_target& target) {
    const release_target installed = detail::read_version(storage_);
    return installed.commit.view() == target.commit.view() &&
           (!source_.has_manifest() || installed.ref.view() == target.ref.view());
  }

  result<void> up_to_date() {
    if (auto done = check_fresh(); !done) return done;
    const version_id& newest = source_.target().id;
    const bool rejected = newest == swapper_.state().rejected && names_version(newest);
    message_.append(rejected ? "the newest version was put back before; waiting for another one"
                             : "No update required");
    log_.info(message_);
    remember();
    finish(rejected ? update_outcome::rejected : update_outcome::up_to_date);
    return {};
  }

  // Spares the next check a request. A storage that cannot keep it does not make this one fail.
  void remember() {
    if (is_scheduled()) (void)scheduler_.record_check();
    (void)detail::store_known(storage_, this->sum(), source_.found());
  }

  bool is_scheduled() const { return scheduled_ && scheduler_.has_rules(); }

  bool ask(const schedule_decision& decision) {
    if (decision.allowed) return true;
    message_.assign(decision.reason);
    log_.info(message_);
    finish(update_outcome::waiting);
    return false;
  }

  result<void> stage(std::size_t chunk) {
    const auto more = stager_.step(watched(), source_, swapper_, mutable_bytes(buffer_, chunk));
    if (!more) return more.error();
    if (*more) return {};
    if (stager_.plan().entries == 0) {
      // Every file is there already: nothing to swap, nothing to try.
      if (auto done = swapper_.adopt(stager_.identity()); !done) return done;
      return up_to_date();
    }
    http_.close();
    if (auto done = begin_swap(); !done) return done;
    enter(update_phase::swapping);
    return {};
  }

  result<void> begin_swap() {
    const version_id& version = stager_.identity();
    const std::uint32_t entries = stager_.plan().entries;
    if constexpr (has_image)
      return swapper_.begin_with(stager_.image(), version, entries, this->settings_.trial_boots);
    else
      return swapper_.begin(version, entries, this->settings_.trial_boots);
  }

  result<void> swap() {
    const auto more = swapper_.step();
    if (!more) return more.error();
    if (*more) return {};
    if (swapper_.failure().code != errc::none) return swapper_.failure();
    remember();
    note_health({});
    message_.append("updated to ").append(source_.target().ref).append(" #");
    message_.append(slice(source_.target().commit.view(), 0, 7)).append(", on trial");
    if (needs_restart()) message_.append(" after a restart");
    log_.info(message_);
    finish(needs_restart() ? update_outcome::restart : update_outcome::updated);
    light_.play(led_pattern::success);
    restart();
    return {};
  }

  void restart() {
    log_.reset(this->settings_.reset);
    hardware_.reset(this->settings_.reset);
  }

  result<void> finish_swap() {
    for (;;) {
      hardware_.feed_watchdog();
      const auto more = swapper_.step();
      if (!more) return more.error();
      if (!*more) return {};
    }
  }

  // ---- failures -----------------------------------------------------------------------------

  void handle(const error& failure) {
    teller_.reset();
    const std::size_t brought = progress_.bytes + progress_.lists;
    const retry_limits limits = detail::adapted_limits(this->settings_, hardware_, log_);
    if (retry_.again(failure, http_.response(), brought, limits, this->settings_, hardware_)) {
      http_.close();
      log_.retry(retry_.pause(), failure);
      if (progress_.phase == update_phase::checking) checking_ = false;
      return;
    }
    loaded_ = false;
    if (failure.code == errc::no_space) detail::make_room(storage_);
    // The next check would only bring it again.
    if constexpr (has_image)
      if (progress_.phase == update_phase::staging && stager_.refuses_image(failure))
        (void)swapper_.reject(stager_.identity());
    // What nobody has signed must not take the device's room until the next update.
    if constexpr (Policies::trust::requires_manifest) (void)storage_.remove(layout::manifest);
    failure_ = &failure;
    entry item;
    std::string_view subject;
    if (progress_.phase == update_phase::staging) subject = stager_.subject();
    if (progress_.phase == update_phase::swapping && swapper_.find_failed(item))
      subject = item.path;
    detail::describe(message_, failure, subject, http_.response());
    log_.failed(message_);
    if (progress_.phase != update_phase::checking) note_health(message_);
    finish(update_outcome::failed);
    light_.play(led_pattern::failure);
    // A device that cannot write its error file has said so already.
    (void)detail::store_error(storage_, message_);
  }

  // The health log is the scheduler's: where it is not asked, none is kept.
  void note_health(std::string_view failure) {
    if (is_scheduled()) scheduler_.record_update(source_.target().ref, failure);
  }

  void update_progress() {
    if (progress_.phase != update_phase::staging) return;
    const auto& staged = stager_.progress();
    teller_.tell(staged, progress_.files, progress_.bytes_moved, stager_.subject(), log_, light_);
    progress_.take(staged, stager_.plan());
    if constexpr (has_delta) this->tell(stager_.patches(), stager_.subject(), log_);
  }

  auto& watched() {
    if constexpr (has_clock<hardware_type>)
      return watched_;
    else
      return http_;
  }

  // What is used most comes first, and the large last: a Cortex-M0+ reaches the first 128 bytes of
  // an object by shorter code.
  update_outcome outcome_ = update_outcome::none;
  bool loaded_ = false;
  bool checking_ = false;
  bool scheduled_ = true;
  update_progress_report progress_;
  const error* failure_ = &no_error;
  retry retry_;
  fixed_string<max_log_line> message_;
  detail::staging_teller<log_type::enabled || has_led<hardware_type>> teller_;
  hardware_type hardware_;
  watched_http<http_type, hardware_type> watched_{http_, hardware_, this->settings_};
  event_log<log_type> log_;
  status_light<hardware_type> light_{hardware_, this->settings_};
  typename Policies::template scheduler<storage_type, hardware_type> scheduler_{storage_, hardware_,
                                                                                this->settings_};
  swapper<storage_type, image_type> swapper_{storage_};
  typename source_with::type source_{static_cast<typename source_with::made_with>(*this)};
  stager<storage_type, settings_type, typename Policies::hash, typename Policies::trust, image_type,
         typename Policies::delta>
      stager_{storage_, *this};
  http_type http_;
  std::uint8_t buffer_[Policies::chunk_size];
  storage_type storage_;
};

}  // namespace ota
