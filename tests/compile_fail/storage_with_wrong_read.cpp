// expect: the storage policy needs: ota::result<std::size_t> read(std::string_view path,
#include <ota/storage/file_storage.hpp>

struct plain_files {
  ota::result<ota::file_info> stat(std::string_view);
  int read(std::string_view, std::uint64_t, ota::mutable_bytes);  // an int, not a result
  ota::result<void> write(std::string_view, std::uint64_t, ota::bytes);
  ota::result<void> rename(std::string_view, std::string_view);
  ota::result<void> remove(std::string_view);
  ota::result<void> sync();
  ota::result<std::uint64_t> free_space();
  template <class Visit>
  ota::result<void> list(std::string_view, Visit&&);
};

static_assert(ota::check_file_storage<plain_files>::ok);
