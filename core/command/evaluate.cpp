// lowkey evaluate PEOPLE --judges PACK|--leave-one-out
#include "evaluate/evaluate.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <span>

#include "command/exit_status.h"
#include "command/interrupt.h"
#include "command/progress_line.h"
#include "command/recipe.h"
#include "command/subcommands.h"
#include "evaluate/plot.h"
#include "evaluate/report.h"
#include "image/atomic_file.h"
#include "lowkey/lowkey.h"

namespace lowkey::command {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, evaluate::Subset> kSubsets = {
    {"all", evaluate::Subset::all},
    {"training", evaluate::Subset::training},
    {"validation", evaluate::Subset::validation}};

struct EvaluateArguments {
    fs::path people;
    std::string pack, judges, device = "auto";
    bool leave_one_out = false, white_box = false, any_build = false, quiet = false;
    RecipeOptions recipe;
    std::vector<int> strengths;
    std::vector<std::string> conditions;
    std::size_t subjects = 100;
    std::optional<std::size_t> distractors;
    std::string subset = "all";
    std::string shard;
    fs::path output = "evaluation", cache;
};

// "2/3" is the second of three parts.
std::optional<evaluate::Shard> parse_shard(const std::string& text) {
    evaluate::Shard shard;
    const char* const end = text.data() + text.size();
    const auto [slash, bad_index] = std::from_chars(text.data(), end, shard.index);
    if (bad_index != std::errc() || slash == end || *slash != '/') return std::nullopt;
    const auto [rest, bad_count] = std::from_chars(slash + 1, end, shard.count);
    if (bad_count != std::errc() || rest != end || shard.index < 1 || shard.index > shard.count)
        return std::nullopt;
    --shard.index;
    return shard;
}

evaluate::Plan plan_of(const EvaluateArguments& arguments) {
    evaluate::Plan plan;
    plan.people = arguments.people;
    plan.pack = find_pack(arguments.pack);
    if (arguments.leave_one_out) {
        plan.judging = evaluate::Judging::leave_one_out;
    } else if (arguments.white_box) {
        plan.judging = evaluate::Judging::white_box;
    } else {
        plan.judges = find_pack(arguments.judges);
    }
    plan.options = options_of(arguments.recipe);
    plan.options.device = arguments.device;
    plan.strengths = arguments.strengths;
    for (const std::string& name : arguments.conditions)
        plan.conditions.push_back(evaluate::parse_condition(name).value());
    plan.subset = kSubsets.at(arguments.subset);
    plan.subjects = arguments.subjects;
    plan.distractors = arguments.distractors;
    plan.out = arguments.output;
    plan.cache = arguments.cache;
    if (!arguments.shard.empty()) plan.shard = parse_shard(arguments.shard);
    plan.any_build = arguments.any_build;
    return plan;
}

void write(const fs::path& file, const std::string& text) {
    image::write_file(file, std::as_bytes(std::span(text)));
}

void write(const evaluate::Evaluation& evaluation, const fs::path& folder) {
    write(folder / "evaluation.json", evaluate::to_json(evaluation) + "\n");
    write(folder / "evaluation.tsv", evaluate::to_tsv(evaluation));
    std::vector<unsigned char> png;
    cv::imencode(".png", evaluate::plot_rank1(evaluation), png);
    image::write_file(folder / "rank1.png", std::as_bytes(std::span(png)));
}

constexpr std::size_t kLinesOfAStage = 50;  // at most, in a log, where items have no names

// A line of progress for each stage of the run.
class StageLines {
  public:
    explicit StageLines(bool quiet) : quiet_(quiet) {}
    bool operator()(const evaluate::Stage& stage) {
        if (stage.name != name_) {
            line_.reset();
            if (!quiet_) std::fprintf(stderr, "%s\n", stage.name.c_str());
            line_.emplace(stage.items, quiet_);
            name_ = stage.name;
            person_.clear();
            next_ = 0;
        }
        if (stage.what.empty() ? stage.item >= next_ : stage.what != person_)
            line_->start(std::min(stage.item, stage.items - 1), stage.what);
        if (stage.item >= next_) next_ = stage.item + 1 + stage.items / kLinesOfAStage;
        person_ = stage.what;
        line_->update(stage.fraction, "");
        return !interrupted();
    }

