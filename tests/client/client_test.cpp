// The client against workers that do well, badly and worse.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <pthread.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <thread>

#include "fixtures.h"

namespace lowkey {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

pid_t worker_pid(const Report& report) {
    return std::stoi(report.notes.at(2).substr(4));
}

TEST(Client, CloaksEveryFormatBitForBit) {
    Client client(fake("normal"));
    for (const Sample sample : {Sample::u8, Sample::u16, Sample::f32})
        for (const Channels channels :
             {Channels::grey, Channels::grey_alpha, Channels::rgb, Channels::rgba}) {
            const Picture picture = noise(211, 97, {sample, channels, Encoding::encoded});
            const ClientResult result = client.cloak(picture.view(), {});
            EXPECT_TRUE(same(result.picture.view(), expected(picture.view()).view()));
            EXPECT_EQ(result.report.faces_found, 1);
        }
    EXPECT_EQ(client.answered(), 12);
}

TEST(Client, ReadsPaddedRowsAndMasks) {
    Client client(fake("normal"));
    const Picture whole = noise(300, 200);
    PictureView part = whole.view();
    part.width = 160;  // rows now have a gap behind them
    const Picture cloaked = client.cloak(part, {}).picture;
    EXPECT_TRUE(same(cloaked.view(), expected(part).view()));

    std::vector<std::uint8_t> mask(std::size_t{200} * 200, 0);
    const MaskView nothing{mask.data(), 160, 200, 200};
    EXPECT_TRUE(same(client.cloak(part, {}, nothing).picture.view(), part));
    mask.assign(mask.size(), 255);
    EXPECT_TRUE(same(client.cloak(part, {}, nothing).picture.view(), cloaked.view()));
}

TEST(Client, PassesOptionsAndBringsReportsBack) {
    Client client(fake("normal"));
    const Picture picture = noise(64, 64);
    Options options;
    options.preset = Preset::strong;
    options.strength = 33;
    options.faces = {0};
    options.region = Rect{1, 2, 30, 40};
    const Report report = client.cloak(picture.view(), options).report;
    EXPECT_EQ(report.preset, "strong");
    EXPECT_EQ(report.strength, 33);
    EXPECT_EQ(client.detect(picture.view()).size(), 1u);
}

TEST(Client, KeepsItsWorkerWarmAndInTheBackground) {
    Client client(fake("normal"));
    const Picture picture = noise(64, 64);
    const Report first = client.cloak(picture.view(), {}).report;
    const Report second = client.cloak(picture.view(), {}).report;
    EXPECT_EQ(worker_pid(first), worker_pid(second));
    EXPECT_EQ(first.notes[1], "5") << "nice";
    std::ifstream score("/proc/" + std::to_string(worker_pid(first)) + "/oom_score_adj");
    int value = 0;
    score >> value;
    EXPECT_GE(value, 500);
}

TEST(Client, StartsAnotherWorkerAfterOneHasIdledAway) {
    Client client(fake("normal", 1));
    const Picture picture = noise(64, 64);
    const pid_t first = worker_pid(client.cloak(picture.view(), {}).report);
    std::this_thread::sleep_for(1500ms);
    const pid_t second = worker_pid(client.cloak(picture.view(), {}).report);
    EXPECT_NE(first, second);
    EXPECT_NE(kill(first, 0), 0) << "the first one is reaped";
}

TEST(Client, StartsAnotherWorkerAfterTheCommandWasReplaced) {
    namespace fs = std::filesystem;
    const fs::path command = fs::path(::testing::TempDir()) / "lowkey-to-replace";
    fs::copy_file(LOWKEY_FAKE_WORKER, command, fs::copy_options::overwrite_existing);
    ClientOptions options = fake("normal");
    options.command = command.string();
    Client client(options);
    const Picture picture = noise(64, 64);
    const pid_t first = worker_pid(client.cloak(picture.view(), {}).report);
    fs::last_write_time(command, fs::last_write_time(command) + 10s);
    const pid_t second = worker_pid(client.cloak(picture.view(), {}).report);
    EXPECT_NE(first, second);
    fs::remove(command);  // what runs goes on
    EXPECT_EQ(worker_pid(client.cloak(picture.view(), {}).report), second);
}

TEST(Client, StartsAnotherWorkerAfterOneWasKilledBetweenCalls) {
    Client client(fake("normal"));
    const Picture picture = noise(64, 64);
    kill(worker_pid(client.cloak(picture.view(), {}).report), SIGKILL);
    std::this_thread::sleep_for(50ms);
    EXPECT_TRUE(
        same(client.cloak(picture.view(), {}).picture.view(), expected(picture.view()).view()));
}

TEST(Client, TellsProgressOftenEvenIfTheWorkerDoesNot) {
    Client client(fake("cloak-deaf"));
    const Picture picture = noise(64, 64);
    std::vector<double> gaps;
    auto last = Clock::now();
    const auto start = last;
    const Error error = caught([&] {
        client.cloak(picture.view(), {}, {}, [&](const Progress&) {
            gaps.push_back(seconds_since(last));
            last = Clock::now();
            return seconds_since(start) < 1;
        });
    });
    EXPECT_EQ(error.kind, ErrorKind::cancelled);
    ASSERT_GT(gaps.size(), 10u);
    std::nth_element(gaps.begin(), gaps.begin() + gaps.size() / 2, gaps.end());
    EXPECT_LT(gaps[gaps.size() / 2], 0.1);
}

TEST(Client, ShowsTheWorkersOwnProgress) {
    Client client(fake("slow"));
    const Picture picture = noise(64, 64);
    Progress seen;
    caught([&] {
        client.cloak(picture.view(), {}, {}, [&](const Progress& progress) {
            seen = progress;
            return progress.fraction < 0.02;
        });
    });
    EXPECT_EQ(seen.stage, "Cloaking");
}

// Every stage at which a worker can end: an error of the right kind, said in words, and the next
// client in this process is none the worse for it.
struct Failure {
    const char* behaviour;
    ErrorKind kind;
    const char* words;
};

class EveryStage : public ::testing::TestWithParam<Failure> {};

TEST_P(EveryStage, IsAnErrorInWords) {
    const int descriptors = open_descriptors();
    {
        Client client(fake(GetParam().behaviour));
        const Picture picture = noise(1500, 1500);  // more than a socket's buffer holds
        for (int attempt = 0; attempt < 2; ++attempt) {
            const auto start = Clock::now();
            const Error error = caught([&] { client.cloak(picture.view(), {}); });
            EXPECT_EQ(error.kind, GetParam().kind) << error.what();
            EXPECT_THAT(error.what(), HasSubstr(GetParam().words));
            EXPECT_LT(seconds_since(start), 20);
        }
    }
    EXPECT_EQ(open_descriptors(), descriptors);
    EXPECT_TRUE(children().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Worker, EveryStage,
    ::testing::Values(Failure{"start-segv", ErrorKind::worker, "segmentation fault"},
                      Failure{"start-abort", ErrorKind::worker, "last words before abort"},
                      Failure{"start-kill", ErrorKind::memory, "memory"},
                      Failure{"start-exit3", ErrorKind::worker, "exit status 3"},
                      Failure{"start-exit0", ErrorKind::worker, "ended before it answered"},
                      Failure{"garbage", ErrorKind::worker, "Install LowKey again"},
                      Failure{"other-version", ErrorKind::worker,
                              "(LowKey 9.9) speaks protocol 7, this plug-in 1"},
                      Failure{"half-hello", ErrorKind::worker, "segmentation fault"},
                      Failure{"greet-segv", ErrorKind::worker, "segmentation fault"},
                      Failure{"greet-kill", ErrorKind::memory, "memory"},
                      Failure{"greet-exit3", ErrorKind::worker, "exit status 3"},
                      Failure{"greet-exit0", ErrorKind::worker, "ended before it answered"},
                      Failure{"refuse-unread", ErrorKind::memory, "No room for it."},
                      Failure{"no-pack", ErrorKind::pack, "The pack is not there."},
                      Failure{"cloak-segv", ErrorKind::worker, "segmentation fault"},
                      Failure{"cloak-abort", ErrorKind::worker, "abort"},
                      Failure{"cloak-kill", ErrorKind::memory, "Close other programs"},
                      Failure{"cloak-exit3", ErrorKind::worker, "exit status 3"},
                      Failure{"cloak-exit0", ErrorKind::worker, "ended before it answered"},
                      Failure{"cloak-throw", ErrorKind::worker, "something odd"},
                      Failure{"cloak-memory", ErrorKind::memory, "not enough memory"},
                      Failure{"cloak-no-face", ErrorKind::no_face, "No face was found."},
                      Failure{"huge-json", ErrorKind::worker, "too long"},
                      Failure{"huge-payload", ErrorKind::worker, "too long"},
                      Failure{"result-half", ErrorKind::worker, "segmentation fault"},
                      Failure{"result-short", ErrorKind::worker, "disagree"},
                      Failure{"result-outside", ErrorKind::worker, "outside"},
                      Failure{"result-negative", ErrorKind::worker, "outside"},
                      Failure{"result-no-report", ErrorKind::worker, "do not understand"},
                      Failure{"result-no-patches", ErrorKind::worker, "no pixels"}),
    [](const auto& info) {
        std::string name = info.param.behaviour;
        std::erase(name, '-');
        return name;
    });

TEST(Client, SurvivesAManifestThatIsNoText) {
    Client client(fake("result-odd-manifest"));
    const Picture picture = noise(64, 64);
    EXPECT_EQ(client.cloak_changes(picture.view(), {}).manifest, "");
}

TEST(Client, IsNotConfusedByPrintsOfLibraries) {
    Client client(fake("cloak-print"));
    const Picture picture = noise(64, 64);
    EXPECT_TRUE(
        same(client.cloak(picture.view(), {}).picture.view(), expected(picture.view()).view()));
}

TEST(Client, KeepsAWorkerThatRefused) {
    Client client(fake("cloak-no-face"));
    const Picture picture = noise(64, 64);
    caught([&] { client.cloak(picture.view(), {}); });
    const auto before = children();
    EXPECT_EQ(client.detect(picture.view()).size(), 1u);
    EXPECT_EQ(children(), before);
    EXPECT_EQ(client.answered(), 2);
}

// The time from the answer "stop" to the error, at every stage. The limit is wide because machines
// are busy; the median is printed.
class EveryWait : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryWait, EndsWhenCancelled) {
    std::vector<double> waits;
    for (int round = 0; round < 5; ++round) {
        Client client(fake(GetParam()));
        const Picture picture = noise(2000, 1500);
        const auto start = Clock::now();
        Clock::time_point asked;
        const Error error = caught([&] {
            client.cloak(picture.view(), {}, {}, [&](const Progress&) {
                asked = Clock::now();
                return seconds_since(start) < 0.2;
            });
        });
        waits.push_back(seconds_since(asked));
        EXPECT_EQ(error.kind, ErrorKind::cancelled);
        EXPECT_LT(waits.back(), 2);
    }
    std::nth_element(waits.begin(), waits.begin() + 2, waits.end());
    std::printf("cancelled %s: median %.1f ms\n", GetParam(), waits[2] * 1000);
    EXPECT_TRUE(children().empty());
}

INSTANTIATE_TEST_SUITE_P(Worker, EveryWait,
                         ::testing::Values("silent", "stall", "slow", "cloak-deaf"),
                         [](const auto& info) {
                             std::string name = info.param;
                             std::erase(name, '-');
                             return name;
                         });

TEST(Client, WorksAgainAfterACancel) {
    Client client(fake("slow"));
    const Picture picture = noise(64, 64);
    caught([&] { client.cloak(picture.view(), {}, {}, [](const Progress&) { return false; }); });
    EXPECT_EQ(client.detect(picture.view()).size(), 1u);
}

TEST(Client, PassesOnWhatTheHostsCallbackThrows) {
    Client client(fake("slow"));
    const Picture picture = noise(64, 64);
    EXPECT_THROW(client.cloak(picture.view(), {}, {},
                              [](const Progress&) -> bool { throw std::logic_error("host"); }),
                 std::logic_error);
    EXPECT_EQ(client.detect(picture.view()).size(), 1u);
}

TEST(Client, NamesACommandThatIsMissing) {
    ClientOptions options;
    options.command = "/nowhere/lowkey";
    const Picture picture = noise(8, 8);
    const Error named = caught([&] { Client(options).detect(picture.view()); });
    EXPECT_EQ(named.kind, ErrorKind::worker);
    EXPECT_THAT(named.what(), HasSubstr("/nowhere/lowkey"));

    const std::string text = ::testing::TempDir() + "/no-program";
    std::ofstream(text) << "not executable";
    options.command = text;
    EXPECT_EQ(caught([&] { Client(options).detect(picture.view()); }).kind, ErrorKind::worker);

    // A program that is executable but of no known form.
    std::filesystem::permissions(text, std::filesystem::perms::owner_all);
    EXPECT_EQ(caught([&] { Client(options).detect(picture.view()); }).kind, ErrorKind::worker);
}

TEST(Client, NamesAProgramThatIsNoWorker) {
    ClientOptions options;
    options.command = "/bin/echo";
    const Picture picture = noise(8, 8);
    EXPECT_EQ(caught([&] { Client(options).detect(picture.view()); }).kind, ErrorKind::worker);
    options.command = "/bin/false";
    EXPECT_THAT(caught([&] { Client(options).detect(picture.view()); }).what(),
                HasSubstr("exit status 1"));
}

TEST(Client, RefusesWhatItCannotSend) {
    Client client(fake("normal"));
    EXPECT_EQ(caught([&] { client.detect({}); }).kind, ErrorKind::input);
    const Picture picture = noise(8, 8);
    const std::uint8_t byte = 0;
    EXPECT_EQ(caught([&] {
                  client.cloak(picture.view(), {}, {&byte, 1, 1, 1});
              }).kind,
              ErrorKind::input);
    Options options;
    options.strength = 101;
    EXPECT_EQ(caught([&] { client.cloak(picture.view(), options); }).kind, ErrorKind::input);
    EXPECT_TRUE(children().empty()) << "no worker was needed for that";
}

TEST(Client, ServesThreadsInTurn) {
    Client client(fake("normal"));
    std::vector<std::thread> threads;
    threads.reserve(8);
    std::atomic<int> right = 0;
    for (unsigned i = 0; i < 8; ++i)
        threads.emplace_back([&, i] {
            const Picture picture = noise(200, 150, {}, i + 1);
            const Picture cloaked = client.cloak(picture.view(), {}).picture;
            right += same(cloaked.view(), expected(picture.view()).view());
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, 8);
    EXPECT_EQ(children().size(), 1u);
}

TEST(Client, CanBeCancelledWhileItWaitsItsTurn) {
    Client client(fake("slow"));
    const Picture picture = noise(64, 64);
    std::atomic<bool> stop = false;
    std::thread other([&] {
        caught(
            [&] { client.cloak(picture.view(), {}, {}, [&](const Progress&) { return !stop; }); });
    });
    std::this_thread::sleep_for(200ms);
    const auto start = Clock::now();
    const Error error = caught([&] {
        client.detect(picture.view(), [&](const Progress&) { return seconds_since(start) < 0.1; });
    });
    EXPECT_EQ(error.kind, ErrorKind::cancelled);
    EXPECT_LT(seconds_since(start), 2);
    stop = true;
    other.join();
}

TEST(Client, OutlivesTheThreadThatStartedTheWorker) {
    Client client(fake("normal"));
    const Picture picture = noise(64, 64);
    pid_t first = 0, second = 0;
    std::thread([&] { first = worker_pid(client.cloak(picture.view(), {}).report); }).join();
    std::this_thread::sleep_for(50ms);
    std::thread([&] { second = worker_pid(client.cloak(picture.view(), {}).report); }).join();
    EXPECT_EQ(first, second);
}

TEST(Client, LeavesTheHostsSignalsAlone) {
    struct sigaction pipe_before, child_before, pipe_after, child_after;
    sigaction(SIGPIPE, nullptr, &pipe_before);
    sigaction(SIGCHLD, nullptr, &child_before);
    ASSERT_EQ(pipe_before.sa_handler, SIG_DFL) << "else this test shows nothing";
    {
        Client client(fake("greet-exit3"));  // closes its input while a large picture is being sent
        const Picture picture = noise(3000, 2000);
        for (int i = 0; i < 5; ++i) caught([&] { client.cloak(picture.view(), {}); });
    }
    sigaction(SIGPIPE, nullptr, &pipe_after);
    sigaction(SIGCHLD, nullptr, &child_after);
    EXPECT_EQ(pipe_after.sa_handler, SIG_DFL);
    EXPECT_EQ(child_after.sa_handler, child_before.sa_handler);
}

TEST(Client, StartsTheWorkerWithNoSignalBlocked) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    Client client(fake("normal"));
    const Picture picture = noise(64, 64);
    const pid_t pid = worker_pid(client.cloak(picture.view(), {}).report);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    const std::string text(std::istreambuf_iterator<char>(status), {});
    EXPECT_THAT(text, HasSubstr("SigBlk:\t0000000000000000"));
}

TEST(Client, LeaksNeitherDescriptorsNorProcesses) {
    const int before = open_descriptors();
    for (int i = 0; i < 10; ++i) {
        Client client(fake(i % 2 == 0 ? "normal" : "cloak-segv"));
        const Picture picture = noise(64, 64);
        if (i % 2 == 0)
            client.cloak(picture.view(), {});
        else
            caught([&] { client.cloak(picture.view(), {}); });
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(children().empty());
}

TEST(Client, HandsNoDescriptorOfTheHostDown) {
    const int leaked = open("/dev/zero", O_RDONLY);  // without O_CLOEXEC, as hosts do
    Client client(fake("normal"));
    const Picture picture = noise(64, 64);
    const pid_t pid = worker_pid(client.cloak(picture.view(), {}).report);
    close(leaked);
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
        std::error_code gone;
        EXPECT_NE(std::filesystem::read_symlink(entry, gone), "/dev/zero");
    }
}

// A worker whose editor was killed must not go on computing, whether it listens or not.
class KilledHost : public ::testing::TestWithParam<const char*> {};

TEST_P(KilledHost, EndsItsWorker) {
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const pid_t host = fork();
    if (host == 0) {
        Client client(fake(GetParam()));
        const Picture picture = noise(64, 64);
        const auto tell = [&](const Progress& progress) {
            if (progress.fraction == 0) return true;
            const pid_t pid = children().at(0);
            [[maybe_unused]] const auto written = write(told[1], &pid, sizeof pid);
            return pause() != 0;
        };
        client.cloak(picture.view(), {}, {}, tell);
        std::_Exit(1);
    }
    pid_t worker = 0;
    ASSERT_EQ(read(told[0], &worker, sizeof worker), static_cast<ssize_t>(sizeof worker));
    EXPECT_FALSE(has_ended(worker));
    kill(host, SIGKILL);
    waitpid(host, nullptr, 0);
    const auto start = Clock::now();
    while (!has_ended(worker) && seconds_since(start) < 10) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(has_ended(worker));
    close(told[0]);
    close(told[1]);
}

INSTANTIATE_TEST_SUITE_P(Worker, KilledHost, ::testing::Values("slow", "cloak-deaf"),
                         [](const auto& info) {
                             std::string name = info.param;
                             std::erase(name, '-');
                             return name;
                         });

// The most memory this process has held, in KB, since the last reset.
long peak_memory(bool reset = false) {
    if (reset) std::ofstream("/proc/self/clear_refs") << 5;
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmHWM:") {
            long value = 0;
            status >> value;
            return value;
        }
    return 0;
}

