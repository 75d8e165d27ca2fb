#include "gradient_problem.h"

#include "failure.h"
#include "verify_bounds.h"

namespace involute {

namespace {

const std::string kCase = "case";

void add_tensors(const oracle::Tensors &tensors, std::vector<std::string> *names,
                 std::vector<involute_named_tensor> *all) {
    for (const auto &tensor : tensors.all()) {
        names->push_back(kCase + "/" + tensor->name);
        all->push_back(
            {names->back().c_str(),
             involute_tensor_f32(tensor->values.data(), static_cast<int32_t>(tensor->shape.size()),
                                 tensor->shape.data())});
    }
}

// As a file would store it.
WeightsHandle stored(const oracle::Problem &problem) {
    std::vector<std::string> names;
    names.reserve(problem.weights.all().size() + problem.inputs.all().size()); // they stay there
    std::vector<involute_named_tensor> tensors;
    add_tensors(problem.weights, &names, &tensors);
    add_tensors(problem.inputs, &names, &tensors);
    involute_weights *weights = nullptr;
    require(involute_weights_create(tensors.data(), tensors.size(), &weights), kCase);
    return WeightsHandle(weights);
}

} // namespace

oracle::Problem make_gradient_problem(const Json &description, int64_t batch, Size size,
                                      oracle::Random *random) {
    nlohmann::json forward = nlohmann::json::parse(description.dump());
    forward["kind"] = "involution"; // of the same layer: its weights and input
    oracle::Problem problem = oracle::make_problem(forward, batch, size.height, size.width, random);
    LayerShape shape;
    shape.channels = description.at("channels"), shape.kernel = description.at("kernel");
    shape.stride = description.at("stride"), shape.dilation = description.at("dilation");
    shape.group_channels = description.at("group_channels");
    shape.reduction = description.at("reduction");
    shape.height = size.height, shape.width = size.width, shape.batch = batch;
    problem.inputs.add("grad_output", shape.output_shape(), random, -1, 1);

    const WeightsHandle tensors = stored(problem);
    ReferenceCase which;
    which.file = tensors.get(), which.name = kCase;
    Bounded gradient = bounded_layer_grad_input(which, shape);
    problem.output = "grad_input";
    problem.expected.value = std::move(gradient.value);
    problem.expected.bound = std::move(gradient.error);
    return problem;
}

} // namespace involute
