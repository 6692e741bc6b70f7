// Results kept by content: what counts as the same, what is on the disk, and what may go wrong
// there.
#include "lowkey/cache.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "fixtures.h"

namespace lowkey {
namespace {

using namespace testing;
namespace fs = std::filesystem;

class Cache : public ::testing::Test {
  protected:
    void SetUp() override {
        root_ = fs::temp_directory_path() / ("lowkey-cache-" + std::to_string(getpid()));
        fs::remove_all(root_);
        fs::create_directories(root_);
        folder_ = root_ / "results";
    }
    void TearDown() override {
        unsetenv("FAKE_MANIFEST");
        fs::remove_all(root_);
    }

    // The fake worker's pack from now on.
    fs::path fake_manifest(const std::string& text) const {
        fs::path manifest = root_ / "manifest.json";
        setenv("FAKE_MANIFEST", manifest.c_str(), 1);
        std::ofstream(manifest) << text;
        return manifest;
    }

    CacheOptions cache() const {
        CacheOptions options;
        options.folder = folder_;
        return options;
    }
    CacheOptions disk_only() const {
        CacheOptions options = cache();
        options.memory_bytes = 0;
        return options;
    }
    std::vector<fs::path> files() const {
        std::vector<fs::path> paths;
        if (fs::exists(folder_))
            for (const auto& item : fs::directory_iterator(folder_)) paths.push_back(item.path());
        return paths;
    }
    static bool is_right(const Picture& picture, const CachedChanges& cached) {
        Picture result(picture.view());
        for (const Patch& patch : cached.changes->patches) paste(patch, result);
        return same(result.view(), expected(picture.view()).view());
    }

