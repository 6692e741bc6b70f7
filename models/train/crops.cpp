#include "train/crops.h"

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "evaluate/people.h"
#include "face/alignment.h"
#include "face/face.h"
#include "image/convert.h"
#include "image/file.h"
#include "lowkey/error.h"

namespace lowkey::train {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kCropBytes = std::size_t{kCropSize} * kCropSize * 3;

cv::Mat crop_of(const cv::Mat& rgb, const Face& face) {
    const cv::Matx23d to_picture =
        face::crop_to_picture(face::template_to_picture(face.landmarks), {.width = kCropSize,
                                                                          .height = kCropSize,
                                                                          .offset_x = -kMargin,
                                                                          .offset_y = -kMargin,
                                                                          .step = 1});
    cv::Mat crop;
    cv::warpAffine(rgb, crop, to_picture, {kCropSize, kCropSize},
                   cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
    return crop;
}

}  // namespace

void prepare_crops(const fs::path& people, const fs::path& detector, const fs::path& out) {
    const auto yunet = face::make_yunet(detector);
    fs::create_directories(out);
    std::ofstream pixels(out / "crops.bin", std::ios::binary);
    nlohmann::json names = nlohmann::json::array();
    int without_face = 0;
    for (const evaluate::Person& person : evaluate::read_people(people)) {
        for (const fs::path& photo : person.photos) {
            const auto loaded = image::read(photo);
            const cv::Mat rgb = image::to_rgb8(loaded.picture.view());
            const auto faces = yunet->detect(rgb);
            if (faces.empty()) {
                ++without_face;
                continue;
            }
            const cv::Mat crop = crop_of(rgb, face::most_central(faces, rgb.cols, rgb.rows));
            pixels.write(reinterpret_cast<const char*>(crop.data), kCropBytes);
            names.push_back(person.name);
            if (names.size() % 500 == 0) std::cerr << names.size() << " crops\n";
        }
    }
    std::ofstream(out / "crops.json") << names.dump();
    pixels.close();
    if (!pixels)
        throw Error(ErrorKind::file,
                    "Cannot write " + (out / "crops.bin").string() + ". Is the disk full?");
    std::cerr << names.size() << " crops, " << without_face << " photos without a face\n";
}

Crops read_crops(const fs::path& folder) {
    std::ifstream index(folder / "crops.json");
    const auto names = nlohmann::json::parse(index, nullptr, false);
    if (!names.is_array() || names.empty()) {
        throw Error(ErrorKind::file,
                    "No crops in " + folder.string() + ". Run `lowkey-train crops` first.");
    }
    Crops crops;
    crops.people = names.get<std::vector<std::string>>();
    const auto count = static_cast<int64_t>(crops.people.size());
    crops.pixels = torch::empty({count, kCropSize, kCropSize, 3}, torch::kUInt8);
    std::ifstream pixels(folder / "crops.bin", std::ios::binary);
    if (!pixels.read(static_cast<char*>(crops.pixels.data_ptr()),
                     count * static_cast<int64_t>(kCropBytes))) {
        throw Error(ErrorKind::file,
                    (folder / "crops.bin").string() +
                        " is shorter than its index says. Run `lowkey-train crops` again.");
    }
    return crops;
}

std::vector<int64_t> part(const Crops& crops, bool validation) {
    std::vector<int64_t> indices;
    for (std::size_t i = 0; i < crops.people.size(); ++i) {
        if (evaluate::is_validation(crops.people[i]) == validation)
            indices.push_back(static_cast<int64_t>(i));
    }
    return indices;
}

torch::Tensor plain_batch(const Crops& crops, const std::vector<int64_t>& indices) {
    const auto rows = crops.pixels.index_select(0, torch::tensor(indices));
    return rows.narrow(1, kMargin, 112)
               .narrow(2, kMargin, 112)
               .permute({0, 3, 1, 2})
               .to(torch::kFloat) /
           255;
}

}  // namespace lowkey::train
