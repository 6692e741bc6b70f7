// Recognition rates on Labeled Faces in the Wild: a loader that is right reproduces the figures of
// ../shared/README.md. First photo of a person in the gallery, second as the probe.
//
// Those figures are over the 1,680 people of all LFW who have two photos. ../shared/lfw is a part
// of LFW with 998 such people, so the gallery is filled up to 1,680 with people who have one photo,
// and the tolerance allows for the people who are missing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "convert/convert.h"
#include "face/alignment.h"
#include "face/face.h"
#include "model/pack.h"
#include "temporary_folder.h"

namespace lowkey::model {
namespace {

namespace fs = std::filesystem;
using lowkey::testing::TemporaryFolder;
const fs::path kShared = LOWKEY_SHARED;

struct Rates {
    double rank1, tar;
};

constexpr std::size_t kPublishedPeople = 1680;

struct Files {
    std::vector<fs::path> gallery, probes;  // probe i shows the person of gallery photo i
};

Files files() {
    std::vector<std::vector<fs::path>> people;
    for (const auto& person : fs::directory_iterator(kShared / "lfw")) {
        if (!person.is_directory()) continue;
        auto& photos = people.emplace_back();
        for (const auto& photo : fs::directory_iterator(person.path())) {
            photos.push_back(photo.path());
        }
        std::ranges::sort(photos);
    }
    std::ranges::sort(people);
    Files result;
    for (const auto& photos : people) {
        if (photos.size() < 2) continue;
        result.gallery.push_back(photos[0]);
        result.probes.push_back(photos[1]);
    }
    for (const auto& photos : people) {
        if (photos.size() == 1 && result.gallery.size() < kPublishedPeople) {
            result.gallery.push_back(photos[0]);
        }
    }
    return result;
}

// LFW's person is in the middle of the photo; others may stand beside.
const Face& middle_face(const std::vector<Face>& faces, const cv::Mat& image) {
    return *std::ranges::min_element(faces, {}, [&](const Face& face) {
        return std::hypot(face.x + face.width / 2 - static_cast<float>(image.cols) / 2,
                          face.y + face.height / 2 - static_cast<float>(image.rows) / 2);
    });
}

class Embedder {
  public:
    explicit Embedder(const Pack& pack) : pack_(pack) {}

    // One row of embeddings a recogniser for each of the files.
    std::map<std::string, torch::Tensor> embed(const std::vector<fs::path>& files) {
        std::map<std::string, std::vector<torch::Tensor>> crops, embeddings;
        for (std::size_t i = 0; i < files.size(); ++i) {
            cv::Mat image = cv::imread(files[i].string(), cv::IMREAD_COLOR);
            cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
            const auto faces = pack_.detector->detect(image);
            if (faces.empty()) {
                ADD_FAILURE() << "no face in " << files[i];
                continue;
            }
            const auto matrix = face::template_to_picture(middle_face(faces, image).landmarks);
            const auto picture =
                torch::from_blob(image.data, {1, image.rows, image.cols, 3}, torch::kUInt8)
                    .permute({0, 3, 1, 2})
                    .to(torch::kFloat32) /
                255;
            for (const auto& recogniser : pack_.recognisers) {
                const auto& crop = recogniser->crop();
                crops[recogniser->name()].push_back(face::warp(
                    picture, face::crop_to_picture(matrix, crop), crop.height, crop.width));
            }
            if ((i + 1) % 16 != 0 && i + 1 != files.size()) continue;
            for (const auto& recogniser : pack_.recognisers) {
                auto& batch = crops[recogniser->name()];
                embeddings[recogniser->name()].push_back(recogniser->embed(torch::cat(batch)));
                batch.clear();
            }
        }
        std::map<std::string, torch::Tensor> result;
        for (const auto& [name, parts] : embeddings) result[name] = torch::cat(parts);
        return result;
    }

  private:
    const Pack& pack_;
};

Rates rates(const torch::Tensor& gallery, const torch::Tensor& probes) {
    const auto similarity = torch::matmul(probes, gallery.t());
    const auto hits = similarity.argmax(1) == torch::arange(probes.size(0));
    const auto genuine = similarity.diag();
    const auto same = torch::eye(probes.size(0), gallery.size(0), torch::kBool);
    const auto impostors = similarity.masked_select(same.logical_not());
    const auto allowed = impostors.numel() / 1000;
    const auto threshold = std::get<0>(impostors.topk(allowed + 1)).min();
    return {hits.to(torch::kFloat64).mean().item<double>(),
            (genuine > threshold).to(torch::kFloat64).mean().item<double>()};
}

// 0.005, and twice the standard error of a rate over `seen` of `all` people.
double tolerance(double rate, double seen, double all) {
    return 0.005 + 2 * std::sqrt(rate * (1 - rate) * (1 / seen - 1 / all));
}

TEST(Lfw, RatesAreThePublishedOnes) {
    if (!fs::exists(kShared / "lfw")) GTEST_SKIP() << "../shared is not here";
    const TemporaryFolder folder;
    convert::convert_pack(kShared / "models", folder.path(), Storage::float32);
    const auto pack = load_pack(folder.path(), torch::kCPU);
    const auto [first, second] = files();
    ASSERT_EQ(first.size(), kPublishedPeople);
    const torch::NoGradGuard no_grad;
    Embedder embedder(pack);
    const auto gallery = embedder.embed(first), probes = embedder.embed(second);
    const std::map<std::string, Rates> published{{"xiaoccer", {.934, .940}},
                                                 {"mobileface_v2", {.910, .938}},
                                                 {"insightface_y1", {.982, .986}},
                                                 {"graykey", {.977, .982}}};
    for (const auto& [name, expected] : published) {
        const auto measured = rates(gallery.at(name), probes.at(name));
        std::cout << name << ": rank-1 " << measured.rank1 << ", TAR at FAR 1e-3 " << measured.tar
                  << "\n";
        const auto allowed = [&](double rate) {
            return tolerance(rate, static_cast<double>(second.size()), kPublishedPeople);
        };
        EXPECT_NEAR(measured.rank1, expected.rank1, allowed(expected.rank1)) << name;
        EXPECT_NEAR(measured.tar, expected.tar, allowed(expected.tar)) << name;
    }
}

}  // namespace
}  // namespace lowkey::model
