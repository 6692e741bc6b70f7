#include "evaluate/evaluate.h"

#include <algorithm>
#include <cmath>

#include "cloak/guarded.h"
#include "cloak/measure.h"
#include "cloak/region.h"
#include "evaluate/gallery.h"
#include "evaluate/trial.h"
#include "image/atomic_file.h"
#include "image/file.h"
#include "lowkey/error.h"
#include "model/manifest.h"

namespace lowkey::evaluate {
namespace {

namespace fs = std::filesystem;

std::vector<Condition> conditions_of(const Plan& plan) {
    if (!plan.conditions.empty()) return plan.conditions;
    return {std::begin(kConditions), std::end(kConditions)};
}

// Of what could be measured; NaN of nothing.
class Mean {
  public:
    void add(double value) {
        if (std::isnan(value)) return;
        sum_ += value;
        ++count_;
    }
    double value() const { return sum_ / count_; }

  private:
    double sum_ = 0;
    int count_ = 0;
};

bool cloaks_anything(const Plan& plan) {
    const auto conditions = conditions_of(plan);
    return std::ranges::any_of(conditions, [](Condition c) { return c != Condition::clean; });
}

std::string at_strength(const Trial& trial, const Setting& setting) {
    return trial.name + ", strength " + std::to_string(effective_strength(setting.options));
}

std::vector<std::optional<CloakedPhoto>> cloak(const Plan& plan, const Trial& trial,
                                               const Setting& setting, const Cast& cast,
                                               const Listener& listener) {
    if (!cloaks_anything(plan)) return {};
    const std::string stage = "Cloaking with " + at_strength(trial, setting);
    return cloak_photos(setting, plan.out / "cloaked" / folder_name(setting), cast.subjects,
                        plan.shard.value_or(Shard{}), plan.any_build,
                        [&](const PhotoProgress& progress) {
                            return listener({stage, progress.photo, cast.subjects.size(),
                                             progress.person, progress.step.fraction});
                        });
}

// One ensemble with one strength before its judges.
class Hearing {
  public:
    Hearing(const Plan& plan, const Trial& trial, const Setting& setting, Panel& panel,
            const Gallery& gallery, const Listener& listener)
        : plan_(plan),
          trial_(trial),
          name_(at_strength(trial, setting)),
          panel_(panel),
          gallery_(gallery),
          listener_(listener) {
        outcome_.ensemble = trial.name;
        outcome_.strength = effective_strength(setting.options);
    }

    // photos: one a subject, or none at all for `clean` alone.
    Outcome judge(const std::vector<Person>& subjects,
                  const std::vector<std::optional<CloakedPhoto>>& photos);

  private:
    void measure();
    std::vector<EmbeddingStore> embed();
    std::string key_of(const CloakedPhoto& photo, Condition condition) const {
        return photo.picture.stem().string() + " " + std::string(name_of(condition)) + " " +
               stamp(photo.picture);
    }
    // `own`: the subjects' gallery photos as the judge sees them under this condition.
    Verdict verdict(std::size_t judge, Condition condition,
                    const std::vector<torch::Tensor>& own) const;

