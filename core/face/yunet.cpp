// YuNet (Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023) through cv::dnn.
// cv::FaceDetectorYN of OpenCV 4.6 cannot read these files.
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <opencv2/dnn.hpp>
#include <string>

#include "face/face.h"
#include "face/heads.h"
#include "lowkey/error.h"

namespace lowkey::face {
namespace {

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

// The network's outputs: these four, each at every stride.
constexpr std::array kOutputs = {"cls_", "obj_", "bbox_", "kps_"};
constexpr std::array kColumns = {1, 1, 4, 10};

std::vector<std::string> output_names() {
    std::vector<std::string> names;
    for (const char* output : kOutputs)
        for (int stride : kStrides) names.push_back(output + std::to_string(stride));
    return names;
}

class YuNet : public HeadNetwork {
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

    int square() const override { return square_; }

    Heads run(const cv::Mat& square_rgb) override {
        std::vector<cv::Mat> outputs;
        try {
            outputs = forward(square_rgb);
        } catch (const cv::Exception& exception) {
            if (exception.code == cv::Error::StsNoMem)
                throw Error(ErrorKind::memory,
                            "There is not enough memory to look for faces. Close other programs.");
            throw unreadable(file_, "OpenCV could not run it");
        }
        Heads heads;
        for (std::size_t i = 0; i < heads.size(); ++i) {
            const cv::Mat cls = outputs[i], obj = outputs[i + kStrides.size()];
            heads[i].score = score_of(cls, obj);
            heads[i].box = outputs[i + 2 * kStrides.size()];
            heads[i].landmarks = outputs[i + 3 * kStrides.size()];
        }
        return heads;
    }

  private:
    std::vector<cv::Mat> forward(const cv::Mat& square_rgb) {
        std::vector<cv::Mat> outputs;
        net_.setInput(cv::dnn::blobFromImage(square_rgb, 1.0, {}, {}, /*swapRB=*/true));
        net_.forward(outputs, outputs_);
        return outputs;
    }

    bool fits(int square) {
        try {
            return well_formed(forward(cv::Mat::zeros(square, square, CV_8UC3)), square);
        } catch (const std::exception&) {
            return false;
        }
    }

    static bool well_formed(const std::vector<cv::Mat>& outputs, int square) {
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            const int side = square / kStrides[i % kStrides.size()];
            if (outputs[i].depth() != CV_32F || !outputs[i].isContinuous() ||
                outputs[i].total() !=
                    static_cast<std::size_t>(side) * side * kColumns[i / kStrides.size()])
                return false;
        }
        return true;
    }

    // The root of the class's score and the box's.
    static cv::Mat score_of(const cv::Mat& cls, const cv::Mat& obj) {
        cv::Mat score(static_cast<int>(cls.total()), 1, CV_32F);
        for (int i = 0; i < score.rows; ++i)
            score.at<float>(i) = std::sqrt(std::clamp(cls.ptr<float>()[i], 0.0F, 1.0F) *
                                           std::clamp(obj.ptr<float>()[i], 0.0F, 1.0F));
        return score;
    }

    std::filesystem::path file_;
    std::vector<std::string> outputs_;
    cv::dnn::Net net_;
    int square_ = 0;
};

}  // namespace

std::unique_ptr<Detector> make_yunet(const std::filesystem::path& onnx, ScoreLimits limits) {
    return make_detector(std::make_unique<YuNet>(onnx), limits);
}

}  // namespace lowkey::face
