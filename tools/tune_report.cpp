#include "tune_report.h"

#include <algorithm>

#include "emit_program.h"
#include "files.h"
#include "peak.h"
#include "print.h"
#include "system_info.h"
#include "tune_progress.h"
#include "tune_report_parts.h"

namespace involute {

namespace {

// Where nothing is faster the hand schedule stays: a ratio of 1.
std::string search_headline(const std::vector<SearchedLayer> &layers) {
    if (layers.empty())
        return "No layer was searched.";
    size_t trials = 0, confirmed = 0;
    std::vector<double> ratios;
    double least = 1;
    std::string least_name;
    for (const SearchedLayer &layer : layers) {
        trials += layer.trials.size();
        if (!layer.best)
            continue;
        confirmed += layer.best->confirmed;
        ratios.push_back(std::min(1.0, layer.best->ratio));
        if (layer.best->ratio < least)
            least = layer.best->ratio, least_name = layer.name;
    }
    const std::string begin = counted(trials, "trial") + " of " + counted(layers.size(), "layer");
    const size_t with_best = ratios.size();
    if (with_best == 0)
        return begin + (trials == 0 ? "." : ": none gave a time.");
    std::string text = begin + ": the best knobs are " + gain_text(geometric_mean(ratios));
    if (with_best > 1)
        text += " in geometric mean" + (least_name.empty() ? ""
                                                           : ", " + percent(1 / least - 1) +
                                                                 " at most (" + least_name + ")");
    if (with_best < layers.size())
        text += "; " + counted(layers.size() - with_best, "layer") + " without a time";
    if (confirmed < with_best)
        text += "; not confirmed: " + counted(with_best - confirmed, "layer");
    return text + ".";
}

std::vector<report::Fact> search_facts(const autotune::WisdomHeader &header,
                                       const std::string &command) {
    return {{"CPU", cpu_model()},
            {"commit", commit(), true},
            {"versions",
             std::string("involute ") + involute_version() + ", Halide " + halide_version()},
            {"trials", "all that the history has of these layers with Halide " + header.halide +
                           " on the CPU family " + header.cpu_family +
                           ", those of earlier searches too"},
            {"ratio", "time over that of the hand schedule, which ran in turns with it: median "
                      "over rounds"},
            {"wisdom", "has confirmed knobs that are faster by " +
                           percent(autotune::History::kLeastGain) +
                           " at least and lost no more checks in networks than they won"},
            {"command", command, true}};
}

} // namespace

void write_tune_report(const std::string &path, const autotune::History &history,
                       const std::vector<autotune::TuningKey> &keys, const std::string &command) {
    const autotune::Wisdom wisdom = history.wisdom();
    std::vector<SearchedLayer> layers;
    for (size_t i = 0; i < keys.size(); ++i) // one may be searched for several networks
        if (std::find(keys.begin(), keys.begin() + static_cast<int64_t>(i), keys[i]) ==
            keys.begin() + static_cast<int64_t>(i))
            layers.push_back(searched_layer(keys[i], history, wisdom));
    report::Page page;
    page.title = "Search for the knobs of involute's kernels";
    page.headline = search_headline(layers);
    if (!layers.empty())
        page.plot = gains_chart(layers);
    page.facts = search_facts(wisdom.header, command);
    page.sections.push_back({"Layers", {layers_table(layers)}});
    for (const SearchedLayer &layer : layers)
        page.sections.push_back(layer_section(layer));
    page.sections.push_back({"Rejected trials", {rejected_table(layers)}});
    replace_file(path, report::html(page), kExitUsage);
}

} // namespace involute
