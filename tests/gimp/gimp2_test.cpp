// The plug-in in a real GIMP 2.10, by batch: pixels, selections, precisions, messages.
#include <glib.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "console.h"
#include "lowkey/client.h"
#include "pictures.h"

namespace lowkey::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kFace = fs::path(LOWKEY_TEST_DATA) / "one_face.jpg";
const fs::path kFaces = fs::path(LOWKEY_TEST_DATA) / "two_faces.png";

class Gimp2 : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        fs::create_directories(folder());
        // Decoded once, so that every test starts from the same pixels.
        if (!fs::exists(folder() / "face.png")) store(folder() / "face.png", load(kFace));
    }
    static fs::path folder() { return fs::path(LOWKEY_TEST_FOLDER) / "files"; }
    static fs::path face() { return folder() / "face.png"; }
    static fs::path out(const std::string& name) {
        fs::create_directories(folder());
        fs::remove(folder() / name);
        return folder() / name;
    }

    // What the worker makes of these pixels, asked for without GIMP.
    static cv::Mat expected(const cv::Mat& pixels, Options options = {}, const cv::Mat& mask = {}) {
        options.iterations = options.iterations.value_or(3);
        Client client({LOWKEY_TEST_COMMAND, LOWKEY_TEST_PACK, "auto", 300});
        MaskView selection;
        if (!mask.empty()) selection = {mask.data, mask.cols, mask.rows, mask.step};
        return to_mat(client.cloak(to_picture(pixels).view(), options, selection).picture);
    }

    static cv::Mat cloaked(const fs::path& in, const fs::path& to, const std::string& before = {},
                           const Call& call = {}) {
        const ConsoleRun run = run_gimp(on_file(in, before + " " + cloak(call), to));
        EXPECT_TRUE(run.finished) << run.output;
        EXPECT_FALSE(run.failed()) << run.output;
        return load(to);
    }

    // Runs the call, which must fail with this text, and expects the layer to be as it was.
    static void expect_refusal(const fs::path& in, const std::string& before, const Call& call,
                               const std::string& message, const Environment& environment = {}) {
        const fs::path clean = out("clean.tif"), after = out("after.tif");
        const auto save = [](const fs::path& to) {
            return "(gimp-file-save RUN-NONINTERACTIVE image layer " + quoted(to.string()) + " " +
                   quoted(to.string()) + ")";
        };
        const std::string body =
            before + save(clean) + "(catch (gimp-message \"refused\") " + cloak(call) + ")";
        const ConsoleRun run = run_gimp(on_file(in, body, after), environment);
        EXPECT_TRUE(run.finished) << run.output;
        EXPECT_NE(run.output.find("refused"), std::string::npos) << run.output;
        EXPECT_NE(run.output.find(message), std::string::npos) << run.output;
        EXPECT_TRUE(same(load(clean), load(after)));
    }
};

std::string select_rectangle(const cv::Rect& area) {
    return "(gimp-image-select-rectangle image CHANNEL-OP-REPLACE " + std::to_string(area.x) + " " +
           std::to_string(area.y) + " " + std::to_string(area.width) + " " +
           std::to_string(area.height) + ")";
}

TEST_F(Gimp2, RegistersItsProcedure) {
    const ConsoleRun run = run_gimp(
        "(gimp-message (string-append \"arguments \" (number->string (list-ref "
        "(gimp-procedural-db-proc-info \"plug-in-lowkey\") 6))))");
    EXPECT_NE(run.output.find("arguments 9"), std::string::npos) << run.output;
}

TEST_F(Gimp2, GivesTheWorkersPixels) {
    const cv::Mat made = cloaked(face(), out("cloaked.png"));
    EXPECT_FALSE(same(made, load(face())));
    EXPECT_TRUE(same(made, expected(load(face()))));
}

TEST_F(Gimp2, TakesArgumentsToTheWorker) {
    Options options;
    options.strength = 80;
    options.seed = 7;
    Call call;
    call.strength = 80;
    call.seed = 7;
    const cv::Mat made = cloaked(face(), out("arguments.png"), {}, call);
    EXPECT_TRUE(same(made, expected(load(face()), options)));
    EXPECT_FALSE(same(made, expected(load(face()))));
}

