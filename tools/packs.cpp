// A pack is named by what it holds and by a hash of the emit program that built it: algorithms and
// schedules are inside of that, so a changed one asks for packs of its own.
#include "packs.h"

#include <dlfcn.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "emit_program.h"
#include "failure.h"
#include "progress.h"

namespace involute {

namespace {

namespace fs = std::filesystem;

uint64_t hash_of_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    uint64_t hash = 0xcbf29ce484222325u; // FNV-1a
    std::vector<char> block(1 << 16);
    while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
        for (std::streamsize i = 0; i < file.gcount(); ++i)
            hash =
                (hash ^ static_cast<unsigned char>(block[static_cast<size_t>(i)])) * 0x100000001b3u;
    return hash;
}

std::string hexadecimal(uint64_t value) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
    return text;
}

// The emit program and the packs that it builds.
class Builder {
public:
    Builder() : emit_(require_emit_program("packs")), folder_(packs_folder()) {
        std::error_code error;
        fs::create_directories(folder_, error);
        if (error)
            throw Failure(kExitEnvironment, folder_ + ": " + error.message());
        hash_ = hexadecimal(hash_of_file(emit_));
    }

    std::string path(const PackRequest &request) const {
        return folder_ + "/" + request.row + "__" + request.isa + "_" + request.schedule + "-" +
               hash_ + ".so";
    }

    void build(const std::vector<PackRequest> &requests) {
        find_halide(emit_, folder_, "packs");
        Progress progress(static_cast<int>(requests.size()) + 1);
        progress.step("building packs: Halide's runtime");
        build_runtime();
        std::vector<WorkFolder> folders;
        ProgramPool programs;
        for (const PackRequest &request : requests) {
            folders.emplace_back(folder_);
            const std::string &folder = folders.back().path();
            programs.start({emit_, "--row", request.row, "--isa", request.isa, "--schedule",
                            request.schedule, "--out", folder, "--halide-runtime", runtime(),
                            "--pack", path(request)},
                           "pack " + request.text() + ": the emit program", folder + "/log");
            progress.step("building packs: " + request.text());
        }
        programs.wait_for_all();
    }

private:
    std::string runtime() const {
        return folder_ + "/halide_runtime-" + hash_ + ".o";
    }

    void build_runtime() const {
        if (fs::exists(runtime()))
            return;
        const WorkFolder folder(folder_);
        const std::string log = folder.path() + "/log";
        wait_for(start_program({emit_, "--runtime", "halide_runtime", "--out", folder.path()}, log),
                 "pack Halide's runtime: the emit program", log);
        fs::rename(folder.path() + "/halide_runtime.o", runtime());
    }

    std::string emit_, folder_, hash_;
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

std::vector<PackRequest> pack_requests(const Json &model, const std::string &schedule) {
    std::vector<PackRequest> requests;
    for (const Json &row : model.at("rows"))
        requests.push_back({row.at("row"), row.at("isa"), schedule});
    return requests;
}

void provide_packs(const std::vector<PackRequest> &requests) {
    static std::set<std::string> registered;
    std::vector<PackRequest> wanted, missing;
    for (const PackRequest &request : requests)
        if (registered.count(request.text()) == 0)
            wanted.push_back(request);
    if (wanted.empty())
        return;
    Builder builder;
    for (const PackRequest &request : wanted)
        if (!fs::exists(builder.path(request)))
            missing.push_back(request);
    if (!missing.empty())
        builder.build(missing);
    for (const PackRequest &request : wanted) {
        open_pack(builder.path(request));
        registered.insert(request.text());
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

} // namespace involute
