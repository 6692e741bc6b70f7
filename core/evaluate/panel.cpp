#include "evaluate/panel.h"

#include <glib.h>

#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "cloak/machine.h"
#include "cuda/device.h"
#include "face/alignment.h"
#include "lowkey/error.h"
#include "model/manifest.h"

namespace lowkey::evaluate {
namespace {

// To be raised with every change of how a face is found, aligned or embedded here.
constexpr int kMethod = 1;

std::vector<std::string> fingerprints_of(const model::Manifest& manifest) {
    std::vector<std::string> all;
    for (const model::RecogniserEntry& entry : manifest.recognisers) {
        const auto& crop = entry.crop;
        const nlohmann::json parts = {
            kMethod,
            entry.weights.sha256,
            entry.architecture,
            {crop.width, crop.height, crop.offset_x, crop.offset_y, crop.step},
            {entry.preprocessing.bgr, entry.preprocessing.mean, entry.preprocessing.deviation},
            entry.mirror,
            manifest.detector ? manifest.detector->model.sha256 : "cascade"};
        all.push_back(digest(parts.dump()));
    }
    return all;
}

cv::Mat cut(const cv::Mat& picture, const cv::Matx23d& alignment, const face::CropGeometry& crop) {
    cv::Mat pixels;
    cv::warpAffine(picture, pixels, face::crop_to_picture(alignment, crop),
                   {crop.width, crop.height}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_REPLICATE);
    return pixels;
}

}  // namespace

Panel::Panel(const std::filesystem::path& pack, const std::string& device)
    : device_(cuda::choose_device(device)),
      pack_(model::load_pack(pack, device_)),
      detector_(pack_.detector ? std::move(pack_.detector) : face::make_cascade()),
      fingerprints_(fingerprints_of(model::read_manifest(pack))) {
    cloak::use_physical_cores();
    cloak::keep_freed_buffers();
}

std::optional<cv::Matx23d> Panel::align(const cv::Mat& picture) {
    const std::vector<Face> faces = detector_->detect(picture);
    if (faces.empty()) return std::nullopt;
    const Face& face = face::most_central(faces, picture.cols, picture.rows);
    return face::template_to_picture(face.landmarks);
}

torch::Tensor Panel::embed_aligned(const std::vector<cv::Mat>& pictures,
                                   const std::vector<cv::Matx23d>& alignments, std::size_t judge) {
    const torch::NoGradGuard no_gradient;
    model::Recogniser& recogniser = *pack_.recognisers[judge];
    const face::CropGeometry& crop = recogniser.crop();
    std::vector<torch::Tensor> crops;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        const cv::Mat pixels = cut(pictures[i], alignments[i], crop);
        crops.push_back(
            torch::from_blob(pixels.data, {crop.height, crop.width, 3}, torch::kUInt8).clone());
    }
    const torch::Tensor batch = torch::stack(crops).permute({0, 3, 1, 2}).to(torch::kFloat) / 255;
    torch::Tensor embeddings = recogniser.embed(batch.to(device_)).cpu();
    if (!embeddings.isfinite().all().item<bool>()) {
        throw Error(ErrorKind::pack, "The judge “" + recogniser.name() +
                                         "” gives no finite embedding, so it cannot judge. Use "
                                         "another pack.");
    }
    return embeddings;
}

std::vector<std::vector<torch::Tensor>> Panel::embed(const std::vector<cv::Mat>& pictures,
                                                     const std::vector<std::size_t>& judges) {
    std::vector<cv::Mat> with_face;
    std::vector<cv::Matx23d> alignments;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        const std::optional<cv::Matx23d> alignment = align(pictures[i]);
        if (!alignment) continue;
        with_face.push_back(pictures[i]);
        alignments.push_back(*alignment);
        places.push_back(i);
    }
    std::vector<std::vector<torch::Tensor>> result(
        judges.size(), std::vector<torch::Tensor>(pictures.size(), torch::empty({0})));
    if (with_face.empty()) return result;
    for (std::size_t j = 0; j < judges.size(); ++j) {
        const torch::Tensor rows = embed_aligned(with_face, alignments, judges[j]);
        for (std::size_t k = 0; k < places.size(); ++k)
            result[j][places[k]] = rows[static_cast<int64_t>(k)].clone();
    }
    return result;
}

std::string digest(const std::string& text) {
    const std::unique_ptr<char, decltype(&g_free)> hex(
        g_compute_checksum_for_string(G_CHECKSUM_SHA256, text.data(),
                                      static_cast<gssize>(text.size())),
        &g_free);
    return hex.get();
}

}  // namespace lowkey::evaluate