TEST_F(Gimp2, RunsWithLastValues) {
    Call call;
    call.seed = 7;
    const std::string again =
        "(plug-in-lowkey RUN-WITH-LAST-VALS image layer 0 0 \"\" 0 \"\" \"\")";
    // A second image, so that both runs start from the same pixels.
    const fs::path to = out("again.png");
    const ConsoleRun run =
        run_gimp(on_file(face(), cloak(call), out("first.png")) + on_file(face(), again, to));
    ASSERT_FALSE(run.failed()) << run.output;
    EXPECT_TRUE(same(load(to), load(folder() / "first.png")));
}

TEST_F(Gimp2, KeepsGrey) {
    cv::Mat grey;
    cv::cvtColor(load(face()), grey, cv::COLOR_BGR2GRAY);
    store(out("grey_in.png"), grey);
    Call call;
    call.iterations = 10;  // fewer move grey by less than an 8-bit level
    Options options;
    options.iterations = 10;
    const cv::Mat made = cloaked(folder() / "grey_in.png", out("grey.png"), {}, call);
    ASSERT_EQ(made.type(), CV_8UC1);
    EXPECT_FALSE(same(made, grey));
    EXPECT_TRUE(same(made, expected(grey, options)));
}

TEST_F(Gimp2, Keeps16Bit) {
    cv::Mat deep;
    load(face()).convertTo(deep, CV_16U, 257);
    store(out("deep_in.png"), deep);
    const cv::Mat made = cloaked(folder() / "deep_in.png", out("deep.png"));
    ASSERT_EQ(made.type(), CV_16UC3);
    EXPECT_TRUE(same(made, expected(deep)));
}

TEST_F(Gimp2, KeepsAlpha) {
    cv::Mat alpha;
    cv::cvtColor(load(face()), alpha, cv::COLOR_BGR2BGRA);
    for (int x = 0; x < alpha.cols; ++x) {
        for (int y = 0; y < alpha.rows; ++y)
            alpha.at<cv::Vec4b>(y, x)[3] = static_cast<uchar>(255 - y % 50);
    }
    store(out("alpha_in.png"), alpha);
    const cv::Mat made = cloaked(folder() / "alpha_in.png", out("alpha.png"));
    ASSERT_EQ(made.type(), CV_8UC4);
    EXPECT_TRUE(same(made, expected(alpha)));
}

class Gimp2Precision : public Gimp2, public ::testing::WithParamInterface<const char*> {};

// Exported before and after in one GIMP run: whatever the precision, only the face's surroundings
// move.
TEST_P(Gimp2Precision, ChangesTheFaceAndNothingElse) {
    const fs::path clean = out("precision_clean.tif"), to = out("precision.tif");
    // OpenCV reads no half and no double: every precision is looked at as float.
    const auto save = [](const fs::path& file) {
        const std::string convert =
            std::string(GetParam()) == "PRECISION-FLOAT-GAMMA"
                ? ""
                : "(gimp-image-convert-precision shown PRECISION-FLOAT-GAMMA)";
        return "(let* ((shown (car (gimp-image-duplicate image)))) " + convert +
               "(gimp-file-save RUN-NONINTERACTIVE shown (car (gimp-image-get-active-drawable "
               "shown)) " +
               quoted(file.string()) + " " + quoted(file.string()) + ") (gimp-image-delete shown))";
    };
    const std::string body = std::string("(gimp-image-convert-precision image ") + GetParam() +
                             ")" + save(clean) + cloak() + save(to);
    const ConsoleRun run = run_gimp(on_file(face(), body, out("precision.png")));
    ASSERT_FALSE(run.failed()) << run.output;
    const cv::Mat before = load(clean), after = load(to);
    const cv::Rect face = changed(load(Gimp2::face()), expected(load(Gimp2::face())));
    const cv::Rect moved = changed(before, after);
    EXPECT_GT(moved.area(), face.area() / 2);
    // A pixel of slack: rounding decides whether the faintest edge of a cloak shows in 8 bits.
    EXPECT_LT(moved.area(), before.size().area() * 3 / 4);
    EXPECT_LT(cv::norm(before, after, cv::NORM_INF), .2);
}

INSTANTIATE_TEST_SUITE_P(All, Gimp2Precision,
                         ::testing::Values("PRECISION-U8-LINEAR", "PRECISION-U16-LINEAR",
                                           "PRECISION-U32-GAMMA", "PRECISION-HALF-GAMMA",
                                           "PRECISION-FLOAT-LINEAR", "PRECISION-FLOAT-GAMMA",
                                           "PRECISION-DOUBLE-GAMMA"),
                         [](const auto& info) {
                             std::string name = info.param;
                             std::erase(name, '-');
                             return name;
                         });

