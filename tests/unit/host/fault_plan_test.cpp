#include "ota/host/fault_plan.hpp"

#include <gtest/gtest.h>

namespace {

using ota::host::fault_plan;

TEST(fault_plan, reads_all_faults) {
  fault_plan faults;
  faults.parse("drop=0.25,delay=50,status=503:0.5");
  faults.parse("slow=1000,norange,corrupt=1,chunked,truncate=7,redirect,expire,seed=3");
  EXPECT_EQ(faults.drop, 0.25);
  EXPECT_EQ(faults.delay_ms, 50u);
  EXPECT_EQ(faults.status, 503);
  EXPECT_EQ(faults.status_part, 0.5);
  EXPECT_EQ(faults.slow, 1000u);
  EXPECT_EQ(faults.corrupt, 1);
  EXPECT_EQ(faults.truncate, 7u);
  EXPECT_TRUE(faults.norange && faults.chunked && faults.redirect && faults.expire);
}

TEST(fault_plan, takes_a_status_for_each_request) {
  fault_plan faults;
  faults.parse("status=429");
  EXPECT_EQ(faults.status_part, 1);
}

TEST(fault_plan, refuses_what_is_no_fault) {
  for (const char* text :
       {"", "drop", "drop=", "drop=1.5", "drop=-1", "drop=x", "drop=0.1,,delay=1", "delay=-1",
        "status=99", "status=abc", "status=500:2", "norange=1", "nonsense",
        "truncate=99999999999999999999"}) {
    fault_plan faults;
    EXPECT_THROW(faults.parse(text), std::invalid_argument) << text;
  }
}

TEST(fault_plan, happens_as_often_as_it_says_and_alike_for_a_seed) {
  fault_plan one, other;
  one.parse("seed=9");
  other.parse("seed=9");
  int count = 0;
  for (int i = 0; i < 10000; ++i) {
    const bool happens = one.happens(0.3);
    count += happens;
    ASSERT_EQ(happens, other.happens(0.3));
  }
  EXPECT_NEAR(count, 3000, 200);
  EXPECT_FALSE(one.happens(0));
  EXPECT_TRUE(one.happens(1));
}

}  // namespace
