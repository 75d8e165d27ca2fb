// RedNet: a stem with one involution, four stages of involution bottlenecks, pooling, classifier.
// Names are those of the official classification checkpoints.
#include "nets/table.h"

namespace involute {

Table rednet_table(const Architecture &a) {
    const int64_t half = a.stem_channels / 2;
    const InvolutionShape stem = {a.stem_kernel, 1, 1, a.group(half), a.hidden(half)};

    Table table;
    int x = table.add_input("input", 3);
    x = table.conv(x, "backbone.stem.0",
                   {"backbone.stem.0.conv.weight", "", "backbone.stem.0.bn", "", ""}, half, 3, 2,
                   true);
    x = table.involution(Op::kInvolution, x, "backbone.stem.1",
                         involution_names("backbone.stem.1", a.reduction != 0, "backbone.stem.2"),
                         stem, true);
    x = table.conv(x, "backbone.stem.4",
                   {"backbone.stem.4.conv.weight", "", "backbone.stem.4.bn", "", ""},
                   a.stem_channels, 3, 1, true);
    x = table.pool(Op::kMaxPool, x, "backbone.maxpool", 3, 2);
    const std::vector<int> stages = add_stages(&table, a, "backbone.", x);
    x = table.global_pool(stages.back(), "global_pool");
    x = table.dense(x, "head.fc", {"head.fc.weight", "head.fc.bias", "", "", ""}, a.classes);

    table.add_output(x, "logits");
    for (size_t stage = 0; stage < stages.size(); ++stage)
        table.add_output(stages[stage], "stage" + std::to_string(stage + 1));
    return table;
}

} // namespace involute
