// expect: the storage policy needs: ota::result<void> sync()
#include <ota/storage/file_storage.hpp>

struct forgetful_files {
  ota::result<ota::file_info> stat(std::string_view);
  ota::result<std::size_t> read(std::string_view, std::uint64_t, ota::mutable_bytes);
  ota::result<void> write(std::string_view, std::uint64_t, ota::bytes);
  ota::result<void> rename(std::string_view, std::string_view);
  ota::result<void> remove(std::string_view);
  ota::result<std::uint64_t> free_space();
  template <class Visit>
  ota::result<void> list(std::string_view, Visit&&);
};

static_assert(ota::check_file_storage<forgetful_files>::ok);
