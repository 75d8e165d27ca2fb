// A source of weights for tests of nets/: tensors in a map or, like the portable rule, every tensor
// there is; it writes down what was read. And a sink that keeps the layers.
#pragma once

#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/graph.h"
#include "io/weights.h"

namespace involute {

struct FakeWeights : involute_weights {
    struct Tensor {
        std::vector<int64_t> shape;
        std::vector<float> values;
    };
    struct Read {
        std::string name;
        std::vector<int64_t> shape;
        WeightRole role;
        int64_t taps;
    };

    std::map<std::string, Tensor> tensors;
    std::map<std::string, std::string> texts;
    bool synthetic = false; // knows every name, says so of none
    mutable std::vector<Read> reads;

    // Trusts the file, which is one of tests/reference/.
    static FakeWeights from_file(const std::string &path) {
        std::ifstream file(path, std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(file)), {});
        uint64_t header_size = 0;
        std::memcpy(&header_size, bytes.data(), sizeof header_size);
        const auto header = nlohmann::json::parse(bytes.substr(8, header_size));
        FakeWeights weights;
        for (const auto &[name, entry] : header.items()) {
            if (name == "__metadata__") {
                weights.texts = entry.get<std::map<std::string, std::string>>();
                continue;
            }
            Tensor &tensor = weights.tensors[name];
            tensor.shape = entry["shape"].get<std::vector<int64_t>>();
            const auto range = entry["data_offsets"].get<std::vector<size_t>>();
            tensor.values.resize((range[1] - range[0]) / sizeof(float));
            std::memcpy(tensor.values.data(), bytes.data() + 8 + header_size + range[0],
                        range[1] - range[0]);
        }
        return weights;
    }

    Status read(const std::string &name, const std::vector<int64_t> &shape, WeightRole role,
                int64_t taps, std::vector<float> *values) const override {
        reads.push_back({name, shape, role, taps});
        if (synthetic) {
            size_t count = 1;
            for (int64_t size : shape)
                count *= static_cast<size_t>(size);
            values->assign(count, role == WeightRole::kNormVariance ? 1.0f : 0.0f);
            return {};
        }
        const auto found = tensors.find(name);
        if (found == tensors.end())
            return Status::error(INVOLUTE_INVALID_FILE, "%s: missing", name.c_str());
        if (found->second.shape != shape)
            return Status::error(INVOLUTE_INVALID_FILE, "%s: other shape", name.c_str());
        *values = found->second.values;
        return {};
    }
    bool shape_of(const std::string &name, std::vector<int64_t> *shape) const override {
        const auto found = tensors.find(name);
        if (synthetic || found == tensors.end())
            return false;
        *shape = found->second.shape;
        return true;
    }
    const involute_named_tensor *at(size_t) const override {
        return nullptr;
    }
    const involute_named_tensor *find(const std::string &) const override {
        return nullptr;
    }
    const char *metadata(const std::string &key) const override {
        const auto found = texts.find(key);
        return found == texts.end() ? nullptr : found->second.c_str();
    }
};

struct RecordingSink : LayerSink {
    std::vector<LayerSpec> layers;
    std::vector<LayerWeights> weights;
    int fail_at = -1;
    bool keep = true; // the weights

    Status add(const LayerSpec &layer, LayerWeights &&given) override {
        if (static_cast<int>(layers.size()) == fail_at)
            return Status::error(INVOLUTE_UNSUPPORTED, "no row for %s", layer.name.c_str());
        layers.push_back(layer);
        weights.push_back(keep ? std::move(given) : LayerWeights());
        return {};
    }
};

} // namespace involute
