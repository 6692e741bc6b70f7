// The whole measurement on five people of no name, cloaked and judged by random networks.
#include "evaluate/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "evaluate/gallery.h"
#include "evaluate/panel.h"
#include "evaluate/report.h"
#include "lowkey/error.h"
#include "synthetic_people.h"

namespace lowkey::evaluate {
namespace {

namespace fs = std::filesystem;
using lowkey::testing::read_text;
using lowkey::testing::TemporaryFolder;
using lowkey::testing::write_text;
using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;

const Listener kGoOn = [](const Stage&) { return true; };

class Evaluate : public ::testing::Test {
  protected:
    void SetUp() override {
        write_people(folder_ / "people");
        convert::random_pack(folder_ / "pack", 1);
        convert::random_pack(folder_ / "others", 2);
    }
    Plan plan(const std::string& out) const {
        Plan made;
        made.people = folder_ / "people";
        made.pack = folder_ / "pack";
        made.judges = folder_ / "others";
        made.options.iterations = 3;
        made.options.device = "cpu";
        made.subjects = 3;
        made.out = folder_ / out;
        made.cache = folder_ / "cache";
        return made;
    }
    // Where cloaks of the plan lie that is made above.
    fs::path cloaked(const std::string& out) const {
        return folder_ / out / "cloaked" / "random-balanced-strength50-iterations3-seed1";
    }
    static json without_times(const Evaluation& evaluation) {
        json all = json::parse(to_json(evaluation));
        for (json& outcome : all["outcomes"]) {
            outcome.erase("seconds");
            outcome.erase("processor_seconds");
        }
        return all;
    }
    static void expect_error(const Plan& plan, ErrorKind kind, const std::string& words) {
        try {
            evaluate(plan, kGoOn);
            FAIL() << "no error";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind, kind) << error.what();
            EXPECT_THAT(error.what(), HasSubstr(words));
        }
    }

    TemporaryFolder folder_;
};

TEST_F(Evaluate, MeasuresEveryJudgeUnderEveryCondition) {
    const Evaluation evaluation = evaluate::evaluate(plan("out"), kGoOn);
    EXPECT_EQ(evaluation.gallery, 5U);
    ASSERT_EQ(evaluation.outcomes.size(), 1U);
    const Outcome& outcome = evaluation.outcomes[0];
    EXPECT_EQ(outcome.subjects.size(), 3U);
    EXPECT_GT(outcome.quality.dssim, 0);
    EXPECT_GT(outcome.quality.lpips, 0);
    EXPECT_GT(outcome.quality.psnr, 20);
    EXPECT_GT(outcome.processor_seconds, 0);
    ASSERT_EQ(outcome.verdicts.size(), 3 * std::size(kConditions));
    for (const Verdict& verdict : outcome.verdicts) {
        EXPECT_EQ(verdict.searches.size(), 3U);
        EXPECT_EQ(verdict.rates.not_found, 0) << name_of(verdict.condition);
    }
    // Conditions differ, so they are not one picture judged six times.
    std::map<Condition, double> cosine;
    for (const Verdict& verdict : outcome.verdicts)
        if (verdict.judge == outcome.verdicts[0].judge)
            cosine[verdict.condition] = verdict.rates.cosine;
    std::set<double> different;
    for (const auto& [condition, value] : cosine) different.insert(value);
    EXPECT_EQ(different.size(), std::size(kConditions));
}

TEST_F(Evaluate, CleanSearchesAreWhatCanBeCountedByHand) {
    Plan clean = plan("out");
    clean.conditions = {Condition::clean};
    const Outcome outcome = evaluate::evaluate(clean, kGoOn).outcomes.at(0);
    Panel judges(folder_ / "others", "cpu");
    const auto embed = [&](const std::string& person, const char* photo) {
        const auto rows =
            judges.embed({pixels_or_nothing(folder_ / "people" / person / photo)}, {0, 1, 2});
        return std::vector{rows[0][0], rows[1][0], rows[2][0]};
    };
    std::map<std::string, std::vector<torch::Tensor>> gallery;
    for (int i = 0; i < 5; ++i) {
        const std::string person = "person" + std::to_string(i);
        gallery[person] = embed(person, "1.png");
    }
    ASSERT_EQ(outcome.verdicts.size(), 3U);
    for (std::size_t i = 0; i < outcome.subjects.size(); ++i) {
        const std::string& subject = outcome.subjects[i];
        const auto probe = embed(subject, "2.png");
        for (std::size_t judge = 0; judge < 3; ++judge) {
            const auto cosine = [&](const std::string& person) {
                return probe[judge].dot(gallery[person][judge]).item<double>();
            };
            int rank = 1;
            for (const auto& [person, row] : gallery)
                rank += cosine(person) > cosine(subject) ? 1 : 0;
            const Search& search = outcome.verdicts[judge].searches[i];
            EXPECT_EQ(search.rank, rank) << judges.name(judge) << " " << subject;
            EXPECT_NEAR(search.cosine, cosine(subject), 1e-4) << judges.name(judge);
        }
    }
}

TEST_F(Evaluate, StoppedAndSharedWorkGivesTheSame) {
    const json whole = without_times(evaluate::evaluate(plan("whole"), kGoOn));

    Plan stopped = plan("stopped");
    stopped.cache = folder_ / "other-cache";
    const Listener stop_at_second_face = [](const Stage& stage) {
        return !(stage.name.starts_with("Cloaking") && stage.item == 1 && stage.fraction > 0.5);
    };
    try {
        evaluate::evaluate(stopped, stop_at_second_face);
        FAIL() << "was to be stopped";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind, ErrorKind::cancelled);
    }
    std::vector<fs::path> pictures;
    for (const auto& entry : fs::directory_iterator(cloaked("stopped")))
        if (entry.path().extension() == ".png") pictures.push_back(entry.path());
    ASSERT_EQ(pictures.size(), 1U);
    const auto time = fs::last_write_time(pictures[0]);
    EXPECT_EQ(without_times(evaluate::evaluate(stopped, kGoOn)), whole);
    EXPECT_EQ(fs::last_write_time(pictures[0]), time) << "was cloaked again";

