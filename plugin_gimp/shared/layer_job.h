// One layer's cloak, from its pixels to its new pixels, with no word of GIMP's API in it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "lowkey/client.h"
#include "shared/settings.h"
#include "shared/transfer.h"

namespace lowkey::gimp {

using Result = std::shared_ptr<const ClientResult>;

// Holds a layer's pixels, the faces found in them and the last result, so that a preview that was
// already computed is not computed again when the person accepts it. Calls block and may be made
// from any thread, one at a time.
class LayerJob {
  public:
    LayerJob(std::shared_ptr<Client> client, Picture picture, Selection selection);

    const Picture& picture() const { return picture_; }

    // The faces that a cloak may change: all, or with a selection those whose middle it holds.
    // Where the selection touches none, the selection itself as one face with `from_region`. May be
    // empty.
    struct Candidate {
        Face face;
        int index = 0;  // as Settings::faces counts them
    };
    std::vector<Candidate> candidates(const ProgressFunction& progress = {});

    // Throws what Client::cloak() throws; Error(no_face) says what to select.
    Result cloak(const Settings& settings, const ProgressFunction& progress = {});

  private:
    Options options_for(const Settings& settings, const ProgressFunction& progress);
    std::vector<Candidate> find(const ProgressFunction& progress);

    std::shared_ptr<Client> client_;
    const Picture picture_;
    const Selection selection_;
    std::mutex mutex_;
    std::optional<std::vector<Candidate>> candidates_;
    std::optional<std::pair<Settings, Result>> last_;
};

}  // namespace lowkey::gimp
