// Tensors of the command: sizes checked, memory aligned as the kernels like it.
#include "handles.h"

#include <cstring>

#include "failure.h"

namespace involute {

namespace {

constexpr int64_t kMaxCount = int64_t{1} << 62;
constexpr size_t kAlignment = 64;

// Position of each dimension, from the outermost in memory to the innermost: [B,C,H,W] lies as
// B,H,W,C and [B,G,T,H,W] as B,H,W,G,T.
std::vector<int> memory_order(size_t rank, Order order) {
    if (order == Order::kChannelsLast && rank == 4)
        return {0, 2, 3, 1};
    if (order == Order::kChannelsLast && rank == 5)
        return {0, 3, 4, 1, 2};
    std::vector<int> same;
    for (size_t i = 0; i < rank; ++i)
        same.push_back(static_cast<int>(i));
    return same;
}

} // namespace

Tensor::Tensor(const std::string &name, const std::vector<int64_t> &shape, Order order)
    : name_(name), count_(count_of(shape)) {
    const uint64_t bytes = static_cast<uint64_t>(count_) * sizeof(float);
    const uint64_t rounded = (bytes + kAlignment) / kAlignment * kAlignment;
    memory_.reset(std::aligned_alloc(kAlignment, rounded));
    if (!memory_)
        throw Failure(kExitEnvironment, name + " " + shape_text(shape) + ": no memory for " +
                                            std::to_string(bytes) + " bytes");
    std::memset(memory_.get(), 0, rounded);
    view_ = involute_tensor_f32(static_cast<float *>(memory_.get()),
                                static_cast<int32_t>(shape.size()), shape.data());
    const std::vector<int> dimensions = memory_order(shape.size(), order);
    int64_t stride = 1;
    for (size_t i = shape.size(); i-- > 0;) {
        const int dimension = dimensions[i];
        view_.strides[dimension] = stride;
        stride *= shape[static_cast<size_t>(dimension)];
    }
}

std::vector<int64_t> shape_of(const involute_tensor &tensor) {
    return std::vector<int64_t>(tensor.shape, tensor.shape + tensor.rank);
}

int64_t count_of(const std::vector<int64_t> &shape) {
    int64_t count = 1;
    for (int64_t size : shape) {
        if (size < 0 || (size > 0 && count > kMaxCount / 4 / size))
            throw Failure(kExitUsage, "shape " + shape_text(shape) + " is too large");
        count *= size;
    }
    return count;
}

std::string shape_text(const std::vector<int64_t> &shape) {
    std::string text = "[";
    for (int64_t size : shape)
        text += (text.size() > 1 ? "," : "") + std::to_string(size);
    return text + "]";
}

void require_f32(const involute_tensor &tensor, const std::string &subject) {
    if (tensor.dtype != INVOLUTE_F32)
        throw Failure(kExitUsage, subject + ": expected float32 values, found another type");
}

} // namespace involute