TEST_F(Gimp2, StaysInsideAHardSelection) {
    const cv::Mat clean = load(face());
    const cv::Rect moved = changed(clean, expected(clean));
    const cv::Rect most(moved.x, moved.y, moved.width * 2 / 3, moved.height);
    const cv::Mat made = cloaked(face(), out("selected.png"), select_rectangle(most));
    cv::Mat mask(clean.size(), CV_8U, cv::Scalar(0));
    mask(most) = 255;
    EXPECT_FALSE(same(made, clean));
    EXPECT_TRUE(same_outside(made, clean, mask));
    Options options;
    options.faces = {0};
    EXPECT_TRUE(same(made, expected(clean, options, mask)));
}

// The soft edge is applied once, by the optimiser, and not a second time by GIMP.
TEST_F(Gimp2, AppliesASoftSelectionOnce) {
    const cv::Mat clean = load(face());
    cv::Mat mask(clean.size(), CV_8U);
    for (int x = 0; x < mask.cols; ++x) mask.col(x) = 255 * x / (mask.cols - 1);
    cv::Mat layer(clean.size(), CV_8UC4, cv::Scalar(0, 0, 0, 0));
    cv::insertChannel(mask, layer, 3);
    store(out("soft_mask.png"), layer);
    const std::string select = "(let* ((mask (car (gimp-file-load-layer RUN-NONINTERACTIVE image " +
                               quoted((folder() / "soft_mask.png").string()) +
                               ")))) (gimp-image-insert-layer image mask 0 0)"
                               "(gimp-image-select-item image CHANNEL-OP-REPLACE mask) "
                               "(gimp-image-remove-layer image mask)"
                               "(gimp-image-set-active-layer image layer))";
    const cv::Mat made = cloaked(face(), out("soft.png"), select);
    Options options;
    options.faces = {0};
    EXPECT_FALSE(same(made, clean));
    EXPECT_TRUE(same(made, expected(clean, options, mask)));
}

TEST_F(Gimp2, KeepsTheSelectionAndTheActiveLayer) {
    const std::string look =
        "(gimp-message (string-append \"state \" (number->string (car (gimp-selection-is-empty "
        "image)))"
        " \" \" (number->string (car (gimp-image-get-active-layer image))) \" \" (number->string "
        "layer)"
        " \" \" (number->string (car (gimp-image-get-channels image)))))";
    const std::string select =
        "(gimp-image-select-ellipse image CHANNEL-OP-REPLACE 0 0 (car (gimp-image-width image)) "
        "(car (gimp-image-height image)))";
    const ConsoleRun run = run_gimp(on_file(face(), select + cloak() + look, out("state.png")));
    const std::size_t at = run.output.find("state 0 ");
    ASSERT_NE(at, std::string::npos) << run.output;
    int active = -1, layer = -2, channels = -1;
    ASSERT_EQ(std::sscanf(run.output.c_str() + at, "state 0 %d %d %d", &active, &layer, &channels),
              3);
    EXPECT_EQ(active, layer);
    EXPECT_EQ(channels, 0);
}

TEST_F(Gimp2, KnowsWhereALayerLies) {
    const cv::Mat clean = load(face());
    const cv::Rect moved = changed(clean, expected(clean));
    const cv::Rect most(moved.x, moved.y, moved.width * 2 / 3, moved.height);
    const int dx = -20, dy = 30;
    const std::string select =
        "(gimp-layer-set-offsets layer " + std::to_string(dx) + " " + std::to_string(dy) +
        ") (gimp-image-resize-to-layers image) (gimp-image-resize image 3000 3000 500 500)"
        "(let* ((o (gimp-drawable-offsets layer)))"
        "(gimp-image-select-rectangle image CHANNEL-OP-REPLACE (+ (car o) " +
        std::to_string(most.x) + ") (+ (cadr o) " + std::to_string(most.y) + ") " +
        std::to_string(most.width) + " " + std::to_string(most.height) + "))";
    const std::string crop = "(gimp-selection-none image) (gimp-image-resize-to-layers image)";
    const fs::path to = out("offset.png");
    const ConsoleRun run = run_gimp(on_file(face(), select + cloak() + crop, to));
    ASSERT_FALSE(run.failed()) << run.output;
    cv::Mat mask(clean.size(), CV_8U, cv::Scalar(0));
    mask(most) = 255;
    Options options;
    options.faces = {0};
    EXPECT_TRUE(same(load(to), expected(clean, options, mask)));
}

