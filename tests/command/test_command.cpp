#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "command/kernels.h"
#include "image/file.h"
#include "lowkey/options.h"

namespace fs = std::filesystem;
using namespace lowkey;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

namespace {

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Result {
    int status = -1;
    std::string out, err;
};

// A process of the command whose streams go to files of `folder`.
class Process {
  public:
    Process(const fs::path& folder, std::vector<std::string> arguments) : folder_(folder) {
        // Before the child runs: what an earlier one said is not this one's.
        for (const char* stream : {".out", ".err"}) fs::remove(folder / stream);
        pid_ = ::fork();
        if (pid_ != 0) return;
        const int out = ::open((folder / ".out").c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
        const int err = ::open((folder / ".err").c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
        ::dup2(out, 1);
        ::dup2(err, 2);
        std::vector<char*> argv;
        for (std::string& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        ::execv(argv[0], argv.data());
        ::_exit(126);
    }
    void signal(int number) const { ::kill(pid_, number); }
    std::string error_so_far() const { return text_of(folder_ / ".err"); }
    Result wait() const {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status),
                text_of(folder_ / ".out"), text_of(folder_ / ".err")};
    }

  private:
    fs::path folder_;
    pid_t pid_ = -1;
};

fs::path make_temporary_folder() {
    std::string name = (fs::temp_directory_path() / "lowkey-Befehl-ü-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    return name;
}

// The pack is made once for all tests of this process.
class Command : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        shared_ = make_temporary_folder();
        const Result made =
            Process(shared_, {LOWKEY_PACK_TOOL, "random", (shared_ / "pack").string()}).wait();
        ASSERT_EQ(made.status, 0) << made.out << made.err;
    }
    static void TearDownTestSuite() { fs::remove_all(shared_); }
    void SetUp() override { folder_ = make_temporary_folder(); }
    void TearDown() override { fs::remove_all(folder_); }

    fs::path path(const std::string& name) const { return folder_ / name; }

    std::vector<std::string> command(const std::string& subcommand,
                                     const std::vector<std::string>& arguments) const {
        std::vector<std::string> all = {LOWKEY_COMMAND, subcommand, "--pack",
                                        (shared_ / "pack").string()};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }
    Result run(const std::string& subcommand, const std::vector<std::string>& arguments) const {
        return Process(folder_, command(subcommand, arguments)).wait();
    }
    // A quick cloak of a region, which needs no real face.
    Result cloak(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"--region", "20,16,64,64", "--iterations", "2"});
        return run("cloak", arguments);
    }

    // Smooth patches with an edge or two: no face.
    fs::path make(const std::string& name, Sample sample = Sample::u8,
                  Channels channels = Channels::rgb, int width = 120, int height = 100) const {
        Picture picture(width, height, {sample, channels, Encoding::encoded});
        const int count = channel_count(channels);
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x)
                for (int c = 0; c < count; ++c) {
                    const double value =
                        0.5 + 0.3 * std::sin(x * 0.11 + c) * std::cos(y * 0.07 + 2 * c);
                    const auto at = static_cast<std::size_t>(x * count + c);
                    if (sample == Sample::u8)
                        reinterpret_cast<std::uint8_t*>(picture.row(y))[at] =
                            static_cast<std::uint8_t>(value * 255);
                    if (sample == Sample::u16)
                        reinterpret_cast<std::uint16_t*>(picture.row(y))[at] =
                            static_cast<std::uint16_t>(value * 65535);
                    if (sample == Sample::f32)
                        reinterpret_cast<float*>(picture.row(y))[at] = static_cast<float>(value);
                }
        image::FileInfo info;
        info.type = image::file_type_of_extension(name).value();
        info.lossless = info.type != image::FileType::jpeg;
        fs::create_directories(path(name).parent_path());
        image::write(path(name), picture.view(), info, image::Exif::drop);
        return path(name);
    }

    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
            const std::string name = entry.path().lexically_relative(folder_).string();
            if (entry.is_regular_file() && name != ".out" && name != ".err") names.push_back(name);
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    // Two of them in people/, one with the second photo that a search needs.
    void make_people() const {
        const fs::path data = LOWKEY_TEST_DATA;
        for (const char* person : {"Anna", "Zoë"}) fs::create_directories(path("people") / person);
        fs::copy(data / "one_face.jpg", path("people/Anna/1.jpg"));
        fs::copy(data / "one_face.jpg", path("people/Anna/2.jpg"));
        fs::copy(data / "grey_face.png", path("people/Zoë/1.png"));
    }

    static fs::path shared_;
    fs::path folder_;
};

