#include "train/views.h"

#include <torch/autograd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>

#include "cuda/device.h"
#include "lowkey/error.h"
#include "model/pack.h"
#include "model/safetensors.h"
#include "train/augment.h"
#include "train/random.h"
#include "train/teachers.h"

namespace lowkey::train {
namespace {

namespace fs = std::filesystem;
constexpr int64_t kBatch = 64;
const std::string kEmbedding = "embedding.";

fs::path shard_file(const fs::path& folder, int number) {
    char name[32];
    std::snprintf(name, sizeof name, "views-%03d.safetensors", number);
    return folder / name;
}

torch::Tensor smoothed(const torch::Tensor& gradient, double sigma) {
    if (sigma < 0.3) return gradient;
    const auto radius = static_cast<int64_t>(std::ceil(2.5 * sigma));
    torch::Tensor taps = torch::arange(-radius, radius + 1, gradient.options());
    taps = (taps.square() / (-2 * sigma * sigma)).exp();
    taps = taps / taps.sum();
    const auto once = [&](const torch::Tensor& x, const torch::Tensor& kernel, int64_t pad_y,
                          int64_t pad_x) {
        return torch::conv2d(x, kernel.expand({3, 1, kernel.size(2), kernel.size(3)}), {}, 1,
                             {pad_y, pad_x}, 1, 3);
    };
    return once(once(gradient, taps.view({1, 1, -1, 1}), radius, 0), taps.view({1, 1, 1, -1}), 0,
                radius);
}

torch::Tensor rounded(const torch::Tensor& pictures) {
    return (pictures * 255).round().clamp(0, 255).to(torch::kUInt8);
}

}  // namespace

torch::Tensor attacked(model::Recogniser& recogniser, const torch::Tensor& pictures, int steps,
                       std::uint64_t seed) {
    Random random(seed);
    const double sigma = uniform(random, 0, 2);
    const bool grey = uniform(random, 0, 1) < 0.5;
    torch::Tensor bound = torch::empty({pictures.size(0), 1, 1, 1});
    for (int64_t i = 0; i < bound.size(0); ++i) bound[i] = uniform(random, 2, 16) / 255;
    bound = bound.to(pictures.device());
    torch::Tensor aim;
    {
        const torch::NoGradGuard no_gradient;
        const torch::Tensor own = recogniser.embed(crop_for(recogniser, pictures));
        const torch::Tensor other = own.roll(1, 0);
        aim = other * uniform(random, 0, 1) - own;
    }
    torch::Tensor moved = pictures + bound * (torch::rand_like(pictures) - 0.5) * 0.5;
    for (int i = 0; i < steps; ++i) {
        moved = moved.detach().requires_grad_(true);
        const torch::Tensor gain = (recogniser.embed(crop_for(recogniser, moved)) * aim).sum();
        torch::Tensor gradient = smoothed(torch::autograd::grad({gain}, {moved}).front(), sigma);
        if (grey) gradient = gradient.sum(1, true).expand_as(pictures);
        moved = moved.detach() + gradient.sign() * bound / steps;
        moved = torch::max(torch::min(moved, pictures + bound), pictures - bound).clamp(0, 1);
    }
    return moved.detach();
}

void make_views(const ViewSettings& settings) {
    const torch::Device device = cuda::choose_device(settings.device);
    fs::create_directories(settings.out);
    const Crops crops = read_crops(settings.crops);
    const auto people = part(crops, false);
    model::Pack teachers = model::load_pack(settings.teachers, device);
    model::Pack other;
    if (!settings.attacked.empty()) other = model::load_pack(settings.attacked, device);
    const auto& fooled = settings.attacked.empty() ? teachers.recognisers : other.recognisers;

    for (int shard = settings.first; shard < settings.first + settings.shards; ++shard) {
        const fs::path file = shard_file(settings.out, shard);
        if (fs::exists(file)) continue;
        const std::uint64_t seed = seed_of(settings.seed, shard);
        Random random(seed);
        torch::manual_seed(seed);
        std::vector<torch::Tensor> pixels;
        std::map<std::string, std::vector<torch::Tensor>> embeddings;
        for (int64_t done = 0; done < kShardViews; done += kBatch) {
            std::vector<int64_t> indices;
            for (int64_t i = 0; i < kBatch; ++i)
                indices.push_back(people[random() % people.size()]);
            torch::Tensor batch = augmented_batch(crops, indices, random).contiguous().to(device);
            const torch::Tensor share =
                batch.narrow(0, 0, std::lround(settings.share * static_cast<double>(kBatch)));
            const int steps =
                1 + static_cast<int>(random() % static_cast<std::uint64_t>(settings.steps));
            auto& recogniser = *fooled[random() % fooled.size()];
            const std::uint64_t cloak_seed = random();
            if (share.size(0) > 0) share.copy_(attacked(recogniser, share, steps, cloak_seed));
            const torch::Tensor bytes = rounded(batch);
            const auto taught = teach(teachers, bytes.to(torch::kFloat) / 255, settings.precision);
            for (std::size_t n = 0; n < taught.size(); ++n) {
                embeddings[teachers.recognisers[n]->name()].push_back(taught[n].cpu());
            }
            pixels.push_back(bytes.permute({0, 2, 3, 1}).cpu());
        }
        model::Tensors tensors{{"pixels", torch::cat(pixels)}};
        for (const auto& [name, rows] : embeddings) tensors[kEmbedding + name] = torch::cat(rows);
        model::write_safetensors(file, tensors);
        std::cerr << file.filename().string() << "\n";
    }
}

ViewPool read_views(const fs::path& folder) {
    std::vector<fs::path> files;
    if (fs::is_directory(folder)) {
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
        }
    }
    if (files.empty()) {
        throw Error(ErrorKind::file,
                    "No views in " + folder.string() + ". Run `lowkey-train views` first.");
    }
    std::sort(files.begin(), files.end());
    std::map<std::string, std::vector<torch::Tensor>> columns;
    for (const auto& file : files) {
        for (auto& [name, tensor] : model::read_safetensors(file)) columns[name].push_back(tensor);
    }
    ViewPool pool;
    for (auto& [name, parts] : columns) {
        const torch::Tensor joined = torch::cat(parts);
        parts.clear();
        if (name == "pixels") {
            pool.pixels = joined;
        } else {
            pool.teachers.push_back(name.substr(kEmbedding.size()));
            pool.embeddings.push_back(joined);
        }
    }
    return pool;
}

torch::Tensor view_batch(const ViewPool& pool, const torch::Tensor& indices) {
    return pool.pixels.index_select(0, indices).permute({0, 3, 1, 2}).to(torch::kFloat) / 255;
}

}  // namespace lowkey::train
