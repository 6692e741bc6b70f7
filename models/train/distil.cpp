#include "train/distil.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cuda/device.h"
#include "lowkey/error.h"
#include "model/arch/network.h"
#include "model/manifest.h"
#include "model/weights.h"
#include "train/grow.h"
#include "train/optimiser.h"
#include "train/precision.h"
#include "train/random.h"
#include "train/schedule.h"
#include "train/students.h"
#include "train/teachers.h"
#include "train/validate.h"
#include "train/views.h"

namespace lowkey::train {
namespace {

namespace fs = std::filesystem;
constexpr int kCheckpointEvery = 250;
constexpr int kRank1Every = 1000;
constexpr int64_t kGeometryViews = 8192;  // views that a target's directions are found on
constexpr int64_t kFittingViews = 2048;   // ... and turned to a trained student on
constexpr double kRelational = 4;

struct Student {
    StudentPlan plan;
    std::shared_ptr<model::Network> network;
    Target target;
    Optimiser optimiser;
    double loss = 0;  // running mean of 1 - cos
};

torch::Tensor embed(model::Network& network, const torch::Tensor& pictures, Precision precision) {
    torch::Tensor y;
    {
        const PrecisionGuard guard(precision, pictures.device());
        y = network.forward((pictures * 2 - 1).contiguous(torch::MemoryFormat::ChannelsLast));
    }
    return model::unit_length(y.to(torch::kFloat));
}

double learn(Student& student, const torch::Tensor& pictures, const torch::Tensor& target,
             double rate, Precision precision) {
    const torch::Tensor embedding = embed(*student.network, pictures, precision);
    const torch::Tensor distance = 1 - (embedding * target).sum(1).mean();
    const torch::Tensor relations = embedding.matmul(embedding.t()) - target.matmul(target.t());
    (distance + kRelational * relations.square().mean()).backward();
    student.optimiser.step(rate);
    return distance.item<double>();
}

fs::path weights_file(const DistilSettings& settings, const std::string& name) {
    return settings.run / (name + ".safetensors");
}

void save(const DistilSettings& settings, const std::vector<Student>& students, int step) {
    for (const Student& student : students) {
        model::write_safetensors(weights_file(settings, student.plan.name),
                                 model::weights_of(*student.network, model::Storage::float32));
        auto state = student.optimiser.state();
        state["next_step"] = torch::tensor({int64_t{step}});
        state["directions"] = student.target.directions();
        model::write_safetensors(settings.run / (student.plan.name + ".optimiser.safetensors"),
                                 state);
    }
}

// The step that this student's checkpoint goes on from; 0 without one.
int resume(const DistilSettings& settings, Student& student) {
    const fs::path state_file = settings.run / (student.plan.name + ".optimiser.safetensors");
    if (!fs::exists(state_file)) return 0;
    const auto file = weights_file(settings, student.plan.name);
    model::load_weights(*student.network, model::read_safetensors(file), file);
    const auto state = model::read_safetensors(state_file);
    student.target.restore(state.at("directions").to(student.network->parameters()[0].device()));
    student.optimiser.restore(state);
    return static_cast<int>(state.at("next_step").item<int64_t>());
}

// One schedule leads all students, so they stand at one step.
int resume(const DistilSettings& settings, std::vector<Student>& students) {
    const int next = resume(settings, students.front());
    for (std::size_t i = 1; i < students.size(); ++i) {
        const int its = resume(settings, students[i]);
        if (its == next) continue;
        throw Error(ErrorKind::input, "In " + settings.run.string() + " the student " +
                                          students.front().plan.name + " stands at step " +
                                          std::to_string(next) + " and " + students[i].plan.name +
                                          " at " + std::to_string(its) +
                                          ". Teach them one by one with --student.");
    }
    return next;
}

bool differ(const char* key, const nlohmann::json& one, const nlohmann::json& other) {
    return one.value(key, nlohmann::json()) != other.value(key, nlohmann::json());
}

// pictures, seen: some views and their teachers' embeddings; which way a student's embedding is
// turned within its space depends on the views that it once began with.
void begin_with(const DistilSettings& settings, std::vector<Student>& students,
                const torch::Tensor& pictures, const std::vector<torch::Tensor>& seen) {
    const fs::path& folder = settings.from;
    const model::Manifest manifest = model::read_manifest(folder);
    model::check_files(folder, manifest);
    for (Student& student : students) {
        const auto& all = manifest.recognisers;
        const auto entry = std::find_if(all.begin(), all.end(), [&](const auto& recogniser) {
            return recogniser.name == student.plan.name;
        });
        if (entry == all.end()) {
            throw Error(ErrorKind::pack, "The pack " + folder.string() + " has no recogniser \"" +
                                             student.plan.name + "\" to begin with.");
        }
        const auto file = folder / entry->weights.file;
        auto smaller = model::read_safetensors(file);
        if (differ("name", entry->architecture, student.plan.architecture)) {
            throw Error(ErrorKind::pack, student.plan.name + " of the pack " + folder.string() +
                                             " is of another architecture; begin without --from.");
        }
        // Another head has to be learnt anew.
        if (differ("head", entry->architecture, student.plan.architecture) ||
            differ("embedding", entry->architecture, student.plan.architecture))
            leave_out_head(smaller);
        if (settings.shorten) leave_out_missing_blocks(smaller, *student.network);
        auto weights = grown(smaller, *student.network);
        silence_new_blocks(weights, smaller);
        for (const auto& [name, values] : weights) {
            if (!smaller.contains(name)) std::cerr << "not in the smaller one: " << name << "\n";
        }
        model::load_weights(*student.network, weights, file);
        const torch::NoGradGuard no_gradient;
        student.network->eval();
        std::vector<torch::Tensor> embeddings;
        for (const torch::Tensor& batch : pictures.split(64))
            embeddings.push_back(embed(*student.network, batch, Precision::float32));
        student.network->train();
        student.target.turn_to(seen, torch::cat(embeddings));
    }
}

std::vector<torch::Tensor> rows_of(const ViewPool& pool, const torch::Tensor& indices,
                                   const torch::Device& device) {
    std::vector<torch::Tensor> rows;
    for (const auto& all : pool.embeddings) rows.push_back(all.index_select(0, indices).to(device));
    return rows;
}

bool wanted(const DistilSettings& settings, const std::string& name) {
    const auto& names = settings.students;
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

class Log {
  public:
    explicit Log(const fs::path& run) : file_(run / "log.jsonl", std::ios::app) {}
    void write(const nlohmann::json& line) {
        file_ << line.dump() << std::endl;
        std::cerr << line.dump() << "\n";
    }

  private:
    std::ofstream file_;
};

}  // namespace

void distil(const DistilSettings& settings) {
    const torch::Device device = cuda::choose_device(settings.device);
    fs::create_directories(settings.run);
    const Crops crops = read_crops(settings.crops);
    const ViewPool pool = read_views(settings.views);
    const int64_t count = pool.pixels.size(0);
    const auto seen =
        rows_of(pool, torch::arange(std::min<int64_t>(count, kGeometryViews)), device);

    torch::manual_seed(settings.seed);
    std::vector<Student> students;
    for (const StudentPlan& plan : student_plans()) {
        if (!wanted(settings, plan.name)) continue;
        const int64_t dimensions = plan.architecture.at("embedding");
        auto network = model::make_network(plan.architecture, {});
        model::initialise(*network);
        network->to(device);
        network->train();
        students.push_back({plan, network, Target(pool.teachers, seen, plan.teachers, dimensions),
                            Optimiser(*network, Matrices::muon, settings.precision), 0});
    }
    if (students.empty()) throw Error(ErrorKind::input, "No student has that name.");

    Log log(settings.run);
    const auto started = std::chrono::steady_clock::now();
    const int first = resume(settings, students);
    if (first == 0 && !settings.from.empty()) {
        const torch::Tensor some = torch::arange(std::min<int64_t>(count, kFittingViews));
        begin_with(settings, students, view_batch(pool, some).to(device),
                   rows_of(pool, some, device));
    }
    const int end = settings.until > 0 ? std::min(settings.until, settings.steps) : settings.steps;
    for (int step = first; step < end; ++step) {
        // A step is the same after a resume. A mirrored view keeps its target: a cloak has to hold
        // for a mirrored face as well.
        torch::Generator random =
            torch::make_generator<torch::CPUGeneratorImpl>(seed_of(settings.seed, step));
        const torch::Tensor indices = torch::randint(count, {settings.batch}, random, torch::kLong);
        torch::Tensor pictures = view_batch(pool, indices).to(device);
        pictures = torch::where(torch::rand({settings.batch, 1, 1, 1}, random).to(device) < 0.5,
                                pictures, pictures.flip({3}));
        const auto embeddings = rows_of(pool, indices, device);
        for (Student& student : students) {
            const double rate =
                rate_at({student.plan.rate * settings.rate, 150, 0}, step, settings.steps);
            const double loss =
                learn(student, pictures, student.target(embeddings), rate, settings.precision);
            student.loss = step == first ? loss : student.loss * 0.98 + loss * 0.02;
        }
        const bool last = step + 1 == end;
        if ((step + 1) % 50 == 0 || last) {
            nlohmann::json line{{"step", step + 1}};
            line["seconds"] =
                std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
            for (const Student& student : students) line["loss"][student.plan.name] = student.loss;
            log.write(line);
        }
        if ((step + 1) % kCheckpointEvery == 0 || last) save(settings, students, step + 1);
        if ((step + 1) % kRank1Every == 0 || last) {
            nlohmann::json line{{"step", step + 1}};
            for (Student& student : students) {
                student.network->eval();
                line["rank1"][student.plan.name] = rank1(crops, [&](const torch::Tensor& x) {
                    return embed(*student.network, x.to(device), Precision::float32).cpu();
                });
                student.network->train();
            }
            log.write(line);
        }
    }
}

}  // namespace lowkey::train
