// `involute bench`: the fields of a row, how they hang together, the order of rows.
#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace involute::test {
namespace {

using nlohmann::json;

void expect_consistent(const json &row) {
    for (const char *field : {"size",
                              "batch",
                              "threads",
                              "isa",
                              "dtype",
                              "schedule",
                              "wisdom",
                              "wisdom_layers",
                              "ms_median",
                              "ms_mean",
                              "ms_min",
                              "iterations",
                              "wall_s",
                              "images_per_s",
                              "macs",
                              "fma_peak_gflops",
                              "peak_fraction",
                              "peak_rss_mb",
                              "allocations_per_run",
                              "cpu",
                              "commit",
                              "command"})
        ASSERT_TRUE(row.contains(field)) << field << " is not in " << row;
    const double median = row.at("ms_median"), mean = row.at("ms_mean"), wall = row.at("wall_s");
    const double iterations = row.at("iterations");
    EXPECT_GE(iterations, 10);
    EXPECT_NEAR(wall, iterations * mean * 1e-3, 0.05 * wall);
    EXPECT_GT(row.at("ms_min").get<double>(), 0);
    EXPECT_LE(row.at("ms_min").get<double>(), median);
    EXPECT_LE(row.at("ms_min").get<double>(), mean);
    EXPECT_NEAR(row.at("images_per_s").get<double>(), row.at("batch").get<double>() * 1e3 / median,
                1e-6 * row.at("images_per_s").get<double>());
    const double peak = row.at("fma_peak_gflops"), macs = row.at("macs");
    EXPECT_GT(peak, 1); // any core of the last fifteen years
    EXPECT_NEAR(row.at("peak_fraction").get<double>(), 2e-6 * macs / median / peak, 1e-6);
    EXPECT_LT(row.at("peak_fraction").get<double>(), 1.05);
    EXPECT_EQ(row.at("allocations_per_run"), 0);
    EXPECT_GT(row.at("peak_rss_mb").get<double>(), 1);
    EXPECT_EQ(row.at("dtype"), "f32");
    EXPECT_EQ(row.at("schedule"), "hand");
    EXPECT_EQ(row.at("wisdom"), "none");
    EXPECT_FALSE(row.at("cpu").get<std::string>().empty());
}

TEST(Bench, ANetworkHasAllFields) {
    const json rows = bench({"--model", "rednet26", "--size", "64x96", "--threads", "1"});
    ASSERT_EQ(rows.size(), 1u);
    expect_consistent(rows[0]);
    EXPECT_EQ(rows[0].at("model"), "rednet26");
    EXPECT_EQ(rows[0].at("size"), "64x96");
    EXPECT_GE(rows[0].at("wall_s").get<double>(), 0.9);
}

TEST(Bench, MacsFollowTheConvention) {
    const json rows = bench({"--model", "rednet26,resnet50", "--batch", "2", "--iterations", "10"});
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].at("size"), "224x224");
    EXPECT_EQ(rows[0].at("macs"), 2 * 1685176832LL);
    EXPECT_EQ(rows[1].at("macs"), 2 * 4089184256LL);
}

TEST(Bench, RowsComeInTheOrderGiven) {
    const json rows = bench({"--model", "rednet-digits", "--size", "32x32,24x40", "--batch", "3,1",
                             "--threads", "2,1,2", "--min-time", "0.01"});
    ASSERT_EQ(rows.size(), 12u);
    size_t i = 0;
    for (const char *size : {"32x32", "24x40"})
        for (int batch : {3, 1})
            for (int threads : {2, 1, 2}) {
                expect_consistent(rows[i]);
                EXPECT_EQ(rows[i].at("size"), size);
                EXPECT_EQ(rows[i].at("batch"), batch);
                EXPECT_EQ(rows[i++].at("threads"), threads);
            }
}

TEST(Bench, TheCommandOfARowRepeatsIt) {
    const json row = bench({"--op", "involution", "--channels", "96", "--kernel", "3", "--stride",
                            "2", "--reduction", "2", "--relu", "--size", "20x30", "--threads", "1",
                            "--isa", "baseline", "--min-time", "0.05"})[0];
    expect_consistent(row);
    std::istringstream command(row.at("command").get<std::string>());
    std::vector<std::string> words{std::istream_iterator<std::string>(command), {}};
    ASSERT_GT(words.size(), 2u);
    EXPECT_EQ(words[0], "involute");
    words.erase(words.begin());
    const json again = run_command(words).json()[0];
    for (const char *field : {"op", "channels", "kernel", "stride", "group_channels", "reduction",
                              "relu", "size", "batch", "threads", "isa", "macs", "command"})
        EXPECT_EQ(again.at(field), row.at(field)) << field;
    EXPECT_EQ(row.at("macs"), 10 * 15 * (96 * 48 + 48 * 9 * 6 + 96 * 9));
}

TEST(Bench, EveryOperatorRuns) {
    const json rows = bench(
        {"--op",
         "involution,aggregation,kernel_generation,conv2d,max_pool,avg_pool,global_pool,dense,"
         "local_attention",
         "--channels", "32", "--min-time", "0.02", "--threads", "1"});
    ASSERT_EQ(rows.size(), 9u);
    for (const json &row : rows)
        expect_consistent(row);
    EXPECT_EQ(rows[3].at("macs"), 56LL * 56 * 32 * 32 * 9);
    EXPECT_EQ(rows[7].at("macs"), 32 * 32);
    EXPECT_EQ(rows[8].at("macs"), 56LL * 56 * (3 * 32 * 32 + 2 * 32 * 49));
}

