// Peak memory of a process that cloaks a 24-megapixel photo with one face of 2000 px; counter
// peak_MB.
#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "convert/convert.h"
#include "lowkey/lowkey.h"

namespace {

using namespace lowkey;

void photo_of_24_megapixels(benchmark::State& state) {
    std::string name = std::filesystem::temp_directory_path() / "lowkey-bench-XXXXXX";
    const std::filesystem::path folder = mkdtemp(name.data());
    convert::convert_pack(std::filesystem::path(LOWKEY_SHARED) / "models", folder,
                          model::Storage::float32);
    Picture photo(6000, 4000, {});
    {
        cv::Mat face = cv::imread(LOWKEY_TEST_DATA "/large_face.jpg", cv::IMREAD_COLOR);
        cv::cvtColor(face, face, cv::COLOR_BGR2RGB);
        cv::Mat pixels(4000, 6000, CV_8UC3, photo.row(0));
        cv::resize(face, pixels, pixels.size(), 0, 0, cv::INTER_CUBIC);
    }
    Options options;
    options.iterations = 5;  // memory does not grow with steps
    {
        Cloaker cloaker(folder, "cpu");
        for (auto _ : state) {
            const CloakResult result = cloaker.cloak(photo.view(), options);
            state.counters["faces"] = static_cast<double>(result.report.faces.size());
            if (!result.report.faces.empty()) {
                state.counters["face_px"] = result.report.faces[0].face.width;
            }
        }
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    state.counters["peak_MB"] = static_cast<double>(usage.ru_maxrss) / 1024;
    std::filesystem::remove_all(folder);
}
BENCHMARK(photo_of_24_megapixels)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace

int main(int argc, char** argv) {
    if (!std::filesystem::exists(LOWKEY_SHARED "/models")) {
        std::puts("Skipped: needs the networks of " LOWKEY_SHARED);
        return 0;
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
