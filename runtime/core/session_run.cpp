// One run: check everything the caller gave, then place it, then the layers in order. Nothing is
// allocated on the way of success.
#include <algorithm>
#include <cstring>

#include "core/clock.h"
#include "core/isa.h"
#include "core/session.h"
#include "core/tensor_view.h"

namespace involute {
namespace {

// Clears the mark of a running session on every way out.
class Running {
public:
    explicit Running(std::atomic<bool> *flag)
        : flag_(flag), first_(!flag->exchange(true, std::memory_order_acquire)) {}
    ~Running() {
        if (first_)
            flag_->store(false, std::memory_order_release);
    }
    bool first() const {
        return first_;
    }

private:
    std::atomic<bool> *flag_;
    bool first_;
};

Status already_running() {
    return Status::error(INVOLUTE_INVALID_ARGUMENT, "session: it is running for another caller");
}

} // namespace

Session::~Session() {
    // Nothing of the device may still use the memory; who destroys a session asks for no status.
    if (on_device() && context_)
        (void)device_.synchronise(context_->stream());
}

Status Session::set_stream(void *stream) {
    const Running running(&running_);
    if (!running.first())
        return already_running();
    if (!on_device())
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "stream: expected a session of a device, got one of isa %s",
                             isa_name(model_->isa));
    if (context_) // else it only plans
        context_->set_stream(stream);
    return Status();
}

Status Session::accept(const char *what, std::vector<Port> *ports,
                       const involute_named_tensor *tensors, size_t count, bool writable) {
    for (Port &port : *ports) {
        port.given = nullptr;
        port.view = DeviceView();
    }
    if (count > 0 && !tensors)
        return Status::error(INVOLUTE_INVALID_ARGUMENT, "%ss: expected %zu tensors, got NULL", what,
                             count);
    for (size_t i = 0; i < count; ++i) {
        const char *name = tensors[i].name;
        if (!name)
            return Status::error(INVOLUTE_INVALID_ARGUMENT, "%s %zu: expected a name, got NULL",
                                 what, i);
        Port *found = nullptr;
        for (Port &port : *ports) {
            if (port.name == name)
                found = &port;
        }
        if (!found) {
            std::string known;
            for (const Port &port : *ports)
                known += (known.empty() ? "" : ", ") + port.name;
            return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                 "%s '%.100s': no such %s in this session, expected %s", what, name,
                                 what, known.c_str());
        }
        if (found->given)
            return Status::error(INVOLUTE_INVALID_ARGUMENT, "%s '%.100s': given twice", what, name);
        INVOLUTE_RETURN_IF_ERROR(check_tensor(what, name, tensors[i].tensor, layout(found->tensor),
                                              writable, memory_of(model_->isa)));
        if (tensors[i].tensor.device != INVOLUTE_CPU)
            INVOLUTE_RETURN_IF_ERROR(
                DeviceView::wrap(model_->isa, tensors[i].tensor.data, &found->view));
        found->given = &tensors[i].tensor;
    }
    return Status();
}

// Memory of the caller is used as it lies where kernels can. An output over an input would be
// written while the input is still wanted: then the inputs are copied.
void Session::decide_direct_use() {
    bool overlapping = false;
    for (const Port &output : outputs_) {
        for (const Port &input : inputs_) {
            overlapping = overlapping || (output.given && overlap(byte_range(*output.given),
                                                                  byte_range(*input.given)));
        }
    }
    const auto lies_well = [this](const Port &port) {
        return on_device() ? port.given->device != INVOLUTE_CPU
                           : is_native(*port.given, layout(port.tensor));
    };
    for (Port &input : inputs_)
        input.direct = input.may_be_direct && !overlapping && lies_well(input);
    for (Port &output : outputs_)
        output.direct = output.may_be_direct && output.given && lies_well(output);
}

void Session::place(const Port &port) {
    for (const BufferUse &use : uses_[static_cast<size_t>(port.tensor)]) {
        KernelCall &call = use.layer->call;
        if (on_device())
            call.set_device(use.buffer, port.direct ? &port.view : nullptr);
        else
            call.set_host(use.buffer, port.direct ? static_cast<const float *>(port.given->data)
                                                  : host(port.tensor));
    }
}

template <class Copy>
Status Session::timed(Copy copy) {
    if (!profiles())
        return copy();
    const Clock::time_point start = Clock::now();
    const Status status = copy();
    if (status.ok() && on_device())
        INVOLUTE_RETURN_IF_ERROR(device_.synchronise(context_->stream()));
    copy_seconds_ += seconds_since(start);
    return status;
}

Status Session::copy_on_device(const Port &port, bool in) {
    const TensorLayout &shape = layout(port.tensor);
    DeviceView own;
    INVOLUTE_RETURN_IF_ERROR(device_.view(host(port.tensor), &own));
    const int64_t pixels = shape.batch * shape.pixels();
    const DeviceRows inside{&own, pixels, shape.channels(), shape.pixel_stride};
    const DeviceRows outside{&port.view, pixels, shape.channels(), shape.channels()};
    return device_.copy(in ? outside : inside, in ? inside : outside, context_->stream());
}

// From the caller's tensor to the session's own memory, and back.
Status Session::bring_in(const Port &port) {
    if (port.given->device != INVOLUTE_CPU)
        return copy_on_device(port, true);
    copy_in(*port.given, layout(port.tensor), host(port.tensor));
    return on_device()
               ? device_.upload(host(port.tensor), elements(port.tensor), context_->stream())
               : Status();
}

