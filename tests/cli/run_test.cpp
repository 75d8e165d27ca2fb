// `involute run`: the embedded digits on the pictures of the repository, tensors through a network,
// and what happens to pictures that are none.
#include <sys/wait.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/cli/command.h"
#include "tests/cli/tensor_file.h"

namespace involute::test {
namespace {

std::vector<std::string> digit_pictures() {
    std::vector<std::string> files;
    for (const auto &entry : std::filesystem::directory_iterator(source_path("examples/images")))
        if (entry.path().extension() == ".png")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<std::string> with_pictures(std::vector<std::string> arguments) {
    for (const std::string &file : digit_pictures())
        arguments.push_back(file);
    return arguments;
}

std::string label_of(const std::string &file) {
    return std::filesystem::path(file).filename().string().substr(0, 1);
}

TEST(RunImages, DigitsAreReadWithoutAnyOption) {
    const Answer answer = run_command(with_pictures({"run", "--json"}));
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.err, "");
    const nlohmann::json rows = answer.json();
    ASSERT_TRUE(rows.is_array());
    ASSERT_EQ(rows.size(), 20u);
    int right = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i].at("file"), digit_pictures()[i]);
        EXPECT_GT(rows[i].at("ms").get<double>(), 0);
        const nlohmann::json &top = rows[i].at("top");
        ASSERT_EQ(top.size(), 5u);
        for (size_t rank = 0; rank < top.size(); ++rank) {
            const double probability = top[rank].at("probability").get<double>();
            EXPECT_GE(probability, 0);
            EXPECT_LE(probability, rank == 0 ? 1 : top[rank - 1].at("probability").get<double>());
            EXPECT_EQ(top[rank].at("label"), std::to_string(top[rank].at("index").get<int>()));
        }
        right += top[0].at("label") == label_of(digit_pictures()[i]);
    }
    EXPECT_EQ(right, 20);
}

TEST(RunImages, AllClassesAddUpToOne) {
    const Answer answer = run_command({"run", "--json", "--top", "10", digit_pictures()[0]});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    const nlohmann::json rows = answer.json();
    double sum = 0;
    for (const nlohmann::json &entry : rows.at(0).at("top"))
        sum += entry.at("probability").get<double>();
    EXPECT_NEAR(sum, 1, 1e-12);
    EXPECT_EQ(rows.at(0).at("top").size(), 10u);
}

TEST(RunImages, NeitherBatchNorThreadsNorGivenWeightsChangeAnAnswer) {
    const auto answers = [](const std::vector<std::string> &options) {
        std::vector<std::string> arguments = {"run", "--json"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        nlohmann::json rows = run_command(with_pictures(arguments)).json();
        for (nlohmann::json &row : rows)
            row.erase("ms");
        return rows;
    };
    const nlohmann::json plain = answers({});
    ASSERT_EQ(plain.size(), 20u);
    EXPECT_EQ(answers({"--batch", "6"}), plain);
    EXPECT_EQ(answers({"--threads", "1"}), plain);
    EXPECT_EQ(answers({"--threads", "3", "--model", "rednet-digits"}), plain);
    EXPECT_EQ(answers({"--weights", source_path("models/rednet-digits.safetensors")}), plain);
    EXPECT_NE(answers({"--size", "40x36"}), plain);
}

TEST(RunImages, TextNamesFileLabelAndProbability) {
    const Answer answer = run_command({"run", "--top", "1", digit_pictures()[4]});
    ASSERT_EQ(answer.exit_code, 0);
    EXPECT_NE(answer.out.find(digit_pictures()[4] + "  2 "), std::string::npos) << answer.out;
    EXPECT_NE(answer.out.find("%"), std::string::npos);
    EXPECT_EQ(answer.out.find('\033'), std::string::npos);
}

TEST(RunImages, LabelsComeFromTheFile) {
    const std::string labels = temporary_path("labels.txt");
    write_file(labels, "zero\r\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine");
    const Answer answer =
        run_command({"run", "--json", "--labels", labels, "--top", "1", digit_pictures()[0]});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.json().at(0).at("top").at(0).at("label"), "zero");
    write_file(labels, "zero\none\n");
    const Answer few = run_command({"run", "--labels", labels, digit_pictures()[0]});
    EXPECT_EQ(few.exit_code, 2);
    EXPECT_NE(few.err.find("found 2"), std::string::npos) << few.err;
}