TEST(Client, HoldsAHugePictureNoOftenerThanNeeded) {
    Client client(fake("normal"));
    const Picture picture(12000, 8400, {});  // 100 megapixels, 302 MB
    const auto megabyte = [](long kilobytes) { return kilobytes / 1024; };
    const long before = peak_memory(true);
    const ClientChanges changes = client.cloak_changes(picture.view(), {});
    EXPECT_LT(megabyte(peak_memory() - before), 50) << "the client holds the changes alone";
    EXPECT_LT(megabyte(std::stol(changes.report.notes.at(0))), 2 * 302 + 50)
        << "the worker holds the picture and the result";
    const ClientResult result = client.cloak(picture.view(), {});
    EXPECT_LT(megabyte(peak_memory() - before), 302 + 50);
    EXPECT_TRUE(same(result.picture.view(), expected(picture.view()).view()));
}

TEST(Client, StandsWithoutLibTorchAndOpenCv) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
    FILE* ldd = popen(("ldd '" + program + "' 2>&1").c_str(), "r");
    ASSERT_NE(ldd, nullptr);
    std::string libraries(1 << 16, '\0');
    libraries.resize(fread(libraries.data(), 1, libraries.size(), ldd));
    pclose(ldd);
    EXPECT_THAT(libraries, AllOf(Not(HasSubstr("torch")), Not(HasSubstr("opencv")),
                                 Not(HasSubstr("libc10")), HasSubstr("glib")));
}

}  // namespace
}  // namespace lowkey