fs::path Command::shared_;

// Whether any and whether only pixels within `margin` of the region have changed.
struct Changes {
    int inside = 0, outside = 0;
};

Changes changes(const Picture& a, const Picture& b, const Rect& region, int margin) {
    Changes found;
    const std::size_t size = bytes_per_pixel(a.format());
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < a.width(); ++x) {
            const auto at = static_cast<std::size_t>(x) * size;
            if (std::memcmp(a.row(y) + at, b.row(y) + at, size) == 0) continue;
            const bool inside = x >= region.x - margin && x < region.x + region.width + margin &&
                                y >= region.y - margin && y < region.y + region.height + margin;
            ++(inside ? found.inside : found.outside);
        }
    return found;
}

}  // namespace

TEST_F(Command, HelpAndVersionExplainThemselves) {
    const Result help = Process(folder_, {LOWKEY_COMMAND, "--help"}).wait();
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, HasSubstr("Exit status"));
    EXPECT_THAT(help.out, HasSubstr(std::string(honest_notice())));
    for (const char* subcommand : {"cloak", "check", "detect", "models", "worker"}) {
        EXPECT_THAT(help.out, HasSubstr(subcommand));
        EXPECT_EQ(Process(folder_, {LOWKEY_COMMAND, subcommand, "--help"}).wait().status, 0);
    }
    EXPECT_EQ(Process(folder_, {LOWKEY_COMMAND, "--version"}).wait().out,
              "lowkey " LOWKEY_VERSION "\n");
}

TEST_F(Command, WrongUsageIsStatusTwo) {
    const std::string picture = make("a.png").string();
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{},
                                               {picture, "--preset", "weak"},
                                               {picture, "--strength", "101"},
                                               {picture, "--iterations", "0"},
                                               {picture, "--region", "1,2,3"},
                                               {picture, "--region", "1,2,0,5"},
                                               {picture, "--quality", "0"},
                                               {picture, "--device", "toaster"},
                                               {picture, "-o", path("out.gif").string()},
                                               {picture, picture, "-o", path("out.png").string()},
                                               {picture, "--nonsense"}}) {
        const Result result = run("cloak", arguments);
        EXPECT_EQ(result.status, 2) << testing::PrintToString(arguments) << result.err;
        EXPECT_FALSE(result.err.empty());
    }
    EXPECT_EQ(files(), std::vector<std::string>{"a.png"});
}

TEST_F(Command, AMissingOrDamagedPackIsStatusThree) {
    const std::string picture = make("a.png").string();
    const auto with = [&](const std::string& pack) {
        return Process(folder_, {LOWKEY_COMMAND, "cloak", picture, "--pack", pack}).wait();
    };
    EXPECT_EQ(with(path("none").string()).status, 3);
    fs::copy(shared_ / "pack", path("broken"), fs::copy_options::recursive);
    bool damaged = false;
    for (const auto& entry : fs::recursive_directory_iterator(path("broken")))
        if (entry.is_regular_file() && entry.path().extension() == ".safetensors") {
            std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(-1, std::ios::end);
            file.put('\x55');
            damaged = true;
        }
    ASSERT_TRUE(damaged);
    const Result result = with(path("broken").string());
    EXPECT_EQ(result.status, 3) << result.err;
    EXPECT_FALSE(fs::exists(path("a.cloaked.png")));
}

