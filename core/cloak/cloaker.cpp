// The engine behind lowkey.h: faces, one after the other, then the report on the finished picture.
#include <algorithm>
#include <chrono>

#include "cloak/guarded.h"
#include "cloak/machine.h"
#include "cloak/measure.h"
#include "cloak/problem.h"
#include "cloak/region.h"
#include "cloak/select.h"
#include "cloak/strength.h"
#include "cloak/working_scale.h"
#include "cuda/device.h"
#include "face/face.h"
#include "image/convert.h"
#include "lowkey/lowkey.h"
#include "model/pack.h"

namespace lowkey {
namespace {

// Shares of the whole call, for the progress bar.
constexpr double kDetected = 0.04, kOptimised = 0.96;
// Channels that differ by less are one grey: below half a step of 8 bits.
constexpr double kGreyTolerance = 0.4 / 255;

class Clock {
  public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

template <typename Work>
auto guarded(const Work& work) {
    return cloak::guarded("Close other programs, or cloak one face at a time.", work);
}

void check_selection(const MaskView& selection, const PictureView& picture) {
    if (selection.data == nullptr) return;
    if (selection.width == picture.width && selection.height == picture.height) return;
    throw Error(ErrorKind::input,
                "The selection is not as large as the picture. Make it anew in this picture.");
}

void check_picture(const PictureView& picture) {
    if (picture.data != nullptr && picture.width > 0 && picture.height > 0) return;
    throw Error(ErrorKind::input, "The picture is empty. Choose one that has pixels.");
}

bool is_grey(const PictureView& picture, const torch::Tensor& pixels) {
    if (color_channel_count(picture.format.channels) == 1) return true;
    const torch::Tensor spread = std::get<0>(pixels.max(1)) - std::get<0>(pixels.min(1));
    return spread.max().item<double>() < kGreyTolerance;
}

}  // namespace

struct Cloaker::Impl {
    torch::Device device;
    model::Pack pack;
    std::vector<std::unique_ptr<model::Recogniser>> added;
    std::unique_ptr<cloak::Ensemble> ensemble;

