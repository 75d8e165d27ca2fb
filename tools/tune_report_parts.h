// What the page of a search says of one layer: its trials as plots and tables.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "autotune/history.h"
#include "report/report.h"

namespace involute {

// The knobs with the smallest ratio: of the confirming trials where there are some, else of the
// search. As for wisdom, the median counts where there are several trials of the same knobs, and
// knobs that crashed, were wrong or changed a bit in any trial are none.
struct BestKnobs {
    std::string knobs; // as in the trial
    double ratio = 1;  // time over that of the hand schedule
    bool confirmed = false;
    autotune::Trial trial; // the last one with these knobs
};

struct SearchedLayer {
    std::string name;                    // of the layer, for people
    std::vector<autotune::Trial> trials; // by time, in their order
    std::string usual;                   // the knobs nearest to the hand schedule's; "": none
    std::optional<BestKnobs> best;
    std::optional<std::string> wisdom; // the knobs that the history's wisdom has

    size_t count(autotune::Outcome outcome) const;
    size_t rejected() const;
    size_t by_model() const;
    double build_seconds() const;
    bool has_wisdom_row() const; // the wisdom has knobs, and not the best
};

SearchedLayer searched_layer(const autotune::TuningKey &key, const autotune::History &history,
                             const autotune::Wisdom &wisdom);

std::string counted(size_t count, const std::string &what); // "1 trial", "2,500 trials"

// Of one layer at least.
report::BarChart gains_chart(const std::vector<SearchedLayer> &layers);
report::Table layers_table(const std::vector<SearchedLayer> &layers);
report::Section layer_section(const SearchedLayer &layer);
report::Table rejected_table(const std::vector<SearchedLayer> &layers);

} // namespace involute