TEST_F(Command, CloakChangesTheRegionAndNothingElse) {
    for (const Sample sample : {Sample::u8, Sample::u16})
        for (const Channels channels :
             {Channels::grey, Channels::grey_alpha, Channels::rgb, Channels::rgba}) {
            // Each run starts LibTorch anew, so not every pair; the others are tests of core/image.
            if (sample == Sample::u16 && channels != Channels::rgba) continue;
            const auto picture = make("a.png", sample, channels, 400, 300);
            const Result result =
                run("cloak", {picture.string(), "--force", "--region", "180,120,60,60",
                              "--iterations", "2", "--strength", "100"});
            ASSERT_EQ(result.status, 0) << result.err;
            EXPECT_THAT(result.out, HasSubstr("a.cloaked.png"));
            EXPECT_THAT(result.out, HasSubstr(std::string(honest_notice())));
            const Picture before = image::read(picture).picture;
            const Picture after = image::read(path("a.cloaked.png")).picture;
            ASSERT_EQ(before.format(), after.format());
            const Changes found = changes(before, after, {180, 120, 60, 60}, 60);
            EXPECT_GT(found.inside, 100);
            EXPECT_EQ(found.outside, 0);
            if (!has_alpha(channels)) continue;
            const std::size_t color = static_cast<std::size_t>(color_channel_count(channels)) *
                                      (sample == Sample::u8 ? 1 : 2);
            const std::size_t pixel = bytes_per_pixel(before.format());
            for (int x = 180; x < 240; ++x)
                EXPECT_EQ(std::memcmp(before.row(150) + static_cast<std::size_t>(x) * pixel + color,
                                      after.row(150) + static_cast<std::size_t>(x) * pixel + color,
                                      pixel - color),
                          0);
        }
}

TEST_F(Command, EveryFileTypeGoesInAndOut) {
    for (const char* name : {"a.jpg", "b.png", "c.tif", "d.webp"}) {
        const auto picture = make(name);
        const Result result = cloak({picture.string()});
        EXPECT_EQ(result.status, 0) << result.err;
        const fs::path output =
            path(fs::path(name).stem().string() + ".cloaked" + fs::path(name).extension().string());
        EXPECT_EQ(image::read(output).info.type, image::read(picture).info.type);
    }
    ASSERT_EQ(cloak({path("a.jpg").string(), "-o", path("other.png").string()}).status, 0);
    EXPECT_EQ(image::read(path("other.png")).info.type, image::FileType::png);
    const auto deep = make("deep.tif", Sample::f32);
    ASSERT_EQ(cloak({deep.string()}).status, 0);
    EXPECT_EQ(image::read(path("deep.cloaked.tif")).picture.format().sample, Sample::f32);
}

TEST_F(Command, AWrongExtensionIsMendedInTheOutput) {
    make("a.png");
    fs::rename(path("a.png"), path("really-png.jpg"));
    ASSERT_EQ(cloak({path("really-png.jpg").string()}).status, 0);
    EXPECT_TRUE(fs::exists(path("really-png.cloaked.png")));
}

TEST_F(Command, AnExistingFileIsKeptUnlessForced) {
    const auto picture = make("a.png");
    std::ofstream(path("a.cloaked.png")) << "precious";
    const Result refused = cloak({picture.string()});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.err, HasSubstr("--force"));
    EXPECT_EQ(text_of(path("a.cloaked.png")), "precious");
    EXPECT_EQ(cloak({picture.string(), "-o", picture.string()}).status, 1);
    EXPECT_EQ(cloak({picture.string(), "--force"}).status, 0);
    EXPECT_NE(text_of(path("a.cloaked.png")), "precious");
}