TEST(RunImages, UnreadablePicturesAreRowsAndTheOthersAreAnswered) {
    const std::string truncated = temporary_path("truncated.png");
    write_file(truncated, read_file(digit_pictures()[0]).substr(0, 60));
    const std::string absurd = temporary_path("absurd.ppm");
    write_file(absurd, "P6\n1000000 1000000\n255\n");
    const Answer answer =
        run_command({"run", "--json", "no/such.png", digit_pictures()[0], truncated,
                     source_path("LICENSE"), absurd, digit_pictures()[2]});
    EXPECT_EQ(answer.exit_code, 2);
    const nlohmann::json rows = answer.json();
    ASSERT_EQ(rows.size(), 6u);
    for (size_t i : {0, 2, 3, 4}) {
        EXPECT_FALSE(rows[i].contains("top"));
        ASSERT_TRUE(rows[i].contains("error"));
        const std::string file = rows[i].at("file");
        EXPECT_NE(answer.err.find(file), std::string::npos) << answer.err;
    }
    EXPECT_EQ(rows[1].at("top").at(0).at("label"), "0");
    EXPECT_EQ(rows[5].at("top").at(0).at("label"), "1");
    const std::string message = rows[4].at("error");
    EXPECT_NE(message.find("pixels"), std::string::npos) << message;
}

TEST(RunImages, PhotographsGoThroughAnImageNetNetwork) {
    const Answer answer =
        run_command({"run", "--json", "--model", "rednet26", "--weights", "synthetic:3",
                     source_path("examples/images/photos/china.jpg"),
                     source_path("examples/images/photos/flower.jpg")});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.json().at(1).at("top").size(), 5u);
    EXPECT_NE(answer.json().at(0).at("top"), answer.json().at(1).at("top"));
}

TEST(RunWeights, AnotherShapeIsSaidWithBothShapes) {
    const std::string model = temporary_path("twelve_classes.json");
    write_file(model, R"({"kind":"rednet","depth":26,"base_channels":16,"stem_channels":32,)"
                      R"("classes":12})");
    const Answer answer =
        run_command({"run", "--model", model, "--weights",
                     source_path("tests/reference/tiny.safetensors"), digit_pictures()[0]});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_EQ(answer.out, "");
    for (const char *text : {"head.fc.weight", "[12,512]", "[10,512]"})
        EXPECT_NE(answer.err.find(text), std::string::npos) << answer.err;
}

TEST(RunWeights, TruncatedIsSaidWithTheTensor) {
    const std::string bytes = read_file(source_path("models/rednet-digits.safetensors"));
    const std::string path = temporary_path("truncated.safetensors");
    write_file(path, bytes.substr(0, bytes.size() / 2));
    const Answer answer = run_command({"run", "--weights", path, digit_pictures()[0]});
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_EQ(answer.out, "");
    for (const std::string &text : {std::string("--weights"), path, std::string("tensor backbone."),
                                    std::string("truncated")})
        EXPECT_NE(answer.err.find(text), std::string::npos) << answer.err;
}

