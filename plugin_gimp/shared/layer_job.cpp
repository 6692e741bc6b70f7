#include "shared/layer_job.h"

#include <algorithm>
#include <cmath>

#include "lowkey/error.h"
#include "shared/messages.h"

namespace lowkey::gimp {
namespace {

bool holds_middle(const Selection& selection, const Face& face) {
    return selection.holds(static_cast<int>(std::floor(face.x + face.width / 2)),
                           static_cast<int>(std::floor(face.y + face.height / 2)));
}

Face face_of(const Rect& region) {
    Face face;
    face.x = static_cast<float>(region.x);
    face.y = static_cast<float>(region.y);
    face.width = static_cast<float>(region.width);
    face.height = static_cast<float>(region.height);
    face.from_region = true;
    return face;
}

}  // namespace

LayerJob::LayerJob(std::shared_ptr<Client> client, Picture picture, Selection selection)
    : client_(std::move(client)), picture_(std::move(picture)), selection_(std::move(selection)) {
    if (selection_.nothing()) throw Error(ErrorKind::input, selection_outside());
}

std::vector<LayerJob::Candidate> LayerJob::candidates(const ProgressFunction& progress) {
    const std::lock_guard lock(mutex_);
    return find(progress);
}

std::vector<LayerJob::Candidate> LayerJob::find(const ProgressFunction& progress) {
    if (candidates_) return *candidates_;
    const std::vector<Face> faces = client_->detect(picture_.view(), progress);
    std::vector<Candidate> found;
    for (std::size_t i = 0; i < faces.size(); ++i) {
        if (holds_middle(selection_, faces[i])) found.push_back({faces[i], static_cast<int>(i)});
    }
    if (found.empty() && !selection_.everything()) found.push_back({face_of(selection_.bounds), 0});
    candidates_ = found;
    return found;
}

Options LayerJob::options_for(const Settings& settings, const ProgressFunction& progress) {
    Options options = to_options(settings);
    // Without a selection the request is the command's own, so that the pixels are too.
    if (selection_.everything() || settings.region) return options;
    const std::vector<Candidate> found = find(progress);
    if (found.front().face.from_region) {
        options.faces.clear();
        options.region = selection_.bounds;
        return options;
    }
    options.faces.clear();
    for (const Candidate& candidate : found) {
        const auto& wanted = settings.faces;
        if (wanted.empty() ||
            std::find(wanted.begin(), wanted.end(), candidate.index) != wanted.end()) {
            options.faces.push_back(candidate.index);
        }
    }
    if (options.faces.empty()) throw Error(ErrorKind::input, faces_outside_selection());
    return options;
}

Result LayerJob::cloak(const Settings& settings, const ProgressFunction& progress) {
    const std::lock_guard lock(mutex_);
    if (last_ && last_->first == settings) return last_->second;
    const Options options = options_for(settings, progress);
    try {
        auto result = std::make_shared<ClientResult>(
            client_->cloak(picture_.view(), options, selection_.view(), progress));
        last_.emplace(settings, result);
        return result;
    } catch (const Error& error) {
        // Faces that were found may still lie outside of what is selected: the core says how.
        const bool found = candidates_ && !candidates_->empty();
        if (error.kind != ErrorKind::no_face || found) throw;
        throw Error(ErrorKind::no_face, no_face_anywhere());
    }
}

}  // namespace lowkey::gimp