    fs::path root_, folder_;
};

TEST_F(Cache, ComputesOnceAndRemembersAcrossSessions) {
    const Picture picture = noise(400, 300);
    {
        CachedClient client(fake("normal"), cache());
        EXPECT_EQ(client.cloak(picture.view(), {}).source, CacheSource::computed);
        for (int i = 0; i < 24; ++i) {
            const CachedChanges again = client.cloak(picture.view(), {});
            EXPECT_EQ(again.source, CacheSource::memory);
            EXPECT_TRUE(is_right(picture, again));
        }
        EXPECT_EQ(client.computed(), 1);
    }
    // A command that cannot be run: neither a start nor a computation is needed.
    ClientOptions broken = fake("normal");
    broken.command = "/nowhere";
    CachedClient client(broken, cache());
    const CachedChanges kept = client.cloak(picture.view(), {});
    EXPECT_EQ(kept.source, CacheSource::disk);
    EXPECT_TRUE(is_right(picture, kept));
    EXPECT_EQ(kept.changes->report.pack, "fake");
    EXPECT_EQ(client.cloak(picture.view(), {}).source, CacheSource::memory);
}

TEST_F(Cache, AnotherBuildOfTheCommandComputesAnew) {
    const Picture picture = noise(400, 300);
    ClientOptions own = fake("normal");
    own.command = (root_ / "lowkey").string();
    fs::copy_file(LOWKEY_FAKE_WORKER, own.command);
    EXPECT_EQ(CachedClient(own, cache()).cloak(picture.view(), {}).source, CacheSource::computed);
    EXPECT_EQ(CachedClient(own, cache()).cloak(picture.view(), {}).source, CacheSource::disk);
    fs::last_write_time(own.command, fs::last_write_time(own.command) - std::chrono::hours(1));
    CachedClient client(own, cache());
    EXPECT_EQ(client.cloak(picture.view(), {}).source, CacheSource::computed);
    EXPECT_EQ(client.cloak(picture.view(), {}).source, CacheSource::memory);
}

TEST_F(Cache, TellsOptionsSelectionsAndFormatsApart) {
    CachedClient client(fake("normal"), cache());
    const Picture picture = noise(400, 300);
    const auto source = [&](const Options& options, const MaskView& mask = {}) {
        return client.cloak(picture.view(), options, mask).source;
    };
    source({});
    std::vector<Options> others(6);
    others[0].preset = Preset::strong;
    others[1].strength = 1;
    others[2].iterations = 1;
    others[3].seed = 2;
    others[4].faces = {0};
    others[5].region = Rect{0, 0, 400, 300};
    for (const Options& options : others) EXPECT_EQ(source(options), CacheSource::computed);

    std::vector<std::uint8_t> mask(std::size_t{400} * 300, 255);
    EXPECT_EQ(source({}, {mask.data(), 400, 300, 400}), CacheSource::computed);
    mask[150 * 400 + 200] = 254;
    EXPECT_EQ(source({}, {mask.data(), 400, 300, 400}), CacheSource::computed);
    EXPECT_EQ(source({}, {mask.data(), 400, 300, 400}), CacheSource::memory);

    PictureView linear = picture.view();
    linear.format.encoding = Encoding::linear;
    EXPECT_EQ(client.cloak(linear, {}).source, CacheSource::computed);
    PictureView turned = picture.view();
    std::swap(turned.width, turned.height);
    turned.stride = static_cast<std::size_t>(turned.width) * 3;
    EXPECT_EQ(client.cloak(turned, {}).source, CacheSource::computed);

    Options spelled_out;
    spelled_out.strength = effective_strength({});
    EXPECT_EQ(source(spelled_out), CacheSource::memory) << "the default written down is the same";
}

TEST_F(Cache, ReusesAResultAfterABrushStrokeAwayFromTheFace) {
    const Picture picture = noise(800, 600);
    for (const CacheOptions& where : {cache(), disk_only()}) {
        clear_cache(folder_);
        CachedClient client(fake("normal"), where);
        client.cloak(picture.view(), {});
        Picture stroke(picture.view());
        for (int x = 20; x < 90; ++x) touch(stroke, x, 30);
        const CachedChanges moved = client.cloak(stroke.view(), {});
        EXPECT_EQ(moved.source, CacheSource::moved);
        EXPECT_TRUE(is_right(stroke, moved)) << "the stroke stays";
        EXPECT_NE(client.cloak(stroke.view(), {}).source, CacheSource::moved) << "now it is known";
        EXPECT_EQ(client.computed(), 1);
    }
}

TEST_F(Cache, ComputesAfterAStrokeAtTheFaceOrANewFace) {
    CachedClient client(fake("normal"), cache());
    const Picture picture = noise(800, 600);
    client.cloak(picture.view(), {});
    // The fake's face is 100 x 75 pixels in the middle; beside it counts too.
    for (const auto& [x, y] : {std::pair{400, 300}, {400 + 60, 300}, {400, 300 - 60}}) {
        Picture stroke(picture.view());
        touch(stroke, x, y);
        const CachedChanges fresh = client.cloak(stroke.view(), {});
        EXPECT_EQ(fresh.source, CacheSource::computed);
        EXPECT_TRUE(is_right(stroke, fresh));
    }
    Picture another(picture.view());
    another.row(0)[0] = std::byte{255};  // here the fake finds a second face
    const CachedChanges fresh = client.cloak(another.view(), {});
    EXPECT_EQ(fresh.source, CacheSource::computed);
    EXPECT_EQ(fresh.changes->report.faces_found, 2);
}

TEST_F(Cache, NeverMovesWhatDependsOnARegion) {
    CachedClient client(fake("normal"), cache());
    Options options;
    options.region = Rect{300, 200, 200, 200};
    Picture picture = noise(800, 600);
    client.cloak(picture.view(), options);
    picture.row(5)[5] ^= std::byte{1};
    EXPECT_EQ(client.cloak(picture.view(), options).source, CacheSource::computed);
}

TEST_F(Cache, ComputesOnceForThreadsThatAskTogether) {
    CachedClient client(fake("normal"), cache());
    const Picture picture = noise(400, 300);
    std::vector<std::thread> threads;
    threads.reserve(12);
    std::atomic<int> right = 0;
    for (int i = 0; i < 12; ++i)
        threads.emplace_back([&] { right += is_right(picture, client.cloak(picture.view(), {})); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, 12);
    EXPECT_EQ(client.computed(), 1);
}

TEST_F(Cache, ComputesAgainForAnotherPackInTheSamePlace) {
    const fs::path manifest = fake_manifest("one");
    const Picture picture = noise(400, 300);
    CachedClient client(fake("normal"), cache());
    client.cloak(picture.view(), {});
    EXPECT_EQ(client.cloak(picture.view(), {}).source, CacheSource::memory);
    fake_manifest("two");
    EXPECT_EQ(client.cloak(picture.view(), {}).source, CacheSource::computed);
    fs::remove(manifest);
    EXPECT_EQ(client.cloak(picture.view(), {}).source, CacheSource::computed);
}

TEST_F(Cache, DoesNotKeepAResultAsThatOfAPackWhichCameLater) {
    fake_manifest("what it holds now");
    const Picture picture = noise(400, 300);
    CachedClient client(fake("pack-replaced-meanwhile"), cache());
    client.cloak(picture.view(), {});
    EXPECT_EQ(client.cloak(picture.view(), {}).source, CacheSource::computed);
}

TEST_F(Cache, PassesErrorsAndCancelsOn) {
    const Picture picture = noise(64, 64);
    CachedClient faceless(fake("cloak-no-face"), cache());
    EXPECT_EQ(caught([&] { faceless.cloak(picture.view(), {}); }).kind, ErrorKind::no_face);
    CachedClient slow(fake("slow"), cache());
    EXPECT_EQ(caught([&] {
                  slow.cloak(picture.view(), {}, {},
                             [](const Progress& p) { return p.fraction == 0; });
              }).kind,
              ErrorKind::cancelled);
    EXPECT_EQ(caught([&] { slow.cloak({}, {}); }).kind, ErrorKind::input);
    EXPECT_TRUE(files().empty());
}

TEST_F(Cache, IsPrivateToTheUser) {
    fs::create_directories(folder_);
    fs::permissions(folder_, fs::perms::all);
    const mode_t mask = umask(0);
    const Picture picture = noise(400, 300);
    CachedClient(fake("normal"), cache()).cloak(picture.view(), {});
    umask(mask);
    EXPECT_EQ(fs::status(folder_).permissions(), fs::perms::owner_all);
    ASSERT_EQ(files().size(), 1u);
    EXPECT_EQ(fs::status(files()[0]).permissions(), fs::perms::owner_read | fs::perms::owner_write);

    // No row of the clean face is in the file.
    std::ifstream file(files()[0], std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    for (int y = 132; y < 168; ++y) {
        const std::string row(reinterpret_cast<const char*>(picture.row(y)), picture.stride());
        EXPECT_EQ(bytes.find(row.substr(540, 120)), std::string::npos);
    }
}

TEST_F(Cache, RemovesDamagedEntriesAndComputes) {
    const Picture picture = noise(400, 300);
    CachedClient(fake("normal"), cache()).cloak(picture.view(), {});
    ASSERT_EQ(files().size(), 1u);
    const fs::path file = files()[0];
    const auto size = static_cast<long>(fs::file_size(file));
    for (const long at : {0L, 5L, 9L, 17L, 30L, size / 2, size - 1}) {
        {
            std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
            stream.seekg(at);
            const char byte = static_cast<char>(stream.get() ^ 0x10);
            stream.seekp(at);
            stream.put(byte);
        }
        CachedClient client(fake("normal"), cache());
        const CachedChanges fresh = client.cloak(picture.view(), {});
        EXPECT_EQ(fresh.source, CacheSource::computed) << at;
        EXPECT_TRUE(is_right(picture, fresh));
        EXPECT_EQ(CachedClient(fake("normal"), cache()).cloak(picture.view(), {}).source,
                  CacheSource::disk);
    }
    for (const long length : {0L, 3L, size / 2, size - 1}) {
        fs::resize_file(file, static_cast<std::uintmax_t>(length));
        EXPECT_EQ(CachedClient(fake("normal"), cache()).cloak(picture.view(), {}).source,
                  CacheSource::computed);
    }
    // Another entry under this one's name is not this one.
    const Picture other = noise(400, 300, {}, 2);
    CachedClient(fake("normal"), cache()).cloak(other.view(), {});
    for (const fs::path& path : files())
        if (path != file) fs::copy_file(path, file, fs::copy_options::overwrite_existing);
    EXPECT_EQ(CachedClient(fake("normal"), cache()).cloak(picture.view(), {}).source,
              CacheSource::computed);
}

TEST_F(Cache, KeepsToItsLimitsAndForgetsTheLongestUnused) {
    CacheOptions options = disk_only();
    CachedClient(fake("normal"), options).cloak(noise(400, 300).view(), {});
    const auto one = fs::file_size(files()[0]);
    options.disk_bytes = one * 3 + one / 2;
    CachedClient client(fake("normal"), options);
    const auto ask = [&](unsigned seed) {
        const CacheSource source = client.cloak(noise(400, 300, {}, seed).view(), {}).source;
        // File times are coarse: two uses must not look simultaneous.
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return source;
    };
    ask(2);
    ask(3);
    EXPECT_EQ(ask(1), CacheSource::disk);  // now 2 is the longest unused
    ask(4);
    EXPECT_EQ(cache_use(folder_).entries, 3);
    EXPECT_LE(cache_use(folder_).bytes, options.disk_bytes);
    EXPECT_EQ(ask(1), CacheSource::disk);
    EXPECT_EQ(ask(3), CacheSource::disk);
    EXPECT_EQ(ask(2), CacheSource::computed);

    CacheOptions small = cache();
    small.disk_bytes = 0;
    small.memory_bytes = one * 2 + one / 2;
    CachedClient memory(fake("normal"), small);
    const auto remembered = [&](unsigned seed) {
        return memory.cloak(noise(400, 300, {}, seed).view(), {}).source == CacheSource::memory;
    };
    EXPECT_FALSE(remembered(1));
    EXPECT_FALSE(remembered(2));
    EXPECT_TRUE(remembered(1));
    EXPECT_FALSE(remembered(3));
    EXPECT_TRUE(remembered(1));
    EXPECT_FALSE(remembered(2));
}

TEST_F(Cache, WorksWithoutADiskThatCanBeWritten) {
    const Picture picture = noise(400, 300);
    std::ofstream(root_ / "file") << "in the way";
    for (const fs::path& impossible :
         {root_ / "file", root_ / "file" / "below", fs::path("/proc/no")}) {
        CacheOptions options = cache();
        options.folder = impossible;
        CachedClient client(fake("normal"), options);
        EXPECT_TRUE(is_right(picture, client.cloak(picture.view(), {})));
        EXPECT_EQ(client.cloak(picture.view(), {}).source, CacheSource::memory);
    }
    // A link to somebody else's folder is not followed.
    fs::create_directories(root_ / "elsewhere");
    fs::create_directory_symlink(root_ / "elsewhere", folder_);
    CachedClient(fake("normal"), cache()).cloak(picture.view(), {});
    EXPECT_TRUE(fs::is_empty(root_ / "elsewhere"));
}

TEST_F(Cache, IsClearedWithoutTouchingOtherFiles) {
    const Picture picture = noise(400, 300);
    CachedClient(fake("normal"), cache()).cloak(picture.view(), {});
    std::ofstream(folder_ / "notes.txt") << "mine";
    const CacheUse use = clear_cache(folder_);
    EXPECT_EQ(use.entries, 1);
    EXPECT_GT(use.bytes, 0u);
    ASSERT_EQ(files().size(), 1u);
    EXPECT_EQ(files()[0].filename(), "notes.txt");
    EXPECT_EQ(clear_cache(root_ / "absent").entries, 0);
}

TEST_F(Cache, IsSharedByProcesses) {
    CacheOptions options = disk_only();
    options.disk_bytes = 200000;  // so that they also remove each other's entries
    std::vector<pid_t> processes;
    for (unsigned i = 0; i < 4; ++i) {
        processes.push_back(fork());
        if (processes.back() != 0) continue;
        bool right = true;
        CachedClient client(fake("normal"), options);
        for (unsigned round = 0; round < 20; ++round) {
            const Picture picture = noise(400, 300, {}, (round + i) % 6);
            right = right && is_right(picture, client.cloak(picture.view(), {}));
        }
        std::_Exit(right ? 0 : 1);
    }
    for (const pid_t process : processes) {
        int status = -1;
        waitpid(process, &status, 0);
        EXPECT_EQ(status, 0);
    }
    EXPECT_LE(cache_use(folder_).bytes, options.disk_bytes);
    for (const fs::path& file : files()) EXPECT_EQ(file.extension(), ".result");
}

}  // namespace
}  // namespace lowkey
