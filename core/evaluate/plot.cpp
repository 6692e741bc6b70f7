#include "evaluate/plot.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <opencv2/imgproc.hpp>

namespace lowkey::evaluate {
namespace {

constexpr int kWidth = 900, kHeight = 560, kLeft = 80, kRight = 260, kTop = 40, kBottom = 70;
constexpr int kTicks = 5;
constexpr double kSmallestDssim = 0.005;  // of the axis's end
const cv::Scalar kInk(40, 40, 40), kGrid(225, 225, 225);
// Okabe and Ito's colours, told apart by colour-blind people, too; BGR.
const std::array<cv::Scalar, 6> kColours = {cv::Scalar(178, 114, 0), cv::Scalar(0, 94, 213),
                                            cv::Scalar(115, 158, 0), cv::Scalar(167, 121, 204),
                                            cv::Scalar(0, 159, 230), cv::Scalar(60, 60, 60)};

struct Point {
    double dssim, rank1;
};
using Lines = std::map<std::string, std::vector<Point>>;

Lines lines_of(const Evaluation& evaluation) {
    Lines lines;
    for (const Outcome& outcome : evaluation.outcomes)
        for (const Verdict& verdict : outcome.verdicts) {
            auto& line = lines[verdict.judge];
            if (verdict.condition == Condition::clean) line.push_back({0, verdict.rates.rank1});
            if (verdict.condition == Condition::cloaked)
                line.push_back({outcome.quality.dssim, verdict.rates.rank1});
        }
    for (auto& [judge, line] : lines)
        std::ranges::sort(line, {}, [](const Point& p) { return std::pair(p.dssim, p.rank1); });
    return lines;
}

void write(cv::Mat& picture, const std::string& text, cv::Point at, const cv::Scalar& colour) {
    cv::putText(picture, text, at, cv::FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv::LINE_AA);
}

std::string number(const char* format, double value) {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

class Axes {
  public:
    explicit Axes(double largest_dssim)
        : largest_(largest_dssim), picture_(kHeight, kWidth, CV_8UC3, cv::Scalar::all(255)) {
        for (int i = 0; i <= kTicks; ++i) {
            const double share = static_cast<double>(i) / kTicks;
            const cv::Point x = at({share * largest_, 0}), y = at({0, share});
            cv::line(picture_, x, at({share * largest_, 1}), kGrid);
            cv::line(picture_, y, at({largest_, share}), kGrid);
            write(picture_, number("%.4f", share * largest_), x + cv::Point(-18, 20), kInk);
            write(picture_, number("%.1f", share), y + cv::Point(-34, 5), kInk);
        }
        cv::rectangle(picture_, at({0, 0}), at({largest_, 1}), kInk);
        write(picture_, "mean DSSIM in the face box", {kLeft + 170, kHeight - 22}, kInk);
        write(picture_, "rank-1 rate of the cloaked photos", {kLeft, kTop - 14}, kInk);
    }
    void draw(const std::string& name, const std::vector<Point>& line, std::size_t number) {
        const cv::Scalar& colour = kColours[number % kColours.size()];
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (i > 0) cv::line(picture_, at(line[i - 1]), at(line[i]), colour, 2, cv::LINE_AA);
            cv::circle(picture_, at(line[i]), 4, colour, cv::FILLED, cv::LINE_AA);
        }
        const cv::Point label(kWidth - kRight + 24, kTop + 20 + 22 * static_cast<int>(number));
        cv::line(picture_, label, label + cv::Point(22, 0), colour, 2, cv::LINE_AA);
        write(picture_, name, label + cv::Point(30, 5), kInk);
    }
    const cv::Mat& picture() const { return picture_; }

  private:
    cv::Point at(const Point& point) const {
        const double x = point.dssim / largest_ * (kWidth - kLeft - kRight);
        const double y = (1 - point.rank1) * (kHeight - kTop - kBottom);
        return {kLeft + cvRound(x), kTop + cvRound(y)};
    }

    double largest_;
    cv::Mat picture_;
};

}  // namespace

cv::Mat plot_rank1(const Evaluation& evaluation) {
    const Lines lines = lines_of(evaluation);
    double largest = kSmallestDssim;
    for (const Outcome& outcome : evaluation.outcomes)
        largest = std::max(largest, 1.1 * outcome.quality.dssim);
    Axes axes(largest);
    std::size_t number = 0;
    for (const auto& [judge, line] : lines) axes.draw(judge, line, number++);
    return axes.picture();
}

}  // namespace lowkey::evaluate
