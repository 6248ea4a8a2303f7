// The NVMC of nRF51 and nRF52 as a model that enforces its reference manual. The emulated chip of
// another project runs the same policy: tests/target/chips.py.

#include "ota/flash/nrf_nvmc.hpp"

#include "support.hpp"

namespace {

/// nRF51 Series Reference Manual v3, chapter 6. Reports what breaks a rule of it, then goes on.
template <class Chip>
struct nvmc_model {
  static constexpr std::uint32_t size = Chip::geometry.size();

  static void reset() {
    memory.assign(size, 0x00);
    told.clear();
    config = busy = writes = erases = 0;
  }

  static std::uint32_t load(std::uint32_t address) {
    if (address == 0x4001e400) return busy == 0 ? 1 : (--busy, 0xfffffffe);
    complain(address < size, "a register that may not be read");
    return 0;
  }

  static void store(std::uint32_t address, std::uint32_t value) {
    complain(busy == 0, "stored while the NVMC was busy");
    if (address == 0x4001e504) {
      complain(value <= 2, "a CONFIG that is reserved");
      config = value;
    } else if (address == 0x4001e508) {
      complain(config == 2, "ERASEPAGE without erase enabled");
      const std::uint32_t page = Chip::geometry.sector_size(0);
      complain(value % page == 0 && value < size, "ERASEPAGE with no page's address");
      std::fill_n(memory.data() + value, page, std::uint8_t{0xff});
      ++erases;
    } else {
      complain(config == 1, "a word without write enabled");
      complain(address % 4 == 0 && address < size, "a word that is not aligned");
      for (std::uint32_t i = 0; i < 4; ++i)
        memory[address + i] &= static_cast<std::uint8_t>(value >> 8 * i);
      ++writes;
    }
    busy = 3;
  }

  static void copy(std::uint32_t address, ota::mutable_bytes out) {
    complain(busy == 0 && config == 0, "read while writing or erasing was enabled");
    std::copy_n(memory.data() + address, out.size(), out.begin());
  }

  static void complain(bool right, const char* sentence) {
    if (!right) told.emplace_back(sentence);
  }

  static inline std::vector<std::uint8_t> memory;
  static inline ota_test::complaints told;
  static inline std::uint32_t config, busy, writes, erases;
};

template <class Chip>
class nrf_nvmc : public ::testing::Test {
 protected:
  using model = nvmc_model<Chip>;
  using policy = ota::nrf_nvmc<Chip, model>;
  void SetUp() override { model::reset(); }
};

using chips = ::testing::Types<ota::nrf51822, ota::nrf52832, ota::nrf52840>;
TYPED_TEST_SUITE(nrf_nvmc, chips, );

TYPED_TEST(nrf_nvmc, keeps_the_contract_and_the_manual) {
  typename TestFixture::policy flash;
  const std::uint32_t page = flash.geometry.sector_size(0);
  EXPECT_EQ(ota_test::broken_rule(flash, {0, 3 * page}), "");
  EXPECT_EQ(ota_test::broken_rule(flash, {flash.geometry.size() - 2 * page, 2 * page}), "");
  EXPECT_EQ(TestFixture::model::told, ota_test::complaints{});
  EXPECT_EQ(TestFixture::model::config, 0u);
}

TYPED_TEST(nrf_nvmc, writes_each_word_once) {
  typename TestFixture::policy flash;
  std::uint8_t data[64] = {1, 2, 3};
  ASSERT_TRUE(flash.erase(0));
  ASSERT_TRUE(flash.program(0, data));
  EXPECT_EQ(TestFixture::model::writes, 16u);
  EXPECT_EQ(TestFixture::model::erases, 1u);
}

}  // namespace
