#include "bench_runner.h"

#include "failure.h"
#include "peak.h"

namespace involute {

namespace {

constexpr int kInputSets = 4;
constexpr double kInputHalfWidth = 2; // as in the rule for synthetic inputs
constexpr int kWarmUpRuns = 2;

} // namespace

double seconds_between(BenchClock::time_point start, BenchClock::time_point end) {
    return std::chrono::duration<double>(end - start).count();
}

Model build_model(const BenchCase &which) {
    Model model = which.description.is_object()
                      ? open_operator(which.description, which.weights, which.size)
                      : open_model(which.model, which.weights);
    model.tuning = tuning_of(which);
    create_model(which.isa, which.schedule, &model);
    return model;
}

Size bench_size(const BenchCase &which, const Model &model) {
    if (which.description.is_object())
        return operator_size(model.label, which.size);
    return which.size.height > 0 ? which.size : default_size(model);
}

Json bench_identity(const BenchCase &which, const Model &model, const Json &session) {
    Json row = Json::object();
    if (which.description.is_object()) {
        row["op"] = model.label;
        for (const char *key :
             {"channels", "out_channels", "groups", "kernel", "stride", "dilation", "upsample",
              "border", "group_channels", "reduction", "relu"})
            if (model.json.contains(key))
                row[key] = model.json.at(key);
    } else {
        row["model"] = model.label;
    }
    row["weights"] = model.weights_text.empty() ? "embedded" : model.weights_text;
    row["size"] = size_text({session.at("height"), session.at("width")});
    row["batch"] = which.batch;
    row["threads"] = session.at("threads");
    row["isa"] = session.at("isa");
    row["dtype"] = "f32";
    row["schedule"] = which.schedule;
    return row;
}

Runner::Runner(const Model &model, int64_t batch, Size size, involute_session_options options)
    : label_(model.label) {
    options.batch = batch;
    options.height = size.height;
    options.width = size.width;
    session_ = create_session(model, options);
    for (uint64_t set = 0; set < kInputSets; ++set) {
        inputs_.push_back(make_tensors(session_.json.at("inputs"), Order::kChannelsLast));
        for (Tensor &tensor : inputs_.back()) {
            involute_tensor view = tensor.view();
            require(involute_tensor_fill(&view, tensor.name().c_str(), set, 0, kInputHalfWidth),
                    tensor.name());
        }
        named_inputs_.push_back(named(inputs_.back()));
    }
    outputs_ = make_tensors(session_.json.at("outputs"), Order::kChannelsLast);
    named_outputs_ = named(outputs_);
}

void Runner::run() {
    const std::vector<involute_named_tensor> &inputs = named_inputs_[next_];
    next_ = (next_ + 1) % named_inputs_.size();
    const involute_status status =
        involute_session_run(session_.handle.get(), inputs.data(), inputs.size(),
                             named_outputs_.data(), named_outputs_.size());
    if (status.code != INVOLUTE_OK)
        require(status, label_);
}

void Runner::compute(const std::vector<involute_named_tensor> &inputs,
                     const involute_named_tensor &output) {
    require(involute_session_run(session_.handle.get(), inputs.data(), inputs.size(), &output, 1),
            label_);
}

void Runner::warm_up(double seconds) {
    const BenchClock::time_point start = BenchClock::now();
    for (int runs = 1; runs <= kWarmUpRuns || seconds_between(start, BenchClock::now()) < seconds;
         ++runs)
        run();
}

double Runner::copy_seconds() const {
    return involute_session_copy_seconds(session_.handle.get());
}

void Runner::profile(involute_layer_profile *layers) const {
    involute_session_profile(session_.handle.get(), layers, this->layers());
}

void Runner::tasks(size_t layer, std::vector<int32_t> *regions,
                   std::vector<double> *seconds) const {
    const size_t count = involute_session_tasks(session_.handle.get(), layer, nullptr, nullptr, 0);
    const size_t before = seconds->size();
    regions->resize(before + count);
    seconds->resize(before + count);
    involute_session_tasks(session_.handle.get(), layer, regions->data() + before,
                           seconds->data() + before, count);
}

std::vector<double> Runner::warm_seconds(int repeats) {
    const size_t each = static_cast<size_t>(repeats);
    std::vector<double> seconds(layers() * each), medians;
    require(involute_session_profile_warm(session_.handle.get(), named_inputs_[0].data(),
                                          named_inputs_[0].size(), named_outputs_.data(),
                                          named_outputs_.size(), repeats, seconds.data(),
                                          seconds.size()),
            label_);
    for (size_t i = 0; i < layers(); ++i)
        medians.push_back(median({seconds.begin() + static_cast<int64_t>(i * each),
                                  seconds.begin() + static_cast<int64_t>((i + 1) * each)}));
    return medians;
}

} // namespace involute
