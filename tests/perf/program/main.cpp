// `involute_instruction_counts`: counts, shows how the counts differ from the pinned ones, and pins
// them. Exit codes: 0 ok, 1 a count or a rise that is not allowed, 3 counting is not possible here.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/perf/callgrind.h"
#include "tests/perf/pins.h"

namespace involute::perf {
namespace {

struct Options {
    std::vector<std::string> isas = {"baseline", "avx2"};
    std::string pins = INVOLUTE_SOURCE_DIR "/tests/perf/instruction_counts.txt";
    std::string changelog = INVOLUTE_SOURCE_DIR "/CHANGELOG.md";
    std::string filter;
    bool refresh = false;
};

void show(const std::vector<Count> &counts, const std::vector<Pin> &pins) {
    for (const Count &count : counts) {
        std::printf("%-50s %-9s %12lld", count.name.c_str(), count.isa.c_str(),
                    static_cast<long long>(count.instructions));
        for (const Pin &pin : pins) {
            if (pin.name == count.name && pin.isa == count.isa)
                std::printf(" %+7.2f%%", 100.0 * static_cast<double>(count.instructions) /
                                                 static_cast<double>(pin.count) -
                                             100.0);
        }
        std::printf("\n");
    }
}

int report(const std::vector<std::string> &problems) {
    for (const std::string &problem : problems)
        std::fprintf(stderr, "%s\n", problem.c_str());
    return problems.empty() ? 0 : 1;
}

int run(const Options &options) {
    std::vector<Pin> pins;
    std::string error;
    if (!parse_pins(whole_file(options.pins), &pins, &error)) {
        std::fprintf(stderr, "%s: %s\n", options.pins.c_str(), error.c_str());
        return 1;
    }
    std::vector<std::string> counted, problems;
    std::vector<Count> all;
    for (const std::string &isa : options.isas) {
        const std::string reason = reason_not_to_count(isa);
        if (!reason.empty()) {
            std::fprintf(stderr, "%s: not counted: %s\n", isa.c_str(), reason.c_str());
            continue;
        }
        CountRequest request = whole_request(isa);
        request.filter = options.filter;
        std::vector<Count> counts;
        if (!count_instructions(request, &counts, &error)) {
            std::fprintf(stderr, "%s: %s\n", isa.c_str(), error.c_str());
            return 1;
        }
        show(counts, pins);
        counted.push_back(isa);
        all.insert(all.end(), counts.begin(), counts.end());
        if (options.filter.empty()) {
            for (std::string &problem : compare_with_pins(isa, counts, pins))
                problems.push_back(std::move(problem));
        }
    }
    if (counted.empty())
        return 3;
    if (!options.refresh)
        return report(problems);
    problems = refresh_file(options.pins, options.changelog, counted, all);
    std::fprintf(stderr, "%s: %s\n", options.pins.c_str(),
                 problems.empty() ? "written" : "stays as it was");
    return report(problems);
}

} // namespace
} // namespace involute::perf

int main(int argc, char **argv) {
    involute::perf::Options options;
    CLI::App app{"Counts the instructions of kernels (callgrind) and compares with the pinned "
                 "counts, or pins them."};
    app.add_option("--isa", options.isas, "baseline, avx2")
        ->delimiter(',')
        ->check(CLI::IsMember({"baseline", "avx2"}));
    CLI::Option *filter =
        app.add_option("--filter", options.filter, "only cases whose name holds this");
    app.add_option("--pins", options.pins, "the file of pinned counts");
    app.add_option("--changelog", options.changelog, "where rises are explained");
    app.add_flag("--refresh", options.refresh,
                 "write the counts to the file; refused when one rises without its line in the "
                 "changelog")
        ->excludes(filter);
    CLI11_PARSE(app, argc, argv);
    return involute::perf::run(options);
}
