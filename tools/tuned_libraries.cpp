#include "tuned_libraries.h"

#include <cstdio>
#include <set>

#include "autotune/spaces.h"
#include "packs.h"
#include "special_rows.h"
#include "tuned_layers.h"

namespace involute {

namespace {

// By hand, for one instruction set; null where this CPU cannot plan for it or no size is known.
Json plan_for(const Library &library, involute_isa isa) {
    const bool sized = library.is_network ||
                       (library.size.height != 0 && library.batch != 0 && library.channels != 0);
    if (!sized || involute_isa_check(isa).code != INVOLUTE_OK)
        return Json();
    Model model;
    model.label = library.label;
    model.model = model_for(library.model, isa);
    involute_session_options options = {};
    options.batch = library.batch, options.threads = 1;
    options.height = library.size.height, options.width = library.size.width;
    options.plan_only = 1;
    return create_session(model, options).json;
}

// The kernels of a network's layers for the calls that it makes of them.
std::vector<LibraryKernel> kernels_for_calls(const Json &plan, const autotune::Wisdom &wisdom,
                                             const std::vector<LibraryKernel> &rows, int *number) {
    std::vector<LibraryKernel> tuned;
    std::set<std::pair<std::string, std::string>> known;
    for (const Json &layer : plan.at("layers")) {
        PackRequest request;
        request.row = layer.at("row"), request.isa = layer.at("isa");
        if (has_own_row(layer) || !use_wisdom(layer, plan, &wisdom, &request) ||
            !known.emplace(request.row, request.call).second)
            continue;
        for (const LibraryKernel &row : rows) {
            if (row.row != request.row || involute_isa_name(row.isa) != request.isa)
                continue;
            LibraryKernel kernel = row;
            kernel.schedule = kTuned;
            kernel.call = request.call, kernel.knobs = request.knobs;
            kernel.built_as = row.row + "_t" + std::to_string(++*number);
            tuned.push_back(kernel);
            break;
        }
    }
    return tuned;
}

// An operator's kernel takes the knobs as it is: its sizes are constants already.
bool take_knobs(const Json &plan, const autotune::Wisdom &wisdom, LibraryKernel *kernel) {
    for (const Json &layer : plan.at("layers")) {
        const autotune::Wisdom::Found found = find_wisdom_for(layer, plan, &wisdom);
        if (layer.at("op") == kernel->op && found.match != autotune::Match::kNone &&
            !found.entry.knobs.empty()) {
            kernel->schedule = kTuned;
            kernel->knobs = autotune::knob_text(found.entry.knobs);
            return true;
        }
    }
    return false;
}

} // namespace

void add_tuned_kernels(const autotune::Wisdom &wisdom, Library *library) {
    std::vector<LibraryKernel> tuned;
    size_t changed = 0;
    int number = 0;
    for (LibraryKernel &kernel : library->kernels)
        kernel.schedule = kHand;
    for (const CompileTarget &target : library->targets) {
        const Json plan = plan_for(*library, target.isa);
        if (plan.is_null())
            continue;
        if (library->is_network) {
            const std::vector<LibraryKernel> more =
                kernels_for_calls(plan, wisdom, library->kernels, &number);
            tuned.insert(tuned.end(), more.begin(), more.end());
            continue;
        }
        for (LibraryKernel &kernel : library->kernels)
            if (kernel.isa == target.isa && take_knobs(plan, wisdom, &kernel))
                ++changed;
    }
    changed += tuned.size();
    library->kernels.insert(library->kernels.end(), tuned.begin(), tuned.end());
    std::fprintf(stderr, "%zu kernels with wisdom, %zu by hand\n", changed,
                 library->kernels.size() - changed);
}

} // namespace involute
