#include "train/perceptual_check.h"

#include <torch/autograd.h>
#include <torch/nn/functional/distance.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cloak/filters.h"
#include "model/pack.h"
#include "train/cloaks.h"
#include "train/distort.h"
#include "train/perceptual.h"

namespace lowkey::train {
namespace {

constexpr int kSizes[] = {112, 144, 200, 288};
constexpr int kChanges = 4;
constexpr double kSmallDistance = 0.05;  // below: where cloaks live
constexpr double kCloakScale = 2;        // the working scale of a large face
constexpr int kTimedSide = 300, kTimedRounds = 11;

std::vector<double> ranks(const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> ranks(values.size());
    for (std::size_t from = 0; from < order.size();) {
        std::size_t to = from;
        while (to < order.size() && values[order[to]] == values[order[from]]) ++to;
        for (std::size_t i = from; i < to; ++i) {
            ranks[order[i]] = static_cast<double>(from + to - 1) / 2;
        }
        from = to;
    }
    return ranks;
}

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
    const double mean_a = mean(a), mean_b = mean(b);
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ab += (a[i] - mean_a) * (b[i] - mean_b);
        aa += (a[i] - mean_a) * (a[i] - mean_a);
        bb += (b[i] - mean_b) * (b[i] - mean_b);
    }
    return ab / std::sqrt(aa * bb);
}

std::vector<double> logs(const std::vector<double>& values) {
    std::vector<double> logs;
    for (const double value : values) logs.push_back(std::log(value + 1e-4));
    return logs;
}

// Distances of both networks and the cosines of their gradients, row by row.
struct Comparison {
    std::vector<double> student, teacher;
    std::vector<double> cosine, smooth_cosine;  // of the gradients, and after a Gaussian of 2 px

    void add(Comparison other) {
        const auto append = [](std::vector<double>& to, const std::vector<double>& from) {
            to.insert(to.end(), from.begin(), from.end());
        };
        append(student, other.student);
        append(teacher, other.teacher);
        append(cosine, other.cosine);
        append(smooth_cosine, other.smooth_cosine);
    }
    Comparison small() const {
        Comparison result;
        for (std::size_t i = 0; i < teacher.size(); ++i) {
            if (teacher[i] >= kSmallDistance) continue;
            result.add({{student[i]}, {teacher[i]}, {cosine[i]}, {smooth_cosine[i]}});
        }
        return result;
    }
    nlohmann::json figures() const {
        std::vector<double> log_ratio;
        for (std::size_t i = 0; i < teacher.size(); ++i) {
            log_ratio.push_back(std::log((student[i] + 1e-4) / (teacher[i] + 1e-4)));
        }
        double square = 0;
        for (const double value : log_ratio) square += value * value;
        const double middle = mean(log_ratio);
        return {{"pairs", teacher.size()},
                {"spearman", rank_correlation(student, teacher)},
                {"pearson_of_logs", correlation(logs(student), logs(teacher))},
                {"mean_ratio", std::exp(middle)},
                {"spread_of_log_ratio",
                 std::sqrt(square / static_cast<double>(log_ratio.size()) - middle * middle)},
                {"gradient_cosine", mean(cosine)},
                {"smooth_gradient_cosine", mean(smooth_cosine)}};
    }
};

std::vector<double> to_vector(const torch::Tensor& values) {
    const auto doubles = values.detach().to(torch::kFloat64).contiguous();
    return {doubles.data_ptr<double>(), doubles.data_ptr<double>() + doubles.numel()};
}

std::vector<double> cosines(const torch::Tensor& a, const torch::Tensor& b) {
    return to_vector(torch::cosine_similarity(a.flatten(1), b.flatten(1), 1, 1e-20));
}

Comparison compare(model::LpipsNetwork& student, model::LpipsNetwork& teacher, const Pairs& pairs) {
    Comparison result;
    const auto changed = pairs.changed.detach().requires_grad_(true);
    const auto of = [&](model::LpipsNetwork& network, std::vector<double>& values) {
        const auto d = distances(difference_maps(look(network, {pairs.clean, changed})));
        values = to_vector(d);
        return torch::autograd::grad({d.sum()}, {changed}).front();
    };
    const auto a = of(student, result.student), b = of(teacher, result.teacher);
    const auto smooth = cloak::gaussian_matrix(a.size(2), 2, 6, a.options());
    result.cosine = cosines(a, b);
    result.smooth_cosine =
        cosines(cloak::filter(smooth, smooth, a), cloak::filter(smooth, smooth, b));
    return result;
}

