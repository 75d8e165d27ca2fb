#include "special_rows.h"

namespace involute {

namespace {

// The side of a square window, 0 for others.
int64_t square(const Json &layer) {
    const Json &kernel = layer.at("kernel");
    return kernel.is_number() ? kernel.get<int64_t>() : 0;
}

} // namespace

bool has_group_schedules(int64_t group_channels, int64_t kernel, int64_t dilation) {
    return group_channels % 4 == 0 && group_channels <= 64 && kernel != 0 && dilation == 1;
}

int special_packing(const std::string &op, const std::string &form, int64_t kernel,
                    involute_isa isa) {
    const bool narrow = op == "involution" && form == "bottleneck" && kernel <= 3;
    const bool wide = isa == INVOLUTE_ISA_AVX512 || is_device(isa);
    return narrow && !wide ? 8 : 16;
}

bool may_be_specialised(const Json &layer) {
    const std::string op = layer.at("op"), form = layer.at("form");
    const bool window = op == "involution" || (op == "aggregation" && form == "window");
    return window && square(layer) != 0;
}

LibraryKernel special_row(const Json &layer) {
    LibraryKernel row;
    row.in_inventory = false;
    row.op = layer.at("op"), row.form = layer.at("form");
    row.kernel = static_cast<int>(square(layer));
    row.stride = layer.at("stride"), row.channels = layer.at("in_channels");
    row.isa = isa_named(layer.at("isa"));
    const int64_t group = layer.at("group_channels");
    if (has_group_schedules(group, row.kernel, layer.at("dilation"))) {
        row.group_channels = static_cast<int>(group);
        row.packing = special_packing(row.op, row.form, row.kernel, row.isa);
    } else {
        row.packing = layer.at("packing"); // of the generic row, whose schedule it has
    }
    row.row = row.op + (row.form == "single" ? "_single" : "") + "_k" + std::to_string(row.kernel) +
              "_s" + std::to_string(row.stride) + "_g" + std::to_string(row.group_channels) + "_c" +
              std::to_string(row.channels);
    return row;
}

} // namespace involute
