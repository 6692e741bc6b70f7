// YuNet (Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023) through cv::dnn.
// cv::FaceDetectorYN of OpenCV 4.6 cannot read these files, so the heads are decoded here.
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "face/face.h"
#include "face/merge.h"
#include "face/tiles.h"
#include "lowkey/error.h"

namespace lowkey::face {
namespace {

constexpr std::array kStrides = {8, 16, 32};
// On 21 photos at 1 and 2.5 times their size, true faces scored 0.54 (cut by the frame) to 0.96.
// False ones reached 0.42 where the whole photo was seen and, in over a thousand tiles, 0.60. A
// missed face costs more.
constexpr float kWholePhotoScore = 0.5F, kTileScore = 0.7F;
constexpr float kOverlap = 0.3F;
constexpr float kEdgeMargin = 6;  // pixels of the tile
constexpr double kFinestScale = 1.0;
constexpr int kMostTiles = 160;
constexpr std::uintmax_t kLargestFile = 64U << 20U;

Error unreadable(const std::filesystem::path& file, const std::string& why) {
    return {ErrorKind::pack, "The face detector " + file.string() + " cannot be used (" + why +
                                 "). Install the model pack again."};
}

std::vector<uchar> read_bytes(const std::filesystem::path& file) {
    std::error_code failed;
    const std::uintmax_t size = std::filesystem::file_size(file, failed);
    if (failed) throw unreadable(file, failed.message());
    if (size == 0 || size > kLargestFile) throw unreadable(file, "it is empty or far too large");
    std::vector<uchar> bytes(size);
    std::ifstream stream(file, std::ios::binary);
    if (!stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size)))
        throw unreadable(file, "it cannot be read");
    return bytes;
}

std::vector<std::string> output_names() {
    std::vector<std::string> names;
    for (const char* head : {"cls_", "obj_", "bbox_", "kps_"})
        for (int stride : kStrides) names.push_back(head + std::to_string(stride));
    return names;
}

class YuNet : public Detector {
  public:
    explicit YuNet(const std::filesystem::path& file) : file_(file), outputs_(output_names()) {
        const std::vector<uchar> bytes = read_bytes(file);
        try {
            net_ = cv::dnn::readNetFromONNX(bytes);
        } catch (const std::exception&) {
            throw unreadable(file, "it is not a network that OpenCV can read");
        }
        // The square is not stated in the API of OpenCV 4.6: the one whose heads have the right
        // sizes is it.
        for (int square : {640, 320})
            if (fits(square)) {
                square_ = square;
                return;
            }
        throw unreadable(file, "it is not a YuNet network of 640 or 320 pixels");
    }

    std::vector<Face> detect(const cv::Mat& rgb) override {
        if (rgb.empty()) return {};
        std::vector<Face> found;
        cv::Mat resized;
        for (const Level& level : plan_levels(rgb.size(), square_, kFinestScale, kMostTiles)) {
            cv::resize(rgb, resized, level.size, 0, 0,
                       level.scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
            for (const cv::Rect& tile : level.tiles) detect_in(resized, tile, rgb.size(), found);
        }
        std::vector<Face> faces = keep_best(std::move(found), kOverlap);
        sort_largest_first(faces);
        return faces;
    }

  private:
    std::vector<cv::Mat> run(const cv::Mat& square_rgb) {
        std::vector<cv::Mat> heads;
        net_.setInput(cv::dnn::blobFromImage(square_rgb, 1.0, {}, {}, /*swapRB=*/true));
        net_.forward(heads, outputs_);
        return heads;
    }

    bool fits(int square) {
        try {
            return well_formed(run(cv::Mat::zeros(square, square, CV_8UC3)), square);
        } catch (const std::exception&) {
            return false;
        }
    }

    static bool well_formed(const std::vector<cv::Mat>& heads, int square) {
        constexpr std::array values_per_cell = {1, 1, 4, 10};
        for (std::size_t i = 0; i < heads.size(); ++i) {
            const int side = square / kStrides[i % kStrides.size()];
            if (heads[i].depth() != CV_32F || !heads[i].isContinuous() ||
                heads[i].total() !=
                    static_cast<std::size_t>(side) * side * values_per_cell[i / kStrides.size()])
                return false;
        }
        return true;
    }

    void detect_in(const cv::Mat& level, const cv::Rect& tile, cv::Size photo,
                   std::vector<Face>& found) {
        cv::Mat input = level(tile);
        if (input.cols < square_ || input.rows < square_)
            cv::copyMakeBorder(input, input, 0, square_ - input.rows, 0, square_ - input.cols,
                               cv::BORDER_CONSTANT);
        std::vector<cv::Mat> heads;
        try {
            heads = run(input);
        } catch (const cv::Exception& exception) {
            if (exception.code == cv::Error::StsNoMem)
                throw Error(ErrorKind::memory,
                            "There is not enough memory to look for faces. Close other programs.");
            throw unreadable(file_, "OpenCV could not run it");
        }
        const cv::Vec2d scale(static_cast<double>(level.cols) / photo.width,
                              static_cast<double>(level.rows) / photo.height);
        for (std::size_t i = 0; i < kStrides.size(); ++i)
            decode(heads, i, level.size(), tile, scale, found);
    }

    void decode(const std::vector<cv::Mat>& heads, std::size_t level, cv::Size whole,
                const cv::Rect& tile, cv::Vec2d scale, std::vector<Face>& found) const {
        const float threshold = tile.size() == whole ? kWholePhotoScore : kTileScore;
        const int stride = kStrides[level], side = square_ / stride;
        const float* cls = heads[level].ptr<float>();
        const float* obj = heads[level + 3].ptr<float>();
        const float* box = heads[level + 6].ptr<float>();
        const float* points = heads[level + 9].ptr<float>();
        for (int i = 0; i < side * side; ++i) {
            const float score =
                std::sqrt(std::clamp(cls[i], 0.0F, 1.0F) * std::clamp(obj[i], 0.0F, 1.0F));
            if (!(score >= threshold)) continue;
            const float x = static_cast<float>(i % side), y = static_cast<float>(i / side),
                        s = static_cast<float>(stride);
            const cv::Rect2f in_tile = box_of(box + 4 * i, x, y, s);
            if (!usable(in_tile, whole, tile)) continue;
            // Coordinates count from the pixel's corner: landmarks of 506 photos and of their
            // mirror images differ by 0.1 pixels on average then, by 0.5 if they counted from its
            // centre.
            const auto to_photo = [&](float px, float py) {
                return Point{static_cast<float>((px + tile.x) / scale[0]),
                             static_cast<float>((py + tile.y) / scale[1])};
            };
            Face face;
            face.score = score;
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

    std::filesystem::path file_;
    std::vector<std::string> outputs_;
    cv::dnn::Net net_;
    int square_ = 0;
};

}  // namespace

std::unique_ptr<Detector> make_yunet(const std::filesystem::path& onnx) {
    return std::make_unique<YuNet>(onnx);
}

}  // namespace lowkey::face
