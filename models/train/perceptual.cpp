#include "train/perceptual.h"

#include <torch/nn/modules/conv.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cuda/device.h"
#include "lowkey/error.h"
#include "model/arch/network.h"
#include "model/manifest.h"
#include "model/pack.h"
#include "model/weights.h"
#include "train/cloaks.h"
#include "train/distort.h"
#include "train/random.h"
#include "train/schedule.h"

namespace lowkey::train {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr Schedule kSchedule{.peak = 9e-3, .warm_up = 50, .last_share = 0.02};
constexpr int kCheckpointEvery = 200, kLogEvery = 20;
constexpr int kPictures = 3, kChanges = 3;  // of a step: parts of crops, distortions of each
constexpr int kSizes[] = {96, 112, 128, 160};
// Cloaks: one is made every so many steps; the newest pairs are kept, some are drawn each step.
constexpr int kCloakEvery = 12, kKeptPairs = 240, kDrawnPairs = 12, kCloakPart = 128;
constexpr double kSmallDistance = 1e-3;  // below this, log distances count less and less
constexpr double kSmallMap = 1e-5, kSmallShare = 1e-4;
constexpr const char* kHints = "hint.";  // before their names in the file of the state

// A running mean of about the last fifty values.
class Mean {
  public:
    void add(double value) { value_ += (value - value_) / std::min(50, ++count_); }
    double value() const { return value_; }

  private:
    double value_ = 0;
    int count_ = 0;
};

Pairs distorted_pairs(const Crops& crops, const std::vector<int64_t>& people, Random& random) {
    const int size = kSizes[random() % std::size(kSizes)];
    std::vector<cv::Mat> clean, changed;
    for (int i = 0; i < kPictures; ++i) {
        clean.push_back(random_part(crops, people[random() % people.size()], size, random));
        for (int k = 0; k < kChanges; ++k) changed.push_back(distorted(clean.back(), random));
    }
    return {stacked(clean), stacked(changed)};
}

// Pairs that the optimiser of the product made against the student as it was a little earlier.
class CloakPool {
  public:
    CloakPool(const Crops& crops, std::vector<int64_t> people, model::Pack& pack)
        : crops_(crops), people_(std::move(people)), pack_(pack) {}

    void add(model::Perceptual& student, Random& random) {
        const double scale = uniform(random, 1, 2);
        const auto picture = enlarged_crop(crops_, people_[random() % people_.size()], scale);
        // One is enough: it is the perceptual measure that is to be found out.
        model::Recogniser* recogniser =
            pack_.recognisers[random() % pack_.recognisers.size()].get();
        Options options;
        options.strength = static_cast<int>(random() % 101);
        options.iterations = 15 + static_cast<int>(random() % 46);
        auto recipe = cloak::recipe_for(options);
        // Half of them are held by the perceptual measure alone: all its faults are used then.
        if (random() % 2 == 0) recipe.budgets.dssim *= 4;
        const int last = *options.iterations;
        for (const auto& cloaked :
             cloak_crop(picture, scale, cloak::Ensemble({recogniser}), student, recipe, random(),
                        {last / 4, last / 2, 3 * last / 4, last})) {
            pairs_.push_back({picture, cloaked});
        }
        if (pairs_.size() > kKeptPairs) {
            pairs_.erase(pairs_.begin(), pairs_.end() - static_cast<std::ptrdiff_t>(kKeptPairs));
        }
    }

    // The last finished cloak.
    const Pairs& newest() const { return pairs_.back(); }

    // Parts of kDrawnPairs pairs.
    Pairs draw(Random& random) const {
        std::vector<torch::Tensor> clean, changed;
        for (int i = 0; i < kDrawnPairs; ++i) {
            const auto& pair = pairs_[random() % pairs_.size()];
            const auto offset = [&](int64_t axis) {
                return static_cast<int64_t>(
                    random() % static_cast<std::uint64_t>(pair.clean.size(axis) - kCloakPart + 1));
            };
            const auto y = offset(2), x = offset(3);
            const auto part = [&](const torch::Tensor& t) {
                return t.narrow(2, y, kCloakPart).narrow(3, x, kCloakPart);
            };
            clean.push_back(part(pair.clean));
            changed.push_back(part(pair.changed));
        }
        return {torch::cat(clean), torch::cat(changed)};
    }