  private:
    bool quiet_;
    std::string name_, person_;
    std::size_t next_ = 0;  // the first item to be shown again, where items have no names
    std::optional<ProgressLine> line_;
};

int run(const EvaluateArguments& arguments) {
    const evaluate::Plan plan = plan_of(arguments);
    catch_interrupts();
    evaluate::Evaluation evaluation;
    {
        StageLines lines(arguments.quiet);
        evaluation = evaluate::evaluate(plan, std::ref(lines));
    }
    if (plan.shard) {
        std::printf("This part is cloaked. When all parts are, run the same without --shard.\n");
        return kDone;
    }
    write(evaluation, plan.out);
    std::printf("%s\nAlso in %s: evaluation.json, evaluation.tsv, rank1.png.\n",
                evaluate::to_table(evaluation).c_str(), plan.out.c_str());
    return kDone;
}

void add_cast_options(CLI::App& app, EvaluateArguments& arguments) {
    app.add_option("--people", arguments.subjects,
                   "How many people to cloak; always the same ones, and fewer are a part of more")
        ->type_name("N")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    std::vector<std::string> subsets;
    for (const auto& [name, subset] : kSubsets) subsets.push_back(name);
    app.add_option("--subset", arguments.subset,
                   "Whom to cloak; the default pack was trained on the training people")
        ->check(CLI::IsMember(subsets))
        ->capture_default_str();
    app.add_option("--distractors", arguments.distractors,
                   "How many other people stand in the gallery; default: all")
        ->type_name("N");
}

void add_measure_options(CLI::App& app, EvaluateArguments& arguments) {
    app.add_option("--strengths", arguments.strengths, "Several strengths, for a curve: 25,50,80")
        ->type_name("LIST")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::Range(kMinStrength, kMaxStrength))
        ->excludes("--strength");
    std::vector<std::string> names;
    for (const evaluate::Condition condition : evaluate::kConditions)
        names.emplace_back(evaluate::name_of(condition));
    app.add_option(
           "--conditions", arguments.conditions,
           "What happens to the gallery's cloaked photos: clean (not cloaked at all), "
           "cloaked, jpeg85, jpeg75, half (size), half+jpeg75; default: all of these. `clean` "
           "alone cloaks nothing and measures the judges")
        ->type_name("LIST")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::IsMember(names));
}

void add_run_options(CLI::App& app, EvaluateArguments& arguments) {
    app.add_option("-o,--output", arguments.output,
                   "Folder for the results and the cloaked photos; a run that was stopped goes on "
                   "from what is there")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_option("--cache", arguments.cache,
                   "Folder for clean photos' embeddings; default: ~/.cache/lowkey/embeddings")
        ->type_name("DIR");
    app.add_option("--shard", arguments.shard,
                   "Cloak only the I-th of N parts and judge nothing, so that several processes "
                   "can share the work")
        ->type_name("I/N")
        ->check([](const std::string& text) {
            return parse_shard(text) ? "" : "“" + text + "” is no part such as 1/2";
        });
    app.add_flag("--any-build", arguments.any_build,
                 "Go on with photos that another build of lowkey has cloaked");
    app.add_option("--device", arguments.device, "auto, cpu, cuda or cuda:N")
        ->type_name("DEVICE")
        ->capture_default_str();
    app.add_flag("-q,--quiet", arguments.quiet, "No progress on standard error");
}

}  // namespace

void add_evaluate(CLI::App& app, int& status) {
    auto arguments = std::make_shared<EvaluateArguments>();
    CLI::App* evaluate = app.add_subcommand(
        "evaluate", "Measure how well cloaks protect, on a folder of people (for developers)");
    evaluate
        ->add_option("PEOPLE", arguments->people,
                     "Folder with a folder of photos for each person, such as LFW")
        ->required();
    evaluate->add_option("--pack", arguments->pack, "Pack to cloak with: a folder, or its name")
        ->type_name("NAME|DIR");
    auto* judges =
        evaluate
            ->add_option("--judges", arguments->judges,
                         "Pack whose recognisers judge; none of them may belong to --pack")
            ->type_name("NAME|DIR");
    auto* leave_one_out = evaluate->add_flag(
        "--leave-one-out", arguments->leave_one_out,
        "For each recogniser of --pack: cloak without it, and let it alone judge");
    auto* white_box = evaluate->add_flag("--white-box", arguments->white_box,
                                         "The recognisers of --pack judge cloaks that were made "
                                         "with them: the most that a cloak can "
                                         "do, and no measure of protection");
    judges->excludes(leave_one_out)->excludes(white_box);
    leave_one_out->excludes(white_box);
    add_cast_options(*evaluate, *arguments);
    add_recipe_options(*evaluate, arguments->recipe);
    add_measure_options(*evaluate, *arguments);
    add_run_options(*evaluate, *arguments);
    evaluate->footer(
        "The first photo of some people is cloaked and stands in a gallery with the others' "
        "cloaked\n"
        "ones and a clean photo of everybody else; each judge then searches that gallery with\n"
        "another, clean photo of each of them.\n"
        "rank-1, -5, -50: share of these people whom the judge ranks so high; TAR@1e-3: share whom "
        "it\n"
        "accepts at a threshold that one in a thousand pairs of different people passes; cosine: "
        "mean\n"
        "similarity of the two photos. All of these are to be low, but for `clean`.\n\n"
        "Examples:\n"
        "  lowkey evaluate lfw/ --judges others/ --people 300 -o measured/\n"
        "  lowkey evaluate lfw/ --pack others/ --leave-one-out --strengths 25,50,80\n"
        "  for i in 1 2; do OMP_NUM_THREADS=1 lowkey evaluate lfw/ --judges others/ --shard $i/2 & "
        "done; wait\n"
        "  lowkey evaluate lfw/ --judges others/\n");
    evaluate->callback([arguments, judges, leave_one_out, white_box, &status] {
        if (judges->count() + leave_one_out->count() + white_box->count() == 0)
            throw CLI::RequiredError("--judges, --leave-one-out or --white-box");
        status = run(*arguments);
    });
}

}  // namespace lowkey::command
