#include "average.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "face/face.h"

namespace lowkey::testdata {
namespace {

// Where the landmarks of every person are brought, in shares of the side.
constexpr std::array<Point, 5> kPlaces = {
    {{0.405F, 0.46F}, {0.595F, 0.46F}, {0.5F, 0.565F}, {0.42F, 0.665F}, {0.58F, 0.665F}}};

// Least-squares affine transform: it evens out the shapes of heads better than a similarity.
cv::Matx23d affine_to_places(const Face& face) {
    cv::Mat_<double> a(5, 3), b(5, 2), solution;
    for (int i = 0; i < 5; ++i) {
        a(i, 0) = face.landmarks[i].x - 0.5;
        a(i, 1) = face.landmarks[i].y - 0.5;
        a(i, 2) = 1;
        b(i, 0) = kPlaces[i].x * kAverageSide;
        b(i, 1) = kPlaces[i].y * kAverageSide;
    }
    cv::solve(a, b, solution, cv::DECOMP_SVD);
    return {solution(0, 0), solution(1, 0), solution(2, 0),
            solution(0, 1), solution(1, 1), solution(2, 1)};
}

// Looks into the camera: the nose is between the eyes and the head is upright.
bool frontal(const Face& face) {
    const auto& l = face.landmarks;
    const float eyes = l[1].x - l[0].x;
    return eyes > 30 && std::abs(l[2].x - (l[0].x + l[1].x) / 2) < 0.08F * eyes &&
           std::abs(l[1].y - l[0].y) < 0.1F * eyes;
}

struct Person {
    std::filesystem::path photo;
    cv::Matx23d transform;
};

cv::Mat aligned(const Person& person) {
    cv::Mat picture, result;
    cv::cvtColor(cv::imread(person.photo.string()), picture, cv::COLOR_BGR2RGB);
    picture.convertTo(picture, CV_32F, 1 / 255.0);
    cv::warpAffine(picture, result, person.transform, {kAverageSide, kAverageSide}, cv::INTER_CUBIC,
                   cv::BORDER_REPLICATE);
    return result;
}

std::vector<Person> frontal_people(const std::filesystem::path& lfw, face::Detector& detector) {
    std::vector<std::filesystem::path> folders;
    for (const auto& entry : std::filesystem::directory_iterator(lfw))
        folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end());
    std::vector<Person> people;
    for (std::size_t i = 0; i < folders.size(); i += 2) {
        std::vector<std::filesystem::path> photos;
        for (const auto& entry : std::filesystem::directory_iterator(folders[i]))
            photos.push_back(entry.path());
        const auto photo = *std::min_element(photos.begin(), photos.end());
        cv::Mat rgb;
        cv::cvtColor(cv::imread(photo.string()), rgb, cv::COLOR_BGR2RGB);
        const std::vector<Face> faces = detector.detect(rgb);
        if (faces.size() == 1 && frontal(faces[0]))
            people.push_back({photo, affine_to_places(faces[0])});
    }
    return people;
}

// The head with its hair, small and grey, with its contrast made equal.
cv::Mat look(const cv::Mat& picture) {
    cv::Mat grey, small;
    cv::cvtColor(picture, grey, cv::COLOR_RGB2GRAY);
    const int margin = kAverageSide / 5;
    cv::resize(
        grey(cv::Rect(margin, margin / 2, kAverageSide - 2 * margin, kAverageSide - 2 * margin)),
        small, {16, 16}, 0, 0, cv::INTER_AREA);
    return small.reshape(1, 1);
}

}  // namespace

std::vector<cv::Mat> average_faces(const std::filesystem::path& lfw,
                                   const std::filesystem::path& detector_file, int clusters,
                                   int people) {
    const auto detector = face::make_yunet(detector_file);
    const std::vector<Person> persons = frontal_people(lfw, *detector);
    cv::Mat looks;
    for (const Person& person : persons) looks.push_back(look(aligned(person)));
    cv::Mat labels, centres;
    cv::setRNGSeed(1);
    cv::kmeans(looks, clusters, labels, cv::TermCriteria(cv::TermCriteria::COUNT, 50, 0), 5,
               cv::KMEANS_PP_CENTERS, centres);

    std::vector<cv::Mat> means;
    for (int cluster = 0; cluster < clusters; ++cluster) {
        std::vector<std::pair<double, std::size_t>> members;  // nearest the cluster's centre first
        for (std::size_t i = 0; i < persons.size(); ++i)
            if (labels.at<int>(static_cast<int>(i)) == cluster)
                members.emplace_back(cv::norm(looks.row(static_cast<int>(i)), centres.row(cluster)),
                                     i);
        if (static_cast<int>(members.size()) < people) continue;
        std::sort(members.begin(), members.end());
        cv::Mat sum = cv::Mat::zeros(kAverageSide, kAverageSide, CV_32FC3);
        for (int i = 0; i < people; ++i)
            sum += aligned(persons[members[static_cast<std::size_t>(i)].second]);
        means.push_back(sum / people);
        std::cout << "average " << means.size() << ": " << people << " of " << members.size()
                  << " people\n";
    }
    if (means.empty()) throw std::runtime_error("no cluster has enough people");
    return means;
}

}  // namespace lowkey::testdata