TEST_F(Command, OptionsWithListsLeaveThePictureItsName) {
    const auto picture = make("a.png").string();
    const std::vector<std::string> quick = {"--iterations", "1", "--region", "20,16,64,64",
                                            picture};
    EXPECT_EQ(run("cloak", quick).status, 0);
    EXPECT_EQ(cloak({"--faces", "0", picture, "-o", path("b.png").string()}).status, 0);
}

TEST_F(Command, HiddenFoldersAreLeftAlone) {
    make("in/a.png");
    make("in/.trash/b.png");
    ASSERT_EQ(cloak({path("in").string(), "-r"}).status, 0);
    EXPECT_TRUE(fs::exists(path("in/a.cloaked.png")));
    EXPECT_FALSE(fs::exists(path("in/.trash/b.cloaked.png")));
}

TEST_F(Command, AFaceThatIsNotChangedIsSaidToBe) {
    const auto picture = make("a.png").string();
    const Result result = cloak({picture, "--preset", "paper", "--strength", "0"});
    EXPECT_EQ(result.status, 0);
    EXPECT_THAT(result.out, HasSubstr("not protected"));
}

TEST_F(Command, ABatchGoesOnAfterErrorsAndOnceMoreWhereItStopped) {
    make("in/a.png");
    make("in/deep/b.jpg");
    std::ofstream(path("in/broken.jpg")) << "\xFF\xD8\xFF nonsense";
    std::ofstream(path("in/notes.txt")) << "no picture";
    const std::vector<std::string> arguments = {path("in").string(),  "-r",       "-o",
                                                path("out").string(), "--report", "json"};
    const Result first = cloak(arguments);
    EXPECT_EQ(first.status, 1);
    EXPECT_THAT(first.err, HasSubstr("broken.jpg"));
    EXPECT_THAT(first.err, HasSubstr("2 of 3 cloaked, 1 failed"));
    EXPECT_THAT(first.err, Not(HasSubstr("notes.txt")));
    EXPECT_TRUE(fs::exists(path("out/a.cloaked.png")));
    EXPECT_TRUE(fs::exists(path("out/deep/b.cloaked.jpg")));
    const json results = json::parse(first.out);
    ASSERT_EQ(results.size(), 3u);
    EXPECT_EQ(results[0]["report"]["faces"][0]["iterations"], 2);
    EXPECT_TRUE(results[1].contains("error"));

    const Result second = cloak(arguments);
    EXPECT_THAT(second.err, HasSubstr("2 skipped"));
    const json told = json::parse(second.out);
    ASSERT_EQ(told.size(), 3u) << "every picture of the batch is told";
    EXPECT_EQ(told[0]["output"], path("out/a.cloaked.png").string());
    EXPECT_TRUE(told[0].contains("skipped"));
    // What we made is no input of the next batch.
    EXPECT_EQ(cloak({path("out").string(), "-r"}).status, 1);
}

TEST_F(Command, SameNamesFromTwoFoldersDoNotOverwriteEachOther) {
    const auto one = make("one/a.png"), two = make("two/a.png");
    const Result result =
        cloak({one.string(), two.string(), "--force", "-o", path("out").string()});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("same name"));
    EXPECT_TRUE(fs::exists(path("out/a.cloaked.png")));
}