TEST_F(Gimp2, CloaksOnlyTheNamedFaces) {
    const cv::Mat clean = load(kFaces);
    Client client({LOWKEY_TEST_COMMAND, LOWKEY_TEST_PACK, "auto", 300});
    const std::vector<Face> found = client.detect(to_picture(clean).view());
    ASSERT_GE(found.size(), 2u);
    Call call;
    call.faces = "1";
    const cv::Mat made = cloaked(kFaces, out("second.png"), {}, call);
    Options options;
    options.faces = {1};
    EXPECT_TRUE(same(made, expected(clean, options)));
    const cv::Rect moved = changed(clean, made);
    EXPECT_TRUE(moved.contains(cv::Point(static_cast<int>(found[1].x + found[1].width / 2),
                                         static_cast<int>(found[1].y + found[1].height / 2))));
    EXPECT_FALSE(moved.contains(cv::Point(static_cast<int>(found[0].x + found[0].width / 2),
                                          static_cast<int>(found[0].y + found[0].height / 2))));
}

TEST_F(Gimp2, TakesTheSelectionAsTheFaceWhereNoneIsFound) {
    cv::Mat plain(300, 300, CV_8UC3, cv::Scalar(120, 130, 140));
    cv::randn(plain, cv::Scalar(120, 130, 140), cv::Scalar(6, 6, 6));
    store(out("plain.png"), plain);
    const std::string select =
        "(gimp-image-select-rectangle image CHANNEL-OP-REPLACE 60 70 120 150)";
    const ConsoleRun run =
        run_gimp(on_file(folder() / "plain.png", select + cloak(), out("region.png")));
    EXPECT_FALSE(run.failed()) << run.output;
    EXPECT_NE(run.output.find("taken as the face"), std::string::npos) << run.output;
    const cv::Rect moved = changed(plain, load(folder() / "region.png"));
    EXPECT_GT(moved.area(), 0);
    EXPECT_EQ(moved & cv::Rect(60, 70, 120, 150), moved);
}

TEST_F(Gimp2, SaysWhatToDoWhereThereIsNoFace) {
    store(out("empty.png"), cv::Mat(200, 200, CV_8UC3, cv::Scalar(90, 90, 90)));
    expect_refusal(folder() / "empty.png", "", {}, "Draw a selection around the face");
}

TEST_F(Gimp2, RefusesAnIndexedImage) {
    expect_refusal(
        face(),
        "(gimp-image-convert-indexed image CONVERT-DITHER-NONE CONVERT-PALETTE-GENERATE 64 "
        "FALSE FALSE \"\")",
        {}, "Cannot operate on indexed color images");
}

TEST_F(Gimp2, RefusesALayerInALockedGroup) {
    expect_refusal(face(),
                   "(let* ((group (car (gimp-layer-group-new image))))"
                   "(gimp-image-insert-layer image group 0 0)"
                   "(gimp-image-reorder-item image layer group 0)"
                   "(gimp-item-set-lock-content group TRUE))",
                   {}, "are locked");
}

// The chin of a face that lies by the selection's edge does not make it the one that is meant.
TEST_F(Gimp2, ASelectionThatOnlyTouchesAFaceIsTakenAsTheFace) {
    const cv::Mat clean = load(face());
    const cv::Rect moved = changed(clean, expected(clean));
    const cv::Rect edge(moved.x + moved.width * 2 / 3, moved.y, moved.width / 3, moved.height);
    cv::Mat mask(clean.size(), CV_8U, cv::Scalar(0));
    mask(edge) = 255;
    Options options;
    options.region = Rect{edge.x, edge.y, edge.width, edge.height};
    EXPECT_TRUE(same(cloaked(face(), out("touched.png"), select_rectangle(edge)),
                     expected(clean, options, mask)));
}

TEST_F(Gimp2, RefusesALockedLayer) {
    expect_refusal(face(), "(gimp-item-set-lock-content layer TRUE)", {}, "are locked");
}

