// `involute doctor`: tries what the command needs on this machine and says what is missing, with
// the line that mends it.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "commands.h"
#include "doctor_pictures.h"
#include "failure.h"
#include "network.h"
#include "peak.h"
#include "print.h"
#include "system_info.h"

namespace involute {

namespace {

struct Finding {
    std::string what, found; // "memory", "15.6 GB, ..."
    bool ok = true;
    bool needed = true; // exit 3 without it
    std::string mend;   // a command
};

std::string isa_state(involute_isa isa) {
    const involute_status status = involute_isa_check(isa);
    return status.code == INVOLUTE_OK ? "usable" : status.message;
}

// "" when a picture in memory is decoded, else why not.
std::string try_picture(const unsigned char *bytes, size_t size) {
    const int memory = memfd_create("picture", MFD_CLOEXEC);
    if (memory < 0)
        return std::string("no file in memory: ") + std::strerror(errno);
    std::string error;
    if (write(memory, bytes, size) != static_cast<ssize_t>(size)) {
        error = "no file in memory";
    } else {
        // Without data the first call tells the shape only.
        const std::string path = "/proc/self/fd/" + std::to_string(memory);
        involute_tensor picture = {};
        involute_status status = involute_image_load(path.c_str(), nullptr, 0, 0, &picture);
        std::vector<float> values(static_cast<size_t>(3 * picture.shape[2] * picture.shape[3]));
        picture.data = values.data();
        if (status.code == INVOLUTE_OK)
            status = involute_image_load(path.c_str(), nullptr, 0, 0, &picture);
        error = status.message;
    }
    close(memory);
    return error;
}

Finding pictures() {
    Finding finding;
    finding.what = "pictures";
    std::vector<std::string> good, bad;
    for (const SamplePicture &sample : sample_pictures()) {
        const std::string error = try_picture(sample.bytes, sample.size);
        if (error.empty())
            good.push_back(sample.format);
        else
            bad.push_back(std::string(sample.format) + ": " + error);
    }
    finding.ok = bad.empty();
    finding.found = bad.empty() ? joined(good) + " are read" : joined(bad, "; ");
    finding.mend = "sudo apt-get install libspng-dev libjpeg62-turbo-dev && cmake --build "
                   "--preset release";
    return finding;
}

// The embedded model, from its bytes to an answer.
Finding digits() {
    Finding finding;
    finding.what = "rednet-digits";
    finding.mend = "cmake --build --preset release --clean-first";
    try {
        Model model = open_model("", "");
        create_model(INVOLUTE_ISA_AUTO, kHand, &model);
        const Session session = create_session(model, 1, default_size(model), usable_cores());
        const std::vector<Tensor> inputs =
            make_tensors(session.json.at("inputs"), Order::kChannelsLast);
        const std::vector<Tensor> outputs =
            make_tensors(session.json.at("outputs"), Order::kRowMajor);
        const auto in = named(inputs), out = named(outputs);
        require(involute_session_run(session.handle.get(), in.data(), in.size(), out.data(),
                                     out.size()),
                "run");
        finding.found = "runs on " + session.json.at("isa").get<std::string>();
    } catch (const Failure &failure) {
        finding.ok = false;
        finding.found = failure.what();
    }
    return finding;
}

Finding kernels() {
    Finding finding;
    finding.what = "kernels";
    const Json all = Json::parse(involute_kernels_json());
    char reason[512] = "";
    const involute_isa best = involute_isa_best(reason, sizeof reason);
    finding.ok = !all.empty();
    finding.found = std::to_string(all.size()) +
                    " in the library; chosen: " + involute_isa_name(best) + " (" + reason + ")";
    finding.mend = "cmake --build --preset release";
    return finding;
}

// What one core reaches in each type, beside float32.
std::string peaks() {
    constexpr int kSamples = 50;
    constexpr std::pair<involute_dtype, const char *> kTypes[] = {
        {INVOLUTE_F32, "f32"}, {INVOLUTE_BF16, "bf16"}, {INVOLUTE_I8, "int8"}};
    if (is_emulated())
        return "not timed under an emulator";
    const involute_isa best = involute_isa_best(nullptr, 0);
    std::vector<std::string> parts;
    double f32 = 0;
    for (const auto &[dtype, name] : kTypes) {
        const double peak = peak_gflops(sample_peak(best, dtype, 1, kSamples), {});
        if (dtype == INVOLUTE_F32)
            f32 = peak;
        parts.push_back(std::string(name) + " " +
                        (peak <= 0 ? "none, this CPU lacks its instruction"
                         : dtype == INVOLUTE_F32
                             ? fixed(peak, 1)
                             : fixed(peak, 1) + " (" + fixed(peak / f32, 1) + " times f32)"));
    }
    return std::string(involute_isa_name(best)) +
           ", 10^9 operations a second and core: " + joined(parts);
}

Finding fact(const std::string &what, const std::string &found) {
    Finding finding;
    finding.what = what, finding.found = found;
    return finding;
}

Finding optional_tool(const char *tool, const std::string &purpose, const std::string &mend) {
    Finding finding;
    finding.what = tool;
    finding.needed = false;
    finding.ok = on_path(tool);
    finding.found = (finding.ok ? "found: " : "not found: ") + purpose;
    finding.mend = mend;
    return finding;
}

std::vector<Finding> examine() {
    std::vector<Finding> all;
    all.push_back(fact("CPU", cpu_model() + " (" + cpu_family() + ")" +
                                  (is_emulated() ? std::string("; ") + kEmulated : "")));
    all.push_back(fact("cores", std::to_string(usable_cores()) + " usable by this process"));
    all.push_back(fact("memory", megabytes(memory_total_bytes()) + ", " +
                                     megabytes(memory_free_bytes()) + " available"));
    all.push_back(
        fact("library", std::string("involute ") + involute_version() + ", commit " + commit()));
    for (involute_isa isa : kAllIsas)
        all.push_back(fact(involute_isa_name(isa), isa_state(isa)));
    all.push_back(fact("multiply-adds", peaks()));
    all.push_back(kernels());
    all.push_back(digits());
    all.push_back(pictures());
    const std::string build = "building from source";
    all.push_back(optional_tool("g++", build, "sudo apt-get install g++"));
    all.push_back(optional_tool("pkg-config", build, "sudo apt-get install pkg-config"));
    all.push_back(
        optional_tool("python3", build + ", training", "sudo apt-get install python3-venv"));
    all.push_back(optional_tool("git", "the commit in benchmark rows", "sudo apt-get install git"));
    return all;
}

int doctor(bool json) {
    const std::vector<Finding> all = examine();
    bool lacking = false;
    Json rows = Json::array();
    std::string text;
    for (const Finding &finding : all) {
        const char *state = finding.ok ? "ok" : finding.needed ? "missing" : "optional";
        lacking = lacking || (!finding.ok && finding.needed);
        Json row = {{"what", finding.what}, {"state", state}, {"found", finding.found}};
        if (!finding.ok)
            row["mend"] = finding.mend;
        rows.push_back(row);
    }
    if (json) {
        print(rows.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    } else {
        Table table({"<what", "<state", "<found"});
        for (const Json &row : rows)
            table.row(
                {row.at("what").get<std::string>(), row.at("state").get<std::string>(),
                 row.at("found").get<std::string>() +
                     (row.contains("mend") ? "; mend: " + row.at("mend").get<std::string>() : "")});
        print(table.text());
    }
    return lacking ? kExitEnvironment : kExitOk;
}

} // namespace

void add_doctor(CLI::App *app, int *exit_code) {
    CLI::App *command =
        app->add_subcommand("doctor", "What this machine can run, what is missing, how to mend it");
    auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "print JSON");
    command->callback([=] { *exit_code = doctor(*json); });
}

} // namespace involute
