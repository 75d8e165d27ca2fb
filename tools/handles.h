// Owners of the library's objects, and tensors with memory of their own.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "involute/involute.h"

namespace involute {

struct DestroyHandle {
    void operator()(involute_weights *weights) const {
        involute_weights_destroy(weights);
    }
    void operator()(involute_model *model) const {
        involute_model_destroy(model);
    }
    void operator()(involute_session *session) const {
        involute_session_destroy(session);
    }
};
using WeightsHandle = std::unique_ptr<involute_weights, DestroyHandle>;
using ModelHandle = std::unique_ptr<involute_model, DestroyHandle>;
using SessionHandle = std::unique_ptr<involute_session, DestroyHandle>;

enum class Order {
    kRowMajor,     // as files have it
    kChannelsLast, // as kernels read it: sessions take it without a copy
};

// Float32, zeroed, first value at a multiple of 64 bytes.
class Tensor {
public:
    Tensor() = default;
    Tensor(const std::string &name, const std::vector<int64_t> &shape, Order order);

    const std::string &name() const {
        return name_;
    }
    int64_t count() const {
        return count_;
    }
    float *data() {
        return static_cast<float *>(view_.data);
    }
    const float *data() const {
        return static_cast<const float *>(view_.data);
    }
    const involute_tensor &view() const {
        return view_;
    }
    // Valid while this tensor lives and stays where it is.
    involute_named_tensor named() const {
        return {name_.c_str(), view_};
    }

private:
    struct Free {
        void operator()(void *memory) const {
            std::free(memory);
        }
    };
    std::string name_;
    int64_t count_ = 0;
    std::unique_ptr<void, Free> memory_;
    involute_tensor view_ = {};
};

std::vector<int64_t> shape_of(const involute_tensor &tensor);
int64_t count_of(const std::vector<int64_t> &shape);       // stops when it leaves 62 bits
std::string shape_text(const std::vector<int64_t> &shape); // "[1,3,224,224]"

// Stops, naming `subject`, unless the tensor is float32.
void require_f32(const involute_tensor &tensor, const std::string &subject);

} // namespace involute
