#include "face/alignment.h"

#include <gmock/gmock.h>

#include <cmath>

namespace lowkey::face {
namespace {

std::array<Point, 5> transformed(double scale, double degrees, double shift_x, double shift_y) {
    const double c = scale * std::cos(degrees * CV_PI / 180),
                 s = scale * std::sin(degrees * CV_PI / 180);
    std::array<Point, 5> result;
    for (std::size_t i = 0; i < result.size(); ++i) {
        const Point t = kArcFaceTemplate[i];
        result[i] = {static_cast<float>(c * t.x - s * t.y + shift_x),
                     static_cast<float>(s * t.x + c * t.y + shift_y)};
    }
    return result;
}

TEST(TemplateToPicture, RecoversAnExactSimilarity) {
    const double scale = 7.5, degrees = -33, radians = degrees * CV_PI / 180;
    const cv::Matx23d m = template_to_picture(transformed(scale, degrees, 812.5, 444.5));
    EXPECT_NEAR(m(0, 0), scale * std::cos(radians), 1e-4);
    EXPECT_NEAR(m(1, 0), scale * std::sin(radians), 1e-4);
    EXPECT_NEAR(m(0, 1), -m(1, 0), 1e-12);
    EXPECT_NEAR(m(1, 1), m(0, 0), 1e-12);
    EXPECT_NEAR(m(0, 2), 812, 1e-3) << "a Face's half pixel is taken off";
    EXPECT_NEAR(m(1, 2), 444, 1e-3);
}

// The closed form against the normal equations of the same least-squares problem.
TEST(TemplateToPicture, IsTheLeastSquaresSolutionForAnyFace) {
    const std::array<Point, 5> landmarks = {
        {{105, 120}, {161, 118}, {140, 150}, {112, 190}, {150, 186}}};
    cv::Mat_<double> a(10, 4, 0.0), b(10, 1, 0.0);
    for (int i = 0; i < 5; ++i) {
        const Point t = kArcFaceTemplate[i];
        const double x_row[] = {t.x, -t.y, 1, 0}, y_row[] = {t.y, t.x, 0, 1};
        for (int j = 0; j < 4; ++j) {
            a(2 * i, j) = x_row[j];
            a(2 * i + 1, j) = y_row[j];
        }
        b(2 * i, 0) = landmarks[i].x - 0.5;
        b(2 * i + 1, 0) = landmarks[i].y - 0.5;
    }
    cv::Mat_<double> solution;
    cv::solve(a, b, solution, cv::DECOMP_SVD);
    const cv::Matx23d m = template_to_picture(landmarks);
    EXPECT_NEAR(m(0, 0), solution(0), 1e-9);
    EXPECT_NEAR(m(1, 0), solution(1), 1e-9);
    EXPECT_NEAR(m(0, 2), solution(2), 1e-7);
    EXPECT_NEAR(m(1, 2), solution(3), 1e-7);
}

TEST(CropToPicture, KeepsTheFieldOfViewOfEveryInputSize) {
    const cv::Matx23d m(2, -0.5, 30, 0.5, 2, 40);
    for (int size : {112, 128, 160}) {
        const double step = 112.0 / size, offset = (step - 1) / 2;
        const cv::Matx23d crop = crop_to_picture(m, {size, size, offset, offset, step});
        // The outer corner of the first and last pixel stays where the 112-pixel crop has it.
        for (double corner : {-0.5, size - 0.5}) {
            const double same = corner < 0 ? -0.5 : 111.5;
            EXPECT_NEAR(crop(0, 0) * corner + crop(0, 1) * corner + crop(0, 2),
                        2 * same - 0.5 * same + 30, 1e-9);
            EXPECT_NEAR(crop(1, 0) * corner + crop(1, 1) * corner + crop(1, 2),
                        0.5 * same + 2 * same + 40, 1e-9);
        }
    }
}

TEST(CropToPicture, TakesColumnsOutOfTheTemplate) {
    const cv::Matx23d crop = crop_to_picture({3, 0, 10, 0, 3, 20}, {96, 112, 8, 0, 1});
    EXPECT_DOUBLE_EQ(crop(0, 2), 34);
    EXPECT_DOUBLE_EQ(crop(1, 2), 20);
    EXPECT_DOUBLE_EQ(crop(0, 0), 3);
}

}  // namespace
}  // namespace lowkey::face