    const Plan& plan_;
    const Trial& trial_;
    std::string name_;
    Panel& panel_;
    const Gallery& gallery_;
    const Listener& listener_;
    std::vector<Person> subjects_;
    std::vector<CloakedPhoto> photos_;  // one a subject; none if nothing is cloaked
    Outcome outcome_;
};

Outcome Hearing::judge(const std::vector<Person>& subjects,
                       const std::vector<std::optional<CloakedPhoto>>& photos) {
    for (std::size_t i = 0; i < subjects.size(); ++i) {
        if (!photos.empty() && !photos[i]) continue;
        if (!photos.empty()) photos_.push_back(*photos[i]);
        subjects_.push_back(subjects[i]);
        outcome_.subjects.push_back(subjects[i].name);
    }
    if (subjects_.empty())
        throw Error(ErrorKind::no_face,
                    "Not one photo could be cloaked with “" + trial_.name +
                        "”: no face is found in them. Use a pack with a face detector.");
    std::vector<EmbeddingStore> stores;
    if (!photos_.empty()) {
        measure();
        stores = embed();
    }
    for (const Condition condition : conditions_of(plan_))
        for (std::size_t j = 0; j < trial_.judges.size(); ++j) {
            const std::size_t judge = trial_.judges[j];
            std::vector<torch::Tensor> own;
            for (std::size_t i = 0; i < subjects_.size(); ++i)
                own.push_back(condition == Condition::clean
                                  ? gallery_.own(subjects_[i], judge)
                                  : stores[j].at(key_of(photos_[i], condition)));
            outcome_.verdicts.push_back(verdict(judge, condition, own));
        }
    return outcome_;
}

void Hearing::measure() {
    Mean lpips, dssim, psnr, linf, chroma;
    const double share = 1.0 / static_cast<double>(photos_.size());
    for (std::size_t i = 0; i < photos_.size(); ++i) {
        if (!listener_({"Measuring " + name_, i, photos_.size(), {}, 0}))
            throw Error(ErrorKind::cancelled, "Cancelled.");
        const Picture clean = image::read(subjects_[i].photos[0]).picture;
        const Picture cloaked = image::read(photos_[i].picture).picture;
        const auto region = cloak::face_region(photos_[i].face.face, clean.width(), clean.height());
        if (!region)
            throw Error(ErrorKind::file, "The photo " + subjects_[i].photos[0].string() +
                                             " is another one than when it was cloaked. Begin in "
                                             "a new folder.");
        const Quality quality = cloak::measure_quality(clean.view(), cloaked.view(), region->box,
                                                       panel_.perceptual(), panel_.device());
        lpips.add(quality.lpips);
        dssim.add(quality.dssim);
        psnr.add(quality.psnr);
        linf.add(quality.linf);
        chroma.add(quality.chroma);
        outcome_.seconds += share * photos_[i].face.seconds;
        outcome_.processor_seconds += share * photos_[i].processor_seconds;
    }
    outcome_.quality = {lpips.value(), dssim.value(), psnr.value(), linf.value(), chroma.value()};
}

// Each judge's embeddings of the photos under all conditions but `clean`; kept beside the photos.
std::vector<EmbeddingStore> Hearing::embed() {
    std::vector<Photo> degraded;
    for (const CloakedPhoto& photo : photos_)
        for (const Condition condition : conditions_of(plan_)) {
            if (condition == Condition::clean) continue;
            degraded.push_back({key_of(photo, condition), [&photo, condition] {
                                    return degrade(pixels_or_nothing(photo.picture), condition);
                                }});
        }
    std::vector<EmbeddingStore> stores;
    for (const std::size_t judge : trial_.judges)
        stores.emplace_back(photos_.front().picture.parent_path() /
                            ("judged-" + panel_.fingerprint(judge).substr(0, 16) + ".safetensors"));
    embed_photos(panel_, trial_.judges, stores, degraded, [&](std::size_t done) {
        return listener_({"Judging " + name_, done, degraded.size(), {}, 0});
    });
    return stores;
}

Verdict Hearing::verdict(std::size_t judge, Condition condition,
                         const std::vector<torch::Tensor>& own) const {
    std::vector<torch::Tensor> probes, rows;
    std::vector<bool> enrolled;
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
        probes.push_back(gallery_.probe(subjects_[i], judge));
        enrolled.push_back(own[i].numel() > 0);
        rows.push_back(enrolled.back() ? own[i] : torch::zeros_like(probes.back()));
    }
    Verdict verdict;
    verdict.judge = panel_.name(judge);
    verdict.condition = condition;
    verdict.searches = search_gallery(torch::stack(probes), torch::stack(rows), enrolled,
                                      gallery_.distractors(judge));
    verdict.rates = rates_of(verdict.searches, gallery_.threshold(judge));
    return verdict;
}

std::vector<Setting> settings_of(const Plan& plan, const Trial& trial) {
    std::vector<int> strengths = plan.strengths;
    if (strengths.empty()) strengths.push_back(effective_strength(plan.options));
    std::vector<Setting> settings;
    for (const int strength : strengths) {
        settings.push_back({trial.name, trial.pack, plan.options});
        settings.back().options.strength = strength;
    }
    return settings;
}

const std::filesystem::path& judges_of(const Plan& plan) {
    return plan.judging == Judging::others ? plan.judges : plan.pack;
}

Evaluation describe(const Plan& plan) {
    Evaluation evaluation;
    evaluation.people = plan.people.string();
    evaluation.pack = model::read_manifest(plan.pack).name;
    evaluation.judges = model::read_manifest(judges_of(plan)).name;
    evaluation.preset = preset_defaults(plan.options.preset).name;
    evaluation.judging = plan.judging;
    evaluation.iterations = effective_iterations(plan.options);
    evaluation.seed = plan.options.seed;
    return evaluation;
}

std::vector<Trial> trials_of(const Plan& plan) {
    switch (plan.judging) {
        case Judging::others:
            return {judged_by(plan.pack, plan.judges)};
        case Judging::white_box:
            return {judged_by_itself(plan.pack)};
        case Judging::leave_one_out:
            break;
    }
    return leave_one_out(plan.pack, plan.out / "packs");
}

Evaluation evaluated(const Plan& plan, const Listener& listener) {
    Cast cast = choose_cast(read_people(plan.people), plan.subset, plan.subjects, plan.distractors);
    const std::vector<Trial> trials = trials_of(plan);
    std::error_code problem;  // check_place() complains
    std::filesystem::create_directories(plan.out, problem);
    image::check_place(plan.out / "evaluation.json");
    Evaluation evaluation = describe(plan);
    if (plan.shard) {
        for (const Trial& trial : trials)
            for (const Setting& setting : settings_of(plan, trial))
                cloak(plan, trial, setting, cast, listener);
        return evaluation;
    }
    Panel panel(judges_of(plan), plan.options.device);
    const Gallery gallery(panel, cast, plan.cache.empty() ? embeddings_folder() : plan.cache,
                          [&](std::size_t done, std::size_t photos) {
                              return listener({"Embedding clean photos", done, photos, {}, 0});
                          });
    evaluation.gallery = gallery.people();
    evaluation.notes = gallery.notes();
    const cv::Mat face = pixels_or_nothing(cast.subjects.front().photos.front());
    for (const Trial& trial : trials) {
        if (plan.judging != Judging::white_box) {
            Panel members(trial.pack, plan.options.device);
            refuse_same_network(trial, panel, members, face);
        }
        for (const Setting& setting : settings_of(plan, trial)) {
            const auto photos = cloak(plan, trial, setting, cast, listener);
            Hearing hearing(plan, trial, setting, panel, gallery, listener);
            evaluation.outcomes.push_back(hearing.judge(cast.subjects, photos));
            const std::size_t missing =
                cast.subjects.size() - evaluation.outcomes.back().subjects.size();
            if (missing > 0)
                evaluation.notes.push_back(
                    "Left out, because their photos hold no face that is found, or cannot be read, "
                    "with " +
                    at_strength(trial, setting) + ": " + std::to_string(missing) + ".");
        }
    }
    return evaluation;
}

}  // namespace

Evaluation evaluate(const Plan& plan, const Listener& listener) {
    return cloak::guarded("Close other programs, or run fewer shards at once.",
                          [&] { return evaluated(plan, listener); });
}

}  // namespace lowkey::evaluate