Status Session::take_out(const Port &port) {
    if (port.given->device != INVOLUTE_CPU)
        return copy_on_device(port, false);
    if (on_device())
        INVOLUTE_RETURN_IF_ERROR(
            device_.download(host(port.tensor), elements(port.tensor), context_->stream()));
    copy_out(host(port.tensor), layout(port.tensor), *port.given);
    return Status();
}

Status Session::run(const involute_named_tensor *inputs, size_t input_count,
                    const involute_named_tensor *outputs, size_t output_count) {
    const Running running(&running_);
    if (!running.first())
        return already_running();
    INVOLUTE_RETURN_IF_ERROR(prepare_run(inputs, input_count, outputs, output_count));
    return run_layers(0, nullptr);
}

Status Session::run_warm(const involute_named_tensor *inputs, size_t input_count,
                         const involute_named_tensor *outputs, size_t output_count, int32_t repeats,
                         double *seconds, size_t count) {
    const Running running(&running_);
    if (!running.first())
        return already_running();
    if (!profiles())
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "session: expected one made with profile, got one without");
    if (on_device())
        return Status::error(INVOLUTE_UNSUPPORTED,
                             "session: warm caches are of instruction sets, isa %s is a device",
                             isa_name(model_->isa));
    if (repeats < 1)
        return Status::error(INVOLUTE_INVALID_ARGUMENT, "repeats: expected at least 1, got %d",
                             repeats);
    const size_t expected = seconds_.size() * static_cast<size_t>(repeats);
    if (count != expected)
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "seconds: expected room for %zu values (%zu layers, %d repeats), got "
                             "%zu",
                             expected, seconds_.size(), repeats, count);
    INVOLUTE_RETURN_IF_ERROR(prepare_run(inputs, input_count, outputs, output_count));
    return run_layers(repeats, seconds);
}

Status Session::prepare_run(const involute_named_tensor *inputs, size_t input_count,
                            const involute_named_tensor *outputs, size_t output_count) {
    if (plan_only_)
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "session: expected one that can run, got one made with plan_only");
    INVOLUTE_RETURN_IF_ERROR(accept("input", &inputs_, inputs, input_count, false));
    INVOLUTE_RETURN_IF_ERROR(accept("output", &outputs_, outputs, output_count, true));
    for (const Port &port : inputs_) {
        if (!port.given)
            return Status::error(INVOLUTE_INVALID_ARGUMENT, "input '%s': expected %s, got none",
                                 port.name.c_str(),
                                 shape_text(layout(port.tensor).public_shape()).c_str());
    }
    for (size_t i = 0; i < outputs_.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            if (outputs_[i].given && outputs_[j].given &&
                overlap(byte_range(*outputs_[i].given), byte_range(*outputs_[j].given)))
                return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                     "outputs '%s' and '%s': expected memory of their own, got "
                                     "memory that overlaps",
                                     outputs_[j].name.c_str(), outputs_[i].name.c_str());
        }
    }
    decide_direct_use();
    copy_seconds_ = 0.0;
    for (const Port &port : inputs_) {
        if (!port.direct)
            INVOLUTE_RETURN_IF_ERROR(timed([&] { return bring_in(port); }));
        place(port);
    }
    for (const Port &port : outputs_)
        place(port);
    context_->clear_error();
    return Status();
}

Status Session::run_layers(int32_t repeats, double *seconds) {
    for (size_t i = 0; i < calls_.size(); ++i) {
        const int residual = repeats > 0 ? overwritten_residual(i) : -1;
        const size_t count = residual >= 0 ? elements(residual) : 0;
        std::copy_n(residual >= 0 ? host(residual) : nullptr, count, spare_.data());
        INVOLUTE_RETURN_IF_ERROR(run_layer(i));
        for (int32_t again = 0; again < repeats; ++again) {
            std::copy_n(spare_.data(), count, residual >= 0 ? host(residual) : nullptr);
            INVOLUTE_RETURN_IF_ERROR(run_layer(i));
            *seconds++ = seconds_[i];
        }
    }
    return Status();
}

Status Session::run_layer(size_t layer) {
    Clock::time_point start;
    if (profiles()) {
        recorder_.begin_layer(layer);
        start = Clock::now();
    }
    INVOLUTE_RETURN_IF_ERROR(
        calls_[layer]->call.invoke(context_.get(), model_->graph.layers[layer].name));
    if (profiles() && on_device())
        INVOLUTE_RETURN_IF_ERROR(device_.synchronise(context_->stream()));
    if (profiles())
        seconds_[layer] = seconds_since(start);
    if (output_of_layer_[layer] < 0)
        return Status();
    const Port &port = outputs_[static_cast<size_t>(output_of_layer_[layer])];
    return port.given && !port.direct ? timed([&] { return take_out(port); }) : Status();
}

involute_layer_profile Session::profile(size_t layer) const {
    const TaskRecorder::Layer recorded = recorder_.layer(layer);
    return {seconds_[layer], recorded.region_seconds, recorded.task_seconds,
            static_cast<int64_t>(recorded.counts.regions),
            static_cast<int64_t>(recorded.counts.tasks)};
}

} // namespace involute
