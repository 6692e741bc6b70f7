// The real command behind the client: the same pixels as from the command line, and a worker that
// can be cancelled and killed while LibTorch computes.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "fixtures.h"
#include "image/file.h"
#include "lowkey/cache.h"

namespace lowkey {
namespace {

using namespace testing;
namespace fs = std::filesystem;

ClientOptions real() {
    ClientOptions options;
    options.command = LOWKEY_TEST_COMMAND;
    options.pack = LOWKEY_TEST_PACK;
    options.device = "cpu";
    return options;
}

const fs::path kPhoto = LOWKEY_TEST_DATA "/two_faces.png";

Options quick() {
    Options options;
    options.iterations = 2;
    return options;
}

// Enough to be stopped on the way.
Options endless() {
    Options options;
    options.iterations = kMaxIterations;
    return options;
}

class Worker : public ::testing::Test {
  protected:
    // One thread for command and worker: results differ in the last bits with their number.
    static void SetUpTestSuite() { setenv("OMP_NUM_THREADS", "1", 1); }
};

TEST_F(Worker, GivesTheCommandsPixels) {
    const fs::path out = fs::path(::testing::TempDir()) / "by-the-command.png";
    fs::remove(out);
    const std::string command = std::string("'") + LOWKEY_TEST_COMMAND +
                                "' cloak --quiet --device cpu" +
                                " --report none --iterations 2 --pack '" + LOWKEY_TEST_PACK +
                                "' -o '" + out.string() + "' '" + kPhoto.string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
    const Picture by_command = image::read(out).picture;

    const Picture photo = image::read(kPhoto).picture;
    Client client(real());
    const ClientResult by_worker = client.cloak(photo.view(), quick());
    EXPECT_TRUE(same(by_worker.picture.view(), by_command.view()));
    EXPECT_FALSE(same(by_worker.picture.view(), photo.view()));
    EXPECT_EQ(by_worker.report.faces.size(), 2u);
    EXPECT_GT(by_worker.report.faces[0].similarities.size(), 0u);
    EXPECT_EQ(client.detect(photo.view()).size(), 2u);
}

TEST_F(Worker, IsCancelledAndKilledWhileItComputes) {
    const Picture photo = image::read(kPhoto).picture;
    Client client(real());
    Clock::time_point asked;
    const Error cancelled = caught([&] {
        client.cloak(photo.view(), endless(), {}, [&](const Progress& progress) {
            asked = Clock::now();
            return progress.fraction < 0.01;
        });
    });
    const double waited = seconds_since(asked);
    std::printf("cancelled while LibTorch computed: %.1f ms\n", waited * 1000);
    EXPECT_EQ(cancelled.kind, ErrorKind::cancelled);
    EXPECT_LT(waited, 2);

    const Error killed = caught([&] {
        client.cloak(photo.view(), endless(), {}, [&](const Progress& progress) {
            if (progress.fraction > 0.01) kill(children().at(0), SIGKILL);
            return true;
        });
    });
    EXPECT_EQ(killed.kind, ErrorKind::memory);
    EXPECT_EQ(client.detect(photo.view()).size(), 2u) << "and the next one works";
}

TEST_F(Worker, TellsWhichPackIsMissing) {
    ClientOptions options = real();
    options.pack = "/nowhere/pack";
    const Picture photo = image::read(kPhoto).picture;
    const Error error = caught([&] { Client(options).detect(photo.view()); });
    EXPECT_EQ(error.kind, ErrorKind::pack);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("/nowhere/pack"));
}

TEST_F(Worker, NoticesThatItsPackWasReplaced) {
    const fs::path pack = fs::path(::testing::TempDir()) / "replaced-pack";
    fs::remove_all(pack);
    fs::copy(LOWKEY_TEST_PACK, pack, fs::copy_options::recursive);
    ClientOptions options = real();
    options.pack = pack.string();
    Client client(options);
    const Picture photo = image::read(kPhoto).picture;
    const std::string first = client.cloak(photo.view(), quick()).report.pack;
    client.detect(photo.view(), [](const Progress& progress) {
        EXPECT_THAT(progress.stage, ::testing::Not(::testing::HasSubstr("Loading")))
            << "though it is the same pack";
        return true;
    });

    const fs::path manifest = pack / "manifest.json";
    nlohmann::json changed = nlohmann::json::parse(std::ifstream(manifest));
    changed["name"] = first + "-replaced";
    std::ofstream(manifest) << changed;
    EXPECT_EQ(client.cloak(photo.view(), quick()).report.pack, first + "-replaced");

    fs::remove_all(pack);
    const Error error = caught([&] { client.detect(photo.view()); });
    EXPECT_EQ(error.kind, ErrorKind::pack);
}

TEST_F(Worker, ResultIsReusedAfterAStrokeAwayFromTheFaces) {
    CacheOptions cache;
    cache.disk_bytes = 0;
    CachedClient client(real(), cache);
    Picture photo = image::read(kPhoto).picture;
    const CachedChanges first = client.cloak(photo.view(), quick());
    EXPECT_EQ(first.source, CacheSource::computed);
    photo.row(0)[0] ^= std::byte{1};
    const CachedChanges second = client.cloak(photo.view(), quick());
    EXPECT_EQ(second.source, CacheSource::moved);

    // It is what a computation would have given, bit for bit.
    const ClientResult computed = Client(real()).cloak(photo.view(), quick());
    Picture moved(photo.view());
    for (const Patch& patch : second.changes->patches) paste(patch, moved);
    EXPECT_TRUE(same(moved.view(), computed.picture.view()));
}

}  // namespace
}  // namespace lowkey
