#include "model/safetensors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <random>

#include "expect_error.h"
#include "temporary_folder.h"

namespace lowkey::model {
namespace {

using lowkey::testing::expect_error;
using lowkey::testing::read_text;
using lowkey::testing::TemporaryFolder;
using lowkey::testing::write_text;

std::string file_of(const std::string& header, const std::string& data,
                    std::optional<std::uint64_t> header_bytes = {}) {
    const std::uint64_t size = header_bytes.value_or(header.size());
    std::string text(sizeof size, '\0');
    std::memcpy(text.data(), &size, sizeof size);
    return text + header + data;
}

TEST(Safetensors, WrittenTensorsComeBackBitForBit) {
    const TemporaryFolder folder;
    Tensors tensors{{"half", torch::randn({3, 5}).to(torch::kFloat16)},
                    {"brain", torch::randn({7}).to(torch::kBFloat16)},
                    {"single", torch::randn({2, 3, 4, 5})},
                    {"double", torch::randn({4}, torch::kFloat64)},
                    {"count", torch::tensor({std::int64_t{1} << 40, std::int64_t{-2}})},
                    {"scalar", torch::tensor(3.5F)},
                    {"nothing", torch::empty({0, 4})}};
    const auto file = folder / "wëights.safetensors";
    write_safetensors(file, tensors, {{"made by", "a test"}});
    const auto read = read_safetensors(file);
    ASSERT_EQ(read.size(), tensors.size());
    for (const auto& [name, tensor] : tensors) {
        EXPECT_EQ(read.at(name).scalar_type(), tensor.scalar_type()) << name;
        EXPECT_TRUE(torch::equal(read.at(name), tensor)) << name;
    }
}

TEST(Safetensors, ReadsAHandWrittenFile) {
    const TemporaryFolder folder;
    const float values[] = {1.5F, -2.0F};
    write_text(
        folder / "a",
        file_of(
            R"({"__metadata__":{"x":"y"},"t":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}  )",
            std::string(reinterpret_cast<const char*>(values), sizeof values)));
    const auto read = read_safetensors(folder / "a");
    EXPECT_TRUE(torch::equal(read.at("t"), torch::tensor({{1.5F}, {-2.0F}})));
}

struct Hostile {
    const char* name;
    std::string content;
    const char* words;
};

class HostileSafetensors : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileSafetensors, IsRefusedWithTheFilesName) {
    const TemporaryFolder folder;
    write_text(folder / "bad.safetensors", GetParam().content);
    expect_error(ErrorKind::pack, GetParam().words,
                 [&] { read_safetensors(folder / "bad.safetensors"); });
    expect_error(ErrorKind::pack, "bad.safetensors",
                 [&] { read_safetensors(folder / "bad.safetensors"); });
}

std::string one(const std::string& entry, const std::string& data = "12345678") {
    return file_of("{\"t\":" + entry + "}", data);
}

INSTANTIATE_TEST_SUITE_P(
    Files, HostileSafetensors,
    ::testing::Values(
        Hostile{"Empty", "", "too short"}, Hostile{"SevenBytes", "1234567", "too short"},
        Hostile{"TruncatedHeader", file_of("{\"t\":", "", 1000), "does not fit"},
        Hostile{"HugeHeader", file_of("{}", "", ~0ULL), "does not fit"},
        Hostile{"HeaderOfGigabytes", file_of("{}", "", 1ULL << 40), "does not fit"},
        Hostile{"NotJson", file_of("weights, trust me", ""), "not JSON"},
        Hostile{"AList", file_of("[1,2]", ""), "not JSON"},
        Hostile{"DeepJson", file_of(std::string(200000, '['), ""), "not JSON"},
        Hostile{"BadUtf8", file_of("{\"\xff\xfe\":1}", ""), "not JSON"},
        Hostile{"EntryIsText", one("\"x\""), "incomplete"},
        Hostile{"NoOffsets", one(R"({"dtype":"F32","shape":[2]})"), "incomplete"},
        Hostile{"UnknownType", one(R"({"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]})"),
                "number type"},
        Hostile{"TypeIsANumber", one(R"({"dtype":4,"shape":[2],"data_offsets":[0,8]})"),
                "number type"},
        Hostile{"NegativeShape", one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"),
                "shape"},
        Hostile{"FractionalShape", one(R"({"dtype":"F32","shape":[2.5],"data_offsets":[0,8]})"),
                "shape"},
        Hostile{
            "ShapeOverflows",
            one(R"({"dtype":"F32","shape":[1099511627776,1099511627776,4],"data_offsets":[0,8]})"),
            "match"},
        Hostile{"ShapeTooSmall", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,8]})"),
                "match"},
        Hostile{"WrongType", one(R"({"dtype":"F16","shape":[2],"data_offsets":[0,8]})"), "match"},
        Hostile{"BackwardOffsets", one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"),
                "match"},
        Hostile{"NegativeOffsets", one(R"({"dtype":"F32","shape":[2],"data_offsets":[-8,0]})"),
                "offsets"},
        Hostile{"OutOfRange", one(R"({"dtype":"F32","shape":[4],"data_offsets":[0,16]})"),
                "length"},
        Hostile{
            "FarOutOfRange",
            one(R"({"dtype":"F32","shape":[2],"data_offsets":[18446744073709551607,18446744073709551615]})"),
            "hole"},
        Hostile{"TrailingBytes",
                one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", "123456789"), "length"},
        Hostile{
            "Overlap",
            file_of(
                R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                "123456789012"),
            "overlaps"},
        Hostile{"Hole", one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})"), "hole"}),
    [](const auto& info) { return info.param.name; });

TEST(Safetensors, AMissingFileIsNamed) {
    expect_error(ErrorKind::pack, "/nowhere/x.safetensors",
                 [] { read_safetensors("/nowhere/x.safetensors"); });
}

// Flipped and cut bytes of a real file: any answer but a crash or another exception.
TEST(Safetensors, DamagedBytesNeverCrash) {
    const TemporaryFolder folder;
    write_safetensors(folder / "good", {{"a", torch::randn({4, 4})}, {"b", torch::randn({3})}});
    const auto good = read_text(folder / "good");
    std::mt19937 random(7);
    int refused = 0;
    for (int i = 0; i < 2000; ++i) {
        auto bad = good;
        for (int flips = 0; flips < 3; ++flips) {
            bad[random() % bad.size()] = static_cast<char>(random());
        }
        if (i % 3 == 0) bad.resize(random() % bad.size());
        write_text(folder / "bad", bad);
        try {
            read_safetensors(folder / "bad");
        } catch (const Error& error) {
            EXPECT_EQ(error.kind, ErrorKind::pack);
            ++refused;
        }
    }
    EXPECT_GT(refused, 1000);
}

TEST(Safetensors, AFailedWriteLeavesNothing) {
    const TemporaryFolder folder;
    expect_error(ErrorKind::file, "cannot be written", [&] {
        write_safetensors(folder / "missing" / "x.safetensors", {{"a", torch::zeros({1})}});
    });
    // A file that may not grow on, as on a full disk.
    rlimit before = {};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small = {50000, before.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &small);
    expect_error(ErrorKind::file, "larger than allowed", [&] {
        write_safetensors(folder / "large.safetensors", {{"a", torch::zeros({100000})}});
    });
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace lowkey::model
