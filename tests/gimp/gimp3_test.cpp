// The plug-in in a real GIMP 3, by batch. What GIMP 2.10 shares with it is tested there.
#include <gtest/gtest.h>

#include "console.h"
#include "lowkey/client.h"
#include "pictures.h"

namespace lowkey::testing {
namespace {

namespace fs = std::filesystem;

class Gimp3 : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        fs::create_directories(folder());
        store(face(), load(fs::path(LOWKEY_TEST_DATA) / "one_face.jpg"));
    }
    static fs::path folder() { return fs::path(LOWKEY_TEST_FOLDER) / "files"; }
    static fs::path face() { return folder() / "face.png"; }
    static fs::path out(const std::string& name) {
        fs::remove(folder() / name);
        return folder() / name;
    }
    static cv::Mat expected(const cv::Mat& pixels) {
        Options options;
        options.iterations = 3;
        Client client({LOWKEY_TEST_COMMAND, LOWKEY_TEST_PACK, "auto", 300});
        return to_mat(client.cloak(to_picture(pixels).view(), options).picture);
    }
};

TEST_F(Gimp3, GivesTheWorkersPixels) {
    const fs::path to = out("cloaked.png");
    const ConsoleRun run = run_gimp(on_file(face(), cloak(), to));
    ASSERT_TRUE(run.finished) << run.output;
    EXPECT_FALSE(same(load(to), load(face())));
    EXPECT_TRUE(same(load(to), expected(load(face()))));
}

TEST_F(Gimp3, LetsArgumentsBeLeftOut) {
    const fs::path to = out("named.png");
    const ConsoleRun run = run_gimp(
        on_file(face(), "(plug-in-lowkey #:image image #:drawables layers #:iterations 3)", to));
    ASSERT_TRUE(run.finished) << run.output;
    EXPECT_TRUE(same(load(to), expected(load(face()))));
}

TEST_F(Gimp3, CloaksSeveralLayersInOneRun) {
    const fs::path first = out("layer_1.png"), second = out("layer_2.png");
    const auto save = [](const std::string& layer, const fs::path& to) {
        // A picture of its own for each layer, because a file shows what is visible.
        return "(let* ((single (car (gimp-image-new (car (gimp-drawable-get-width " + layer +
               ")) (car (gimp-drawable-get-height " + layer +
               ")) RGB))) (copy (car (gimp-layer-new-from-drawable " + layer +
               " single)))) (gimp-image-insert-layer single copy -1 0)"
               "(gimp-file-save RUN-NONINTERACTIVE single " +
               quoted(to.string()) + " -1) (gimp-image-delete single))";
    };
    const std::string body =
        "(let* ((copy (car (gimp-layer-copy layer)))) (gimp-image-insert-layer image copy -1 0)"
        "(gimp-layer-set-offsets copy 40 30)"
        "(plug-in-lowkey #:image image #:drawables (vector layer copy) #:iterations 3)" +
        save("layer", first) + save("copy", second) + ")";
    const ConsoleRun run = run_gimp(on_file(face(), body, out("both.png")));
    ASSERT_TRUE(run.finished) << run.output;
    const cv::Mat wanted = expected(load(face()));
    EXPECT_TRUE(same(load(first), wanted));
    EXPECT_TRUE(same(load(second), wanted));
}

TEST_F(Gimp3, SaysWhatToDoWhereThereIsNoFace) {
    store(out("empty.png"), cv::Mat(200, 200, CV_8UC3, cv::Scalar(90, 90, 90)));
    const ConsoleRun run = run_gimp(on_file(folder() / "empty.png", cloak(), out("never.png")));
    EXPECT_FALSE(run.finished);
    EXPECT_NE(run.output.find("Draw a selection around the face"), std::string::npos) << run.output;
    EXPECT_FALSE(fs::exists(folder() / "never.png"));
}

TEST_F(Gimp3, RefusesAnIndexedImage) {
    const ConsoleRun run = run_gimp(on_file(face(),
                                            "(gimp-image-convert-indexed image CONVERT-DITHER-NONE "
                                            "CONVERT-PALETTE-GENERATE 64 FALSE FALSE \"\")" +
                                                cloak(),
                                            out("indexed.png")));
    EXPECT_FALSE(run.finished);
    EXPECT_NE(run.output.find("indexed"), std::string::npos) << run.output;
}

TEST_F(Gimp3, SaysThatTheCommandIsMissing) {
    const ConsoleRun run =
        run_gimp(on_file(face(), cloak(), out("missing.png")), {"/nonexistent", LOWKEY_TEST_PACK});
    EXPECT_FALSE(run.finished);
    EXPECT_NE(run.output.find("/nonexistent"), std::string::npos) << run.output;
}

TEST_F(Gimp3, ExampleCloaksAFolderAndNamesWhatItCannot) {
    const fs::path in = folder() / "in", to = folder() / "to";
    fs::remove_all(in);
    fs::remove_all(to);
    fs::create_directories(in);
    fs::create_directories(to);
    fs::copy_file(face(), in / "a.png");
    store(in / "b.png", cv::Mat(100, 100, CV_8UC3, cv::Scalar(9, 9, 9)));
    fs::copy_file(face(), in / "c.png");
    const ConsoleRun run = run_gimp("(load " + quoted(LOWKEY_EXAMPLES "/cloak-folder-gimp3.scm") +
                                    ") (lowkey-cloak-folder " + quoted((in / "*.png").string()) +
                                    " " + quoted(to.string()) + " \"light\")");
    EXPECT_TRUE(run.finished) << run.output;
    EXPECT_TRUE(fs::exists(to / "a.png"));
    EXPECT_FALSE(fs::exists(to / "b.png"));
    EXPECT_TRUE(fs::exists(to / "c.png"));
    EXPECT_NE(run.output.find("Cloaked 2, not cloaked 1"), std::string::npos) << run.output;
}

}  // namespace
}  // namespace lowkey::testing