  private:
    const Crops& crops_;
    std::vector<int64_t> people_;
    model::Pack& pack_;
    std::vector<Pairs> pairs_;
};

double ratio_of(model::LpipsNetwork& student, model::LpipsNetwork& teacher, const Pairs& pair) {
    const torch::NoGradGuard no_gradient;
    const auto distance = [&](model::LpipsNetwork& network) {
        return distances(difference_maps(look(network, pair)));
    };
    return (distance(student) / distance(teacher)).item<double>();
}

fs::path weights_file(const fs::path& run) {
    return run / "perceptual.safetensors";
}
fs::path state_file(const fs::path& run) {
    return run / "perceptual.optimiser.safetensors";
}

void save(const fs::path& run, const Pupil& pupil, const Optimiser& optimiser, int step) {
    model::write_safetensors(weights_file(run),
                             model::weights_of(*pupil.student, model::Storage::float32));
    auto state = optimiser.state();
    for (const auto& [name, map] : model::weights_of(*pupil.hints, model::Storage::float32)) {
        state[kHints + name] = map;
    }
    state["next_step"] = torch::tensor({int64_t{step}});
    model::write_safetensors(state_file(run), state);
}

// The step to go on with.
int restore(const fs::path& run, Pupil& pupil, Optimiser& optimiser) {
    const auto file = weights_file(run);
    model::load_weights(*pupil.student, model::read_safetensors(file), file);
    const auto state = model::read_safetensors(state_file(run));
    optimiser.restore(state);
    model::Tensors maps;
    for (const auto& [name, tensor] : state) {
        if (name.rfind(kHints, 0) == 0) maps[name.substr(std::strlen(kHints))] = tensor;
    }
    model::load_weights(*pupil.hints, maps, state_file(run));
    return static_cast<int>(state.at("next_step").item<int64_t>());
}

std::shared_ptr<model::LpipsNetwork> load(const fs::path& file, const std::string& backbone,
                                          double width, const torch::Device& device) {
    auto network = std::make_shared<model::LpipsNetwork>(backbone, width);
    model::load_weights(*network, model::read_safetensors(file), file);
    network->to(device);
    model::freeze(*network);
    return network;
}

}  // namespace

std::shared_ptr<model::LpipsNetwork> load_lpips(const fs::path& pack, const torch::Device& device) {
    const auto manifest = model::read_manifest(pack);
    if (!manifest.perceptual) {
        throw Error(ErrorKind::pack, "The pack " + pack.string() +
                                         " has no perceptual network. Choose one that has LPIPS.");
    }
    const auto& entry = *manifest.perceptual;
    return load(pack / entry.weights.file, entry.backbone, entry.width, device);
}

std::shared_ptr<model::LpipsNetwork> load_student_lpips(const fs::path& weights,
                                                        const torch::Device& device) {
    return load(weights, kPerceptualBackbone, kPerceptualWidth, device);
}

std::vector<torch::Tensor> difference_maps(const Seen& seen) {
    std::vector<torch::Tensor> maps;
    for (const auto& grid : seen.differences) maps.push_back(grid.square().sum(1));
    return maps;
}

torch::Tensor distances(const std::vector<torch::Tensor>& maps) {
    auto sum = maps.front().mean({1, 2});
    for (std::size_t i = 1; i < maps.size(); ++i) sum = sum + maps[i].mean({1, 2});
    return sum;
}

torch::Tensor perceptual_loss(const std::vector<torch::Tensor>& student,
                              const std::vector<torch::Tensor>& teacher) {
    const auto truth = distances(teacher);
    const auto log_of = [](const torch::Tensor& d) { return (d + kSmallDistance).log(); };
    auto loss = (log_of(distances(student)) - log_of(truth)).square();
    const auto root_of = [](const torch::Tensor& map) { return (map + kSmallMap).sqrt(); };
    for (std::size_t i = 0; i < teacher.size(); ++i) {
        const auto misplaced = (root_of(student[i]) - root_of(teacher[i])).square().mean({1, 2});
        loss = loss + misplaced / (truth + kSmallShare);
    }
    return loss.mean();
}

