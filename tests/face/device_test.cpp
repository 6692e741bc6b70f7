#include "cuda/device.h"

#include <gmock/gmock.h>
#include <torch/cuda.h>

#include "lowkey/error.h"

namespace lowkey::cuda {
namespace {

TEST(ChooseDevice, TheProcessorIsAlwaysThere) {
    EXPECT_TRUE(choose_device("cpu").is_cpu());
    EXPECT_EQ(describe(choose_device("cpu")), "CPU");
}

TEST(ChooseDevice, AutoTakesCudaOnlyWhereItIs) {
    EXPECT_EQ(choose_device("auto").is_cuda(), torch::cuda::is_available());
}

TEST(ChooseDevice, UnknownAndAbsentDevicesAreNamed) {
    for (const char* name :
         {"gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:99", "cuda:99999999999", "CPU"}) {
        try {
            choose_device(name);
            ADD_FAILURE() << name;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind, ErrorKind::device) << name;
            EXPECT_THAT(error.what(), testing::HasSubstr(std::string("\"") + name + "\""));
        }
    }
}

}  // namespace
}  // namespace lowkey::cuda
