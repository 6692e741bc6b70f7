// The networks of ../shared/models through our architectures, against their own list of operations,
// interpreted one by one.
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <fstream>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>

#include "convert/convert.h"
#include "model/pack.h"
#include "temporary_folder.h"

namespace lowkey::model {
namespace {

using lowkey::testing::TemporaryFolder;
const std::filesystem::path kShared = LOWKEY_SHARED;

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
    return parts;
}

std::vector<std::int64_t> numbers(const std::string& text) {
    std::vector<std::int64_t> values;
    for (const auto& part : split(text)) values.push_back(std::stoll(part));
    return values;
}

// Runs `name`.txt on `data`, in float64 so that only the other side rounds.
torch::Tensor interpret(const std::string& name, const torch::Tensor& data) {
    std::ifstream text(kShared / "models" / (name + ".txt"));
    std::ifstream binary(kShared / "models" / (name + ".bin"), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(binary), {}};
    std::map<std::string, torch::Tensor> values{{"data", data.to(torch::kFloat64)}};
    std::string result;
    for (std::string line; std::getline(text, line);) {
        std::istringstream words(line);
        std::string tag, first, second, third;
        words >> tag >> first >> second >> third;
        if (tag == "R") result = first;
        if (tag == "W") {
            auto* start = const_cast<char*>(bytes.data()) + 4 * std::stoll(second);
            values[first] = torch::from_blob(start, numbers(third)).to(torch::kFloat64);
        }
        if (tag != "O") continue;
        std::vector<torch::Tensor> in;
        for (const auto& input : split(third)) in.push_back(values.at(input));
        std::map<std::string, std::string> attributes;
        for (std::string word; words >> word;) {
            attributes[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
        }
        const auto v = [&] { return std::stod(attributes.at("v")); };
        torch::Tensor y;
        if (first == "conv") {
            y = torch::conv2d(in[0], in[1], in.size() > 2 ? in[2] : torch::Tensor(),
                              numbers(attributes.at("s")), numbers(attributes.at("p")), {1, 1},
                              std::stoll(attributes.at("g")));
        } else if (first == "bn") {
            const auto shape = in[0].dim() == 4 ? std::vector<std::int64_t>{1, -1, 1, 1}
                                                : std::vector<std::int64_t>{1, -1};
            const auto at = [&](int i) { return in[i].view(shape); };
            y = (in[0] - at(3)) / (at(4) + std::stod(attributes.at("eps"))).sqrt() * at(1) + at(2);
        } else if (first == "prelu") {
            y = torch::where(in[0] > 0, in[0], in[0] * in[1].view({1, -1, 1, 1}));
        } else if (first == "fc") {
            y = torch::matmul(in[0].flatten(1), in[1].t());
            if (in.size() > 2) y = y + in[2];
        } else if (first == "add") {
            y = in[0] + in[1];
        } else if (first == "minus_scalar") {
            y = in[0] - v();
        } else if (first == "mul_scalar") {
            y = in[0] * v();
        } else if (first == "maximum_scalar") {
            y = in[0].clamp_min(v());
        } else if (first == "minimum_scalar") {
            y = in[0].clamp_max(v());
        } else if (first == "id") {
            y = in[0];
        } else if (first == "flatten") {
            y = in[0].flatten(1);
        } else {
            throw std::runtime_error("operation " + first);
        }
        values[second] = y;
    }
    return values.at(result).flatten(1);
}

// Two faces out of the middle of photographs, and noise. N x 3 x height x width in [0, 1].
torch::Tensor pictures(const face::CropGeometry& crop) {
    std::vector<torch::Tensor> list{torch::rand({3, crop.height, crop.width})};
    for (const auto* name : {"Abel_Pacheco", "Aaron_Eckhart"}) {
        const auto file = std::filesystem::directory_iterator(kShared / "lfw" / name)->path();
        cv::Mat image = cv::imread(file.string(), cv::IMREAD_COLOR);
        cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
        image =
            image(cv::Rect(125 - crop.width / 2, 125 - crop.height / 2, crop.width, crop.height))
                .clone();
        list.push_back(torch::from_blob(image.data, {crop.height, crop.width, 3}, torch::kUInt8)
                           .permute({2, 0, 1})
                           .to(torch::kFloat32) /
                       255);
    }
    return torch::stack(list);
}

class SharedNetworks : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!std::filesystem::exists(kShared / "models")) GTEST_SKIP() << "../shared is not here";
        torch::manual_seed(2);
    }
    Pack load(Storage storage) {
        convert::convert_pack(kShared / "models", folder_.path(), storage);
        return load_pack(folder_.path(), torch::kCPU);
    }
    TemporaryFolder folder_;
};

double relative(const torch::Tensor& a, const torch::Tensor& b) {
    return ((a - b).norm() / b.norm()).item<double>();
}

TEST_F(SharedNetworks, ComputeWhatTheirOperationsSay) {
    const auto pack = load(Storage::float32);
    ASSERT_EQ(pack.recognisers.size(), 4U);
    const torch::NoGradGuard no_grad;
    for (const auto& recogniser : pack.recognisers) {
        const auto x = pictures(recogniser->crop());
        const auto data = recogniser->name() == "xiaoccer" ? (x * 255 - 127.5) / 128 : x * 255;
        auto expected = interpret(recogniser->name(), data);
        expected = expected / expected.norm(2, 1, true);
        EXPECT_LT(relative(recogniser->embed(x).to(torch::kFloat64), expected), 1e-4)
            << recogniser->name();
    }
}

TEST_F(SharedNetworks, Float16IsCloseToFloat32) {
    const auto full = load(Storage::float32);
    const auto half = load(Storage::float16);
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < full.recognisers.size(); ++i) {
        const auto x = pictures(full.recognisers[i]->crop());
        const auto cosine = (full.recognisers[i]->embed(x) * half.recognisers[i]->embed(x)).sum(1);
        EXPECT_GT(cosine.min().item<double>(), 0.9999) << full.recognisers[i]->name();
    }
    const auto a = torch::rand({2, 3, 112, 112}), b = torch::rand({2, 3, 112, 112});
    EXPECT_LT(relative(half.perceptual->distance(a, b), full.perceptual->distance(a, b)), 2e-3);
}

}  // namespace
}  // namespace lowkey::model
