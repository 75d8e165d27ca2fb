// What involute_kernels_json says, in the order of the inventory. One object a kernel, with the
// columns of the inventory.
#include "core/kernels_json.h"

#include <nlohmann/json.hpp>

#include "core/isa.h"
#include "core/registry.h"

namespace involute {

std::string kernels_json() {
    using Json = nlohmann::ordered_json;
    Json list = Json::array();
    for (const KernelEntry &kernel : kernel_table()) {
        list.push_back({{"op", op_name(kernel.op)},
                        {"row", kernel.row},
                        {"dtype", "f32"},
                        {"isa", isa_name(kernel.isa)},
                        {"schedule", kernel.schedule},
                        {"form", form_name(kernel.form)},
                        {"kernel", kernel.kernel},
                        {"stride", kernel.stride},
                        {"group_channels", kernel.group_channels},
                        {"channels", kernel.channels},
                        {"packing", kernel.packing},
                        {"symbol", kernel.symbol}});
    }
    return list.dump();
}

} // namespace involute
