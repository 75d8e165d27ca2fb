// A session: one model at one input size with its memory, threads and prepared kernel calls.
// Everything is allocated in create(); run() only calls kernels.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/context.h"
#include "core/layer_call.h"
#include "core/memory_plan.h"
#include "core/model.h"
#include "core/tensor_layout.h"

namespace involute {

class Session {
public:
    static Status create(std::shared_ptr<const Model> model,
                         const involute_session_options &options,
                         std::unique_ptr<Session> *session);
    // For cores with another cache than those of this machine.
    static Status create(std::shared_ptr<const Model> model,
                         const involute_session_options &options, int64_t l2_bytes,
                         std::unique_ptr<Session> *session);

    ~Session();
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    Status run(const involute_named_tensor *inputs, size_t input_count,
               const involute_named_tensor *outputs, size_t output_count);

    // The same, but each layer is called `repeats` times more at once, and seconds[i*repeats + r]
    // gets the time of call r of layer i. `count` values are expected. The results are the same: a
    // residual that a sum took the place of is put back before each call.
    Status run_warm(const involute_named_tensor *inputs, size_t input_count,
                    const involute_named_tensor *outputs, size_t output_count, int32_t repeats,
                    double *seconds, size_t count);

    // Of the device; nullptr: its usual one.
    Status set_stream(void *stream);

    const std::string &json() const {
        return json_;
    }
    // Of the last run; 0 without profile.
    size_t profiled_layers() const {
        return seconds_.size();
    }
    double copy_seconds() const {
        return copy_seconds_;
    }
    involute_layer_profile profile(size_t layer) const;
    TaskRecorder::Layer tasks(size_t layer) const {
        return recorder_.layer(layer);
    }

private:
    // A tensor that the caller gives.
    struct Port {
        std::string name;
        int tensor = -1;
        bool may_be_direct = false; // the kernels may work on the caller's memory
        // While running: what was given, and whether it is used as it lies.
        const involute_tensor *given = nullptr;
        bool direct = false;
        DeviceView view{}; // of what was given, if it is on the device
    };
    struct BufferUse {
        LayerCall *layer;
        int buffer;
    };

    explicit Session(const Allocator &allocator)
        : allocator_(allocator), arena_(allocator), spare_(allocator) {}
    Status plan(const involute_session_options &options);
    Status bind();
    bool on_device() const {
        return is_device(model_->isa);
    }
    Status move_to_device();
    Status use_schedule();
    Status measure(bool profile);
    std::string describe() const; // session_json.cpp

    Status accept(const char *what, std::vector<Port> *ports, const involute_named_tensor *tensors,
                  size_t count, bool writable);
    void decide_direct_use();
    Status bring_in(const Port &port);
    Status take_out(const Port &port);
    Status copy_on_device(const Port &port, bool in);
    // Adds the seconds of a copy, where runs are profiled.
    template <class Copy>
    Status timed(Copy copy);
    void place(const Port &port);
    Status prepare_run(const involute_named_tensor *inputs, size_t input_count,
                       const involute_named_tensor *outputs, size_t output_count);
    Status run_layers(int32_t repeats, double *seconds);
    Status run_layer(size_t layer);
    bool profiles() const {
        return !seconds_.empty();
    }
    // The tensor whose place the layer's output takes, or -1.
    int overwritten_residual(size_t layer) const {
        const LayerSpec &spec = model_->graph.layers[layer];
        return spec.residual >= 0 && host(spec.residual) == host(spec.output) ? spec.residual : -1;
    }

    const TensorLayout &layout(int tensor) const {
        return layouts_[static_cast<size_t>(tensor)];
    }
    size_t elements(int tensor) const {
        return static_cast<size_t>(layout(tensor).elements());
    }
    float *host(int tensor) const {
        return arena_.data() + plan_.offsets[static_cast<size_t>(tensor)] / int64_t{sizeof(float)};
    }

    const Allocator allocator_;
    std::shared_ptr<const Model> model_;
    int threads_ = 1;
    Cores cut_for_ = Cores(1); // more threads than threads_ only where they are simulated
    std::vector<TensorLayout> layouts_;
    std::vector<Port> inputs_, outputs_;
    MemoryPlan plan_;
    AlignedFloats arena_; // on a device its addresses only, and the tensors of ports
    DeviceMirror device_; // of the arena and of reciprocals, if the model is for a device
    std::vector<std::pair<int64_t, AlignedFloats>> reciprocals_; // by stride
    std::vector<std::unique_ptr<LayerCall>> calls_;
    std::vector<std::vector<BufferUse>> uses_; // by tensor, for those of ports
    std::vector<int> output_of_layer_;         // index into outputs_, or -1
    size_t caller_scratch_ = 0, worker_scratch_ = 0;
    ThreadPool pool_;
    std::unique_ptr<KernelContext> context_;
    std::vector<double> seconds_; // of each layer; empty without profile
    double copy_seconds_ = 0.0;   // of all ports
    TaskRecorder recorder_;
    AlignedFloats spare_; // with profile: the largest overwritten residual
    std::atomic<bool> running_{false};
    bool plan_only_ = false;
    std::string json_;
};

} // namespace involute
