#include "tuned_layers.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "autotune/algorithms.h"
#include "autotune/spaces.h"
#include "autotune/wisdom_files.h"
#include "failure.h"
#include "print.h"
#include "special_rows.h"
#include "system_info.h"

namespace involute {

namespace {

namespace fs = std::filesystem;

// Height and width of a public shape, 1 x 1 of vectors.
Size map_of(const Json &shape) {
    const size_t n = shape.size();
    return n >= 4 ? Size{shape[n - 2], shape[n - 1]} : Size{1, 1};
}

} // namespace

bool has_own_row(const Json &layer) {
    if (!may_be_specialised(layer))
        return false;
    const LibraryKernel row = special_row(layer);
    return row.group_channels != 0 && (layer.at("generic") || layer.at("row") == row.row);
}

autotune::TuningKey tuning_key(const Json &layer, const Json &session) {
    autotune::TuningKey key;
    key.op = layer.at("op"), key.form = layer.at("form"), key.isa = layer.at("isa");
    const Json &kernel = layer.at("kernel");
    key.kernel_height = kernel.is_array() ? kernel[0] : kernel;
    key.kernel_width = kernel.is_array() ? kernel[1] : kernel;
    key.stride = layer.at("stride"), key.dilation = layer.at("dilation");
    key.upsample = layer.at("upsample"), key.groups = layer.at("groups");
    key.in_channels = layer.at("in_channels"), key.out_channels = layer.at("out_channels");
    key.hidden = layer.at("hidden");
    const bool family = key.op == "involution" || key.op == "kernel_generation" ||
                        key.op.rfind("aggregation", 0) == 0;
    key.group_channels = family ? layer.at("group_channels").get<int64_t>() : 0;
    const bool own = has_own_row(layer);
    key.generic = !own && layer.at("generic").get<bool>();
    key.packing = own ? special_row(layer).packing : layer.at("packing").get<int64_t>();
    const bool goes_back = key.op == "aggregation_grad_input";
    const Size map = map_of(layer.at(goes_back ? "shape" : "input_shape"));
    key.height = map.height, key.width = map.width;
    key.batch = session.at("batch");
    key.threads = session.at("threads");
    return key;
}

autotune::Wisdom::Found find_wisdom_for(const Json &layer, const Json &session,
                                        const autotune::Wisdom *wisdom) {
    const autotune::TuningKey key = tuning_key(layer, session);
    if (!wisdom || !autotune::why_untunable(key).empty())
        return {};
    return wisdom->find(
        key, [&key](const autotune::Json &knobs) { return autotune::is_legal(key, knobs); });
}

bool use_wisdom(const Json &layer, const Json &session, const autotune::Wisdom *wisdom,
                PackRequest *request) {
    const autotune::Wisdom::Found found = find_wisdom_for(layer, session, wisdom);
    const bool found_knobs = found.match != autotune::Match::kNone && !found.entry.knobs.empty();
    request->knobs = found_knobs ? autotune::knob_text(found.entry.knobs) : "";
    request->call = layer.at("call");
    if (!has_own_row(layer))
        return found_knobs;
    const LibraryKernel row = special_row(layer);
    const bool chosen = layer.at("row") == row.row;
    request->row = row.row, request->define = row.columns();
    if (!chosen || !found_knobs)
        request->call.clear(), request->knobs.clear();
    return chosen || found_knobs;
}

Json wisdom_fields(const Json &session, const autotune::Wisdom *wisdom) {
    Json counts = {{"exact", 0}, {"nearest", 0}, {"none", 0}};
    autotune::Match worst = autotune::Match::kExact, best = autotune::Match::kNone;
    for (const Json &layer : session.at("layers")) {
        const autotune::Match match = find_wisdom_for(layer, session, wisdom).match;
        Json &count = counts[autotune::match_name(match)];
        count = count.get<int64_t>() + 1;
        if (autotune::why_untunable(tuning_key(layer, session)).empty())
            worst = std::min(worst, match), best = std::max(best, match);
    }
    const autotune::Match all = best == autotune::Match::kNone     ? best
                                : worst == autotune::Match::kExact ? worst
                                                                   : autotune::Match::kNearest;
    return {{"wisdom", autotune::match_name(all)}, {"wisdom_layers", counts}};
}

const autotune::WisdomHeader &wisdom_header() {
    static const autotune::WisdomHeader header = {halide_version(), cpu_family(), cpu_features(),
                                                  autotune::op_hashes()};
    return header;
}

std::string shipped_wisdom_folder() {
    const fs::path program = program_folder();
    const fs::path installed = program.parent_path() / "share" / "involute" / "wisdom";
    return fs::exists(installed) ? installed.string() : (program / "wisdom").string();
}

std::shared_ptr<const autotune::Wisdom> open_wisdom(const std::string &file) {
    try {
        std::vector<std::string> warnings;
        const auto wisdom = std::make_shared<const autotune::Wisdom>(
            autotune::find_wisdom(file, shipped_wisdom_folder(), wisdom_header(), &warnings));
        for (const std::string &warning : warnings)
            std::fprintf(stderr, "%s\n", warning.c_str());
        return wisdom;
    } catch (const std::runtime_error &error) {
        throw Failure(kExitUsage, std::string("wisdom: ") + error.what());
    }
}

std::shared_ptr<const autotune::Wisdom> wisdom_for(const std::vector<std::string> &schedules,
                                                   const std::string &file) {
    const bool wanted = std::find(schedules.begin(), schedules.end(), kTuned) != schedules.end();
    return wanted ? open_wisdom(file) : nullptr;
}

} // namespace involute
