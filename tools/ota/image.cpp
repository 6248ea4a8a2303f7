// ota image pack, info, verify: firmware images in MCUboot's format.

#include <cstdio>
#include <stdexcept>

#include "files.hpp"
#include "keys.hpp"
#include "ota/delta/patch_header.hpp"
#include "ota/format/json_writer.hpp"
#include "ota/host/hex_of.hpp"
#include "ota/host/image_pack.hpp"
#include "ota/host/image_verify.hpp"
#include "ota/host/key_file.hpp"
#include "outcome.hpp"
#include "text.hpp"

namespace ota_tool {
namespace {

using ota::bytes;

// major[.minor[.revision]][+build], as imgtool reads it.
ota::image_version version_of(const std::string& text) {
  const std::uint32_t limits[] = {255, 255, 65535, 0xffffffff};
  std::uint64_t numbers[4] = {};
  std::size_t part = 0, digits = 0;
  for (const char c : text) {
    if (c == '.' && part < 2 && digits != 0) {
      ++part;
      digits = 0;
    } else if (c == '+' && part < 3 && digits != 0) {
      part = 3;
      digits = 0;
    } else {
      if (c < '0' || c > '9' || ++digits > 10) throw usage_error("--version is like 1.2.3+4");
      numbers[part] = numbers[part] * 10 + static_cast<unsigned>(c - '0');
    }
  }
  for (std::size_t i = 0; i < 4; ++i)
    if (numbers[i] > limits[i] || digits == 0)
      throw usage_error("--version is like 1.2.3+4, at most 255.255.65535+4294967295");
  return {static_cast<std::uint8_t>(numbers[0]), static_cast<std::uint8_t>(numbers[1]),
          static_cast<std::uint16_t>(numbers[2]), static_cast<std::uint32_t>(numbers[3])};
}

std::string version_text(const ota::image_version& version) {
  std::string text = std::to_string(version.major) + '.' + std::to_string(version.minor) + '.' +
                     std::to_string(version.revision);
  return version.build == 0 ? text : text + '+' + std::to_string(version.build);
}

ota::host::image_signer image_signer_of(const arguments& args) {
  const auto signers = signers_of(args);
  if (signers.size() != 1) throw usage_error("an image has one signature: give one --key");
  const std::string& key = signers[0].key;  // "ed25519 " and the digits
  ota::host::image_signer signer{std::vector<std::uint8_t>(32), signers[0].sign};
  if (!ota::from_hex(ota::slice(key, key.find(' ') + 1),
                     {signer.public_key.data(), signer.public_key.size()}))
    throw std::runtime_error("images are signed with keys of Ed25519");
  return signer;
}

/// One entry of the lists behind the payload, for people.
struct list_entry {
  std::string name, value;
  bool is_protected = false;
};

std::string name_of(ota::image_tlv type) {
  switch (type) {
    case ota::image_tlv::key_hash:
      return "key_hash";
    case ota::image_tlv::public_key:
      return "public_key";
    case ota::image_tlv::sha256:
      return "sha256";
    case ota::image_tlv::rsa2048_pss:
      return "rsa2048";
    case ota::image_tlv::ecdsa:
      return "ecdsa";
    case ota::image_tlv::rsa3072_pss:
      return "rsa3072";
    case ota::image_tlv::ed25519:
      return "ed25519";
    case ota::image_tlv::security_counter:
      return "security_counter";
    case ota::image_tlv::hardware:
      return "hardware";
  }
  char text[8];
  std::snprintf(text, sizeof text, "0x%04x", static_cast<unsigned>(type));
  return text;
}

void add_list(ota::host::image_in_memory file, ota::flash_region room, bool is_protected,
              std::vector<list_entry>& entries) {
  ota::detail::image_tlvs<ota::host::image_in_memory> list(file, room);
  if (!list.open(is_protected ? ota::detail::protected_image_list_magic
                              : ota::detail::image_list_magic))
    return;
  for (auto more = list.next(); more && *more; more = list.next())
    entries.push_back({name_of(list.type),
                       ota::host::hex_of(file.data.drop(list.value.begin).first(list.value.size)),
                       is_protected});
}

std::vector<list_entry> entries_of(bytes data, const ota::image_info& info) {
  const ota::host::image_in_memory file{data};
  const std::uint32_t begin = info.header_size + info.payload_size;
  std::vector<list_entry> entries;
  if (begin != info.signatures.begin)
    add_list(file, {begin, info.signatures.begin - begin}, true, entries);
  add_list(file, info.signatures, false, entries);
  return entries;
}

std::string hardware_of(bytes data, const ota::image_info& info) {
  return std::string(ota::as_text(data.drop(info.hardware.begin).first(info.hardware.size)));
}

ota::image_info checked(const std::string& path, bytes data, const ota::host::image_key* key) {
  const auto info = ota::host::check_image_file(data, key);
  if (!info) throw std::runtime_error(shown(path) + ": " + info.error().text);
  return *info;
}

ota::host::image_key key_in(const std::string& path) {
  const std::string text = content_of(path);
  if (ota::host::is_secret_key(text))
    throw usage_error("--key takes a public key, and " + shown(path) + " is secret");
  try {
    return ota::host::image_key_of(text);
  } catch (const std::invalid_argument& wrong) {
    throw std::runtime_error(shown(path) + ": " + wrong.what());
  }
}

bool is_patch(const ota::image_info& info) {
  return (info.flags & ota::detail::image_is_patch) != 0;
}

void print_info(bytes data, const ota::image_info& info) {
  std::printf("version %s\n", version_text(info.version).c_str());
  std::printf("size %u: header %u, %s %u\n", static_cast<unsigned>(info.size),
              static_cast<unsigned>(info.header_size), is_patch(info) ? "patch" : "program",
              static_cast<unsigned>(info.payload_size));
  if (info.hardware.size != 0) std::printf("hardware %s\n", shown(hardware_of(data, info)).c_str());
  std::printf("security counter %u\n", static_cast<unsigned>(info.security_counter));
  for (const list_entry& one : entries_of(data, info))
    std::printf("%s%s %s\n", one.is_protected ? "protected " : "", one.name.c_str(),
                one.value.c_str());
}

void print_json(bytes data, const ota::image_info& info) {
  std::string text;
  auto out = [&text](std::string_view piece) { text += piece; };
  ota::json_writer json(out);
  json.begin_object().key("outcome").string("valid");
  json.key("version").string(version_text(info.version));
  json.key("size").number(info.size).key("header_size").number(info.header_size);
  json.key("program_size").number(info.payload_size).key("flags").number(info.flags);
  json.key("patch").boolean(is_patch(info));
  json.key("security_counter").number(info.security_counter);
  const std::string hardware = hardware_of(data, info);
  json.key("hardware").string(is_utf8(hardware) ? hardware : shown(hardware));
  json.key("sha256").string(ota::host::hex_of({info.digest.data(), info.digest.size()}));
  json.key("entries").begin_array();
  for (const list_entry& one : entries_of(data, info)) {
    json.begin_object().key("type").string(one.name).key("value").string(one.value);
    json.key("protected").boolean(one.is_protected).end_object();
  }
  json.end_array().end_object();
  std::printf("%s\n", text.c_str());
}

}  // namespace

int run_image_pack(const arguments& args) {
  ota::host::image_options options;
  options.version = version_of(args.text("version"));
  options.header_size = static_cast<std::uint32_t>(args.number("header-size", 32, 65535));
  options.hardware = args.text("hardware");
  if (args.has("security-counter"))
    options.security_counter =
        static_cast<std::uint32_t>(args.number("security-counter", 0, 0xffffffff));
  ota::host::slot_options slot;
  slot.size = static_cast<std::uint32_t>(args.number("slot-size", 0, 0x7fffffff));
  slot.align = static_cast<std::uint32_t>(args.number("align", 8, 32));
  slot.max_sectors = static_cast<std::uint32_t>(args.number("max-sectors", 128, 65536));
  slot.confirmed = args.has("confirm");
  const bool pads = args.has("pad") || slot.confirmed;
  if (pads && slot.size == 0) throw usage_error("--pad and --confirm need --slot-size");

  const std::string program = content_of(args.text("in"));
  options.is_patch = args.has("patch");
  if (options.is_patch && !ota::read_patch_header(ota::as_bytes(program)))
    throw std::runtime_error(shown(args.text("in")) + ": not a patch of ota delta make");
  if (args.has("key")) options.signer = image_signer_of(args);
  auto image = ota::host::packed_image(ota::as_bytes(program), options);
  const std::size_t size = image.size();
  if (slot.size != 0) ota::host::check_fits(size, slot);
  if (pads) image = ota::host::padded_image(std::move(image), slot);
  const std::string out = args.text("out");
  replace_file(place_of(out), std::string(image.begin(), image.end()));
  std::printf("%s: version %s, %zu bytes, %s\n", shown(out).c_str(),
              version_text(options.version).c_str(), size,
              options.signer ? "signed" : "not signed");
  return 0;
}

int run_image_info(const arguments& args) {
  return told_in_json(args, [&] {
    const std::string path = args.text("IMAGE"), file = content_of(path);
    const bytes data = ota::as_bytes(file);
    const ota::image_info info = checked(path, data, nullptr);
    args.has("json") ? print_json(data, info) : print_info(data, info);
    return 0;
  });
}

int run_image_verify(const arguments& args) {
  return told_in_json(args, [&] {
    const std::string path = args.text("IMAGE"), file = content_of(path);
    const bytes data = ota::as_bytes(file);
    const ota::host::image_key key = key_in(args.text("key"));
    const ota::image_info info = checked(path, data, &key);
    if (args.has("hardware") && args.text("hardware") != hardware_of(data, info))
      throw std::runtime_error(shown(path) + ": for other hardware");
    if (args.has("json"))
      print_json(data, info);
    else
      std::printf("valid\nversion %s\n", version_text(info.version).c_str());
    return 0;
  });
}

}  // namespace ota_tool
