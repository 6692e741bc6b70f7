#include "train/jpeg.h"

#include <opencv2/imgcodecs.hpp>
#include <vector>

namespace lowkey::train {

void compress(cv::Mat& picture, Random& random, int lowest, int highest) {
    const int depth = picture.depth();
    cv::Mat bytes = picture;
    if (depth == CV_32F) picture.convertTo(bytes, CV_8U, 255);
    std::vector<uchar> jpeg;
    cv::imencode(".jpg", bytes, jpeg,
                 {cv::IMWRITE_JPEG_QUALITY, static_cast<int>(uniform(random, lowest, highest))});
    bytes = cv::imdecode(jpeg, cv::IMREAD_COLOR);
    if (depth == CV_32F) {
        bytes.convertTo(picture, CV_32F, 1 / 255.0);
    } else {
        picture = bytes;
    }
}

}  // namespace lowkey::train
