// A model: the graph, the kernel of each layer, and the weights packed for it. Never changes after
// creation; sessions share it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/graph.h"
#include "core/packing.h"
#include "core/registry.h"
#include "core/weight_memory.h"

namespace involute {

struct PackedLayer {
    const KernelEntry *kernel = nullptr;
    std::string why;
    WeightSpan weight, bias, reduce_weight, reduce_bias, scale, shift;
    WeightSpan zeros; // instead of a residual: grouped conv2d, and all on a device

    size_t bytes() const;
};

struct Model {
    Graph graph;
    involute_isa isa = INVOLUTE_ISA_AUTO;
    std::string schedule = "hand";
    std::string json;
    WeightMemory memory;             // of the packed weights
    DeviceMirror device;             // of that memory, if isa is a device
    std::vector<PackedLayer> layers; // as graph.layers

    size_t weight_bytes() const;
    std::vector<int> packing() const; // NR of each layer
};

// How the weights of a grouped or depthwise convolution lie.
GroupedPacking grouped_packing(const LayerSpec &layer, const KernelEntry &kernel);

// Chooses the kernel of each layer that arrives and packs its weights at once.
class PackingSink : public LayerSink {
public:
    PackingSink(KernelTable table, involute_isa isa, const Allocator &allocator = Allocator())
        : table_(table), isa_(isa),
          memory_(allocator, is_device(isa) ? kDeviceAlignment : kVectorAlignment) {}

    // Rows that the table lacks and that were registered with this schedule come first.
    void use_schedule(const char *schedule) {
        schedule_ = schedule;
    }

    Status add(const LayerSpec &layer, LayerWeights &&weights) override;

    // The layers and the memory that their weights lie in.
    std::pair<std::vector<PackedLayer>, WeightMemory> take() {
        return {std::move(layers_), std::move(memory_)};
    }

private:
    KernelTable table_;
    involute_isa isa_;
    std::string schedule_ = "hand";
    WeightMemory memory_;
    std::vector<PackedLayer> layers_;
};

Status create_model(const involute_model_options &options, std::shared_ptr<const Model> *model);

// The graph's JSON with "isa" and "rows" added.
Status describe_model(const Model &model, std::string *json);

} // namespace involute
