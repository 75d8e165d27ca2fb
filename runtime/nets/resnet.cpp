// ResNet, the convolutional counterpart: a 7x7 stem, four stages of 3x3 bottlenecks, pooling,
// classifier. Names are torchvision's.
#include "nets/table.h"

namespace involute {

Table resnet_table(const Architecture &a) {
    Table table;
    int x = table.add_input("input", 3);
    x = table.conv(x, "conv1", {"conv1.weight", "", "bn1", "", ""}, a.stem_channels, a.stem_kernel,
                   2, true);
    x = table.pool(Op::kMaxPool, x, "maxpool", 3, 2);
    const std::vector<int> stages = add_stages(&table, a, "", x);
    x = table.global_pool(stages.back(), "global_pool");
    x = table.dense(x, "fc", {"fc.weight", "fc.bias", "", "", ""}, a.classes);

    table.add_output(x, "logits");
    for (size_t stage = 0; stage < stages.size(); ++stage)
        table.add_output(stages[stage], "stage" + std::to_string(stage + 1));
    return table;
}

} // namespace involute