TEST_F(Command, ForceDoesNotWriteOverAnotherPictureOfTheBatch) {
    const auto picture = make("a.png"), other = make("a.cloaked.png");
    const std::string before = text_of(other);
    const Result result =
        cloak({picture.string(), (path("") / "." / other.filename()).string(), "--force"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("is itself one of the pictures"));
    EXPECT_EQ(text_of(other), before);
    EXPECT_TRUE(fs::exists(path("a.cloaked.cloaked.png")));
    EXPECT_EQ(cloak({picture.string(), "-o", picture.string(), "--force"}).status, 0);
}

TEST_F(Command, ForceDoesNotFollowALinkToTheOriginal) {
    const auto picture = make("a.png");
    const std::string before = text_of(picture);
    fs::create_symlink("a.png", path("a.cloaked.png"));
    const Result result = cloak({picture.string(), "--force"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("is itself one of the pictures"));
    EXPECT_EQ(text_of(picture), before);
}

// It has no face, which would be the complaint once faces were looked for.
TEST_F(Command, AnOutputThatCannotHoldThePictureIsRefusedBeforeTheWork) {
    const auto picture = make("a.png", Sample::u8, Channels::rgba);
    const Result result = run("cloak", {picture.string(), "-o", path("a.jpg").string()});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("transparency"));
    const Result below_a_file =
        run("cloak", {picture.string(), "-o", (picture / "new").string() + "/"});
    EXPECT_EQ(below_a_file.status, 1);
    EXPECT_THAT(below_a_file.err, HasSubstr("no folder"));
}

TEST_F(Command, NoFaceIsAClearErrorAndWritesNothing) {
    const auto picture = make("a.png");
    const std::string new_folder = path("new/within").string() + "/";
    for (const auto& to : std::vector<std::vector<std::string>>{{}, {"-o", new_folder}}) {
        std::vector<std::string> arguments = {picture.string()};
        arguments.insert(arguments.end(), to.begin(), to.end());
        const Result result = run("cloak", arguments);
        EXPECT_EQ(result.status, 1);
        EXPECT_THAT(result.err, HasSubstr("face"));
        EXPECT_EQ(files(), std::vector<std::string>{"a.png"});
        EXPECT_FALSE(fs::exists(path("new")));
    }
}

TEST_F(Command, SameSeedSamePixels) {
    const auto picture = make("a.png");
    ASSERT_EQ(cloak({picture.string(), "-o", path("1.png").string(), "--seed", "7"}).status, 0);
    ASSERT_EQ(cloak({picture.string(), "-o", path("2.png").string(), "--seed", "7"}).status, 0);
    EXPECT_EQ(text_of(path("1.png")), text_of(path("2.png")));
}

TEST_F(Command, JpegQualityIsTheSourcesOrThePersons) {
    const auto picture = make("a.jpg");
    const auto quality = image::read(picture).info.jpeg_quality;
    ASSERT_EQ(cloak({picture.string(), "-o", path("same.jpg").string()}).status, 0);
    EXPECT_EQ(image::read(path("same.jpg")).info.jpeg_quality, quality);
    ASSERT_EQ(cloak({picture.string(), "-o", path("less.jpg").string(), "--quality", "70"}).status,
              0);
    EXPECT_EQ(image::read(path("less.jpg")).info.jpeg_quality, 70);
}

TEST_F(Command, InterruptEndsBetweenStepsAndLeavesNothing) {
    const auto picture = make("a.png", Sample::u8, Channels::rgb, 600, 500);
    for (const int number : {SIGINT, SIGTERM}) {
        const Process process(folder_,
                              command("cloak", {picture.string(), "--region", "50,50,400,400",
                                                "--iterations", "500", "--preset", "paper"}));
        // The first line on stderr comes once the pack is loaded and the signals are caught.
        for (int i = 0; i < 600 && process.error_so_far().empty(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        process.signal(number);
        const Result result = process.wait();
        EXPECT_EQ(result.status, 130) << result.err;
        EXPECT_THAT(result.err, HasSubstr("Cancelled"));
        EXPECT_EQ(files(), std::vector<std::string>{"a.png"});
    }
}

TEST_F(Command, CheckMeasuresWhatCloakDid) {
    const fs::path picture = fs::path(LOWKEY_TEST_DATA) / "one_face.jpg";
    const std::string cloaked = path("cloaked.png").string();
    ASSERT_EQ(run("cloak", {picture.string(), "--iterations", "2", "-o", cloaked}).status, 0);
    const Result result = run("check", {picture.string(), cloaked, "--json"});
    ASSERT_EQ(result.status, 0) << result.err;
    const json faces = json::parse(result.out).at("faces");
    ASSERT_EQ(faces.size(), 1U);
    EXPECT_GT(faces[0]["quality"]["dssim"], 0.0);
    for (const json& similarity : faces[0]["similarities"]) EXPECT_LT(similarity["after"], 1.0);
    EXPECT_EQ(run("check", {make("a.png").string(), cloaked}).status, 1);
    make("b.png", Sample::u8, Channels::rgb, 60, 60);
    EXPECT_EQ(run("check", {picture.string(), path("b.png").string()}).status, 1);
    EXPECT_EQ(run("check", {picture.string(), path("none.png").string()}).status, 1);
}

TEST_F(Command, DetectListsFacesAsTextAndJson) {
    const auto picture = make("a.png");
    const Result as_text = run("detect", {picture.string()});
    EXPECT_EQ(as_text.status, 0) << as_text.err;
    EXPECT_THAT(as_text.out, HasSubstr("found"));
    EXPECT_TRUE(json::parse(run("detect", {picture.string(), "--json"}).out).is_array());
}

TEST_F(Command, ARealPhotoIsDetectedCloakedAndChecked) {
    const fs::path photo = fs::path(LOWKEY_SHARED) / "photos" / "img3.jpg";
    if (!fs::exists(photo)) GTEST_SKIP() << "no photo at " << photo;
    const Result found = run("detect", {photo.string(), "--json"});
    ASSERT_EQ(found.status, 0) << found.err;
    const json faces = json::parse(found.out);
    ASSERT_FALSE(faces.empty());
    const Result cloaked = run("cloak", {photo.string(), "--faces", "0", "--iterations", "2",
                                         "--report", "json", "-o", path("c.jpg").string()});
    ASSERT_EQ(cloaked.status, 0) << cloaked.err;
    const json report = json::parse(cloaked.out)[0]["report"];
    EXPECT_EQ(report["faces"].size(), 1u);
    EXPECT_EQ(report["faces_found"], faces.size());
    const Result checked = run("check", {photo.string(), path("c.jpg").string()});
    EXPECT_EQ(checked.status, 0) << checked.err;
    EXPECT_THAT(checked.out, HasSubstr("Similarity"));
}

TEST_F(Command, EvaluateWritesTableJsonTsvAndPlot) {
    make_people();
    const Result result =
        run("evaluate",
            {path("people").string(), "--leave-one-out", "--iterations", "1", "--conditions",
             "clean,half+jpeg75", "-o", path("out").string(), "--cache", path("cache").string()});
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("Gallery: 2 people"));
    EXPECT_THAT(result.out, HasSubstr("without-random-vit"));
    const json all = json::parse(text_of(path("out/evaluation.json")));
    EXPECT_EQ(all["outcomes"].size(), 3u);
    EXPECT_EQ(all["outcomes"][0]["verdicts"][0]["rates"]["rank1"], 1.0);
    EXPECT_THAT(text_of(path("out/evaluation.tsv")), HasSubstr("half+jpeg75\trandom-vit"));
    EXPECT_NO_THROW(image::read(path("out/rank1.png")));
}

TEST_F(Command, EvaluateOfCleanPhotosAloneMakesItsFolder) {
    make_people();
    const Result result =
        run("evaluate", {path("people").string(), "--white-box", "--conditions", "clean", "-o",
                         path("out").string(), "--cache", path("cache").string()});
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(fs::exists(path("out/evaluation.json")));
}

TEST_F(Command, EvaluateSaysWhatIsMissing) {
    fs::create_directories(path("people"));
    const std::string people = path("people").string();
    const Result no_judge = run("evaluate", {people});
    EXPECT_EQ(no_judge.status, 2);
    EXPECT_THAT(no_judge.err, HasSubstr("--leave-one-out"));
    EXPECT_EQ(run("evaluate", {people, "--leave-one-out", "--white-box"}).status, 2);
    EXPECT_EQ(run("evaluate", {people, "--leave-one-out", "--shard", "3/2"}).status, 2);
    const Result nobody = run("evaluate", {people, "--leave-one-out"});
    EXPECT_EQ(nobody.status, 1);
    EXPECT_THAT(nobody.err, HasSubstr("no people"));
}

TEST_F(Command, RunsNetworksWithKernelsThatFitTheProcessor) {
    // OpenBLAS names its kernels each time it is loaded.
    const auto last_kernels = [&] {
        ::setenv("OPENBLAS_VERBOSE", "2", 1);
        const Result result = cloak({make("photo.png").string(), "--force"});
        ::unsetenv("OPENBLAS_VERBOSE");
        EXPECT_EQ(result.status, 0) << result.err;
        const std::string before = "Core: ";
        const std::size_t at = result.err.rfind(before);
        if (at == std::string::npos) return std::string();
        const std::size_t from = at + before.size();
        return result.err.substr(from, result.err.find('\n', from) - from);
    };
    const char* const set = std::getenv("OPENBLAS_CORETYPE");
    const std::string before_test = set == nullptr ? "" : set;
    ::unsetenv("OPENBLAS_CORETYPE");
    const std::string own_choice = last_kernels();
    if (own_choice.empty()) GTEST_SKIP() << "LibTorch is here with another library than OpenBLAS";
    EXPECT_EQ(command::better_kernels(own_choice, command::vectors_of_this_processor()),
              std::nullopt);
    ::setenv("OPENBLAS_CORETYPE", "Prescott", 1);
    EXPECT_EQ(last_kernels(), "Prescott");
    ::unsetenv("OPENBLAS_CORETYPE");
    if (set != nullptr) ::setenv("OPENBLAS_CORETYPE", before_test.c_str(), 1);
}

TEST_F(Command, ModelsListsInstalledPacks) {
    fs::create_directories(path("packs"));
    fs::copy(shared_ / "pack", path("packs/default"), fs::copy_options::recursive);
    ::setenv("LOWKEY_PACKS", path("packs").c_str(), 1);
    const Result result = Process(folder_, {LOWKEY_COMMAND, "models"}).wait();
    ::unsetenv("LOWKEY_PACKS");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr(path("packs/default").string()));
    EXPECT_THAT(result.out, HasSubstr("recognisers:"));
}

TEST_F(Command, ModelsClearsKeptResultsAndNothingElse) {
    const fs::path results = path("cache/lowkey/results");
    fs::create_directories(results);
    const std::string name = std::string(32, 'a') + "-" + std::string(32, 'b') + ".result";
    std::ofstream(results / name) << std::string(200000, 'x');
    std::ofstream(results / "notes.txt") << "mine";
    const std::vector<std::string> clear = {LOWKEY_COMMAND, "models", "--clear-cache"};
    ::setenv("XDG_CACHE_HOME", path("cache").c_str(), 1);
    const Result first = Process(folder_, clear).wait();
    const Result second = Process(folder_, clear).wait();
    ::unsetenv("XDG_CACHE_HOME");
    EXPECT_EQ(first.status, 0) << first.err;
    EXPECT_EQ(first.out, "Removed 1 result (0.2 MB) from " + results.string() + ".\n");
    EXPECT_EQ(second.out, "Removed 0 results (0.0 MB) from " + results.string() + ".\n");
    EXPECT_FALSE(fs::exists(results / name));
    EXPECT_TRUE(fs::exists(results / "notes.txt"));
}

TEST_F(Command, WorkerEndsWhenItsInputCloses) {
    const int null = ::open("/dev/null", O_RDONLY);
    const int old = ::dup(0);
    ::dup2(null, 0);
    const Result result = run("worker", {});
    ::dup2(old, 0);
    EXPECT_EQ(result.status, 0) << result.err;
}
