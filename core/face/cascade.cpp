// OpenCV's Haar cascades (Viola and Jones 2001; Lienhart and Maydt 2002): what finds faces where a
// model pack has no detector. Frontal, upright faces only; the landmarks are estimated from the box
// and the eyes.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>
#include <optional>
#include <string>

#include "face/face.h"
#include "face/merge.h"
#include "lowkey/error.h"

namespace lowkey::face {
namespace {

// Time grows with the area; a photo is shrunk to this before the search.
constexpr int kLongestSide = 2400;
constexpr int kSmallestFace = 20;
constexpr double kScaleFactor = 1.1;
// Boxes that agree on one place. True faces gather many; few need an eye beside them.
constexpr int kFewestNeighbours = 3, kManyNeighbours = 12;
// Below this an eye is too small for its cascade.
constexpr int kSmallestFaceWithEyes = 60;

// Means over 500 people of LFW, made symmetric, against YuNet: shares of the cascade's square.
constexpr std::array<Point, 5> kMeanLandmarks = {
    {{0.311F, 0.386F}, {0.689F, 0.386F}, {0.5F, 0.619F}, {0.332F, 0.787F}, {0.668F, 0.787F}}};
const cv::Rect2f kMeanBox{0.082F, -0.06F, 0.836F, 1.154F};

std::filesystem::path cascade_folder() {
    std::vector<std::filesystem::path> folders;
    if (const char* named = std::getenv("OPENCV_SAMPLES_DATA_PATH")) {
        folders.emplace_back(named);
        folders.push_back(std::filesystem::path(named) / "haarcascades");
    }
    for (const char* prefix : {"/usr", "/usr/local"})
        for (const char* version : {"opencv4", "opencv5", "opencv"})
            folders.push_back(std::filesystem::path(prefix) / "share" / version / "haarcascades");
    std::error_code ignored;
    for (const auto& folder : folders)
        if (std::filesystem::exists(folder / "haarcascade_frontalface_alt.xml", ignored))
            return folder;
    throw Error(ErrorKind::pack,
                "OpenCV's face cascades are not installed. Install the package opencv-data, or a "
                "model pack "
                "with a face detector.");
}

cv::CascadeClassifier load(const std::filesystem::path& file) {
    cv::CascadeClassifier cascade;
    try {
        if (cascade.load(file.string())) return cascade;
    } catch (const cv::Exception&) {
        // told below, as for a file that load() refuses
    }
    throw Error(ErrorKind::pack,
                "The cascade " + file.string() + " cannot be read. Install opencv-data again.");
}

struct Eyes {
    std::optional<cv::Point2f> left, right;  // as seen in the picture
};

class Cascade : public Detector {
  public:
    Cascade()
        : faces_(load(cascade_folder() / "haarcascade_frontalface_alt.xml")),
          eyes_(load(cascade_folder() / "haarcascade_eye_tree_eyeglasses.xml")) {}

    std::vector<Face> detect(const cv::Mat& rgb) override {
        if (rgb.empty()) return {};
        const double scale =
            std::min(1.0, static_cast<double>(kLongestSide) / std::max(rgb.cols, rgb.rows));
        // Of a strip, shrinking may leave no rows at all.
        if (std::min(rgb.cols, rgb.rows) * scale < kSmallestFace) return {};
        cv::Mat grey;
        cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
        if (scale < 1) cv::resize(grey, grey, {}, scale, scale, cv::INTER_AREA);
        cv::equalizeHist(grey, grey);

        std::vector<cv::Rect> squares;
        std::vector<int> neighbours;
        faces_.detectMultiScale(grey, squares, neighbours, kScaleFactor, kFewestNeighbours, 0,
                                {kSmallestFace, kSmallestFace});
        std::vector<Face> found;
        for (std::size_t i = 0; i < squares.size(); ++i) {
            const Eyes eyes =
                squares[i].width >= kSmallestFaceWithEyes ? find_eyes(grey, squares[i]) : Eyes{};
            if (neighbours[i] < kManyNeighbours && !eyes.left && !eyes.right) continue;
            found.push_back(
                describe(squares[i], neighbours[i], eyes, static_cast<float>(1 / scale)));
        }
        std::vector<Face> faces = keep_best(std::move(found), kSameFace);
        sort_largest_first(faces);
        return faces;
    }

  private:
    // An eye counts only near its mean place: nostrils and mouth corners pass for eyes too.
    Eyes find_eyes(const cv::Mat& grey, const cv::Rect& square) {
        const cv::Rect upper =
            cv::Rect(square.x, square.y + square.height / 8, square.width, square.height / 2) &
            cv::Rect(0, 0, grey.cols, grey.rows);
        std::vector<cv::Rect> boxes;
        const int smallest = square.width / 8, largest = square.width * 2 / 5;
        eyes_.detectMultiScale(grey(upper), boxes, 1.05, 2, 0, {smallest, smallest},
                               {largest, largest});
        Eyes eyes;
        std::array<float, 2> nearest = {0.12F, 0.12F};  // farther from the mean than this is no eye
        for (const cv::Rect& box : boxes) {
            const cv::Point2f centre(upper.x + box.x + box.width * 0.5F,
                                     upper.y + box.y + box.height * 0.5F);
            for (std::size_t side : {0U, 1U}) {
                const float dx = (centre.x - square.x) / square.width - kMeanLandmarks[side].x;
                const float dy = (centre.y - square.y) / square.height - kMeanLandmarks[side].y;
                if (std::hypot(dx, dy) >= nearest[side]) continue;
                nearest[side] = std::hypot(dx, dy);
                (side == 0 ? eyes.left : eyes.right) = centre;
            }
        }
        return eyes;
    }

    // Mean landmarks, moved by the similarity that carries the mean eyes to those found.
    static Face describe(const cv::Rect& square, int neighbours, const Eyes& eyes, float to_photo) {
        const auto place = [&](const Point& share) {
            return cv::Point2f(square.x + share.x * square.width,
                               square.y + share.y * square.height);
        };
        const cv::Point2f mean_left = place(kMeanLandmarks[0]),
                          mean_right = place(kMeanLandmarks[1]);
        const cv::Point2f left = eyes.left.value_or(mean_left),
                          right = eyes.right.value_or(mean_right);
        const cv::Point2f mean = mean_right - mean_left, seen = right - left;
        const float norm = mean.dot(mean), real = mean.dot(seen) / norm,
                    imaginary = static_cast<float>(mean.cross(seen)) / norm;
        Face face;
        for (std::size_t i = 0; i < face.landmarks.size(); ++i) {
            const cv::Point2f p = place(kMeanLandmarks[i]) - (mean_left + mean_right) * 0.5F;
            const cv::Point2f turned(real * p.x - imaginary * p.y, imaginary * p.x + real * p.y);
            const cv::Point2f point = (left + right) * 0.5F + turned;
            face.landmarks[i] = {point.x * to_photo, point.y * to_photo};
        }
        face.x = (square.x + kMeanBox.x * square.width) * to_photo;
        face.y = (square.y + kMeanBox.y * square.height) * to_photo;
        face.width = kMeanBox.width * square.width * to_photo;
        face.height = kMeanBox.height * square.height * to_photo;
        face.score =
            static_cast<float>(neighbours) / static_cast<float>(neighbours + kFewestNeighbours);
        return face;
    }

    cv::CascadeClassifier faces_, eyes_;
};

}  // namespace

std::unique_ptr<Detector> make_cascade() {
    return std::make_unique<Cascade>();
}

}  // namespace lowkey::face
