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

    Status run(const involute_named_tensor *inputs, size_t input_count,
               const involute_named_tensor *outputs, size_t output_count);

    const std::string &json() const {
        return json_;
    }
    // Seconds of each layer; empty without profile.
    const std::vector<double> &profile() const {
        return seconds_;
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
    };
    struct BufferUse {
        LayerCall *layer;
        int buffer;
    };

    Session() = default;

    Status plan(const involute_session_options &options);
    Status bind();
    Status measure_scratch();
    std::string describe() const; // session_json.cpp

    Status accept(const char *what, std::vector<Port> *ports, const involute_named_tensor *tensors,
                  size_t count, bool writable);
    void decide_direct_use();
    void place(const Port &port);
    Status run_layers();

    const TensorLayout &layout(int tensor) const {
        return layouts_[static_cast<size_t>(tensor)];
    }
    float *host(int tensor) const {
        return arena_.data() + plan_.offsets[static_cast<size_t>(tensor)] / int64_t{sizeof(float)};
    }

    std::shared_ptr<const Model> model_;
    int threads_ = 1;
    std::vector<TensorLayout> layouts_;
    std::vector<Port> inputs_, outputs_;
    MemoryPlan plan_;
    AlignedFloats arena_;
    std::vector<std::pair<int64_t, AlignedFloats>> reciprocals_; // by stride
    std::vector<std::unique_ptr<LayerCall>> calls_;
    std::vector<std::vector<BufferUse>> uses_; // by tensor, for those of ports
    std::vector<int> output_of_layer_;         // index into outputs_, or -1
    size_t caller_scratch_ = 0, worker_scratch_ = 0;
    ThreadPool pool_;
    std::unique_ptr<KernelContext> context_;
    std::vector<double> seconds_;
    std::atomic<bool> running_{false};
    std::string json_;
};

} // namespace involute