// The tiny reference network, its input cut out into a file of its own.
class RunTensor : public ::testing::Test {
protected:
    void SetUp() override {
        // One tensor, under the name that `run` looks for.
        TensorFile file(source_path("tests/reference/tiny.safetensors"));
        const std::string data(reinterpret_cast<const char *>(file.values("odd/input").data()),
                               file.values("odd/input").size() * sizeof(float));
        const nlohmann::json header = {{"input",
                                        {{"dtype", "F32"},
                                         {"shape", file.shape("odd/input")},
                                         {"data_offsets", {0, data.size()}}}}};
        const std::string text = header.dump();
        const uint64_t size = text.size();
        write_file(input_, std::string(reinterpret_cast<const char *>(&size), 8) + text + data);
    }
    const std::string reference_ = source_path("tests/reference/tiny.safetensors");
    const std::string input_ = temporary_path("input.safetensors");
    const std::string output_ = temporary_path("output.safetensors");
};

TEST_F(RunTensor, WritesLogitsAndStages) {
    const Answer answer = run_command({"run", "--weights", reference_, "--tensor", input_,
                                       "--output", output_, "--features", "--json"});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.json().at("output"), output_);
    const TensorFile written(output_), expected(reference_);
    for (const char *name : {"logits", "stage1", "stage2", "stage3", "stage4"}) {
        ASSERT_TRUE(written.has(name)) << name;
        const std::string stored = std::string("odd/") + name;
        ASSERT_EQ(written.shape(name), expected.shape(stored)) << name;
        const std::vector<float> got = written.values(name), want = expected.values(stored);
        float largest = 0, furthest = 0;
        for (size_t i = 0; i < want.size(); ++i) {
            largest = std::max(largest, std::abs(want[i]));
            furthest = std::max(furthest, std::abs(want[i] - got[i]));
        }
        EXPECT_LE(furthest, 1e-5f * largest) << name;
    }
}

TEST_F(RunTensor, WithoutFeaturesOnlyLogits) {
    ASSERT_EQ(run_command({"run", "--weights", reference_, "--tensor", input_, "--output", output_})
                  .exit_code,
              0);
    EXPECT_TRUE(TensorFile(output_).has("logits"));
    EXPECT_FALSE(TensorFile(output_).has("stage1"));
}

TEST_F(RunTensor, SizeAndBatchMustBeTheFilesOwn) {
    const std::vector<std::string> base = {"run",  "--model",  "rednet26", "--tensor",
                                           input_, "--output", output_};
    const auto with = [&](const char *option, const char *value) {
        std::vector<std::string> arguments = base;
        arguments.push_back(option);
        arguments.push_back(value);
        return run_command(arguments);
    };
    EXPECT_EQ(with("--size", "75x53").exit_code, 0); // and synthetic weights are the default
    EXPECT_EQ(with("--size", "53x75").exit_code, 2);
    EXPECT_NE(with("--batch", "2").err.find("--batch"), std::string::npos);
}

TEST_F(RunTensor, AnOldOutputSurvivesAFailure) {
    write_file(output_, "precious");
    const Answer answer = run_command({"run", "--model", "resnet26", "--weights", reference_,
                                       "--tensor", input_, "--output", output_});
    EXPECT_EQ(answer.exit_code, 2) << answer.err;
    EXPECT_EQ(read_file(output_), "precious");
}

// A limit on the size of files stands for the full disk: both let a write fail half-way. An ignored
// SIGXFSZ stays ignored in the command, so that it sees the error.
TEST_F(RunTensor, ADiskThatFillsUpLeavesTheOldOutputAndNothingElse) {
    namespace fs = std::filesystem;
    const fs::path folder = temporary_path("full_disk");
    fs::create_directories(folder);
    const std::string output = folder / "out.safetensors", said = temporary_path("said");
    write_file(output, "precious");
    const std::string script = "trap '' XFSZ; ulimit -f 4; exec '" + std::string(INVOLUTE_COMMAND) +
                               "' run --weights '" + reference_ + "' --tensor '" + input_ +
                               "' --output '" + output + "' --features 2> '" + said + "'";
    const int status = std::system(script.c_str());
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 2);
    const std::string message = read_file(said);
    EXPECT_NE(message.find("--output " + output), std::string::npos) << message;
    EXPECT_EQ(read_file(output), "precious");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
    fs::remove_all(folder);
}

} // namespace
} // namespace involute::test
