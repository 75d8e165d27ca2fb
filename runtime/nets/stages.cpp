// The four stages of bottlenecks of RedNet and ResNet. They differ in the middle layer only: an
// involution or a 3x3 convolution, which takes the stride in the first block of stages 2 to 4.
#include "nets/table.h"

namespace involute {

namespace {

// conv1 -> conv2 -> conv3 + (input, or its projection), ReLU after each.
int add_bottleneck(Table *table, const Architecture &a, const std::string &block, int input,
                   int64_t middle, int64_t stride) {
    const int64_t wide = 4 * middle;
    const auto weight = [&](const char *layer) { return block + layer + ".weight"; };

    int x = table->conv(input, block + "conv1", {weight("conv1"), "", block + "bn1", "", ""},
                        middle, 1, 1, true);
    if (a.involution) {
        const InvolutionShape shape = {a.kernel, stride, a.dilation, a.group(middle),
                                       a.hidden(middle)};
        x = table->involution(Op::kInvolution, x, block + "conv2",
                              involution_names(block + "conv2", a.reduction != 0, block + "bn2"),
                              shape, true);
    } else {
        x = table->conv(x, block + "conv2", {weight("conv2"), "", block + "bn2", "", ""}, middle, 3,
                        stride, true);
    }
    int residual = input;
    if (stride != 1 || table->channels(input) != wide)
        residual = table->conv(input, block + "downsample",
                               {weight("downsample.0"), "", block + "downsample.1", "", ""}, wide,
                               1, stride, false);
    return table->conv(x, block + "conv3", {weight("conv3"), "", block + "bn3", "", ""}, wide, 1, 1,
                       true, residual);
}

} // namespace

std::vector<int> add_stages(Table *table, const Architecture &architecture,
                            const std::string &prefix, int input) {
    std::vector<int> outputs;
    for (int stage = 0; stage < 4; ++stage) {
        const std::string layer = prefix + "layer" + std::to_string(stage + 1) + ".";
        for (int64_t block = 0; block < architecture.blocks[static_cast<size_t>(stage)]; ++block)
            input =
                add_bottleneck(table, architecture, layer + std::to_string(block) + ".", input,
                               architecture.stage_channels(stage), stage > 0 && block == 0 ? 2 : 1);
        outputs.push_back(input);
    }
    return outputs;
}

} // namespace involute
