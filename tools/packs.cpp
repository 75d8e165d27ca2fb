// A pack is named by what it holds and by a hash of the emit program that built it: algorithms and
// schedules are inside of that, so a changed one asks for packs of its own. NAME.so are the
// kernels, NAME.json what the emit program says of them, NAME.failed why there are none.
#include "packs.h"

#include <dlfcn.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <tuple>

#include "autotune/hash.h"
#include "failure.h"
#include "files.h"
#include "progress.h"
#include "special_rows.h"
#include "system_info.h"
#include "tuned_layers.h"

namespace involute {

namespace {

namespace fs = std::filesystem;

constexpr int kRefused = 4; // the emit program's exit code where Halide refuses a kernel
constexpr size_t kMaxWords = 2000;

// What a program has printed, for people: without its name, and not all of a flood.
std::string words_of(const std::string &log) {
    std::string text = text_of(log);
    for (const std::string prefix : {"emit: ", "Error: "})
        if (text.compare(0, prefix.size(), prefix) == 0)
            text.erase(0, prefix.size());
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.pop_back();
    return text.size() > kMaxWords ? text.substr(0, kMaxWords) + " ..." : text;
}

// The emit program and the packs that it builds.
class Builder {
public:
    Builder(Limits limits, bool shows_progress)
        : limits_(limits), shows_progress_(shows_progress), emit_(require_emit_program("packs")),
          folder_(packs_folder()) {
        std::error_code error;
        fs::create_directories(folder_, error);
        if (error)
            throw Failure(kExitEnvironment, folder_ + ": " + error.message());
        hash_ = emit_hash();
    }

    std::vector<Pack> build(const std::vector<PackRequest> &requests) {
        std::vector<const PackRequest *> missing;
        std::set<PackRequest> known;
        for (const PackRequest &request : requests)
            if (known.insert(request).second && !is_there(request) && !has_failed(request))
                missing.push_back(&request);
        if (!missing.empty())
            build_missing(missing);
        std::vector<Pack> packs;
        for (const PackRequest &request : requests)
            packs.push_back(pack_of(request));
        return packs;
    }

    void prepare(const std::string &other) const {
        find_halide(emit_, folder_, "packs");
        build_runtime();
        const fs::path there = fs::path(other) / fs::path(runtime()).filename();
        std::error_code error;
        fs::copy_file(runtime(), there, error);
        if (error)
            throw Failure(kExitEnvironment, there.string() + ": " + error.message());
    }

private:
    std::string base(const PackRequest &request) const {
        const std::string about = request.call + "|" + std::to_string(request.parallelism) + "|" +
                                  request.define +
                                  (request.knobs.empty() ? "" : "|" + request.knobs) +
                                  (request.search.empty() ? "" : "|" + request.search);
        const bool plain = request.call.empty() && request.define.empty();
        return folder_ + "/" + request.row + "__" + request.isa + "_" + request.schedule + "-" +
               (plain ? "" : autotune::hash_of_text(about) + "-") + hash_;
    }

    bool is_there(const PackRequest &request) const {
        return fs::exists(base(request) + ".json") &&
               (request.schedule == kHand || fs::exists(base(request) + ".so"));
    }

    Json failure_of(const PackRequest &request) const {
        const Json told = Json::parse(text_of(base(request) + ".failed"), nullptr, false);
        return told.is_object() && told.value("error", Json()).is_string() ? told : Json();
    }

    // Under limits that were no lower.
    bool has_failed(const PackRequest &request) const {
        const auto covers = [](double before, double now) {
            return before == 0 || (now != 0 && now <= before);
        };
        const Json told = failure_of(request);
        return told.is_object() && covers(told.value("seconds", 0.0), limits_.seconds) &&
               covers(told.value("bytes", 0.0), static_cast<double>(limits_.bytes));
    }

    Pack pack_of(const PackRequest &request) const {
        Pack pack;
        if (is_there(request)) {
            pack.path = request.schedule == kHand ? "" : base(request) + ".so";
            pack.features = request.search.empty() ? "" : base(request) + ".features";
            pack.description = Json::parse(text_of(base(request) + ".json"), nullptr, false);
            return pack;
        }
        if (const auto other = others_.find(request); other != others_.end())
            return other->second;
        const Json told = failure_of(request);
        pack.error = told.is_object() ? told.at("error").get<std::string>() : "was not built";
        pack.exit_code = told.is_object() ? told.value("exit_code", 0) : 0;
        return pack;
    }

