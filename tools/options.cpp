// Parsing of option texts. CLI11 only collects them: the messages are ours.
#include "options.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "failure.h"
#include "print.h"
#include "system_info.h"

namespace involute {

namespace {

constexpr int64_t kMaxSide = 65536;
constexpr int64_t kMaxBatch = 65536;
constexpr int64_t kMaxThreads = 1024;

const std::vector<std::string> kIsas = {"baseline", "avx2", "avx512", "neon", "opencl", "cuda"};
const std::vector<std::string> kDtypes = {"f32", "bf16", "int8", "auto"};
const std::vector<std::string> kSchedules = {"hand",      "tuned",  "specialised",
                                             "naive",     "own",    "mullapudi2016",
                                             "adams2019", "li2018", "anderson2021"};

bool contains(const std::vector<std::string> &list, const std::string &text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

// Decimal digits only: no sign, no blanks, no overflow.
bool parse_digits(const std::string &text, int64_t *value) {
    if (text.empty() || text.size() > 18 ||
        !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return false;
    *value = std::strtoll(text.c_str(), nullptr, 10);
    return true;
}

involute_isa parse_isa(const std::string &text) {
    if (!contains(kIsas, text))
        refuse("--isa", "one of " + joined(kIsas), text);
    const involute_isa isa = isa_named(text);
    if (isa == INVOLUTE_ISA_AUTO)
        throw Failure(kExitFailed, "--isa " + text + ": the library does not know it");
    require(involute_isa_check(isa), "--isa " + text);
    return isa;
}

void add_list(CLI::App *command, const std::string &name, std::vector<std::string> *values,
              const std::string &type, const std::string &help) {
    command->add_option(name, *values, help)->type_name(type)->allow_extra_args(false);
}

} // namespace

involute_isa isa_named(const std::string &name) {
    for (involute_isa isa : kAllIsas)
        if (name == involute_isa_name(isa))
            return isa;
    return INVOLUTE_ISA_AUTO;
}

void refuse(const std::string &argument, const std::string &expected, const std::string &found) {
    throw Failure(kExitUsage, argument + ": expected " + expected + ", found \"" + found + "\"");
}

void add_shared_options(CLI::App *command, RawOptions *raw) {
    add_list(command, "--model", &raw->model, "NAME|FILE.json",
             joined(model_names()) + ", or a file with an architecture as JSON");
    command
        ->add_option("--weights", raw->weights,
                     "safetensors file, or synthetic[:SEED] for weights by the portable rule")
        ->type_name("FILE|synthetic");
    add_list(command, "--size", &raw->size, "HxW", "height and width, like 224x224");
    add_list(command, "--batch", &raw->batch, "N", "pictures at once (1)");
    add_list(command, "--threads", &raw->threads, "N", "threads (the cores it may use)");
    add_list(command, "--isa", &raw->isa, "NAME", joined(kIsas) + " (the best that runs here)");
    add_list(command, "--dtype", &raw->dtype, "NAME", "f32");
    add_list(command, "--schedule", &raw->schedule, "NAME",
             joined(kSchedules) + " (hand); kernels of the others are built when they are first "
                                  "asked for");
    command->add_option("--wisdom", raw->wisdom, "knobs for tuned schedules")->type_name("FILE");
}

void add_operator_options(CLI::App *command, RawOperator *raw) {
    add_list(command, "--op", &raw->op, "NAME",
             "involution, aggregation, kernel_generation, conv2d, local, max_pool, avg_pool, "
             "global_pool, dense, softmax, aggregation_grad_input, aggregation_grad_weight, "
             "involution_grad_input, local_attention");
    add_list(command, "--channels", &raw->channels, "N", "input channels (64)");
    add_list(command, "--out-channels", &raw->out_channels, "N",
             "output channels of conv2d and dense (as many as come in)");
    add_list(command, "--groups", &raw->groups, "N", "groups of conv2d (1)");
    add_list(command, "--kernel", &raw->kernel, "N|HxW", "K of a K x K window, or its two sides");
    add_list(command, "--stride", &raw->stride, "N", "stride (1; of avg_pool the kernel)");
    add_list(command, "--dilation", &raw->dilation, "N", "dilation (1)");
    add_list(command, "--upsample", &raw->upsample, "N",
             "of aggregation: output pixels for each of the input, in both directions (1)");
    add_list(command, "--border", &raw->border, "NAME",
             "of aggregation: zero (zeros around the image) or clamp (windows moved inside)");
    add_list(command, "--group-channels", &raw->group_channels, "N", "channels a group (16)");
    add_list(command, "--reduction", &raw->reduction, "N",
             "reduction of kernel generation (4); 0: single layer");
    command->add_flag("--relu", raw->relu, "with a ReLU at the end");
}

const std::vector<std::string> &model_names() {
    static const std::vector<std::string> names = {
        "rednet26", "rednet38", "rednet50",  "rednet101", "rednet152",    "resnet26",
        "resnet38", "resnet50", "resnet101", "resnet152", "rednet-digits"};
    return names;
}

std::vector<std::string> split_list(const std::string &argument,
                                    const std::vector<std::string> &values) {
    std::vector<std::string> items;
    for (const std::string &value : values) {
        size_t start = 0;
        for (size_t comma = 0; comma != std::string::npos; start = comma + 1) {
            comma = value.find(',', start);
            items.push_back(value.substr(start, comma - start));
            if (items.back().empty())
                refuse(argument, "values with single commas between them", value);
        }
    }
    return items;
}

int64_t parse_integer(const std::string &argument, const std::string &text, int64_t low,
                      int64_t high) {
    int64_t value = 0;
    if (!parse_digits(text, &value) || value < low || value > high)
        refuse(argument, "an integer from " + std::to_string(low) + " to " + std::to_string(high),
               text);
    return value;
}

std::vector<int64_t> parse_integers(const std::string &argument,
                                    const std::vector<std::string> &values, int64_t low,
                                    int64_t high) {
    std::vector<int64_t> numbers;
    for (const std::string &item : split_list(argument, values))
        numbers.push_back(parse_integer(argument, item, low, high));
    return numbers;
}

Size parse_size(const std::string &argument, const std::string &text) {
    const size_t cross = text.find('x');
    Size size;
    if (cross == std::string::npos || !parse_digits(text.substr(0, cross), &size.height) ||
        !parse_digits(text.substr(cross + 1), &size.width) ||
        std::min(size.height, size.width) < 1 || std::max(size.height, size.width) > kMaxSide)
        refuse(argument,
               "HxW with H and W from 1 to " + std::to_string(kMaxSide) + ", like 224x224", text);
    return size;
}

double parse_seconds(const std::string &argument, const std::string &text) {
    char *end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != 0 || !(value >= 0 && value <= 3600))
        refuse(argument, "seconds from 0 to 3600", text);
    return value;
}

std::vector<int> parse_threads(const std::vector<std::string> &values,
                               const std::string &argument) {
    if (values.empty())
        return {usable_cores()};
    std::vector<int> threads;
    for (int64_t number : parse_integers(argument, values, 1, kMaxThreads))
        threads.push_back(static_cast<int>(number));
    return threads;
}

std::vector<int64_t> parse_batches(const std::vector<std::string> &values) {
    return values.empty() ? std::vector<int64_t>{1}
                          : parse_integers("--batch", values, 1, kMaxBatch);
}

std::vector<Size> parse_sizes(const std::vector<std::string> &values) {
    if (values.empty())
        return {Size()};
    std::vector<Size> sizes;
    for (const std::string &item : split_list("--size", values))
        sizes.push_back(parse_size("--size", item));
    return sizes;
}

std::vector<involute_isa> parse_isas(const std::vector<std::string> &values) {
    if (values.empty())
        return {involute_isa_best(nullptr, 0)};
    std::vector<involute_isa> isas;
    for (const std::string &item : split_list("--isa", values))
        isas.push_back(parse_isa(item));
    return isas;
}

std::vector<std::string> parse_schedules(const std::vector<std::string> &values,
                                         const std::string &argument) {
    if (values.empty())
        return {kHand};
    const std::vector<std::string> schedules = split_list(argument, values);
    for (const std::string &item : schedules) {
        if (!contains(kSchedules, item))
            refuse(argument, "one of " + joined(kSchedules), item);
    }
    return schedules;
}

void check_precision(const RawOptions &raw) {
    for (const std::string &item : split_list("--dtype", raw.dtype)) {
        if (!contains(kDtypes, item))
            refuse("--dtype", "one of " + joined(kDtypes), item);
        if (item != "f32")
            throw Failure(kExitEnvironment, "--dtype " + item +
                                                ": kernels for it are not part of this version; "
                                                "only f32 is there");
    }
    const std::vector<std::string> schedules = split_list("--schedule", raw.schedule);
    if (!raw.wisdom.empty() && !contains(schedules, kTuned))
        throw Failure(kExitUsage, "--wisdom " + raw.wisdom + ": belongs to --schedule tuned");
}

std::string only_value(const std::string &argument, const std::vector<std::string> &values) {
    if (values.empty())
        return "";
    if (values.size() > 1)
        throw Failure(kExitUsage, argument + ": expected one value, found " +
                                      std::to_string(values.size()) + ": " + joined(values));
    return values[0];
}

std::string size_text(Size size) {
    return std::to_string(size.height) + "x" + std::to_string(size.width);
}

} // namespace involute
