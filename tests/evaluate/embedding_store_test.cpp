#include "evaluate/embedding_store.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "lowkey/error.h"
#include "synthetic_people.h"

namespace lowkey::evaluate {
namespace {

using lowkey::testing::TemporaryFolder;
using lowkey::testing::write_text;

TEST(EmbeddingStore, KeepsRowsAndThatThereIsNoFace) {
    const TemporaryFolder folder;
    const torch::Tensor row = torch::arange(5).to(torch::kFloat);
    {
        EmbeddingStore store(folder / "below" / "a.safetensors");
        store.put("Zoë/1.jpg 12-34", row);
        store.put("faceless", torch::empty({0}));
        store.save();
    }
    const EmbeddingStore again(folder / "below" / "a.safetensors");
    ASSERT_TRUE(again.has("Zoë/1.jpg 12-34"));
    EXPECT_TRUE(again.at("Zoë/1.jpg 12-34").equal(row));
    ASSERT_TRUE(again.has("faceless"));
    EXPECT_EQ(again.at("faceless").numel(), 0);
    EXPECT_FALSE(again.has("other"));
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(folder / "below" / "a.safetensors").permissions() &
                  (perms::group_all | perms::others_all),
              perms::none);
}

TEST(EmbeddingStore, DamagedFileIsBegunAnew) {
    const TemporaryFolder folder;
    write_text(folder / "a.safetensors", "what is this");
    EmbeddingStore store(folder / "a.safetensors");
    EXPECT_FALSE(store.has("x"));
    store.put("x", torch::ones({2}));
    store.save();
    EXPECT_TRUE(EmbeddingStore(folder / "a.safetensors").has("x"));
}

class EmbedPhotos : public ::testing::Test {
  protected:
    void SetUp() override {
        convert::random_pack(folder_ / "pack", 1);
        panel_.emplace(folder_ / "pack", "cpu");
        const std::vector<cv::Mat> faces = synthetic_faces();
        for (int i = 0; i < 40; ++i) {
            const cv::Mat face = faces[static_cast<std::size_t>(i) % faces.size()];
            photos_.push_back({std::to_string(i), [this, face] {
                                   ++looked_at_;
                                   return face;
                               }});
        }
    }
    void embed(std::size_t stop_after) {
        std::vector<EmbeddingStore> stores;
        for (const char* name : {"a", "b"})
            stores.emplace_back(folder_ / (std::string(name) + ".safetensors"));
        embed_photos(*panel_, {0, 2}, stores, photos_,
                     [&](std::size_t done) { return done < stop_after; });
    }

    TemporaryFolder folder_;
    std::optional<Panel> panel_;
    std::vector<Photo> photos_;
    int looked_at_ = 0;
};

TEST_F(EmbedPhotos, GoesOnWhereItWasStopped) {
    try {
        embed(20);
        FAIL() << "was to be cancelled";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind, ErrorKind::cancelled);
    }
    const int before = looked_at_;
    EXPECT_GT(before, 0);
    EXPECT_LT(before, 40);
    embed(1000);
    EXPECT_EQ(looked_at_, 40);
    embed(1000);
    EXPECT_EQ(looked_at_, 40);
}

TEST_F(EmbedPhotos, EachJudgeAnswersForItself) {
    embed(1000);
    const EmbeddingStore a(folder_ / "a.safetensors"), b(folder_ / "b.safetensors");
    const auto direct = panel_->embed({photos_[3].pixels()}, {0, 1, 2});
    EXPECT_TRUE(a.at("3").allclose(direct[0][0], 1e-4, 1e-5));
    EXPECT_TRUE(b.at("3").allclose(direct[2][0], 1e-4, 1e-5));
    EXPECT_FALSE(b.at("3").allclose(direct[1][0], 1e-2, 1e-2));
    EXPECT_NEAR(a.at("3").norm().item<double>(), 1, 1e-5);
    EXPECT_NE(panel_->fingerprint(0), panel_->fingerprint(1));
}

}  // namespace
}  // namespace lowkey::evaluate