    void build_missing(const std::vector<const PackRequest *> &requests) {
        find_halide(emit_, folder_, "packs");
        Progress progress(static_cast<int>(requests.size()) + 1, shows_progress_);
        progress.step("building packs: Halide's runtime");
        build_runtime();
        std::vector<WorkFolder> folders;
        ProgramPool programs(limits_);
        for (const PackRequest *request : requests) {
            folders.emplace_back(folder_);
            const std::string folder = folders.back().path();
            programs.start(
                words(*request, folder), folder + "/log",
                [this, request, folder](const Ending &ending) { keep(*request, folder, ending); });
            progress.step("building packs: " + request->text());
        }
        programs.wait_for_all();
    }

    std::vector<std::string> words(const PackRequest &request, const std::string &folder) const {
        std::vector<std::string> words = {emit_,        "--isa",          request.isa,
                                          "--schedule", request.schedule, "--out",
                                          folder,       "--describe",     folder + "/description"};
        const auto add = [&words](const std::string &option, const std::string &value) {
            if (!value.empty())
                words.insert(words.end(), {option, value});
        };
        add("--row", request.define.empty() ? request.row : "");
        add("--define", request.define);
        add("--call", request.call);
        add("--knobs", request.knobs);
        add("--search", request.search);
        add("--features", request.search.empty() ? "" : folder + "/features");
        add("--parallelism", request.parallelism > 0 ? std::to_string(request.parallelism) : "");
        add("--halide-runtime", runtime());
        add("--pack", request.schedule == kHand ? "" : folder + "/pack.so");
        return words;
    }

    void keep(const PackRequest &request, const std::string &folder, const Ending &ending) {
        const std::string path = base(request);
        if (ending.text.empty()) {
            Json description = Json::parse(text_of(folder + "/description"), nullptr, false);
            description["peak_mb"] = static_cast<double>(ending.peak_bytes) / 1e6;
            replace_file(path + ".json", description.dump() + "\n", kExitEnvironment);
            if (!request.search.empty())
                fs::rename(folder + "/features", path + ".features");
            if (request.schedule != kHand)
                fs::rename(folder + "/pack.so", path + ".so");
            return;
        }
        const std::string words = words_of(folder + "/log");
        const bool plain = ending.exit_code == kRefused && !words.empty();
        const std::string text =
            plain ? words
            : ending.exit_code == kRefused
                ? "Halide refuses it without a word"
                : "the emit program " + ending.text + (words.empty() ? "" : "\n" + words);
        const bool own = ending.exit_code == kRefused || ending.exit_code > 128;
        if (!own || ending.exit_code == 128 + SIGINT || ending.exit_code == 128 + SIGTERM) {
            Pack failed;
            failed.error = text, failed.exit_code = ending.exit_code;
            others_[request] = failed;
            return;
        }
        const bool by_limit = ending.exit_code != kRefused;
        const Json told = {{"error", text},
                           {"exit_code", ending.exit_code},
                           {"took_s", ending.seconds},
                           {"peak_mb", static_cast<double>(ending.peak_bytes) / 1e6},
                           {"seconds", by_limit ? limits_.seconds : 0},
                           {"bytes", by_limit ? limits_.bytes : 0}};
        replace_file(path + ".failed",
                     told.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n",
                     kExitEnvironment);
    }

    std::string runtime() const {
        return folder_ + "/halide_runtime-" + processor() + "-" + hash_ + ".o";
    }

    // By an instruction set that all of its kind have. A folder may be shared with an emulated one.
    static std::string processor() {
        return involute_isa_name(kArm ? INVOLUTE_ISA_NEON : INVOLUTE_ISA_BASELINE);
    }

    void build_runtime() const {
        if (fs::exists(runtime()))
            return;
        const WorkFolder folder(folder_);
        const std::string log = folder.path() + "/log";
        wait_for(start_program({emit_, "--runtime", "halide_runtime", "--isa", processor(), "--out",
                                folder.path()},
                               log),
                 "pack Halide's runtime: the emit program", log);
        fs::rename(folder.path() + "/halide_runtime.o", runtime());
    }

