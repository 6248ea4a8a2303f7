// HPatchLite with tinyuz, as tests/target/parts/patch_part.hpp has ours: all memory on the stack,
// the result compared and not kept. Both libraries read by the same functions.
#include "patch_part.hpp"

extern "C" {
#include <hpatch_lite.h>
#include <tuz_dec.h>
}

PATCH_PART_FILE(old_file, "old.bin");
PATCH_PART_FILE(new_file, "new.bin");
PATCH_PART_FILE(patch, "patch");

namespace {

constexpr hpi_size_t dictionary_size = 4096;  // that of the patches
constexpr hpi_size_t input_size = 128;        // as ours
constexpr hpi_size_t piece_size = 256;        // of old and new at a time, as ours

struct patch_input {
  file_in_flash file;
  std::uint32_t taken = 0;
};

hpi_BOOL read_patch(hpi_TInputStreamHandle handle, hpi_byte* out, hpi_size_t* size) {
  auto& in = *static_cast<patch_input*>(handle);
  const std::uint32_t left = in.file.size() - in.taken;
  if (*size > left) *size = left;
  if (!in.file.read(in.taken, {out, *size})) return hpi_FALSE;
  in.taken += *size;
  return hpi_TRUE;
}

hpi_BOOL read_unpacked(hpi_TInputStreamHandle stream, hpi_byte* out, hpi_size_t* size) {
  return tuz_TStream_decompress_partial(static_cast<tuz_TStream*>(stream), out, size) <=
         tuz_STREAM_END;
}

struct files : hpatchi_listener_t {
  file_in_flash old_file;
  compared_file out;
};

hpi_BOOL read_old(hpatchi_listener_t* listener, hpi_pos_t from, hpi_byte* out, hpi_size_t size) {
  const file_in_flash& file = static_cast<files*>(listener)->old_file;
  if (from > file.size() || size > file.size() - from) return hpi_FALSE;
  return file.read(from, {out, size}).has_value();
}

hpi_BOOL write_new(hpatchi_listener_t* listener, const hpi_byte* data, hpi_size_t size) {
  return static_cast<files*>(listener)->out.append({data, size}).has_value();
}

}  // namespace

extern "C" int program() {
  patch_input in{{patch, distance(patch, patch_end)}};
  hpi_compressType packed = hpi_compressType_no;
  hpi_pos_t new_size = 0;
  hpi_pos_t unpacked_size = 0;
  if (!hpatch_lite_open(&in, read_patch, &packed, &new_size, &unpacked_size)) return 1;
  if (packed != hpi_compressType_tuz) return 1;
  if (tuz_TStream_read_dict_size(&in, read_patch) > dictionary_size) return 1;

  tuz_TStream unpacker;
  alignas(4) hpi_byte dictionary_and_input[dictionary_size + input_size];
  if (tuz_TStream_open(&unpacker, &in, read_patch, dictionary_and_input, dictionary_size,
                       input_size) != tuz_OK)
    return 1;
  files all{{&unpacker, read_unpacked, read_old, write_new},
            {old_file, distance(old_file, old_file_end)},
            {{new_file, distance(new_file, new_file_end)}}};
  alignas(4) hpi_byte pieces[2 * piece_size];
  if (!hpatch_lite_patch(&all, new_size, pieces, sizeof pieces)) return 1;
  return all.out.appended == distance(new_file, new_file_end) ? 0 : 1;
}
