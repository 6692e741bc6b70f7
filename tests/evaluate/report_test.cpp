#include "evaluate/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "evaluate/plot.h"

namespace lowkey::evaluate {
namespace {

using ::testing::HasSubstr;

Outcome outcome(const std::string& judge, int strength, double dssim, double rank1) {
    Outcome made;
    made.ensemble = "without-" + judge;
    made.strength = strength;
    made.subjects = {"Anna", "Zoë"};
    made.quality.dssim = dssim;
    made.quality.lpips = std::numeric_limits<double>::quiet_NaN();
    made.quality.psnr = std::numeric_limits<double>::infinity();
    for (const Condition condition : {Condition::clean, Condition::cloaked}) {
        Verdict verdict;
        verdict.judge = judge;
        verdict.condition = condition;
        verdict.searches = {{1, .8}, {0, 0}};
        verdict.rates = rates_of(verdict.searches, .5);
        verdict.rates.rank1 = condition == Condition::clean ? 1 : rank1;
        made.verdicts.push_back(verdict);
    }
    return made;
}

Evaluation evaluation() {
    Evaluation made;
    made.pack = made.judges = "four";
    made.preset = "balanced";
    made.gallery = 7;
    made.notes = {"Somebody was left out."};
    made.outcomes = {outcome("a", 50, .01, .5), outcome("b", 50, .01, .25),
                     outcome("a", 80, .02, 0)};
    return made;
}

TEST(EvaluationReport, MeansAreOverTheJudgesOfOneStrength) {
    const auto means = means_over_judges(evaluation());
    ASSERT_EQ(means.size(), 4U);
    EXPECT_EQ(means[1].strength, 50);
    EXPECT_EQ(means[1].condition, Condition::cloaked);
    EXPECT_DOUBLE_EQ(means[1].rates.rank1, .375);
    EXPECT_EQ(means[1].rates.not_found, 1);
    EXPECT_EQ(means[3].strength, 80);
    EXPECT_DOUBLE_EQ(means[3].rates.rank1, 0);
}

TEST(EvaluationReport, JsonKeepsEverySearch) {
    const auto json = nlohmann::json::parse(to_json(evaluation()));
    EXPECT_EQ(json["gallery"], 7);
    const auto& verdict = json["outcomes"][1]["verdicts"][0];
    EXPECT_EQ(verdict["judge"], "b");
    EXPECT_EQ(verdict["searches"]["Zoë"]["rank"], 0);
    EXPECT_EQ(verdict["searches"]["Anna"]["rank"], 1);
    EXPECT_TRUE(json["outcomes"][0]["quality"]["lpips"].is_null());
    EXPECT_EQ(json["mean_over_judges"].size(), 4U);
}

TEST(EvaluationReport, TsvHasOneFieldAColumn) {
    std::istringstream lines(to_tsv(evaluation()));
    int count = 0;
    std::ptrdiff_t columns = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        const auto tabs = std::count(line.begin(), line.end(), '\t');
        if (count == 0) columns = tabs;
        EXPECT_EQ(tabs, columns) << line;
    }
    EXPECT_EQ(count, 7);
}

TEST(EvaluationReport, TableNamesJudgesMeanAndNotes) {
    const std::string table = to_table(evaluation());
    for (const char* part : {"without-b", "mean", "0.375", "Somebody was left out", "7 people"})
        EXPECT_THAT(table, HasSubstr(part));
}

TEST(Plot, DrawsWhatItIsGiven) {
    const auto ink = [](const Evaluation& drawn) {
        const cv::Mat plot = plot_rank1(drawn);
        EXPECT_EQ(plot.type(), CV_8UC3);
        return cv::sum(cv::Scalar::all(255) - cv::mean(plot))[0];
    };
    Evaluation without = evaluation();
    for (Outcome& outcome : without.outcomes) outcome.verdicts.clear();
    EXPECT_GT(ink(evaluation()), ink(without));
    EXPECT_GT(ink(Evaluation()), 0);
}

}  // namespace
}  // namespace lowkey::evaluate
