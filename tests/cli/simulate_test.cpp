// `involute bench --simulate-threads`: tasks on workers in known examples, and the fields of the
// rows and how they hang together.
#include <gtest/gtest.h>

#include "tests/cli/command.h"
#include "tools/list_schedule.h"

namespace involute::test {
namespace {

using nlohmann::json;

TEST(ListSchedule, EqualTasks) {
    EXPECT_EQ(list_makespan({}, 4), 0);
    EXPECT_EQ(list_makespan(std::vector<double>(8, 1.0), 4), 2);
    EXPECT_EQ(list_makespan(std::vector<double>(9, 1.0), 4), 3);
    EXPECT_EQ(list_makespan(std::vector<double>(9, 1.0), 1), 9);
    EXPECT_EQ(list_makespan(std::vector<double>(3, 1.0), 64), 1); // more workers than tasks
}

TEST(ListSchedule, ALongTaskCountsMostWhenItComesLast) {
    EXPECT_EQ(list_makespan({6, 1, 1, 1, 1, 1, 1}, 2), 6);
    EXPECT_EQ(list_makespan({1, 1, 1, 1, 1, 1, 6}, 2), 9);
}

TEST(ListSchedule, WorkersBeginWithTheirOwnPart) {
    EXPECT_EQ(list_makespan({3, 1, 4, 2}, 2), 6); // 3 and 1, 4 and 2
    EXPECT_EQ(list_makespan({2, 1, 1, 3}, 2), 4);
}

TEST(ListSchedule, WorkersThatAreDoneTakeTheLastTaskOfTheNext) {
    EXPECT_EQ(list_makespan({5, 5, 1, 1}, 2), 7);        // the second 5 from 2 on
    EXPECT_EQ(list_makespan({1, 9, 4, 1, 1, 1}, 2), 10); // 4 from 3 on, while 9 runs from 1 on
    EXPECT_EQ(list_makespan({1, 1, 7, 2, 1, 1}, 3), 7);
}

TEST(ListSchedule, RegionsFollowEachOtherAndTheSerialPart) {
    const std::vector<int> regions = {0, 0, 0, 1, 1};
    const Prediction time = predict(0.5, regions, {1, 1, 1, 2, 3}, 2);
    EXPECT_EQ(time.seconds, 0.5 + 2 + 3);
    EXPECT_EQ(time.work, 8.5);
    EXPECT_DOUBLE_EQ(time.balance(2), 8.5 / 11);
    EXPECT_EQ(predict(0.25, std::vector<int>(), {}, 4).balance(4), 0.25);
    EXPECT_EQ(predict(0, std::vector<int>(), {}, 4).balance(4), 1);
}

TEST(BenchSimulate, RowsHangTogether) {
    const json rows =
        bench({"--model", "rednet-digits", "--simulate-threads", "1,16", "--min-time", "0.2"});
    std::vector<int> threads;
    double work = 0, predicted = 0, weighted = 0, worst = 2;
    const json *network = nullptr;
    const auto check_network = [&] {
        if (!network)
            return;
        const double n = network->at("simulated_threads");
        EXPECT_NEAR(network->at("work_ms").get<double>(), work, 1e-9);
        EXPECT_NEAR(network->at("predicted_ms").get<double>(), predicted, 1e-9);
        EXPECT_NEAR(network->at("balance").get<double>(), work / n / predicted, 1e-9);
        EXPECT_NEAR(network->at("balance_by_macs").get<double>(),
                    weighted / network->at("macs").get<double>(), 1e-9);
        EXPECT_EQ(network->at("worst_balance"), worst);
        work = predicted = weighted = 0, worst = 2;
    };
    for (const json &row : rows) {
        const double n = row.at("simulated_threads");
        EXPECT_FALSE(row.contains("threads"));
        if (!row.contains("layer")) {
            check_network();
            network = &row;
            threads.push_back(row.at("simulated_threads"));
            EXPECT_GE(row.at("iterations"), 10);
            EXPECT_NE(row.at("command").get<std::string>().find("--simulate-threads " +
                                                                std::to_string(threads.back())),
                      std::string::npos);
            // One thread is always there; sixteen are on a large machine.
            if (n == 1) {
                EXPECT_GT(row.at("real_ms").get<double>(), 0);
                EXPECT_NEAR(row.at("real_over_predicted").get<double>(),
                            row.at("real_ms").get<double>() / row.at("predicted_ms").get<double>(),
                            1e-9);
            }
            continue;
        }
        const double balance = row.at("balance"), layer_work = row.at("work_ms");
        EXPECT_GT(balance, 0);
        EXPECT_LE(balance, 1 + 1e-9);
        EXPECT_NEAR(balance, layer_work / n / row.at("predicted_ms").get<double>(), 1e-9);
        EXPECT_LE(row.at("serial_ms").get<double>(), layer_work);
        EXPECT_LE(row.at("predicted_ms_min"), row.at("predicted_ms"));
        EXPECT_EQ(row.at("real_ms").is_null(), row.at("real_ms_min").is_null());
        EXPECT_GE(row.at("tasks").get<int>(), 2 * row.at("regions").get<int>());
        if (n == 1) {
            EXPECT_NEAR(balance, 1, 1e-9);
        }
        work += layer_work;
        predicted += row.at("predicted_ms").get<double>();
        weighted += balance * row.at("macs").get<double>();
        worst = std::min(worst, balance);
    }
    check_network();
    EXPECT_EQ(threads, (std::vector<int>{1, 16}));
    EXPECT_EQ(rows.size() % 2, 0u);
}

TEST(BenchSimulate, AnOperatorIsOneLayer) {
    const json rows = bench({"--op", "conv2d", "--channels", "64", "--kernel", "1", "--size",
                             "56x56", "--simulate-threads", "4", "--iterations", "10"});
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].at("op"), "conv2d");
    EXPECT_EQ(rows[0].at("channels"), 64);
    EXPECT_EQ(rows[0].at("iterations"), 10);
    EXPECT_EQ(rows[1].at("op"), "conv2d");
    EXPECT_GE(rows[1].at("tasks"), 4);
    EXPECT_GT(rows[1].at("balance"), 0.5);
}

TEST(BenchSimulate, TheTableHasEveryLayer) {
    const Answer answer = run_command(
        {"bench", "--model", "rednet-digits", "--simulate-threads", "8", "--iterations", "10"});
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    for (const char *text : {"predicted ms", "balance", "simulated on 8 threads", "head.fc",
                             "global_pool", "real/pred."})
        EXPECT_NE(answer.out.find(text), std::string::npos) << answer.out;
}

TEST(BenchSimulate, GoesWithoutThreadsAndProfile) {
    for (const std::vector<std::string> &more :
         {std::vector<std::string>{"--threads", "2"}, {"--profile"}}) {
        std::vector<std::string> arguments = {"bench", "--model", "rednet-digits",
                                              "--simulate-threads", "4"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Answer answer = run_command(arguments);
        EXPECT_EQ(answer.exit_code, 2);
        EXPECT_NE(answer.err.find("--simulate-threads"), std::string::npos) << answer.err;
        EXPECT_NE(answer.err.find(more[0]), std::string::npos) << answer.err;
    }
    const Answer none =
        run_command({"bench", "--model", "rednet-digits", "--simulate-threads", "0"});
    EXPECT_EQ(none.exit_code, 2);
}

} // namespace
} // namespace involute::test