    Limits limits_;
    bool shows_progress_;
    std::string emit_, folder_, hash_;
    std::map<PackRequest, Pack> others_; // failures that may be gone the next time
};

// Loading is running code: only what this program has built, or was told by INVOLUTE_PACKS.
void open_pack(const std::string &path) {
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library)
        throw Failure(kExitEnvironment, "pack " + path + ": " + dlerror());
    using Entry = const involute_kernel_table *(*)();
    const auto entry = reinterpret_cast<Entry>(dlsym(library, "involute_pack"));
    if (!entry)
        throw Failure(kExitEnvironment, "pack " + path + ": has no function involute_pack");
    require(involute_register_kernels(entry()), "pack " + path);
}

} // namespace

std::string PackRequest::text() const {
    return row + " " + isa + " " + schedule;
}

std::string PackRequest::symbol() const {
    return "inv_" + row + "_f32__" + isa + "_" + schedule;
}

bool PackRequest::operator<(const PackRequest &other) const {
    const auto key = [](const PackRequest &r) {
        return std::tie(r.row, r.isa, r.schedule, r.call, r.parallelism, r.define, r.knobs,
                        r.search);
    };
    return key(*this) < key(other);
}

bool is_autoscheduled(const std::string &schedule) {
    return schedule != kHand && schedule != "naive" && schedule != "own" &&
           schedule != kSpecialised && schedule != kTuned;
}

std::vector<PackRequest> pack_requests(const Json &session, const std::string &schedule,
                                       const Tuning &tuning) {
    std::vector<PackRequest> requests;
    std::set<PackRequest> known;
    for (const Json &layer : session.at("layers")) {
        PackRequest request;
        request.row = layer.at("row"), request.isa = layer.at("isa"), request.schedule = schedule;
        if (is_autoscheduled(schedule)) {
            request.search = tuning.search;
            request.call = layer.at("call");
            request.parallelism = session.at("threads");
        } else if (schedule == kTuned) {
            if (!use_wisdom(layer, session, tuning.wisdom.get(), &request))
                continue;
        } else if (schedule == kSpecialised) {
            if (!may_be_specialised(layer))
                continue;
            const LibraryKernel row = special_row(layer);
            request.row = row.row, request.define = row.columns();
        }
        if (known.insert(request).second)
            requests.push_back(request);
    }
    return requests;
}

std::vector<Pack> build_packs(const std::vector<PackRequest> &requests, Limits limits,
                              bool shows_progress) {
    return Builder(limits, shows_progress).build(requests);
}

void prepare_packs(const std::string &folder) {
    Builder({}, false).prepare(folder);
}

void provide_packs(const std::vector<PackRequest> &requests) {
    static std::set<PackRequest> registered;
    std::vector<PackRequest> wanted;
    for (const PackRequest &request : requests)
        if (registered.count(request) == 0)
            wanted.push_back(request);
    if (wanted.empty())
        return;
    const std::vector<Pack> packs = build_packs(wanted, kSearchLimits);
    for (size_t i = 0; i < wanted.size(); ++i) {
        // Knobs of another shape may be none for this one; the layer stays with the hand schedule.
        if (wanted[i].schedule == kTuned && packs[i].exit_code == kRefused) {
            std::fprintf(stderr, "wisdom for %s is left out: %s\n", wanted[i].row.c_str(),
                         packs[i].error.c_str());
            registered.insert(wanted[i]);
            continue;
        }
        if (!packs[i].error.empty())
            throw Failure(kExitEnvironment, "pack " + wanted[i].text() + ": " + packs[i].error);
        open_pack(packs[i].path);
        registered.insert(wanted[i]);
    }
}

std::string packs_folder() {
    const std::string named = environment_text("INVOLUTE_PACKS");
    if (!named.empty())
        return named;
    const fs::path folder = program_folder();
    if (fs::exists(folder / "emit" / "involute_emit"))
        return (folder / "packs").string();
    const std::string cache = environment_text("XDG_CACHE_HOME"), home = environment_text("HOME");
    return (cache.empty() ? home + "/.cache" : cache) + "/involute/packs";
}

std::string emit_hash() {
    static const std::string hash = autotune::hash_of_text(text_of(require_emit_program("packs")));
    return hash;
}

} // namespace involute
