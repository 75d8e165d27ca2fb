// SIGKILL at random moments of `involute tune`: the store opens, nothing that was committed is
// lost, and the next run goes on.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "autotune/wisdom_files.h"
#include "tests/autotune/tune_fixture.h"

namespace involute::test {
namespace {

namespace fs = std::filesystem;

constexpr int kKills = 20;

// INVOLUTE_KILLS=1000 for the long run.
int kills() {
    const char *given = std::getenv("INVOLUTE_KILLS");
    return given ? std::atoi(given) : kKills;
}

// Every run went on with what the others had left.
void expect_no_point_tried_twice(const std::string &file) {
    const autotune::History history = autotune::History::open(file, wisdom_header(), true);
    for (const autotune::TuningKey &key : history.keys()) {
        std::map<std::string, int> tried;
        for (const autotune::Trial &trial : history.trials(key, "time"))
            tried[trial.knobs] +=
                trial.stage == "search" && trial.outcome != autotune::Outcome::kNoisy ? 1 : 0;
        for (const auto &[knobs, count_of] : tried)
            EXPECT_LE(count_of, 1) << knobs;
    }
}

TEST(Kills, LoseNoCommittedTrial) {
    const std::string folder = temporary_path("kills." + std::to_string(getpid()));
    const auto begin_anew = [&] {
        fs::remove_all(folder);
        fs::create_directories(folder);
    };
    begin_anew();
    const std::string file = folder + "/wisdom.history.sqlite";
    const auto count = [&] {
        return fs::exists(file) ? autotune::History::open(file, wisdom_header(), true).count() : 0;
    };
    std::mt19937_64 random(40);
    int64_t last = 0, most = 0;
    int grown = 0;
    for (int kill_number = 0; kill_number < kills(); ++kill_number) {
        const pid_t child = start_tune(folder, {"--effort", "exhaustive", "--resume"});
        const auto moment = std::chrono::milliseconds(random() % 3000);
        std::this_thread::sleep_for(moment);
        int64_t committed = last;
        try {
            committed = count();
        } catch (const std::runtime_error &) {
            // It is being made at this very moment.
        }
        killpg(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        int64_t now = 0;
        ASSERT_NO_THROW(now = count()) << "after " << moment.count() << " ms";
        ASSERT_GE(now, committed) << "after " << moment.count() << " ms";
        ASSERT_GE(now, last);
        grown += now > last ? 1 : 0;
        last = now, most = std::max(most, now);
        if (fs::exists(folder + "/wisdom.json")) {
            ASSERT_NO_THROW(
                autotune::find_wisdom(folder + "/wisdom.json", "", wisdom_header(), nullptr));
        }
        if (WIFEXITED(status)) { // the whole space is tried
            EXPECT_EQ(WEXITSTATUS(status), 0);
            expect_no_point_tried_twice(file);
            begin_anew();
            last = 0;
        }
    }
    EXPECT_GT(grown, kills() / 10) << "runs that got anywhere";
    EXPECT_GT(most, 0);
    if (last > 0)
        expect_no_point_tried_twice(file);
    fs::remove_all(folder);
}

} // namespace
} // namespace involute::test
