// ota delta: patches, made of two files, applied to one, and shown.

#include <algorithm>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "command.hpp"
#include "files.hpp"
#include "ota/delta/every_patch.hpp"
#include "ota/delta/memory_source.hpp"
#include "ota/delta/otadelta.hpp"
#include "ota/delta/patch_check.hpp"
#include "ota/format/json_writer.hpp"
#include "ota/host/hex_of.hpp"
#include "ota/host/otadelta_summary.hpp"
#include "ota/host/otadelta_writer.hpp"
#include "outcome.hpp"
#include "patches.hpp"
#include "progress.hpp"
#include "text.hpp"

namespace ota_tool {
namespace {

using ota::bytes;
using patch_bytes = std::vector<std::uint8_t>;

constexpr std::uint32_t largest_result = 1u << 30;  // it is made in memory

/// Told how much of a new file is done, from 0 to 1.
using progress = std::function<void(double)>;

/// A file that grows in memory.
struct memory_output {
  std::uint32_t size() const { return static_cast<std::uint32_t>(text.size()); }
  ota::result<void> append(bytes data) {
    text.append(ota::as_text(data));
    return {};
  }
  ota::result<void> read(std::uint32_t offset, ota::mutable_bytes out) const {
    text.copy(reinterpret_cast<char*>(out.data()), out.size(), offset);
    return {};
  }
  std::string text;
};

void expect(const ota::result<void>& done) {
  if (!done) throw std::runtime_error(done.error().text);
}

template <class Applier>
void run_to_end(Applier& applier) {
  for (;;) {
    const auto more = applier.step();
    if (!more) throw std::runtime_error(more.error().text);
    if (!*more) return;
  }
}

// ---- native -------------------------------------------------------------------------------

ota::patch_header header_of(bytes patch) {
  ota::memory_source file(patch);
  const auto header = ota::read_patch_header(patch.first(ota::patch_header::max_size));
  expect(header ? ota::result<void>{} : header.error());
  expect(ota::check_patch_sum(file));
  return *header;
}

bool is_native(bytes patch) {
  return patch.size() >= 3 &&
         std::equal(patch.begin(), patch.begin() + 3, ota::detail::patch_magic);
}

patch_bytes make_native(bytes old_file, bytes new_file, const arguments& args,
                        const progress& told) {
  ota::host::patch_options options = patch_options_of(args);
  options.lag =
      static_cast<std::uint32_t>(args.number("in-place", options.lag, ota::patch_header::no_lag));
  return ota::host::patch_maker(old_file, new_file, options).make(told);
}

std::string apply_native(bytes old_file, bytes patch) {
  const ota::patch_header header = header_of(patch);
  ota::memory_source old_source(old_file), patch_source(patch);
  expect(ota::check_patch_base(header, old_source));
  memory_output out;
  out.text.reserve(header.new_size < largest_result ? header.new_size : 0);
  ota::patch_decoder<ota::memory_source, ota::memory_source, memory_output, ota::every_patch>
      decoder(old_source, patch_source, out);
  expect(decoder.open());
  run_to_end(decoder);
  expect(ota::check_patch_result(header, out));
  return std::move(out.text);
}

void print_native(bytes patch, bool as_json) {
  const ota::patch_header header = header_of(patch);
  const std::string old_hash = ota::host::hex_of({header.old_hash, sizeof header.old_hash});
  const std::string new_hash = ota::host::hex_of({header.new_hash, sizeof header.new_hash});
  const bool in_place = header.lag != ota::patch_header::no_lag;
  if (!as_json) {
    std::printf("format native, version %d\nsize %zu\n", ota::patch_header::version, patch.size());
    std::printf("makes a file of %lu bytes, SHA-256 %s..., of one of %lu, SHA-256 %s...\n",
                static_cast<unsigned long>(header.new_size), new_hash.c_str(),
                static_cast<unsigned long>(header.old_size), old_hash.c_str());
    std::printf("memory %lu bytes of tables, of which the map has %d entries\ncode %s",
                static_cast<unsigned long>(header.memory()), header.map_entries,
                name_of(header.code));
    if (header.code != ota::code_kind::plain)
      std::printf(" at 0x%08lx", static_cast<unsigned long>(header.base));
    if (in_place)
      std::printf("\nin place, with a lag of %lu bytes", static_cast<unsigned long>(header.lag));
    std::printf("\n");
    return;
  }
  std::string text;
  auto out = [&text](std::string_view piece) { text += piece; };
  ota::json_writer json(out);
  json.begin_object().key("outcome").string("valid").key("format").string("native");
  json.key("version").number(ota::patch_header::version).key("size").number(patch.size());
  json.key("old_size").number(header.old_size).key("old_sha256").string(old_hash);
  json.key("new_size").number(header.new_size).key("new_sha256").string(new_hash);
  json.key("memory").number(header.memory()).key("map_entries").number(header.map_entries);
  json.key("code").string(name_of(header.code)).key("base").number(header.base);
  if (in_place) json.key("lag").number(header.lag);
  json.end_object();
  std::printf("%s\n", text.c_str());
}

// ---- OTADELTA -----------------------------------------------------------------------------

patch_bytes make_otadelta(bytes old_file, bytes new_file, const arguments&, const progress& told) {
  return ota::host::otadelta_of(old_file, new_file, [&](std::size_t done) {
    told(static_cast<double>(done) / static_cast<double>(new_file.size()));
  });
}

std::string apply_otadelta(bytes old_file, bytes patch) {
  const auto summary = ota::host::summary_of_otadelta(patch);
  if (summary.new_size > largest_result)
    throw std::runtime_error("the patch makes a file of more than 1 GiB");
  ota::memory_source old_source(old_file), patch_source(patch);
  memory_output out;
  out.text.reserve(static_cast<std::size_t>(summary.new_size));
  ota::otadelta_applier<ota::memory_source, ota::memory_source, memory_output> applier(
      old_source, patch_source, out, static_cast<std::uint32_t>(summary.new_size));
  run_to_end(applier);
  return std::move(out.text);
}

void print_otadelta(bytes patch, bool as_json) {
  const auto summary = ota::host::summary_of_otadelta(patch);
  const std::uint64_t data_bytes = summary.new_size - summary.copied_bytes;
  if (!as_json) {
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    const std::string text =
        "format otadelta\nsize " + number(patch.size()) + "\nmakes a file of " +
        number(summary.new_size) + " bytes, of one that has at least " + number(summary.old_size) +
        "\ncopies " + number(summary.copied_bytes) + " bytes in " + number(summary.copies) +
        " pieces, brings " + number(data_bytes) + "\nthe original client " +
        (summary.fits_original ? "takes it" : "refuses it: it has too large instructions") + "\n";
    std::fputs(text.c_str(), stdout);
    return;
  }
  std::string text;
  auto out = [&text](std::string_view piece) { text += piece; };
  ota::json_writer json(out);
  json.begin_object().key("outcome").string("valid").key("format").string("otadelta");
  json.key("size").number(patch.size()).key("new_size").number(summary.new_size);
  json.key("least_old_size").number(summary.old_size).key("copies").number(summary.copies);
  json.key("copied_bytes").number(summary.copied_bytes).key("data_bytes").number(data_bytes);
  json.key("fits_original").boolean(summary.fits_original).end_object();
  std::printf("%s\n", text.c_str());
}

// ---- all formats --------------------------------------------------------------------------

/// What can be done with patches of one format. Another one is another row of the table below.
struct patch_format {
  const char* name;
  bool (*is)(bytes patch);
  patch_bytes (*make)(bytes old_file, bytes new_file, const arguments& args, const progress& told);
  std::string (*apply)(bytes old_file, bytes patch);
  void (*print)(bytes patch, bool as_json);
};

constexpr patch_format formats[] = {
    {"native", is_native, make_native, apply_native, print_native},
    {"otadelta", ota::otadelta_header::has_magic, make_otadelta, apply_otadelta, print_otadelta},
};

const patch_format& format_named(const arguments& args) {
  if (!args.has("format")) return formats[0];
  for (const patch_format& one : formats)
    if (args.text("format") == one.name) return one;
  throw usage_error("--format must be native or otadelta, not " + shown(args.text("format")));
}

const patch_format& format_of(bytes patch) {
  for (const patch_format& one : formats)
    if (one.is(patch)) return one;
  throw std::runtime_error("not a patch of a format that is known here");
}

// Does something with a patch; what is wrong with it is told with its name.
template <class Work>
auto with_patch(const std::string& path, Work&& work) {
  const std::string patch = content_of(path);
  try {
    return work(format_of(ota::as_bytes(patch)), ota::as_bytes(patch));
  } catch (const std::runtime_error& failure) {
    throw std::runtime_error(shown(path) + ": " + failure.what());
  }
}

}  // namespace

int run_delta_make(const arguments& args) {
  const patch_format& format = format_named(args);
  const std::string old_file = content_of(args.text("OLD")),
                    new_file = content_of(args.text("NEW"));
  const std::string path = args.text("PATCH");
  patch_bytes patch;
  {
    progress_line line;
    patch = format.make(ota::as_bytes(old_file), ota::as_bytes(new_file), args, [&](double done) {
      if (done > 0 && done < 1) line.draw(percent_of(done, new_file.size()));
    });
  }
  replace_file(place_of(path), std::string(patch.begin(), patch.end()));
  std::printf("%s: %zu bytes, for a file of %zu\n", shown(path).c_str(), patch.size(),
              new_file.size());
  return 0;
}

int run_delta_apply(const arguments& args) {
  const std::string old_file = content_of(args.text("OLD")), path = args.text("OUT");
  const std::string out =
      with_patch(args.text("PATCH"), [&](const patch_format& format, bytes patch) {
        return format.apply(ota::as_bytes(old_file), patch);
      });
  replace_file(place_of(path), out);
  std::printf("%s: %zu bytes\n", shown(path).c_str(), out.size());
  return 0;
}

int run_delta_info(const arguments& args) {
  return told_in_json(args, [&] {
    with_patch(args.text("PATCH"), [&](const patch_format& format, bytes patch) {
      format.print(patch, args.has("json"));
    });
    return 0;
  });
}

}  // namespace ota_tool
