#include "gradient_problem.h"

#include "failure.h"
#include "oracle_tensors.h"
#include "verify_bounds.h"

namespace involute {

namespace {

const std::string kCase = "case";

// As a file would store it.
WeightsHandle stored(const oracle::Problem &problem) {
    std::vector<involute_named_tensor> tensors = named(problem.weights);
    for (const involute_named_tensor &input : named(problem.inputs))
        tensors.push_back(input);
    std::vector<std::string> names;
    for (const involute_named_tensor &tensor : tensors)
        names.push_back(kCase + "/" + tensor.name);
    for (size_t i = 0; i < names.size(); ++i)
        tensors[i].name = names[i].c_str();
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
