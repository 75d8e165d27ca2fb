// docs/knobs.md, and what of the knobs wisdom depends on.
#include "autotune/hash.h"
#include "autotune/op_knobs.h"
#include "autotune/spaces.h"
#include "schedules/gpu/knobs.h"

namespace involute::autotune {

namespace {

using schedules::Knob;

// A row of the op with the packing of its library rows.
TuningKey example(const std::string &op, const std::string &form, const std::string &isa) {
    TuningKey key;
    key.op = op, key.form = form, key.isa = isa;
    key.packing = op == "dense" ? 32 : isa == "avx512" && op == "conv2d" ? 32 : 16;
    key.group_channels = 16;
    return key;
}

std::string values_text(const Knob &knob) {
    const std::string range = std::to_string(knob.low) + " .. " + std::to_string(knob.high);
    switch (knob.tried) {
    case schedules::Tried::kEach:
        return range;
    case schedules::Tried::kPowers:
        return range + ", powers of two";
    case schedules::Tried::kDivisors:
        return range + ", divisors of the loop";
    case schedules::Tried::kShares:
        return range + ", 0 or an equal share";
    }
    return range;
}

void add_op(const std::string &title, const std::string &op, const std::string &form,
            std::string *page) {
    *page += "\n## " + title +
             "\n\n| knob | values | baseline | avx2 | avx512 | neon | sums keep their order | "
             "meaning |\n"
             "|---|---|---|---|---|---|---|---|\n";
    std::vector<OpKnobs> sets;
    for (const char *isa : {"baseline", "avx2", "avx512", "neon"})
        sets.push_back(op_knobs(example(op, form, isa)));
    for (size_t i = 0; i < sets[0].knobs.size(); ++i) {
        const Knob &knob = sets[0].knobs[i];
        *page += "| `" + std::string(knob.name) + "` | " + values_text(knob);
        for (const OpKnobs &set : sets)
            *page += " | " + std::to_string(*set.knobs[i].value);
        *page +=
            std::string(" | ") + (knob.keeps_order ? "yes" : "no") + " | " + knob.meaning + " |\n";
    }
}

// The same for the schedules of devices, `opencl` and `cuda` being their numbers.
template <class Knobs>
void add_device_schedule(const std::string &title, Knobs opencl, Knobs cuda, std::string *page) {
    *page += "\n### " + title +
             "\n\n| knob | values | opencl | cuda | meaning |\n|---|---|---|---|---|\n";
    const std::vector<Knob> first = opencl.list(), second = cuda.list();
    for (size_t i = 0; i < first.size(); ++i)
        *page += "| `" + std::string(first[i].name) + "` | " + values_text(first[i]) + " | " +
                 std::to_string(*first[i].value) + " | " + std::to_string(*second[i].value) +
                 " | " + first[i].meaning + " |\n";
}

void add_devices(std::string *page) {
    using namespace schedules::gpu;
    *page +=
        "\n## Devices\n\n"
        "The schedules of OpenCL and CUDA (`schedules/gpu/knobs.h`): what `involute_emit --isa "
        "cuda\n"
        "--knobs` takes. `involute tune` does not search them. Only CUDA has blocks of one warp\n"
        "(`lanes`).\n";
    add_device_schedule("conv2d, blocks of 32 columns",
                        ProductKnobs::conv2d("opencl", "point", kWarp),
                        ProductKnobs::conv2d("cuda", "point", kWarp), page);
    add_device_schedule("kernel_generation", ProductKnobs::defaults("opencl", 16),
                        ProductKnobs::defaults("cuda", 16), page);
    add_device_schedule("aggregation and involution, 7x7, stride 1",
                        WindowKnobs::defaults("opencl", 7, 1), WindowKnobs::defaults("cuda", 7, 1),
                        page);
    add_device_schedule("dense", DenseKnobs(), DenseKnobs(), page);
    add_device_schedule("everything else", MapKnobs(), MapKnobs(), page);
}

} // namespace

std::string knobs_page() {
    std::string page =
        "# Knobs\n\n"
        "The numbers that the hand schedules leave open, by op: what `involute tune` may change "
        "and\n"
        "`involute_emit --knobs name=value,...` takes. The columns of the instruction sets are "
        "the\n"
        "hand schedule's own numbers. Of the tiles of an op that walks along rows a tuned kernel,\n"
        "which is built for one width, has only `tile`. Combinations that need more vector "
        "registers\n"
        "than there are, tiles wider than a row and steps that do not divide their loop are ruled\n"
        "out before anything is compiled. Knobs that change the order of sums are tried with\n"
        "`--allow-reassociation` only.\n\n"
        "This page is generated from `schedules/*_knobs.h`: `cmake --build --preset release "
        "--target\n"
        "refresh_knobs`.\n";
    for (const std::string &op : ops_with_knobs()) {
        if (op == "conv2d") {
            add_op("conv2d", op, "point", &page);
            add_op("conv2d, grouped and depthwise", op, "grouped", &page);
        } else {
            add_op(op, op, "window", &page);
        }
    }
    add_devices(&page);
    return page;
}

std::string knob_schema(const std::string &op) {
    std::string text;
    for (const char *form : {"point", "grouped"})
        for (const Knob &knob : op_knobs(example(op, form, "avx2")).knobs)
            text += std::string(knob.name) + " " + std::to_string(knob.low) + " " +
                    std::to_string(knob.high) + "\n";
    return hash_of_text(text);
}

} // namespace involute::autotune
