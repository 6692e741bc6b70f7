#include "model/pixels.h"

namespace lowkey::model {

torch::Tensor pixels_of(const std::vector<cv::Mat>& pictures, const torch::Device& device) {
    std::vector<torch::Tensor> bytes;
    std::vector<cv::Mat> whole;  // outlives the tensors that borrow from it
    for (const cv::Mat& picture : pictures) {
        whole.push_back(picture.isContinuous() ? picture : picture.clone());
        bytes.push_back(
            torch::from_blob(whole.back().data, {picture.rows, picture.cols, 3}, torch::kUInt8));
    }
    const auto pixels = torch::stack(bytes).to(device).permute({0, 3, 1, 2});
    return (pixels.to(torch::kFloat32) / 127.5 - 1).contiguous(torch::MemoryFormat::ChannelsLast);
}

}  // namespace lowkey::model