Comparison on_distortions(model::LpipsNetwork& student, model::LpipsNetwork& teacher,
                          const Crops& crops, const std::vector<int64_t>& people, int parts) {
    Random random(2024);
    Comparison all;
    for (int i = 0; i < parts; ++i) {
        const int size = kSizes[static_cast<std::size_t>(i) % std::size(kSizes)];
        const auto picture = random_part(crops, people[random() % people.size()], size, random);
        std::vector<cv::Mat> changed;
        for (int k = 0; k < kChanges; ++k) changed.push_back(distorted(picture, random));
        all.add(compare(student, teacher, {stacked({picture}), stacked(changed)}));
    }
    return all;
}

// The product's cloaks under `guard`, balanced and at full strength by turns.
Comparison on_cloaks(model::LpipsNetwork& student, model::LpipsNetwork& teacher,
                     model::Perceptual& guard, const cloak::Ensemble& ensemble, const Crops& crops,
                     const std::vector<int64_t>& people, int cloaks) {
    Random random(2025);
    Comparison all;
    for (int i = 0; i < cloaks; ++i) {
        const auto picture = enlarged_crop(crops, people[random() % people.size()], kCloakScale);
        Options options;
        if (i % 2 == 1) options.strength = kMaxStrength;
        const auto cloaked = cloak_crop(picture, kCloakScale, ensemble, guard,
                                        cloak::recipe_for(options), random(), {});
        all.add(compare(student, teacher, {picture, cloaked.back()}));
    }
    return all;
}

// Processor seconds, which other work on the machine disturbs least.
double seconds_of_a_pass(model::LpipsNetwork& network, const torch::Tensor& clean,
                         const torch::Tensor& changed) {
    std::vector<torch::Tensor> prepared;
    {
        const torch::NoGradGuard no_gradient;
        prepared = network.features(clean);
    }
    const auto leaf = changed.detach().requires_grad_(true);
    const auto start = std::clock();
    torch::autograd::grad({network.distance(prepared, network.features(leaf)).sum()}, {leaf});
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

// Medians of passes taken by turns.
nlohmann::json times(model::LpipsNetwork& student, model::LpipsNetwork& teacher) {
    torch::manual_seed(1);
    const auto clean = torch::rand({1, 3, kTimedSide, kTimedSide});
    const auto changed = (clean + 0.02 * torch::randn_like(clean)).clamp(0, 1);
    std::vector<double> of_student, of_teacher;
    for (int i = 0; i < kTimedRounds; ++i) {
        of_student.push_back(seconds_of_a_pass(student, clean, changed));
        of_teacher.push_back(seconds_of_a_pass(teacher, clean, changed));
    }
    const auto median = [](std::vector<double> values) {
        std::sort(values.begin(), values.end());
        return values[values.size() / 2];
    };
    return {{"student", median(of_student)}, {"teacher", median(of_teacher)}};
}

}  // namespace

double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
    return correlation(ranks(a), ranks(b));
}

void check_perceptual(const PerceptualCheckSettings& settings) {
    const Crops crops = read_crops(settings.crops);
    const auto people = part(crops, true);
    const auto pack = model::load_pack(settings.teachers, torch::kCPU);
    const auto teacher = load_lpips(settings.teachers, torch::kCPU);
    const auto student = load_student_lpips(settings.weights, torch::kCPU);
    nlohmann::json report;
    report["processor_seconds_300x300"] = times(*student, *teacher);
    const auto distortions = on_distortions(*student, *teacher, crops, people, settings.parts);
    report["distortions"] = distortions.figures();
    report["distortions_below_0.05"] = distortions.small().figures();
    if (settings.cloaks > 0) {
        std::vector<model::Recogniser*> recognisers;
        for (const auto& recogniser : pack.recognisers) recognisers.push_back(recogniser.get());
        const cloak::Ensemble ensemble(recognisers);
        const auto measure = model::make_perceptual(student);
        const auto held = [&](model::Perceptual& guard) {
            const auto cloaks =
                on_cloaks(*student, *teacher, guard, ensemble, crops, people, settings.cloaks);
            auto figures = cloaks.figures();
            figures["student"] = cloaks.student;
            figures["teacher"] = cloaks.teacher;
            return figures;
        };
        report["cloaks_held_by_student"] = held(*measure);
        report["cloaks_held_by_teacher"] = held(*pack.perceptual);
    }
    std::cout << report.dump(2) << "\n";
}

}  // namespace lowkey::train
