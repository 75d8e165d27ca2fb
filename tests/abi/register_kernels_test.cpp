// Kernels from elsewhere: what involute_register_kernels takes and what it refuses, by name and
// version; a pack of the emit program gives the bits of the library's own kernels.
#include <dlfcn.h>

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "involute/involute.h"
#include "tests/kernels/emitted_library.h"

namespace {

using involute::kernel_tests::CommandResult;
using involute::kernel_tests::new_work_folder;
using involute::kernel_tests::run_command;

const involute_kernel_services *given_ = nullptr;

void keep_services(const involute_kernel_services *services) {
    given_ = services;
}

int no_kernel(void **) {
    return 0;
}

// A table that would be taken if it were new.
struct Sample {
    involute_kernel kernel = {"aggregation_k3_s1",
                              "aggregation",
                              "window",
                              "f32",
                              "naive",
                              "no_kernel",
                              nullptr,
                              3,
                              1,
                              16,
                              0,
                              16,
                              INVOLUTE_ISA_BASELINE,
                              no_kernel};
    involute_kernel_table table = {sizeof table,
                                   sizeof kernel,
                                   "sample",
                                   involute_version(),
                                   involute_kernel_interface(),
                                   &kernel,
                                   1,
                                   keep_services};

    std::string refusal() const {
        const involute_status status = involute_register_kernels(&table);
        EXPECT_EQ(status.code, INVOLUTE_INVALID_ARGUMENT);
        return status.message;
    }
};

TEST(RegisterKernels, ForeignTablesAreRefusedByNameAndVersion) {
    Sample old;
    old.table.version = "0.0.9";
    EXPECT_EQ(old.refusal(), std::string("kernels 'sample': expected version ") +
                                 involute_version() + ", got 0.0.9");
    Sample other;
    other.table.interface_hash = "0123456789abcdef";
    EXPECT_NE(other.refusal().find("kernels 'sample': expected kernel interface"),
              std::string::npos);
    Sample larger;
    larger.table.kernel_size += 8;
    EXPECT_NE(larger.refusal().find("kernel_size"), std::string::npos);
    Sample shorter;
    shorter.table.struct_size = 8;
    EXPECT_NE(shorter.refusal().find("struct_size"), std::string::npos);
    EXPECT_EQ(involute_register_kernels(nullptr).code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_EQ(given_, nullptr) << "a table was used that was refused";
}

TEST(RegisterKernels, KernelsThatDoNotFitAreRefused) {
    const auto refused = [](auto change, const char *named) {
        Sample sample;
        change(&sample.kernel);
        const std::string message = sample.refusal();
        EXPECT_NE(message.find(named), std::string::npos) << message;
    };
    refused([](involute_kernel *k) { k->op = "convolution"; }, "expected op");
    refused([](involute_kernel *k) { k->form = "round"; }, "expected form");
    refused([](involute_kernel *k) { k->dtype = "bf16"; }, "expected dtype");
    refused([](involute_kernel *k) { k->schedule = "hand"; }, "expected schedule");
    refused([](involute_kernel *k) { k->isa = 99; }, "expected isa");
    refused([](involute_kernel *k) { k->kernel = 4; }, "a row as this library has it");
    refused([](involute_kernel *k) { k->row = "a_row_of_its_own", k->packing = 65; },
            "expected packing 1 .. 64, got 65");
    refused([](involute_kernel *k) { k->row = "a_row_of_its_own", k->stride = -1; },
            "expected numbers from 0");
    refused([](involute_kernel *k) { k->packing = 8; }, "a row as this library has it");
    refused([](involute_kernel *k) { k->function = nullptr; }, "function");
    refused([](involute_kernel *k) { k->symbol = nullptr; }, "symbol");
    EXPECT_EQ(given_, nullptr);
}

std::vector<float> run(const char *schedule, involute_status *status) {
    const char *description = R"({"kind":"aggregation","channels":32,"kernel":3,"relu":true})";
    involute_model_options options = {};
    options.struct_size = sizeof options;
    options.architecture = description;
    options.isa = INVOLUTE_ISA_BASELINE;
    options.schedule = schedule;
    involute_model *model = nullptr;
    *status = involute_model_create(&options, &model);
    if (status->code != INVOLUTE_OK)
        return {};
    involute_session_options sizes = {};
    sizes.struct_size = sizeof sizes;
    sizes.batch = 2, sizes.height = 7, sizes.width = 9, sizes.threads = 2;
    involute_session *session = nullptr;
    *status = involute_session_create(model, &sizes, &session);
    std::vector<float> input(2 * 32 * 63), kernels(2 * 2 * 9 * 63), output(2 * 32 * 63);
    const int64_t map[] = {2, 32, 7, 9}, taps[] = {2, 2, 9, 7, 9};
    involute_named_tensor inputs[] = {{"input", involute_tensor_f32(input.data(), 4, map)},
                                      {"kernels", involute_tensor_f32(kernels.data(), 5, taps)}};
    for (involute_named_tensor &tensor : inputs)
        EXPECT_EQ(involute_tensor_fill(&tensor.tensor, tensor.name, 3, 0, 1).code, INVOLUTE_OK);
    const involute_named_tensor result = {"output", involute_tensor_f32(output.data(), 4, map)};
    if (status->code == INVOLUTE_OK)
        *status = involute_session_run(session, inputs, 2, &result, 1);
    involute_session_destroy(session);
    involute_model_destroy(model);
    if (status->code != INVOLUTE_OK)
        output.clear();
    return output;
}

// What creating a session of 8x8 says; "" when all is well.
std::string session_message(const involute_model_options &options) {
    involute_model *model = nullptr;
    involute_status status = involute_model_create(&options, &model);
    involute_session_options sizes = {};
    sizes.struct_size = sizeof sizes;
    sizes.batch = 1, sizes.height = 8, sizes.width = 8, sizes.threads = 1;
    involute_session *session = nullptr;
    if (status.code == INVOLUTE_OK)
        status = involute_session_create(model, &sizes, &session);
    involute_session_destroy(session);
    involute_model_destroy(model);
    return status.message;
}

// Emit's naive kernels in a library of their own, with this library's threads and memory.
TEST(RegisterKernels, APackGivesTheSameBits) {
    involute_status status;
    EXPECT_TRUE(run("naive", &status).empty());
    EXPECT_EQ(status.code, INVOLUTE_UNAVAILABLE);

    const std::string folder = new_work_folder();
    const CommandResult runtime =
        run_command({INVOLUTE_EMIT, "--runtime", "halide_runtime", "--out", folder});
    ASSERT_EQ(runtime.exit_code, 0) << runtime.output;
    const std::string path = folder + "/pack.so";
    const CommandResult built = run_command(
        {INVOLUTE_EMIT, "--row", "aggregation_k3_s1", "--isa", "baseline", "--schedule", "naive",
         "--out", folder, "--halide-runtime", folder + "/halide_runtime.o", "--pack", path});
    ASSERT_EQ(built.exit_code, 0) << built.output;
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    EXPECT_EQ(dlsym(library, "halide_malloc"), nullptr);
    using Entry = const involute_kernel_table *(*)();
    const auto entry = reinterpret_cast<Entry>(dlsym(library, "involute_pack"));
    ASSERT_NE(entry, nullptr);
    status = involute_register_kernels(entry());
    ASSERT_EQ(status.code, INVOLUTE_OK) << status.message;

    const std::vector<float> naive = run("naive", &status);
    ASSERT_EQ(status.code, INVOLUTE_OK) << status.message;
    const std::vector<float> hand = run("hand", &status);
    ASSERT_EQ(naive.size(), hand.size());
    EXPECT_EQ(std::memcmp(naive.data(), hand.data(), hand.size() * sizeof(float)), 0);

    // The same once more, and a layer that it has no kernel for.
    status = involute_register_kernels(entry());
    EXPECT_EQ(status.code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_NE(std::string(status.message).find("not there yet"), std::string::npos)
        << status.message;
    involute_model_options options = {};
    options.struct_size = sizeof options;
    options.architecture = R"({"kind":"aggregation","channels":32})";
    options.schedule = "naive";
    options.isa = INVOLUTE_ISA_BASELINE;
    EXPECT_EQ(session_message(options),
              "layer 'aggregation': no kernel of schedule naive was registered for row "
              "aggregation_k7_s1, isa baseline and call "
              "16:1,2:16,8:32,8:256,1:2048;7:1,7:7,2:49,8:98,8:784,1:6272;16:1,2:16;16:1,2:16;f;t;"
              "16:1,2:16,8:32,8:256,1:2048");
}

// Of one call: no other takes it, and it goes before the one for any.
TEST(RegisterKernels, AKernelForOneCallIsTakenForThatCall) {
    static std::string call; // of 32 channels at 8x8
    involute_model_options options = {};
    options.struct_size = sizeof options;
    options.architecture = R"({"kind":"aggregation","channels":32,"kernel":3,"stride":2})";
    options.schedule = "adams2019";
    options.isa = INVOLUTE_ISA_BASELINE;
    const std::string missing = session_message(options);
    const size_t at = missing.find("and call ");
    ASSERT_NE(at, std::string::npos) << missing;
    call = missing.substr(at + 9);

    static Sample sample;
    sample.kernel.row = "aggregation_k3_sn", sample.kernel.stride = 0;
    sample.kernel.schedule = "adams2019", sample.kernel.call = call.c_str();
    ASSERT_EQ(involute_register_kernels(&sample.table).code, INVOLUTE_OK);
    EXPECT_EQ(session_message(options), "");
    options.architecture = R"({"kind":"aggregation","channels":48,"kernel":3,"stride":2})";
    EXPECT_NE(session_message(options).find("no kernel of schedule adams2019"), std::string::npos);
    EXPECT_NE(sample.refusal().find("not there yet"), std::string::npos);
}

// A row that the library does not have serves the layers that fit it, all others stay as they were.
TEST(RegisterKernels, RowsOfTheirOwnAreTakenByTheirSchedule) {
    static Sample sample;
    sample.kernel.row = "aggregation_k5_s1_g8", sample.kernel.schedule = "specialised";
    sample.kernel.kernel = 5, sample.kernel.group_channels = 8;
    ASSERT_EQ(involute_register_kernels(&sample.table).code, INVOLUTE_OK);
    const auto row_of = [](const char *architecture, const char *schedule) {
        involute_model_options options = {};
        options.struct_size = sizeof options;
        options.architecture = architecture;
        options.schedule = schedule;
        options.isa = INVOLUTE_ISA_BASELINE;
        involute_model *model = nullptr;
        EXPECT_EQ(involute_model_create(&options, &model).code, INVOLUTE_OK);
        const std::string json = model ? involute_model_json(model) : "";
        involute_model_destroy(model);
        const size_t at = json.find("\"row\":\"");
        return json.substr(at + 7, json.find('"', at + 7) - at - 7);
    };
    const char *own = R"({"kind":"aggregation","channels":32,"kernel":5,"group_channels":8})";
    EXPECT_EQ(row_of(own, "specialised"), "aggregation_k5_s1_g8");
    EXPECT_EQ(row_of(own, "hand"), "aggregation_generic");
    EXPECT_EQ(row_of(R"({"kind":"aggregation","channels":32,"kernel":7})", "specialised"),
              "aggregation_k7_s1");
}

TEST(RegisterKernels, APlannedSessionTellsButDoesNotRun) {
    involute_model_options options = {};
    options.struct_size = sizeof options;
    options.architecture = R"({"kind":"global_pool","channels":32})";
    options.schedule = "li2018"; // of which nothing was registered
    involute_model *model = nullptr;
    ASSERT_EQ(involute_model_create(&options, &model).code, INVOLUTE_OK);
    involute_session_options sizes = {};
    sizes.struct_size = sizeof sizes;
    sizes.batch = 1, sizes.height = 4, sizes.width = 4, sizes.threads = 1, sizes.plan_only = 1;
    involute_session *session = nullptr;
    ASSERT_EQ(involute_session_create(model, &sizes, &session).code, INVOLUTE_OK);
    EXPECT_NE(
        std::string(involute_session_json(session)).find("\"call\":\"16:1,2:16,16:32,1:512;f"),
        std::string::npos)
        << involute_session_json(session);
    std::vector<float> values(32 * 16), result(32);
    const int64_t map[] = {1, 32, 4, 4}, pixel[] = {1, 32};
    const involute_named_tensor input = {"input", involute_tensor_f32(values.data(), 4, map)};
    const involute_named_tensor output = {"output", involute_tensor_f32(result.data(), 2, pixel)};
    const involute_status status = involute_session_run(session, &input, 1, &output, 1);
    EXPECT_EQ(status.code, INVOLUTE_INVALID_ARGUMENT);
    EXPECT_NE(std::string(status.message).find("plan_only"), std::string::npos) << status.message;
    involute_session_destroy(session);
    involute_model_destroy(model);
}

} // namespace
