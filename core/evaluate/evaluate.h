// Does a cloak protect? Identification in a gallery as in the LowKey paper (ICLR 2021, section 5):
// cloaked photos of some people stand in a gallery among clean photos of everybody else, and clean
// photos of the same people are searched in it, by recognisers that the cloak was not made with.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/cloaks.h"
#include "evaluate/condition.h"
#include "evaluate/people.h"
#include "evaluate/rates.h"
#include "lowkey/options.h"
#include "lowkey/report.h"

namespace lowkey::evaluate {

// Who judges the cloaks made with a pack.
enum class Judging {
    others,         // the recognisers of another pack
    leave_one_out,  // each of its own, on cloaks made without it
    white_box       // its own, on cloaks made with them: a cloak at its best, no protection
};

struct Plan {
    std::filesystem::path people;
    std::filesystem::path pack;  // cloaks are made with it
    Judging judging = Judging::others;
    std::filesystem::path judges;       // the pack of the others
    Options options;                    // preset, iterations, seed, device
    std::vector<int> strengths;         // one cloak each; empty: the one of `options`
    std::vector<Condition> conditions;  // empty: all; `clean` alone cloaks nothing
    Subset subset = Subset::all;
    std::size_t subjects = 100;
    std::optional<std::size_t> distractors;  // none: everybody else
    std::filesystem::path out;               // cloaked photos are kept in it; made if needed
    std::filesystem::path cache;  // of clean photos' embeddings; empty: embeddings_folder()
    std::optional<Shard> shard;   // cloak this part only, judge nothing
    bool any_build = false;       // go on with photos that another build of this program cloaked
};

struct Verdict {
    std::string judge;
    Condition condition = Condition::clean;
    Rates rates;
    std::vector<Search> searches;  // one a subject
};

// What one ensemble with one strength came to.
struct Outcome {
    std::string ensemble;
    int strength = 0;
    std::vector<std::string> subjects;  // those that could be cloaked
    // Means over the cloaked faces. LPIPS by the judges' pack, NaN if it has none.
    Quality quality;
    double seconds = 0, processor_seconds = 0;  // a face
    std::vector<Verdict> verdicts;
};

struct Evaluation {
    std::string people, pack, judges, preset;  // judges: a pack's name
    Judging judging = Judging::others;
    int iterations = 0;
    std::uint64_t seed = 0;
    std::size_t gallery = 0;         // photos, those of the subjects included
    std::vector<Outcome> outcomes;   // empty after a shard
    std::vector<std::string> notes;  // who was left out and why
};

struct Stage {
    std::string name;         // "Cloaking without-x, strength 50"
    std::size_t item, items;  // photos; item counts from 0
    std::string what;         // of the item: a person's name; empty where items are many
    double fraction = 0;      // of the item
};
// Returning false stops the run with Error(cancelled); the same plan goes on from there.
using Listener = std::function<bool(const Stage&)>;

// Throws Error(input) for a plan that cannot be carried out, such as a judge that belongs to the
// ensemble; Error(pack), Error(file), Error(cancelled).
Evaluation evaluate(const Plan& plan, const Listener& listener);

}  // namespace lowkey::evaluate
