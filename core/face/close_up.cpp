#include "face/close_up.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "face/merge.h"

namespace lowkey::face {
namespace {

constexpr float kWindow = 1.25F;  // of the box's longer side
// Far outside any photo that can be opened; keeps hostile answers out of integer arithmetic.
constexpr float kFarthest = 1e6F;

bool usable(const Face& face) {
    const bool finite = std::abs(face.x) < kFarthest && std::abs(face.y) < kFarthest &&
                        face.width > 1 && face.width < kFarthest && face.height > 1 &&
                        face.height < kFarthest;
    return finite && std::all_of(face.landmarks.begin(), face.landmarks.end(), [](const Point& p) {
               return std::abs(p.x) < kFarthest && std::abs(p.y) < kFarthest;
           });
}

class CloserDetector : public Detector {
  public:
    CloserDetector(std::unique_ptr<Detector> first, std::unique_ptr<CloseUpLook> look,
                   ScoreLimits limits, int square)
        : first_(std::move(first)), look_(std::move(look)), limits_(limits), square_(square) {}

    std::vector<Face> detect(const cv::Mat& rgb) override {
        const std::vector<Face> found = first_->detect(rgb);
        const float least =
            std::max(rgb.cols, rgb.rows) > square_ ? limits_.part : limits_.whole_photo;
        // The second pass starts from where the first one saw the face.
        std::vector<Face> faces = look(rgb, look(rgb, found));
        for (std::size_t i = 0; i < faces.size(); ++i)
            faces[i].score = std::sqrt(faces[i].score * found[i].score);
        std::erase_if(faces,
                      [&](const Face& face) { return !(face.score >= least) || !usable(face); });
        faces = keep_best(std::move(faces), kSameFace);
        sort_largest_first(faces);
        return faces;
    }

  private:
    std::vector<Face> look(const cv::Mat& rgb, std::vector<Face> faces) {
        std::vector<cv::Rect> windows;
        std::vector<cv::Mat> pictures;
        for (const Face& face : faces) {
            windows.push_back(usable(face) ? close_up_window(face) : cv::Rect(0, 0, 1, 1));
            pictures.push_back(cut_window(rgb, windows.back(), look_->side()));
        }
        const std::vector<CloseUp> answers = look_->run(pictures);
        for (std::size_t i = 0; i < faces.size(); ++i) faces[i] = face_of(answers[i], windows[i]);
        return faces;
    }

    std::unique_ptr<Detector> first_;
    std::unique_ptr<CloseUpLook> look_;
    ScoreLimits limits_;
    int square_;
};

}  // namespace

cv::Rect close_up_window(const Face& face) {
    const int side =
        std::max(1, static_cast<int>(std::lround(kWindow * std::max(face.width, face.height))));
    const float x = face.x + face.width / 2, y = face.y + face.height / 2;
    return {static_cast<int>(std::lround(x - static_cast<float>(side) / 2)),
            static_cast<int>(std::lround(y - static_cast<float>(side) / 2)), side, side};
}

cv::Mat cut_window(const cv::Mat& rgb, const cv::Rect& window, int side) {
    cv::Mat picture = cv::Mat::zeros(side, side, rgb.type());
    const cv::Rect inside = window & cv::Rect({}, rgb.size());
    if (inside.area() == 0) return picture;
    // Averaged down first, then moved: never more memory than the photo takes, however large the
    // window.
    const double scale = static_cast<double>(side) / window.width;
    cv::Mat part = rgb(inside);
    if (scale < 1)
        cv::resize(part, part,
                   {std::max(1, static_cast<int>(std::lround(inside.width * scale))),
                    std::max(1, static_cast<int>(std::lround(inside.height * scale)))},
                   0, 0, cv::INTER_AREA);
    const double across = scale * inside.width / part.cols,
                 down = scale * inside.height / part.rows;
    // warpAffine counts from pixels' centres.
    const cv::Matx23d map(across, 0, scale * (inside.x - window.x) + across / 2 - 0.5, 0, down,
                          scale * (inside.y - window.y) + down / 2 - 0.5);
    cv::warpAffine(part, picture, map, picture.size(), cv::INTER_LINEAR);
    return picture;
}

Face face_of(const CloseUp& answer, const cv::Rect& window) {
    const auto side = static_cast<float>(window.width);
    const float x = static_cast<float>(window.x) + side / 2,
                y = static_cast<float>(window.y) + side / 2;
    Face face;
    face.score = answer.score;
    face.width = std::exp(answer.box[2]) * side;
    face.height = std::exp(answer.box[3]) * side;
    face.x = x + answer.box[0] * side - face.width / 2;
    face.y = y + answer.box[1] * side - face.height / 2;
    for (std::size_t i = 0; i < face.landmarks.size(); ++i)
        face.landmarks[i] = {x + answer.landmarks[2 * i] * side,
                             y + answer.landmarks[2 * i + 1] * side};
    return face;
}

std::unique_ptr<Detector> make_closer(std::unique_ptr<Detector> first,
                                      std::unique_ptr<CloseUpLook> look, ScoreLimits limits,
                                      int square) {
    return std::make_unique<CloserDetector>(std::move(first), std::move(look), limits, square);
}

}  // namespace lowkey::face
