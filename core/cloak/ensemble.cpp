#include "cloak/ensemble.h"

#include <algorithm>
#include <cmath>

#include "cloak/filters.h"

namespace lowkey::cloak {
namespace {

// A crop at the template's own scale and on its pixel grid is cut out of the template crop, which
// spares a warp.
bool is_cut_of_template(const face::CropGeometry& crop) {
    return crop.step == 1 && crop.offset_x == std::floor(crop.offset_x) &&
           crop.offset_y == std::floor(crop.offset_y) && crop.offset_x >= 0 && crop.offset_y >= 0 &&
           crop.offset_x + crop.width <= face::kTemplateSize &&
           crop.offset_y + crop.height <= face::kTemplateSize;
}

torch::Tensor crop_through_view(const torch::Tensor& picture, const cv::Matx23d& to_picture,
                                const face::CropGeometry& crop, const View& view) {
    torch::Tensor pixels =
        face::warp(picture, face::crop_to_picture(compose(to_picture, view.jitter), crop),
                   crop.height, crop.width);
    const torch::Tensor rows = blur_matrix(view, crop.height, crop.step, picture.options());
    if (rows.defined()) {
        const torch::Tensor columns =
            crop.width == crop.height ? rows
                                      : blur_matrix(view, crop.width, crop.step, picture.options());
        pixels = filter(rows, columns, pixels);
    }
    pixels = as_posted(pixels, view);
    return view.mirror ? pixels.flip({3}) : pixels;
}

torch::Tensor batch_of_views(const torch::Tensor& picture, const cv::Matx23d& to_picture,
                             const face::CropGeometry& crop, const std::vector<View>& views) {
    std::vector<torch::Tensor> crops;
    crops.reserve(views.size());
    for (const View& view : views) {
        crops.push_back(crop_through_view(picture, to_picture, crop, view));
    }
    return torch::cat(crops);
}

}  // namespace

cv::Matx23d compose(const cv::Matx23d& a, const cv::Matx23d& b) {
    const auto full = [](const cv::Matx23d& m) {
        return cv::Matx33d(m(0, 0), m(0, 1), m(0, 2), m(1, 0), m(1, 1), m(1, 2), 0, 0, 1);
    };
    const cv::Matx33d product = full(a) * full(b);
    return {product(0, 0), product(0, 1), product(0, 2),
            product(1, 0), product(1, 1), product(1, 2)};
}

Ensemble::Ensemble(std::vector<model::Recogniser*> recognisers)
    : recognisers_(std::move(recognisers)) {
    for (const model::Recogniser* recogniser : recognisers_) {
        const auto found = std::find(geometries_.begin(), geometries_.end(), recogniser->crop());
        geometry_of_.push_back(static_cast<std::size_t>(found - geometries_.begin()));
        if (found == geometries_.end()) geometries_.push_back(recogniser->crop());
    }
}

Ensemble Ensemble::chosen(const std::vector<std::size_t>& places) const {
    std::vector<model::Recogniser*> chosen;
    for (const std::size_t place : places) chosen.push_back(recognisers_[place]);
    return Ensemble(std::move(chosen));
}

std::vector<torch::Tensor> Ensemble::crops(const torch::Tensor& picture,
                                           const cv::Matx23d& template_to_picture,
                                           const std::vector<View>& views) const {
    torch::Tensor whole_template;
    std::vector<torch::Tensor> cut;
    for (const face::CropGeometry& geometry : geometries_) {
        if (!is_cut_of_template(geometry)) {
            cut.push_back(batch_of_views(picture, template_to_picture, geometry, views));
            continue;
        }
        if (!whole_template.defined()) {
            whole_template =
                batch_of_views(picture, template_to_picture, face::CropGeometry{}, views);
        }
        // A mirrored view was flipped as a whole: its columns count from the other side.
        const auto left = static_cast<int64_t>(geometry.offset_x);
        const auto right = face::kTemplateSize - left - geometry.width;
        const torch::Tensor rows =
            whole_template.narrow(2, static_cast<int64_t>(geometry.offset_y), geometry.height);
        if (left == right) {
            cut.push_back(rows.narrow(3, left, geometry.width));
            continue;
        }
        std::vector<torch::Tensor> each;
        for (std::size_t v = 0; v < views.size(); ++v) {
            each.push_back(rows.narrow(0, static_cast<int64_t>(v), 1)
                               .narrow(3, views[v].mirror ? right : left, geometry.width));
        }
        cut.push_back(torch::cat(each));
    }
    for (torch::Tensor& batch : cut) batch = batch.contiguous(torch::MemoryFormat::ChannelsLast);
    std::vector<torch::Tensor> crops;
    for (const std::size_t geometry : geometry_of_) crops.push_back(cut[geometry]);
    return crops;
}

std::vector<torch::Tensor> Ensemble::embed(const torch::Tensor& picture,
                                           const cv::Matx23d& template_to_picture,
                                           const std::vector<View>& views) const {
    std::vector<torch::Tensor> embeddings = crops(picture, template_to_picture, views);
    for (std::size_t i = 0; i < size(); ++i) embeddings[i] = embed_crops(i, embeddings[i]);
    return embeddings;
}

}  // namespace lowkey::cloak
