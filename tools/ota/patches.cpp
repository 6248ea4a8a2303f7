// Patches that the tool makes: as options say; ota manifest --base, from earlier versions to a
// release.

#include "patches.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "files.hpp"
#include "ota/core/fixed_string.hpp"
#include "ota/delta/patch_name.hpp"
#include "ota/host/signed_documents.hpp"
#include "ota/manifest/entry.hpp"
#include "progress.hpp"
#include "text.hpp"

namespace ota_tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* code_names[] = {"plain", "words",  "thumb",   "thumb2", "arm",
                                      "riscv", "xtensa", "aarch64", "x86_64"};

ota::code_kind code_named(const std::string& name) {
  std::string all;
  for (std::size_t i = 0; i < std::size(code_names); ++i) {
    if (name == code_names[i]) return static_cast<ota::code_kind>(i);
    all += std::string(i == 0 ? "" : ", ") + code_names[i];
  }
  throw usage_error("--code must be one of " + all + ", not " + shown(name));
}

using patch_file = release_content::patch;

/// A patch to be made: of which file, to which.
struct patch_job {
  fs::path old_file, new_file;
  std::uint64_t size = 0;  ///< of both
  patch_file patch;
  std::string content;  ///< empty: it would not save anything
};

// Empty where devices could not take it: its path would be too long.
std::string name_of(const std::string& path, const std::string& old_content) {
  ota::fixed_string<2 * ota::max_path> name;
  ota::sha256 hash;
  hash.update(ota::as_bytes(old_content));
  const auto digest = hash.finish();
  ota::begin_patch_name(name, path);
  ota::end_patch_name(name, {digest.data(), digest.size()});
  return name.size() > ota::max_path ? std::string() : std::string(name);
}

/// Counts what several threads have made.
class patch_counter {
 public:
  explicit patch_counter(std::size_t total) : total_(total) {}

  void count() {
    const std::lock_guard<std::mutex> alone(mutex_);
    ++done_;
    line_.draw(bar_of(static_cast<double>(done_) / static_cast<double>(total_)) + "  " +
               std::to_string(done_) + " of " + std::to_string(total_) + " patches");
  }

 private:
  std::mutex mutex_;
  std::size_t total_, done_ = 0;
  progress_line line_;
};

// One old content gives one patch, in however many of the folders it lies.
std::vector<patch_job> jobs_of(const release_content& release, const fs::path& root,
                               const std::vector<std::string>& bases) {
  std::vector<patch_job> jobs;
  std::set<std::string> names;
  for (const std::string& base : bases) {
    if (!fs::is_directory(base)) throw usage_error("--base is no directory: " + shown(base));
    for (const auto& file : release.files) {
      const fs::path old_file = fs::path(base) / file.path;
      if (!fs::is_regular_file(old_file)) continue;
      const std::string before = content_of(old_file.string());
      patch_job job{old_file, root / file.path, before.size() + file.size, {}, {}};
      job.patch.path = name_of(file.path, before);
      if (ota::host::sha256_of(before) == file.sha256 ||
          !ota::is_worth_it(0, static_cast<std::size_t>(file.size)) || job.patch.path.empty() ||
          !names.insert(job.patch.path).second)
        continue;
      jobs.push_back(std::move(job));
    }
  }
  // The longest first, so that no processor waits for it in the end.
  std::sort(jobs.begin(), jobs.end(),
            [](const auto& one, const auto& other) { return one.size > other.size; });
  return jobs;
}

// A maker takes 17 bytes of memory for one of the files: two large ones do not stand side by side.
void make(patch_job& job, const ota::host::patch_options& options) {
  static std::mutex one_large_at_a_time;
  std::unique_lock<std::mutex> alone(one_large_at_a_time, std::defer_lock);
  if (job.size > (32u << 20)) alone.lock();
  const std::string before = content_of(job.old_file.string()),
                    now = content_of(job.new_file.string());
  const auto made =
      ota::host::patch_maker(ota::as_bytes(before), ota::as_bytes(now), options).make();
  if (!ota::is_worth_it(made.size(), now.size())) return;
  job.content.assign(made.begin(), made.end());
  const auto header = ota::read_patch_header({made.data(), made.size()});
  job.patch.size = made.size();
  job.patch.sha256 = ota::host::sha256_of(job.content);
  job.patch.memory = header->memory();
  job.patch.code = static_cast<unsigned>(header->code);
}

void make_all(std::vector<patch_job>& jobs, const ota::host::patch_options& options) {
  patch_counter counter(jobs.size());
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex failing;
  const auto work = [&] {
    for (std::size_t at; (at = next++) < jobs.size(); counter.count()) try {
        make(jobs[at], options);
      } catch (...) {
        const std::lock_guard<std::mutex> alone(failing);
        failure = std::current_exception();
        next = jobs.size();
      }
  };
  std::vector<std::thread> others;
  const std::size_t processors = std::max(1u, std::thread::hardware_concurrency());
  while (others.size() + 1 < std::min(processors, jobs.size())) others.emplace_back(work);
  work();
  for (std::thread& one : others) one.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

ota::host::patch_options patch_options_of(const arguments& args) {
  ota::host::patch_options options;
  options.map_entries = static_cast<std::size_t>(
      args.number("map", options.map_entries, ota::patch_header::max_map_entries));
  options.literal_bits = static_cast<unsigned>(
      args.number("literals", options.literal_bits, ota::patch_header::max_literal_bits));
  if (args.has("code")) {
    options.kinds = {ota::code_kind::plain};
    if (const auto kind = code_named(args.text("code")); kind != ota::code_kind::plain)
      options.kinds.push_back(kind);
  }
  return options;
}

const char* name_of(ota::code_kind kind) {
  const auto i = static_cast<std::size_t>(kind);
  return i < std::size(code_names) ? code_names[i] : "unknown";
}

void add_patches(release_content& release, const fs::path& root, const arguments& args) {
  const ota::host::patch_options options = patch_options_of(args);
  std::vector<patch_job> jobs = jobs_of(release, root, args.all("base"));
  make_all(jobs, options);
  const fs::path folder =
      args.has("deltas") ? fs::path(args.text("deltas")) : root / ota::patch_directory;
  for (const patch_job& job : jobs) {
    if (job.content.empty()) continue;
    fs::create_directories(folder);
    const std::string name = job.patch.path.substr(ota::patch_directory.size() + 1);
    replace_file(place_of(folder / name), job.content);
    release.patches.push_back(job.patch);
  }
  std::sort(release.patches.begin(), release.patches.end(),
            [](const auto& one, const auto& other) { return one.path < other.path; });
}

}  // namespace ota_tool