    Impl(const std::filesystem::path& folder, const std::string& device_name,
         const std::vector<std::filesystem::path>& recognisers);
    std::vector<Face> detect(const PictureView& picture) {
        return pack.detector->detect(image::to_rgb8(picture));
    }
    void cloak_face(const PictureView& clean, Picture& result, const cloak::FaceRegion& region,
                    const MaskView& selection, const cloak::Recipe& recipe, std::uint64_t seed,
                    const cloak::Observer& observer);
    CloakResult cloak(const PictureView& picture, const Options& options, const MaskView& selection,
                      const ProgressFunction& progress);
    Report check(const PictureView& clean, const PictureView& cloaked);
    FaceReport measure(const PictureView& clean, const PictureView& cloaked,
                       const cloak::ChosenFace& chosen, const cloak::FaceRegion& region) {
        FaceReport report;
        report.face = chosen.face;
        report.index = chosen.index;
        report.similarities =
            cloak::measure_similarities(*ensemble, clean, cloaked, region, device);
        report.quality =
            cloak::measure_quality(clean, cloaked, region.box, pack.perceptual.get(), device);
        return report;
    }
};

Cloaker::Impl::Impl(const std::filesystem::path& folder, const std::string& device_name,
                    const std::vector<std::filesystem::path>& recognisers)
    : device(cuda::choose_device(device_name)), pack(model::load_pack(folder, device)) {
    cloak::use_physical_cores();
    cloak::keep_freed_buffers();
    std::vector<model::Recogniser*> all;
    for (const auto& recogniser : pack.recognisers) all.push_back(recogniser.get());
    for (const auto& file : recognisers) {
        added.push_back(model::load_torchscript(file, device));
        all.push_back(added.back().get());
    }
    if (all.empty()) {
        throw Error(ErrorKind::pack, "The pack " + folder.string() +
                                         " holds no recogniser, so there is nothing to cloak "
                                         "against. Choose another pack.");
    }
    ensemble = std::make_unique<cloak::Ensemble>(std::move(all));
    if (!pack.detector) pack.detector = face::make_cascade();
}

void Cloaker::Impl::cloak_face(const PictureView& clean, Picture& result,
                               const cloak::FaceRegion& region, const MaskView& selection,
                               const cloak::Recipe& recipe, std::uint64_t seed,
                               const cloak::Observer& observer) {
    const cloak::Cover cover = [&](const Rect& part) {
        return cloak::cover(region, selection, part);
    };
    cloak::Problem::Parts parts;
    // Embeddings refer to the clean photo even where an overlapping face has changed it.
    parts.reference = cloak::to_tensor(cloak::reduce(clean, region.rect, region.factor), device);
    parts.picture =
        cloak::to_tensor(cloak::reduce(result.view(), region.rect, region.factor), device);
    parts.cover = cloak::to_tensor(cloak::reduce(cover, region.rect, region.factor), device);
    parts.template_to_picture = cloak::template_to_working(region, region.factor);
    parts.box = cloak::box_in_working(region, region.factor);
    parts.factor = region.factor;
    parts.grey = is_grey(clean, parts.reference);
    const cloak::Problem problem(std::move(parts), *ensemble, pack.perceptual.get());
    const torch::Tensor coefficients =
        recipe.published ? cloak::ascend_published(problem, recipe, seed, observer)
                         : cloak::ascend_budgeted(problem, recipe, seed, observer);
    cloak::add_spline(result, region.rect, region.factor, cloak::to_mat(coefficients), cover);
}

CloakResult Cloaker::Impl::cloak(const PictureView& picture, const Options& options,
                                 const MaskView& selection, const ProgressFunction& progress) {
    const Clock clock;
    validate(options);
    check_picture(picture);
    check_selection(selection, picture);
    const auto tell = [&](double fraction, const std::string& stage) {
        return !progress || progress({fraction, stage});
    };
    const auto tell_or_stop = [&](double fraction, const std::string& stage) {
        if (!tell(fraction, stage)) {
            throw Error(ErrorKind::cancelled, "Cancelled; the picture is unchanged.");
        }
    };
    tell_or_stop(0, "Looking for faces");
    const std::vector<Face> found = detect(picture);
    cloak::Choice choice =
        cloak::choose_faces(found, options, selection, picture.width, picture.height);

    CloakResult result{Picture(picture), {}};
    Report& report = result.report;
    report.pack = pack.name;
    report.device = cuda::describe(device);
    report.preset = std::string(preset_defaults(options.preset).name);
    report.strength = effective_strength(options);
    report.faces_found = static_cast<int>(found.size());
    report.notes = std::move(choice.notes);

    const cloak::Recipe recipe = cloak::recipe_for(options);
    const std::size_t count = choice.faces.size();
    std::vector<cloak::FaceRegion> regions;
    std::vector<double> seconds;
    for (std::size_t n = 0; n < count; ++n) {
        const Clock face_clock;
        const cloak::ChosenFace& chosen = choice.faces[n];
        const std::string stage =
            "Cloaking face " + std::to_string(n + 1) + " of " + std::to_string(count);
        const auto fraction = [&](double of_face) {
            return kDetected + (kOptimised - kDetected) * (static_cast<double>(n) + of_face) /
                                   static_cast<double>(count);
        };
        tell_or_stop(fraction(0), stage);
        // Those that have none were not chosen.
        regions.push_back(cloak::face_region(chosen.face, picture.width, picture.height).value());
        cloak_face(
            picture, result.picture, regions.back(), selection, recipe,
            options.seed + static_cast<std::uint64_t>(chosen.index), [&](const cloak::Step& step) {
                return tell(fraction(static_cast<double>(step.index) / recipe.iterations), stage);
            });
        seconds.push_back(face_clock.seconds());
    }
    for (std::size_t n = 0; n < count; ++n) {
        tell_or_stop(
            kOptimised + (1 - kOptimised) * static_cast<double>(n) / static_cast<double>(count),
            "Measuring the result");
        FaceReport face = measure(picture, result.picture.view(), choice.faces[n], regions[n]);
        face.iterations = recipe.iterations;
        face.seconds = seconds[n];
        if (!(face.quality.linf > 0))
            report.notes.push_back("Face " + std::to_string(face.index) +
                                   " was not changed, so it is not protected.");
        report.faces.push_back(std::move(face));
    }
    report.seconds = clock.seconds();
    tell(1, "Done");
    return result;
}

Report Cloaker::Impl::check(const PictureView& clean, const PictureView& cloaked) {
    const Clock clock;
    check_picture(clean);
    check_picture(cloaked);
    if (clean.width != cloaked.width || clean.height != cloaked.height) {
        throw Error(
            ErrorKind::input,
            "The two pictures differ in size, so they cannot be compared face by face. Give "
            "the clean picture at the size of the cloaked one.");
    }
    const std::vector<Face> found = detect(clean);
    Report report;
    report.pack = pack.name;
    report.device = cuda::describe(device);
    report.faces_found = static_cast<int>(found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto region = cloak::face_region(found[i], clean.width, clean.height);
        if (!region) {
            report.notes.push_back(cloak::outside_note(static_cast<int>(i)));
            continue;
        }
        const Clock face_clock;
        const cloak::ChosenFace chosen{found[i], static_cast<int>(i)};
        FaceReport face = measure(clean, cloaked, chosen, *region);
        face.seconds = face_clock.seconds();
        report.faces.push_back(std::move(face));
    }
    if (report.faces.empty()) {
        throw Error(ErrorKind::no_face,
                    "No face was found in the clean picture, so there is nothing to compare. "
                    "Name the clean picture first, the cloaked one second.");
    }
    report.seconds = clock.seconds();
    return report;
}

Cloaker::Cloaker(const std::filesystem::path& pack, const std::string& device,
                 const std::vector<std::filesystem::path>& recognisers)
    : impl_(guarded([&] { return std::make_unique<Impl>(pack, device, recognisers); })) {}
Cloaker::~Cloaker() = default;
Cloaker::Cloaker(Cloaker&&) noexcept = default;
Cloaker& Cloaker::operator=(Cloaker&&) noexcept = default;

std::vector<Face> Cloaker::detect(const PictureView& picture) {
    check_picture(picture);
    return guarded([&] { return impl_->detect(picture); });
}

CloakResult Cloaker::cloak(const PictureView& picture, const Options& options,
                           const MaskView& selection, const ProgressFunction& progress) {
    return guarded([&] { return impl_->cloak(picture, options, selection, progress); });
}

Report Cloaker::check(const PictureView& clean, const PictureView& cloaked) {
    return guarded([&] { return impl_->check(clean, cloaked); });
}

}  // namespace lowkey