TEST_F(Gimp2, RefusesASelectionBesideTheLayer) {
    expect_refusal(face(),
                   "(gimp-image-resize image 5000 5000 0 0) (gimp-image-select-rectangle image "
                   "CHANNEL-OP-REPLACE 4000 4000 50 50)",
                   {}, "does not touch this layer");
}

TEST_F(Gimp2, NamesTheWrongArgument) {
    Call call;
    call.preset = "brutal";
    expect_refusal(face(), "", call, "There is no preset \"brutal\"");
    call = {};
    call.faces = "0;1";
    expect_refusal(face(), "", call, "The faces \"0;1\" cannot be read");
    call = {};
    call.strength = 101;
    expect_refusal(face(), "", call, "101");
}

TEST_F(Gimp2, SaysThatTheCommandIsMissing) {
    expect_refusal(face(), "", {}, "/nonexistent", {"/nonexistent", LOWKEY_TEST_PACK});
}

TEST_F(Gimp2, SaysThatThePackIsMissing) {
    expect_refusal(face(), "", {}, "/no/pack", {LOWKEY_TEST_COMMAND, "/no/pack"});
}

TEST_F(Gimp2, ExampleCloaksAFolderAndNamesWhatItCannot) {
    const fs::path in = folder() / "in", to = folder() / "to";
    fs::remove_all(in);
    fs::remove_all(to);
    fill_with_photos(in, face());
    const std::string call = "(load " + quoted(LOWKEY_EXAMPLES "/cloak-folder-gimp2.scm") +
                             ") (lowkey-cloak-folder " + quoted((in / "*.png").string()) + " " +
                             quoted(to.string()) + " \"light\")";
    EXPECT_NE(run_gimp(call).output.find("Create this folder first"), std::string::npos);
    fs::create_directories(to);
    const ConsoleRun run = run_gimp(call);
    EXPECT_TRUE(run.finished) << run.output;
    EXPECT_TRUE(fs::exists(to / "a.png"));
    EXPECT_FALSE(fs::exists(to / "b.png"));
    EXPECT_TRUE(fs::exists(to / "c.png"));
    EXPECT_FALSE(fs::exists(to / "d.png"));
    EXPECT_NE(run.output.find("Cloaked 2, not cloaked 2"), std::string::npos) << run.output;
}

// A JPEG through GIMP and through the command: the same decoder, the same pixels.
TEST_F(Gimp2, GivesTheCommandsPixels) {
    const fs::path by_command = out("by_command.png"), by_gimp = out("by_gimp.png");
    const std::string command = "'" LOWKEY_TEST_COMMAND "' cloak --pack '" LOWKEY_TEST_PACK
                                "' --iterations 3 -o '" +
                                by_command.string() + "' '" + kFace.string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    EXPECT_TRUE(same(cloaked(kFace, by_gimp), load(by_command)));
}

// GIMP cancels a plug-in by killing it: the worker must not go on by itself.
TEST_F(Gimp2, WorkerEndsWithAKilledPlugIn) {
    const auto pid_of = [](const std::string& pattern) {
        char* text = nullptr;
        g_spawn_command_line_sync(("pgrep -n -f '" + pattern + "'").c_str(), &text, nullptr,
                                  nullptr, nullptr);
        const std::string found = text ? text : "";
        g_free(text);
        return found.empty() ? 0 : std::stoi(found);
    };
    Call call;
    call.iterations = 500;
    std::thread gimp([&] { run_gimp(on_file(face(), cloak(call), out("never.png"))); });
    const std::string worker = "^" LOWKEY_TEST_COMMAND " worker",
                      plugin = "^" LOWKEY_PLUGIN "/lowkey/lowkey ";
    int worker_pid = 0;
    for (int i = 0; i < 600 && worker_pid == 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        worker_pid = pid_of(worker);
    }
    EXPECT_GT(worker_pid, 0);
    std::this_thread::sleep_for(std::chrono::seconds(3));  // well into the work
    const int plugin_pid = pid_of(plugin);
    EXPECT_GT(plugin_pid, 0);
    if (plugin_pid > 0) kill(plugin_pid, SIGKILL);
    bool gone = false;
    for (int i = 0; i < 10 && !gone; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        gone = worker_pid > 0 && pid_of(worker) != worker_pid;  // a zombie has no command line
    }
    EXPECT_TRUE(gone) << "the worker still runs a second later";
    gimp.join();
    EXPECT_FALSE(fs::exists(folder() / "never.png"));
}

}  // namespace
}  // namespace lowkey::testing
