// Time per step and per photo beside the published loop, in one run, each result judged by the same
// published objective. Counters: seconds, seconds_step, objective (alpha as the scripts scale it),
// distance (the objective without LPIPS), and times_faster than the published loop, by the clock
// and by processor time, which other work on the machine does not disturb.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>

#include "cloak/measure.h"
#include "cloak/objective.h"
#include "cloak/region.h"
#include "cloak/strength.h"
#include "cloak/working_scale.h"
#include "convert/convert.h"
#include "lowkey/lowkey.h"
#include "model/pack.h"

namespace {

using namespace lowkey;
constexpr int kPublishedSteps = 50;

// The pack of ../shared/models, the photo and its one face.
struct Bench {
    std::filesystem::path folder;
    std::unique_ptr<Cloaker> cloaker;
    model::Pack pack;
    std::unique_ptr<cloak::Ensemble> ensemble;
    cv::Mat photo;  // RGB, 8 bits
    cloak::FaceRegion region;
    double published_seconds = 0, published_cpu = 0;

    Bench() {
        std::string name = std::filesystem::temp_directory_path() / "lowkey-bench-XXXXXX";
        folder = mkdtemp(name.data());
        convert::convert_pack(std::filesystem::path(LOWKEY_SHARED) / "models", folder,
                              model::Storage::float32);
        cloaker = std::make_unique<Cloaker>(folder, "cpu");
        pack = model::load_pack(folder, torch::kCPU);
        std::vector<model::Recogniser*> all;
        for (const auto& recogniser : pack.recognisers) all.push_back(recogniser.get());
        ensemble = std::make_unique<cloak::Ensemble>(all);
        const char* named = std::getenv("LOWKEY_BENCH_PHOTO");
        photo = cv::imread(named ? named : LOWKEY_TEST_DATA "/one_face.jpg", cv::IMREAD_COLOR);
        cv::cvtColor(photo, photo, cv::COLOR_BGR2RGB);
        region =
            cloak::face_region(cloaker->detect(view(photo)).at(0), photo.cols, photo.rows).value();
    }
    ~Bench() { std::filesystem::remove_all(folder); }

    static PictureView view(const cv::Mat& picture) {
        return {reinterpret_cast<const std::byte*>(picture.data),
                picture.cols,
                picture.rows,
                picture.step,
                {}};
    }

    // Distance and LPIPS of the published objective, by one evaluator for every result.
    std::pair<double, double> judge(const PictureView& cloaked) {
        const torch::NoGradGuard no_gradient;
        const cv::Matx23d to_picture = cloak::template_to_working(region, region.factor);
        const auto read = [&](const PictureView& picture) {
            return cloak::to_tensor(cloak::reduce(picture, region.rect, region.factor),
                                    torch::kCPU);
        };
        const torch::Tensor clean = read(view(photo)), changed = read(cloaked);
        const auto reference = cloak::published_reference(*ensemble, clean, to_picture);
        const double distance =
            cloak::published_distance(*ensemble, reference, changed, to_picture).item<double>();
        const auto crop = [&](const torch::Tensor& picture) {
            return face::warp(picture, to_picture, face::kTemplateSize, face::kTemplateSize);
        };
        const double lpips = 0.5 * (pack.perceptual->distance(clean, changed).mean() +
                                    pack.perceptual->distance(crop(clean), crop(changed)).mean())
                                       .item<double>();
        return {distance, lpips};
    }
};

Bench& bench() {
    static Bench instance;
    return instance;
}

void report(benchmark::State& state, double seconds, double cpu, int steps,
            const PictureView& cloaked) {
    const auto [distance, lpips] = bench().judge(cloaked);
    const Quality quality = cloak::measure_quality(Bench::view(bench().photo), cloaked,
                                                   bench().region.box, nullptr, torch::kCPU);
    state.counters["seconds"] = seconds;
    state.counters["seconds_step"] = seconds / steps;
    state.counters["cpu_seconds"] = cpu;
    state.counters["distance"] = distance;
    state.counters["lpips"] = lpips;
    state.counters["dssim"] = quality.dssim;
    state.counters["objective"] = distance - cloak::kPaperAlpha * lpips;
    if (bench().published_seconds > 0) {
        state.counters["times_faster"] = bench().published_seconds / seconds;
        state.counters["times_faster_cpu"] = bench().published_cpu / cpu;
        state.counters["times_faster_step_cpu"] =
            bench().published_cpu / kPublishedSteps / (cpu / steps);
        state.counters["times_faster_step"] =
            bench().published_seconds / kPublishedSteps / (seconds / steps);
    }
}

void published_loop(benchmark::State& state) {
    Bench& b = bench();
    cv::Mat floats;
    b.photo.convertTo(floats, CV_32FC3, 1 / 255.0);
    const std::filesystem::path in = b.folder / "photo.raw", out = b.folder / "cloaked.raw";
    std::ofstream(in, std::ios::binary)
        .write(reinterpret_cast<const char*>(floats.data),
               static_cast<std::streamsize>(floats.total() * floats.elemSize()));
    std::ostringstream command;
    command.precision(12);
    const cv::Matx23d& m = b.region.template_to_picture;
    command << LOWKEY_BENCH_PYTHON << ' ' << LOWKEY_PUBLISHED_LOOP << ' ' << LOWKEY_SHARED
            << "/models " << in << ' ' << b.photo.rows << ' ' << b.photo.cols << ' ' << m(0, 0)
            << ',' << m(0, 1) << ',' << m(0, 2) << ',' << m(1, 0) << ',' << m(1, 1) << ','
            << m(1, 2) << ' ' << out << ' ' << kPublishedSteps;
    for (auto _ : state) {
        FILE* pipe = popen(command.str().c_str(), "r");
        if (pipe == nullptr ||
            std::fscanf(pipe, "%lf %lf", &b.published_seconds, &b.published_cpu) != 2) {
            state.SkipWithError("the published loop did not run: is python3-torch installed?");
        }
        if (pipe != nullptr) pclose(pipe);
    }
    std::ifstream(out, std::ios::binary)
        .read(reinterpret_cast<char*>(floats.data),
              static_cast<std::streamsize>(floats.total() * floats.elemSize()));
    cv::Mat cloaked;
    floats.convertTo(cloaked, CV_8UC3, 255);
    if (b.published_seconds > 0) {
        const double seconds = b.published_seconds;
        report(state, seconds, b.published_cpu, kPublishedSteps, Bench::view(cloaked));
    }
}

void cloaked(benchmark::State& state, Preset preset, int iterations) {
    Bench& b = bench();
    Options options;
    options.preset = preset;
    if (iterations > 0) options.iterations = iterations;
    CloakResult result;
    const std::clock_t begin = std::clock();
    for (auto _ : state) result = b.cloaker->cloak(Bench::view(b.photo), options);
    const double cpu = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    const FaceReport& face = result.report.faces.at(0);
    report(state, face.seconds, cpu, face.iterations, result.picture.view());
    state.counters["photo_seconds"] = result.report.seconds;
}

BENCHMARK(published_loop)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(cloaked, paper, Preset::paper, 0)->Iterations(1)->Unit(benchmark::kSecond);
// Its antialiased gradient gets as far in fewer steps: what the published objective costs here.
BENCHMARK_CAPTURE(cloaked, paper_25_steps, Preset::paper, 25)
    ->Iterations(1)
    ->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(cloaked, default, Preset::balanced, 0)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace

int main(int argc, char** argv) {
    if (!std::filesystem::exists(LOWKEY_SHARED "/models")) {
        std::puts("Skipped: needs the networks of " LOWKEY_SHARED);
        return 0;
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
