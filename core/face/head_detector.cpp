// From a network's heads to faces of the photo: tiles, decoding, one list.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "face/heads.h"
#include "face/merge.h"
#include "face/tiles.h"

namespace lowkey::face {
namespace {

constexpr float kEdgeMargin = 6;  // pixels of the tile
constexpr double kFinestScale = 1.0;
constexpr int kMostTiles = 160;

class HeadDetector : public Detector {
  public:
    HeadDetector(std::unique_ptr<HeadNetwork> network, ScoreLimits limits)
        : network_(std::move(network)), square_(network_->square()), limits_(limits) {}

    std::vector<Face> detect(const cv::Mat& rgb) override {
        if (rgb.empty()) return {};
        std::vector<Face> found;
        cv::Mat resized;
        for (const Level& level : plan_levels(rgb.size(), square_, kFinestScale, kMostTiles)) {
            cv::resize(rgb, resized, level.size, 0, 0,
                       level.scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
            for (const cv::Rect& tile : level.tiles) detect_in(resized, tile, rgb.size(), found);
        }
        std::vector<Face> faces = keep_best(std::move(found), kSameFace);
        sort_largest_first(faces);
        return faces;
    }

  private:
    void detect_in(const cv::Mat& level, const cv::Rect& tile, cv::Size photo,
                   std::vector<Face>& found) {
        cv::Mat input = level(tile);
        if (input.cols < square_ || input.rows < square_)
            cv::copyMakeBorder(input, input, 0, square_ - input.rows, 0, square_ - input.cols,
                               cv::BORDER_CONSTANT);
        const Heads heads = network_->run(input);
        const cv::Vec2d scale(static_cast<double>(level.cols) / photo.width,
                              static_cast<double>(level.rows) / photo.height);
        for (std::size_t i = 0; i < kStrides.size(); ++i)
            decode(heads[i], kStrides[i], level.size(), tile, scale, found);
    }

    void decode(const Head& head, int stride, cv::Size whole, const cv::Rect& tile, cv::Vec2d scale,
                std::vector<Face>& found) const {
        const float threshold = tile.size() == whole ? limits_.whole_photo : limits_.part;
        const int side = square_ / stride;
        const float* scores = head.score.ptr<float>();
        const float* boxes = head.box.ptr<float>();
        const float* points = head.landmarks.ptr<float>();
        for (int i = 0; i < side * side; ++i) {
            if (!(scores[i] >= threshold)) continue;
            const float x = static_cast<float>(i % side), y = static_cast<float>(i / side),
                        s = static_cast<float>(stride);
            const cv::Rect2f in_tile = box_of(boxes + 4 * i, x, y, s);
            if (!usable(in_tile, whole, tile)) continue;
            // Coordinates count from the pixel's corner: YuNet's landmarks of 506 photos and of
            // their mirror images differ by 0.1 pixels on average then, by 0.5 if they counted from
            // its centre.
            const auto to_photo = [&](float px, float py) {
                return Point{static_cast<float>((px + tile.x) / scale[0]),
                             static_cast<float>((py + tile.y) / scale[1])};
            };
            Face face;
            face.score = scores[i];
            const Point corner = to_photo(in_tile.x, in_tile.y);
            face.x = corner.x;
            face.y = corner.y;
            face.width = static_cast<float>(in_tile.width / scale[0]);
            face.height = static_cast<float>(in_tile.height / scale[1]);
            for (std::size_t j = 0; j < face.landmarks.size(); ++j)
                face.landmarks[j] = to_photo((points[10 * i + 2 * j] + x) * s,
                                             (points[10 * i + 2 * j + 1] + y) * s);
            found.push_back(face);
        }
    }

    static cv::Rect2f box_of(const float* box, float x, float y, float stride) {
        const float width = std::exp(box[2]) * stride, height = std::exp(box[3]) * stride;
        return {(x + box[0]) * stride - width / 2, (y + box[1]) * stride - height / 2, width,
                height};
    }

    // Tiles answer only for faces that fit into their overlap, and not for one that their edge may
    // cut: a part of a large face is often taken for a small one. Larger faces are seen whole in a
    // coarser level.
    bool usable(const cv::Rect2f& box, cv::Size whole, const cv::Rect& tile) const {
        const bool part_of_photo = tile.size() != whole;
        const auto largest = static_cast<float>(part_of_photo ? kTileOverlap : 4 * square_);
        if (!(box.width > 1 && box.height > 1 && box.width < largest && box.height < largest))
            return false;
        if (!(std::abs(box.x) < 4 * square_ && std::abs(box.y) < 4 * square_)) return false;
        const auto clear = [](float low, float high, int begin, int end, int length) {
            return (begin == 0 || low > kEdgeMargin) &&
                   (end == length || high < end - begin - kEdgeMargin);
        };
        return clear(box.x, box.x + box.width, tile.x, tile.x + tile.width, whole.width) &&
               clear(box.y, box.y + box.height, tile.y, tile.y + tile.height, whole.height);
    }

    std::unique_ptr<HeadNetwork> network_;
    int square_;
    ScoreLimits limits_;
};

}  // namespace

std::unique_ptr<Detector> make_detector(std::unique_ptr<HeadNetwork> network, ScoreLimits limits) {
    return std::make_unique<HeadDetector>(std::move(network), limits);
}

}  // namespace lowkey::face