    Plan shared = plan("shared");
    for (std::size_t i = 0; i < 2; ++i) {
        shared.shard = Shard{i, 2};
        EXPECT_TRUE(evaluate::evaluate(shared, kGoOn).outcomes.empty());
    }
    shared.shard.reset();
    std::size_t cloaked_now = 0;
    const Listener count = [&](const Stage& stage) {
        cloaked_now += stage.name.starts_with("Cloaking") && stage.fraction > 0 ? 1 : 0;
        return true;
    };
    EXPECT_EQ(without_times(evaluate::evaluate(shared, count)), whole);
    EXPECT_EQ(cloaked_now, 0U);
}

TEST_F(Evaluate, LeavesOneOut) {
    Plan one_out = plan("out");
    one_out.judging = Judging::leave_one_out;
    one_out.subjects = 2;
    one_out.strengths = {20, 80};
    one_out.conditions = {Condition::clean, Condition::cloaked};
    const Evaluation evaluation = evaluate::evaluate(one_out, kGoOn);
    ASSERT_EQ(evaluation.outcomes.size(), 6U);
    for (const Outcome& outcome : evaluation.outcomes) {
        ASSERT_EQ(outcome.verdicts.size(), 2U);
        EXPECT_EQ(outcome.ensemble, "without-" + outcome.verdicts[0].judge);
    }
    EXPECT_LT(evaluation.outcomes[0].quality.dssim, evaluation.outcomes[1].quality.dssim);
    EXPECT_EQ(means_over_judges(evaluation).size(), 4U);
}

TEST_F(Evaluate, JudgeOfTheEnsembleIsRefused) {
    Plan same = plan("out");
    same.judges = same.pack;
    expect_error(same, ErrorKind::input, "same weights");
}

TEST_F(Evaluate, MembersJudgeWhereThatIsAskedFor) {
    Plan white_box = plan("out");
    white_box.judging = Judging::white_box;
    white_box.options.iterations = 120;  // it takes some to move random networks furthest
    white_box.conditions = {Condition::clean, Condition::cloaked};
    const Evaluation own = evaluate::evaluate(white_box, kGoOn);
    ASSERT_EQ(own.outcomes.size(), 1U) << "one ensemble, that of the whole pack";
    ASSERT_EQ(own.outcomes[0].verdicts.size(), 6U);
    EXPECT_THAT(to_table(own), HasSubstr("made with these very recognisers"));
    // The same judges, so that the two losses are of the same networks.
    Plan strangers = plan("strangers");
    std::swap(strangers.pack, strangers.judges);
    strangers.options = white_box.options;
    strangers.conditions = white_box.conditions;
    const auto lost = [](const Evaluation& evaluation) {
        const auto means = means_over_judges(evaluation);
        return means[0].rates.cosine - means[1].rates.cosine;
    };
    EXPECT_GT(lost(own), lost(evaluate::evaluate(strangers, kGoOn)));
}

