// No judge may know the cloak: neither as a file nor as a network.
#include "evaluate/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "lowkey/error.h"
#include "model/checksum.h"
#include "model/safetensors.h"
#include "synthetic_people.h"

namespace lowkey::evaluate {
namespace {

using lowkey::testing::TemporaryFolder;
using ::testing::HasSubstr;

class TrialTest : public ::testing::Test {
  protected:
    void SetUp() override {
        convert::random_pack(folder_ / "pack", 1);
        convert::random_pack(folder_ / "others", 2);
    }
    // The pack with each network's weights widened to float32: the same networks, other files.
    std::filesystem::path widened() {
        const auto to = folder_ / "widened";
        std::filesystem::copy(folder_ / "pack", to);
        model::Manifest manifest = model::read_manifest(to);
        for (auto& entry : manifest.recognisers) {
            model::Tensors tensors = model::read_safetensors(to / entry.weights.file);
            for (auto& [name, tensor] : tensors)
                if (tensor.is_floating_point()) tensor = tensor.to(torch::kFloat32);
            model::write_safetensors(to / entry.weights.file, tensors);
            entry.weights.sha256 = model::sha256(to / entry.weights.file);
            entry.name = "renamed " + entry.name;
        }
        model::write_manifest(to, manifest);
        return to;
    }
    static void expect_refused(const std::function<void()>& action, const std::string& judge) {
        try {
            action();
            FAIL() << "was not refused";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind, ErrorKind::input);
            EXPECT_THAT(error.what(), HasSubstr(judge));
        }
    }

    TemporaryFolder folder_;
};

TEST_F(TrialTest, LeaveOneOutNeverJudgesWithAMember) {
    const model::Manifest whole = model::read_manifest(folder_ / "pack");
    const auto trials = leave_one_out(folder_ / "pack", folder_ / "packs");
    ASSERT_EQ(trials.size(), whole.recognisers.size());
    std::set<std::string> judged;
    for (const Trial& trial : trials) {
        ASSERT_EQ(trial.judges.size(), 1U);
        const auto& judge = whole.recognisers[trial.judges[0]];
        judged.insert(judge.name);
        const model::Pack members = model::load_pack(trial.pack, torch::kCPU);
        EXPECT_EQ(members.recognisers.size(), whole.recognisers.size() - 1);
        EXPECT_NE(members.perceptual, nullptr);
        for (const auto& member : model::read_manifest(trial.pack).recognisers) {
            EXPECT_NE(member.name, judge.name);
            EXPECT_NE(member.weights.sha256, judge.weights.sha256);
        }
    }
    EXPECT_EQ(judged.size(), whole.recognisers.size());
    EXPECT_NO_THROW(leave_one_out(folder_ / "pack", folder_ / "packs")) << "again, over the same";
}

TEST_F(TrialTest, NamesThatDifferByPunctuationAloneHaveFoldersOfTheirOwn) {
    model::Manifest manifest = model::read_manifest(folder_ / "pack");
    manifest.recognisers[0].name = "r50 a";
    manifest.recognisers[1].name = "r50-a";
    model::write_manifest(folder_ / "pack", manifest);
    std::set<std::filesystem::path> folders;
    for (const Trial& trial : leave_one_out(folder_ / "pack", folder_ / "packs"))
        folders.insert(trial.pack);
    EXPECT_EQ(folders.size(), manifest.recognisers.size());
}

TEST_F(TrialTest, OtherPacksNetworksJudgeAll) {
    const Trial trial = judged_by(folder_ / "pack", folder_ / "others");
    EXPECT_EQ(trial.judges, (std::vector<std::size_t>{0, 1, 2}));
    EXPECT_EQ(trial.pack, folder_ / "pack");
}

TEST_F(TrialTest, SameWeightsAreRefused) {
    expect_refused([&] { judged_by(folder_ / "pack", folder_ / "pack"); }, "random-narrow");
    // One network under two names: leaving one out leaves the other in.
    model::Manifest manifest = model::read_manifest(folder_ / "pack");
    manifest.recognisers.push_back(manifest.recognisers[0]);
    manifest.recognisers.back().name = "twin";
    model::write_manifest(folder_ / "pack", manifest);
    expect_refused([&] { leave_one_out(folder_ / "pack", folder_ / "packs"); }, "twin");
}

TEST_F(TrialTest, SameNetworkInAnotherFileIsRefused) {
    const Trial trial = judged_by(folder_ / "pack", widened());
    Panel judges(folder_ / "widened", "cpu"), members(folder_ / "pack", "cpu");
    cv::Mat face;
    cv::cvtColor(synthetic_faces()[0], face, cv::COLOR_BGR2RGB);
    expect_refused([&] { refuse_same_network(trial, judges, members, face); },
                   "renamed random-narrow");
    Panel others(folder_ / "others", "cpu");
    EXPECT_NO_THROW(refuse_same_network(trial, others, members, face));
}

TEST_F(TrialTest, NothingIsLeftOfOne) {
    model::Manifest manifest = model::read_manifest(folder_ / "pack");
    manifest.recognisers.resize(1);
    model::write_manifest(folder_ / "pack", manifest);
    expect_refused([&] { leave_one_out(folder_ / "pack", folder_ / "packs"); }, "only one");
}

}  // namespace
}  // namespace lowkey::evaluate