TEST(Bench, ProfileAddsTheLayers) {
    const json rows = bench({"--model", "rednet-digits", "--profile", "--threads", "1"});
    ASSERT_GT(rows.size(), 10u);
    expect_consistent(rows[0]);
    double share = 0, macs = 0, ms = 0;
    for (size_t i = 1; i < rows.size(); ++i) {
        for (const char *field : {"model", "layer", "op", "row", "peak_fraction"})
            ASSERT_TRUE(rows[i].contains(field)) << field;
        share += rows[i].at("share").get<double>();
        macs += rows[i].at("macs").get<double>();
        ms += rows[i].at("ms_median").get<double>();
    }
    EXPECT_NEAR(share, 1, 1e-9);
    EXPECT_EQ(macs, rows[0].at("macs").get<double>());
    EXPECT_NEAR(ms, rows[0].at("ms_median").get<double>(), 0.3 * ms);
}

TEST(Bench, ProfileSaysWhereTheRestGoes) {
    const json rows = bench({"--model", "rednet26", "--size", "64x64", "--profile", "--threads",
                             "2", "--min-time", "0.3"});
    double first = 0, ms = 0;
    int pooled = 0;
    for (size_t i = 1; i < rows.size(); ++i) {
        const json &row = rows[i];
        const double seconds = row.at("ms_median"), serial = row.at("serial_ms");
        EXPECT_GT(row.at("bytes").get<double>(), 0);
        EXPECT_GE(row.at("computed_macs"), row.at("macs"));
        EXPECT_GE(row.at("tail").get<double>(), 0);
        EXPECT_LT(row.at("tail").get<double>(), 1);
        EXPECT_GE(row.at("regions"), 0);
        EXPECT_GE(row.at("tasks"), 2 * row.at("regions").get<int>());
        EXPECT_GE(row.at("wait_ms").get<double>(), 0) << row;
        EXPECT_LT(row.at("wait_ms").get<double>(), seconds) << row;
        EXPECT_GE(serial, 0);
        EXPECT_LE(serial, seconds + 1e-9);
        EXPECT_GT(row.at("warm_ms").get<double>(), 0);
        EXPECT_NEAR(row.at("cold_ms").get<double>(), seconds - row.at("warm_ms").get<double>(),
                    1e-9);
        first += row.at("first_ms").get<double>() + seconds;
        ms += seconds;
        if (row.at("pooling_ms").is_null())
            continue;
        ++pooled;
        EXPECT_EQ(row.at("op"), "involution");
        EXPECT_GT(row.at("pooling_ms").get<double>(), 0);
    }
    EXPECT_EQ(pooled, 3); // the stages 2 to 4
    EXPECT_GT(first, 0);
    EXPECT_LT(first, 1000 * ms); // the first run is a run like others
}

TEST(Bench, BytesAndTailAreExact) {
    // 49 pixels are 10 tiles of 5 on AVX2, 25 of 2 on the baseline; both compute 50.
    for (const char *isa : {"baseline", "avx2"}) {
        const Answer answer =
            run_command({"bench", "--op", "conv2d", "--channels", "64", "--out-channels", "256",
                         "--kernel", "1", "--size", "7x7", "--isa", isa, "--threads", "1",
                         "--profile", "--iterations", "10", "--json"});
        if (answer.exit_code == 3) {
            std::cout << "no " << isa << " here: " << answer.err;
            continue;
        }
        ASSERT_EQ(answer.exit_code, 0) << answer.err;
        const json row = answer.json().at(1);
        EXPECT_EQ(row.at("computed_macs"), 50 * 64 * 256);
        EXPECT_NEAR(row.at("tail").get<double>(), 0.02, 1e-12);
        EXPECT_EQ(row.at("bytes"), 4 * (49 * 64 + 64 * 256 + 256 + 49 * 256));
    }
}

TEST(Bench, TheTableNamesImagesAndPeak) {
    const Answer answer = run_command({"bench", "--model", "rednet-digits", "--iterations", "10"});
    EXPECT_EQ(answer.exit_code, 0);
    for (const char *text : {"rednet-digits", "32x32", "images/s", "of FMA peak"})
        EXPECT_NE(answer.out.find(text), std::string::npos) << answer.out;
    const Answer layers =
        run_command({"bench", "--model", "rednet-digits", "--iterations", "10", "--profile"});
    EXPECT_EQ(layers.exit_code, 0);
    for (const char *text : {"MMACs", "MB", "tail", "regions", "wait", "cold", "pool", "first",
                             "head.fc", "all layers"})
        EXPECT_NE(layers.out.find(text), std::string::npos) << layers.out;
}

TEST(Bench, RowsBeforeAFailureAreKept) {
    const Answer answer = run_command({"bench", "--op", "involution", "--kernel", "3,4", "--json",
                                       "--iterations", "10", "--channels", "32"});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_NE(answer.err.find("kernel must be an odd integer"), std::string::npos) << answer.err;
    ASSERT_EQ(answer.json().size(), 1u);
    EXPECT_EQ(answer.json().at(0).at("kernel"), 3);
}

} // namespace
} // namespace involute::test