TEST_F(Evaluate, APhotoThatIsNowAnotherIsCloakedAgain) {
    Plan again = plan("out");
    again.conditions = {Condition::cloaked};
    evaluate::evaluate(again, kGoOn);
    const auto cloak_of = [&](const char* person) {
        return read_text(cloaked("out") / (std::string(person) + ".png"));
    };
    const std::vector<std::string> before = {cloak_of("person0"), cloak_of("person1")};
    fs::copy_file(folder_ / "people/person0/2.png", folder_ / "people/person0/1.png",
                  fs::copy_options::overwrite_existing);
    evaluate::evaluate(again, kGoOn);
    EXPECT_NE(cloak_of("person0"), before[0]);
    EXPECT_EQ(cloak_of("person1"), before[1]);
}

TEST_F(Evaluate, PhotosOfAnotherBuildOrPackAreNotMixedIn) {
    Plan again = plan("out");
    again.subjects = 1;
    again.conditions = {Condition::cloaked};
    evaluate::evaluate(again, kGoOn);
    const fs::path setting = cloaked("out") / "setting.json";
    json description = json::parse(read_text(setting));
    description["build"] = "another";
    write_text(setting, description.dump());
    expect_error(again, ErrorKind::input, "another build");
    again.any_build = true;
    EXPECT_NO_THROW(evaluate::evaluate(again, kGoOn));
    EXPECT_EQ(json::parse(read_text(setting))["build"], "another") << "nothing was added";
    again.subjects = 2;
    EXPECT_NO_THROW(evaluate::evaluate(again, kGoOn));
    EXPECT_EQ(json::parse(read_text(setting))["build"], "several");
    again.any_build = false;
    expect_error(again, ErrorKind::input, "another build");
    again.any_build = true;
    description["pack"] = "another manifest";
    write_text(setting, description.dump());
    expect_error(again, ErrorKind::input, "another pack");
}

TEST_F(Evaluate, HostileFolders) {
    Plan hostile = plan("out");
    hostile.people = folder_ / "missing";
    expect_error(hostile, ErrorKind::file, "missing");
    fs::create_directories(folder_ / "empty");
    hostile.people = folder_ / "empty";
    expect_error(hostile, ErrorKind::input, "no people");
    fs::create_directories(folder_ / "single" / "someone");
    fs::copy(folder_ / "people/person0/1.png", folder_ / "single/someone");
    hostile.people = folder_ / "single";
    expect_error(hostile, ErrorKind::input, "two photos");
    write_text(folder_ / "single/someone/2.png", "no picture");
    expect_error(hostile, ErrorKind::no_face, "cannot read");
}

TEST_F(Evaluate, UnreadableAndFacelessPeopleAreLeftOutAndNamed) {
    write_text(folder_ / "people/person0/2.png", "no picture");
    fs::create_directories(folder_ / "people/wall");
    cv::imwrite((folder_ / "people/wall/1.png").string(),
                cv::Mat(120, 120, CV_8UC3, cv::Scalar::all(90)));
    Plan all = plan("out");
    all.subjects = 5;
    all.conditions = {Condition::clean};
    const Evaluation evaluation = evaluate::evaluate(all, kGoOn);
    EXPECT_EQ(evaluation.outcomes[0].subjects.size(), 4U);
    EXPECT_EQ(evaluation.gallery, 4U);
    EXPECT_EQ(evaluation.outcomes[0].verdicts[0].rates.rank1, 1);
    EXPECT_FALSE(fs::exists(folder_ / "out" / "cloaked")) << "`clean` alone cloaks nothing";
    EXPECT_THAT(evaluation.notes, Contains(HasSubstr("1 of those to be cloaked, 1 of the others")));
}

}  // namespace
}  // namespace lowkey::evaluate
