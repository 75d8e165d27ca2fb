// Every misuse has its exit code, a message on stderr that names the argument and what exists, and
// nothing on stdout.
#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace involute::test {
namespace {

struct Misuse {
    const char *name;
    std::vector<std::string> arguments; // "@path" is a file of the source tree
    int exit_code;
    std::vector<std::string> said;
};

std::ostream &operator<<(std::ostream &stream, const Misuse &misuse) {
    return stream << misuse.name;
}

const std::string kDigit = "@examples/images/0_1297.png";
const std::string kDigits = "@models/rednet-digits.safetensors";

const std::vector<Misuse> &misuses() {
    static const std::vector<Misuse> all = {
        {"nothing", {}, 2, {"run, bench, verify, compare, compile, tune, wisdom, info, doctor"}},
        {"unknown_subcommand",
         {"convert"},
         2,
         {"run, bench, verify, compare, compile, tune, wisdom, info, doctor", "\"convert\""}},
        {"unknown_option", {"run", "--sise", "1x1"}, 2, {"--sise"}},
        {"option_without_value", {"bench", "--model"}, 2, {"--model"}},
        {"run_nothing", {"run"}, 2, {"pictures", "--tensor"}},
        {"run_model_without_weights",
         {"run", "--model", "rednet50", kDigit},
         2,
         {"--weights", "rednet50"}},
        {"run_two_models",
         {"run", "--model", "rednet26", "--model", "rednet50", kDigit},
         2,
         {"--model"}},
        {"unknown_model",
         {"bench", "--model", "rednet51"},
         2,
         {"--model", "rednet51",
          "rednet26, rednet38, rednet50, rednet101, rednet152, resnet26, "
          "resnet38, resnet50, resnet101, resnet152, rednet-digits"}},
        {"no_architecture_file", {"bench", "--model", "no/such.json"}, 2, {"--model no/such.json"}},
        {"architecture_is_no_json", {"bench", "--model", "@LICENSE"}, 2, {"--model", "JSON"}},
        {"unknown_op",
         {"bench", "--op", "convolution"},
         2,
         {"--op", "convolution",
          "involution, aggregation, kernel_generation, conv2d, local, max_pool, "
          "avg_pool, global_pool, dense"}},
        {"op_option_without_op", {"bench", "--kernel", "3"}, 2, {"--op"}},
        {"op_and_model", {"bench", "--op", "dense", "--model", "rednet26"}, 2, {"--op", "--model"}},
        {"option_of_another_op",
         {"bench", "--op", "conv2d", "--reduction", "4"},
         2,
         {"--reduction", "conv2d"}},
        {"window_beyond_the_map",
         {"bench", "--op", "aggregation", "--kernel", "9", "--border", "clamp", "--size", "8x8"},
         2,
         {"border clamp", "9x9", "8x8"}},
        {"other_border",
         {"bench", "--op", "aggregation", "--border", "wrap"},
         2,
         {"border", "clamp"}},
        {"upsample_with_stride",
         {"bench", "--op", "aggregation", "--upsample", "2", "--stride", "2"},
         2,
         {"stride", "1"}},
        {"conv_groups", {"bench", "--op", "conv2d", "--groups", "3"}, 2, {"groups", "64"}},
        {"kernel_of_two_sides",
         {"bench", "--op", "conv2d", "--kernel", "3x4"},
         2,
         {"kernel", "odd"}},
        {"even_kernel", {"bench", "--op", "involution", "--kernel", "4"}, 2, {"kernel", "4"}},
        {"attention_even_kernel",
         {"bench", "--op", "local_attention", "--kernel", "6"},
         2,
         {"kernel", "odd", "6"}},
        {"attention_kernel_of_two_sides",
         {"bench", "--op", "local_attention", "--kernel", "3x5"},
         2,
         {"kernel", "odd", "[3,5]"}},
        {"attention_with_stride",
         {"bench", "--op", "local_attention", "--stride", "2"},
         2,
         {"--stride", "local_attention", "dilation"}},
        {"groups_do_not_divide",
         {"bench", "--op", "involution", "--channels", "40"},
         2,
         {"channels", "40"}},
        {"bench_nothing", {"bench"}, 2, {"--model", "--op", "rednet26"}},
        {"size_zero", {"bench", "--model", "rednet26", "--size", "0x224"}, 2, {"--size", "0x224"}},
        {"size_negative", {"bench", "--model", "rednet26", "--size=-1x8"}, 2, {"--size", "-1x8"}},
        {"size_not_two", {"bench", "--model", "rednet26", "--size", "224"}, 2, {"--size", "HxW"}},
        {"size_words", {"run", "--size", "axb", kDigit}, 2, {"--size", "HxW", "axb"}},
        {"size_huge", {"run", "--size", "99999999999999999999x1", kDigit}, 2, {"--size"}},
        {"batch_zero", {"bench", "--model", "rednet26", "--batch", "0"}, 2, {"--batch", "\"0\""}},
        {"batch_word", {"run", "--batch", "two", kDigit}, 2, {"--batch", "two"}},
        {"threads_zero", {"run", "--threads", "0", kDigit}, 2, {"--threads", "\"0\""}},
        {"threads_huge", {"run", "--threads", "100000", kDigit}, 2, {"--threads", "1024"}},
        {"threads_list_in_run", {"run", "--threads", "1,2", kDigit}, 2, {"--threads"}},
        {"list_with_gap", {"bench", "--model", "rednet26", "--threads", "1,,2"}, 2, {"--threads"}},
        {"unknown_isa",
         {"run", "--isa", "sse9", kDigit},
         2,
         {"--isa", "sse9", "baseline, avx2, avx512, neon, opencl, cuda"}},
        {"device_isa", {"run", "--isa", "cuda", kDigit}, 3, {"--isa cuda"}},
        {"foreign_isa", {"run", "--isa", "neon", kDigit}, 3, {"--isa", "neon"}},
        {"unknown_dtype", {"run", "--dtype", "f64", kDigit}, 2, {"--dtype", "f32"}},
        {"unknown_schedule",
         {"run", "--schedule", "best", kDigit},
         2,
         {"--schedule",
          "hand, tuned, specialised, naive, own, mullapudi2016, adams2019, li2018, anderson2021"}},
        {"wisdom_alone",
         {"run", "--wisdom", "w.json", kDigit},
         2,
         {"--wisdom", "--schedule tuned"}},
        {"wisdom",
         {"run", "--schedule", "tuned", "--wisdom", "no_such.json", kDigit},
         2,
         {"wisdom", "no_such.json"}},
        {"top_zero", {"run", "--top", "0", kDigit}, 2, {"--top"}},
        {"labels_missing", {"run", "--labels", "no/such.txt", kDigit}, 2, {"--labels no/such.txt"}},
        {"labels_too_many", {"run", "--labels", "@LICENSE", kDigit}, 2, {"--labels", "10 lines"}},
        {"weights_missing", {"run", "--weights", "no/such", kDigit}, 2, {"--weights no/such"}},
        {"weights_foreign",
         {"run", "--weights", "@LICENSE", kDigit},
         2,
         {"--weights", "safetensors"}},
        {"weights_seed",
         {"bench", "--model", "rednet26", "--weights", "synthetic:x"},
         2,
         {"--weights"}},
        {"weights_do_not_fit",
         {"run", "--model", "resnet26", "--weights", kDigits, kDigit},
         2,
         {"resnet26", "rednet-digits.safetensors", "conv1.weight"}},
        {"weights_without_architecture",
         {"run", "--weights", "@tests/reference/layers.safetensors", kDigit},
         2,
         {"--model", "layers.safetensors"}},
        {"tensor_without_output", {"run", "--tensor", "@LICENSE"}, 2, {"--output"}},
        {"output_without_tensor", {"run", "--output", "x", kDigit}, 2, {"--tensor"}},
        {"features_without_tensor", {"run", "--features", kDigit}, 2, {"--features", "--tensor"}},
        {"tensor_foreign",
         {"run", "--tensor", "@LICENSE", "--output", "$out"},
         2,
         {"--tensor", "safetensors"}},
        {"tensor_without_input",
         {"run", "--tensor", kDigits, "--output", "$out"},
         2,
         {"--tensor", "input"}},
        {"output_folder_missing",
         {"run", "--tensor", "no/such/input", "--output", "no/such/folder/out"},
         2,
         {"--output no/such/folder/out"}},
        {"output_is_a_folder", {"run", "--tensor", "x", "--output", "/"}, 2, {"--output /"}},
        {"verify_nothing", {"verify"}, 2, {"files"}},
        {"verify_missing", {"verify", "no/such"}, 2, {"no/such"}},
        {"verify_foreign", {"verify", "@LICENSE"}, 2, {"LICENSE"}},
        {"verify_without_cases",
         {"verify", "@tests/reference/digits.safetensors"},
         2,
         {"digits.safetensors", "no cases"}},
        {"row_without_op", {"info", "--row"}, 2, {"--op"}},
        {"iterations", {"bench", "--model", "rednet26", "--iterations", "0"}, 2, {"--iterations"}},
        {"min_time", {"bench", "--model", "rednet26", "--min-time", "soon"}, 2, {"--min-time"}},
    };
    return all;
}

class Usage : public ::testing::TestWithParam<Misuse> {};

TEST_P(Usage, IsRefusedWithAMessage) {
    std::vector<std::string> arguments;
    const std::string output = temporary_path("never_written");
    for (const std::string &word : GetParam().arguments)
        arguments.push_back(word[0] == '@'   ? source_path(word.substr(1))
                            : word == "$out" ? output
                                             : word);
    const Answer answer = run_command(arguments);
    EXPECT_EQ(answer.exit_code, GetParam().exit_code) << answer.err;
    EXPECT_EQ(answer.out, "");
    EXPECT_EQ(answer.err.compare(0, 8, "involute"), 0) << answer.err;
    for (const std::string &text : GetParam().said)
        EXPECT_NE(answer.err.find(text), std::string::npos)
            << "\"" << text << "\" is not in: " << answer.err;
    EXPECT_EQ(read_file(output), "");
}

INSTANTIATE_TEST_SUITE_P(Misuses, Usage, ::testing::ValuesIn(misuses()),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(Help, EverySubcommandHasIt) {
    const Answer all = run_command({"--help"});
    EXPECT_EQ(all.exit_code, 0);
    for (const char *command : {"run", "bench", "verify", "info", "doctor"}) {
        EXPECT_NE(all.out.find(command), std::string::npos);
        const Answer answer = run_command({command, "--help"});
        EXPECT_EQ(answer.exit_code, 0) << answer.err;
        EXPECT_NE(answer.out.find("--json"), std::string::npos) << answer.out;
        EXPECT_NE(answer.out.find("Exit codes"), std::string::npos) << answer.out;
    }
}

TEST(Help, VersionIsOnStdout) {
    const Answer answer = run_command({"--version"});
    EXPECT_EQ(answer.exit_code, 0);
    EXPECT_EQ(std::count(answer.out.begin(), answer.out.end(), '.'), 2) << answer.out;
}

TEST(Environment, ACappedInstructionSetIsExitThree) {
    const Answer answer =
        run_command({"run", "--isa", "avx2", source_path("examples/images/0_1297.png")},
                    {{"INVOLUTE_MAX_ISA", "baseline"}});
    EXPECT_EQ(answer.exit_code, 3);
    EXPECT_NE(answer.err.find("--isa avx2"), std::string::npos) << answer.err;
}

TEST(Environment, AFullDiskIsSaid) {
    const std::string script =
        std::string(INVOLUTE_COMMAND) + " info > /dev/full 2> " + temporary_path("full");
    const int status = std::system(script.c_str());
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 2);
    EXPECT_NE(read_file(temporary_path("full")).find("stdout"), std::string::npos);
}

} // namespace
} // namespace involute::test