void match_scale(model::LpipsNetwork& student, model::LpipsNetwork& teacher, const Pairs& pairs) {
    const torch::NoGradGuard no_gradient;
    const auto wanted = difference_maps(look(teacher, pairs));
    const auto clean =
        pairs.clean.repeat_interleave(pairs.changed.size(0) / pairs.clean.size(0), 0);
    const auto maps = student.maps(student.features(clean), student.features(pairs.changed));
    for (std::size_t tap = 0, grid = 0; tap < maps.size(); ++tap) {
        if (maps[tap].sizes() != wanted[grid].sizes()) ++grid;
        const auto sharing = std::count_if(maps.begin(), maps.end(), [&](const auto& map) {
            return map.sizes() == wanted[grid].sizes();
        });
        const auto ratio = wanted[grid].mean() / (maps[tap].mean() * sharing);
        // The maps' channels are squared.
        student.named_parameters()["lin" + std::to_string(tap) + ".weight"].mul_(ratio.sqrt());
    }
}

Pupil::Pupil(std::shared_ptr<model::LpipsNetwork> network, model::LpipsNetwork& teacher,
             const Pairs& pairs)
    : student(register_module("student", std::move(network))) {
    const torch::NoGradGuard no_gradient;
    hints = register_module("hints",
                            std::make_shared<Hints>(look(*student, pairs), look(teacher, pairs)));
}

Losses add_gradient(Pupil& pupil, model::LpipsNetwork& teacher, const Pairs& pairs) {
    Seen truth;
    {
        const torch::NoGradGuard no_gradient;
        truth = look(teacher, pairs);
    }
    const auto own = look(*pupil.student, pairs);
    const auto distance = perceptual_loss(difference_maps(own), difference_maps(truth));
    const auto differences = pupil.hints->unexplained_differences(own, truth).mean();
    const auto features = pupil.hints->unexplained_features(own, truth);
    (distance + differences + features).backward();
    return {distance.item<double>(), differences.item<double>(), features.item<double>()};
}

void train_perceptual(const PerceptualSettings& settings) {
    const torch::Device device = cuda::choose_device(settings.device);
    fs::create_directories(settings.run);
    const Crops crops = read_crops(settings.crops);
    const auto people = part(crops, false);
    auto pack = model::load_pack(settings.teachers, device);
    const auto teacher = load_lpips(settings.teachers, device);

    torch::manual_seed(settings.seed);
    const auto student =
        std::make_shared<model::LpipsNetwork>(kPerceptualBackbone, kPerceptualWidth);
    model::initialise(*student);
    student->to(device);
    Random start(settings.seed);
    const auto sample = distorted_pairs(crops, people, start);
    Pupil pupil(student, *teacher, sample);
    Optimiser optimiser(pupil, Matrices::muon);
    int first = 0;
    if (fs::exists(state_file(settings.run))) {
        first = restore(settings.run, pupil, optimiser);
    } else {
        match_scale(*student, *teacher, sample);
    }
    const auto measure = model::make_perceptual(student);
    CloakPool pool(crops, people, pack);

    std::ofstream log(settings.run / "log.jsonl", std::ios::app);
    const auto started = Clock::now();
    Mean loss, differences, features, cloak_loss, cloak_differences, cloak_ratio;
    for (int step = first; step < settings.steps; ++step) {
        Random random(seed_of(settings.seed, step));
        if (step == first || step % kCloakEvery == 0) {
            pool.add(*measure, random);
            cloak_ratio.add(std::log(ratio_of(*student, *teacher, pool.newest())));
        }
        const auto distorted =
            add_gradient(pupil, *teacher, distorted_pairs(crops, people, random));
        const auto cloaked = add_gradient(pupil, *teacher, pool.draw(random));
        loss.add(distorted.distance);
        differences.add(distorted.differences);
        features.add(distorted.features);
        cloak_loss.add(cloaked.distance);
        cloak_differences.add(cloaked.differences);
        optimiser.step(rate_at(kSchedule, step, settings.steps));
        const bool last = step + 1 == settings.steps;
        if ((step + 1) % kLogEvery == 0 || last) {
            const nlohmann::json line{
                {"step", step + 1},
                {"seconds", std::chrono::duration<double>(Clock::now() - started).count()},
                {"loss", loss.value()},
                {"differences", differences.value()},
                {"features", features.value()},
                {"cloak_loss", cloak_loss.value()},
                {"cloak_differences", cloak_differences.value()},
                {"cloak_ratio", std::exp(cloak_ratio.value())}};
            log << line.dump() << std::endl;
            std::cerr << line.dump() << "\n";
        }
        if ((step + 1) % kCheckpointEvery == 0 || last) {
            save(settings.run, pupil, optimiser, step + 1);
        }
    }
}

}  // namespace lowkey::train
