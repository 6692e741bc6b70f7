#include "train/detector_loss.h"

#include <algorithm>
#include <cmath>

#include "face/heads.h"

namespace lowkey::train {
namespace {

// Sizes of faces that a stride answers for, in pixels; neighbours overlap.
struct Range {
    double least, most;
};
constexpr std::array<Range, face::kStrides.size()> kRanges{{{0, 44}, {32, 128}, {100, 1e9}}};
constexpr double kBesideRange = 1.3;  // up to this factor outside, a stride is not blamed
constexpr double kRadiusShare = 0.3, kLeastRadius = 0.75, kMostRadius = 1.5;  // in strides
constexpr double kBoxWeight = 2, kLandmarkWeight = 30;
constexpr double kLandmarkKnee = 0.02;  // in box sizes: below it errors count by their square

enum State : signed char { kBackground, kFace, kIgnored };

struct Map {
    explicit Map(int64_t cells)
        : state(static_cast<std::size_t>(cells), kBackground),
          face(static_cast<std::size_t>(cells), 0),
          distance(static_cast<std::size_t>(cells), 1e9) {}
    std::vector<State> state;
    std::vector<std::size_t> face;
    std::vector<double> distance;  // to the middle of `face`, in its size
};

double size_of(const Face& face) {
    return std::sqrt(static_cast<double>(face.width) * face.height);
}

template <typename Visit>
void for_cells(int64_t first, int side, int stride, const cv::Rect2f& area, const Visit& visit) {
    const auto from = [&](double low) {
        return std::clamp(static_cast<int>(std::ceil(low / stride)), 0, side);
    };
    const auto to = [&](double high) {
        return std::clamp(static_cast<int>(std::floor(high / stride)), -1, side - 1);
    };
    for (int y = from(area.y); y <= to(area.y + area.height); ++y)
        for (int x = from(area.x); x <= to(area.x + area.width); ++x)
            visit(static_cast<std::size_t>(first + static_cast<int64_t>(y) * side + x), x, y);
}

void assign_face(Map& map, const Face& face, std::size_t index, int64_t first, int side, int stride,
                 const Range& range) {
    const double size = size_of(face);
    const double x0 = face.x + face.width / 2, y0 = face.y + face.height / 2;
    const bool in_range = size >= range.least && size <= range.most;
    const bool beside = size >= range.least / kBesideRange && size <= range.most * kBesideRange;
    if (!beside) return;
    const double radius =
        std::clamp(kRadiusShare * size / stride, kLeastRadius, kMostRadius) * stride;
    // At the border of the square the middle of a cut face may lie beyond the last cell.
    const double last = static_cast<double>(side - 1) * stride;
    const double xc = std::clamp(x0, 0.0, last), yc = std::clamp(y0, 0.0, last);
    const double reach = radius + 0.75 * stride;
    const cv::Rect2f area(static_cast<float>(xc - reach), static_cast<float>(yc - reach),
                          static_cast<float>(2 * reach), static_cast<float>(2 * reach));
    for_cells(first, side, stride, area, [&](std::size_t cell, int x, int y) {
        const double away = std::max(std::abs(x * stride - xc), std::abs(y * stride - yc));
        if (!in_range || away > radius) {
            if (map.state[cell] == kBackground) map.state[cell] = kIgnored;
            return;
        }
        if (away / size >= map.distance[cell]) return;
        map.state[cell] = kFace;
        map.face[cell] = index;
        map.distance[cell] = away / size;
    });
}

// Corners of boxes given by centres and sizes, P x 2 each.
struct Corners {
    torch::Tensor low, high;
    Corners(const torch::Tensor& centre, const torch::Tensor& size)
        : low(centre - size / 2), high(centre + size / 2) {}
    torch::Tensor area() const { return (high - low).prod(1); }
};

struct Overlap {
    torch::Tensor iou, giou;  // P
};

Overlap overlap(const Corners& a, const Corners& b) {
    const auto common =
        (torch::min(a.high, b.high) - torch::max(a.low, b.low)).clamp_min(0).prod(1);
    const auto all = a.area() + b.area() - common;
    const auto hull = (torch::max(a.high, b.high) - torch::min(a.low, b.low)).prod(1);
    const auto iou = common / all.clamp_min(1e-6);
    return {iou, iou - (hull - all) / hull.clamp_min(1e-6)};
}

// The labels of all positive cells of a batch.
struct Labels {
    std::vector<int64_t> rows, ignored;  // in the batch's list of cells
    std::vector<float> cells;            // x, y, stride each
    std::vector<float> boxes;            // centre and size each, pixels
    std::vector<float> landmarks;        // ten each, pixels
};

Labels labels_of(const std::vector<Scene>& scenes) {
    Labels labels;
    int64_t first = 0;
    for (const Scene& scene : scenes) {
        const int size = scene.rgb.cols;
        const Assignment assignment = assign(scene.faces, scene.unsure, size);
        for (const auto& [index, number] : assignment.positives) {
            const Face& face = scene.faces[number];
            const Cell cell = cell_at(index, size);
            labels.rows.push_back(first + index);
            for (const int value : {cell.x, cell.y, cell.stride})
                labels.cells.push_back(static_cast<float>(value));
            labels.boxes.insert(
                labels.boxes.end(),
                {face.x + face.width / 2, face.y + face.height / 2, face.width, face.height});
            for (const Point& point : face.landmarks)
                labels.landmarks.insert(labels.landmarks.end(), {point.x, point.y});
        }
        for (const int64_t cell : assignment.ignored) labels.ignored.push_back(first + cell);
        first += cell_count(size);
    }
    return labels;
}

torch::Tensor rows(const std::vector<float>& values, int64_t columns,
                   const torch::TensorOptions& options) {
    return torch::tensor(values).view({-1, columns}).to(options);
}

}  // namespace

int64_t cell_count(int size) {
    int64_t count = 0;
    for (const int stride : face::kStrides)
        count += static_cast<int64_t>(size / stride) * (size / stride);
    return count;
}

Cell cell_at(int64_t index, int size) {
    for (const int stride : face::kStrides) {
        const int side = size / stride;
        const int64_t cells = static_cast<int64_t>(side) * side;
        if (index < cells)
            return {static_cast<int>(index % side), static_cast<int>(index / side), stride};
        index -= cells;
    }
    throw std::out_of_range("no such cell");
}

Assignment assign(const std::vector<Face>& faces, const std::vector<cv::Rect2f>& unsure, int size) {
    Map map(cell_count(size));
    int64_t first = 0;
    for (std::size_t s = 0; s < face::kStrides.size(); ++s) {
        const int stride = face::kStrides[s], side = size / stride;
        for (const cv::Rect2f& box : unsure)
            for_cells(first, side, stride, box,
                      [&](std::size_t cell, int, int) { map.state[cell] = kIgnored; });
        for (std::size_t i = 0; i < faces.size(); ++i)
            assign_face(map, faces[i], i, first, side, stride, kRanges[s]);
        first += static_cast<int64_t>(side) * side;
    }
    Assignment assignment;
    for (std::size_t cell = 0; cell < map.state.size(); ++cell) {
        const auto index = static_cast<int64_t>(cell);
        if (map.state[cell] == kFace) assignment.positives.push_back({index, map.face[cell]});
        if (map.state[cell] == kIgnored) assignment.ignored.push_back(index);
    }
    return assignment;
}

DetectorLoss detector_loss(const std::array<torch::Tensor, 3>& heads,
                           const std::vector<Scene>& scenes) {
    std::vector<torch::Tensor> lists;
    for (const auto& head : heads) lists.push_back(head.flatten(2));
    const auto answers = torch::cat(lists, 2).permute({0, 2, 1}).reshape({-1, heads[0].size(1)});
    const auto options = answers.options().requires_grad(false);
    const auto on = answers.device();
    const Labels labels = labels_of(scenes);
    const auto count = std::max<double>(1, static_cast<double>(labels.rows.size()));

    auto target = torch::zeros({answers.size(0)}, options);
    auto weight = torch::ones({answers.size(0)}, options);
    weight.index_fill_(0, torch::tensor(labels.ignored, torch::kInt64).to(on), 0);
    auto box_loss = torch::zeros({}, options), landmark_loss = torch::zeros({}, options);
    double landmark_error = 0;
    if (!labels.rows.empty()) {
        const auto positive = torch::tensor(labels.rows).to(on);
        const auto answer = answers.index_select(0, positive);
        const auto cell = rows(labels.cells, 3, options), box = rows(labels.boxes, 4, options),
                   points = rows(labels.landmarks, 10, options);
        const auto corner = cell.narrow(1, 0, 2), stride = cell.narrow(1, 2, 1);
        const auto centre = (corner + answer.narrow(1, 1, 2)) * stride;
        const auto size = answer.narrow(1, 3, 2).clamp(-4, 6).exp() * stride;
        const Overlap fit =
            overlap(Corners(centre, size), Corners(box.narrow(1, 0, 2), box.narrow(1, 2, 2)));
        box_loss = (1 - fit.giou).mean();
        target.index_put_({positive}, 0.5 + 0.5 * fit.iou.detach());

        const auto unit = box.narrow(1, 2, 2).prod(1, true).sqrt();
        const auto error =
            ((answer.narrow(1, 5, 10) + corner.repeat({1, 5})) * stride - points) / unit;
        landmark_loss = torch::smooth_l1_loss(error, torch::zeros_like(error),
                                              torch::Reduction::Mean, kLandmarkKnee);
        landmark_error = error.detach().view({-1, 5, 2}).norm(2, 2).mean().item<double>();
    }
    const auto logit = answers.select(1, 0);
    const auto doubt = (target - logit.sigmoid()).square() * weight;
    const auto score_loss =
        (torch::binary_cross_entropy_with_logits(logit, target, {}, {}, torch::Reduction::None) *
         doubt)
            .sum() /
        count;
    return {score_loss + kBoxWeight * box_loss + kLandmarkWeight * landmark_loss,
            score_loss.item<double>(), kBoxWeight * box_loss.item<double>(),
            kLandmarkWeight * landmark_loss.item<double>(), landmark_error};
}

}  // namespace lowkey::train
