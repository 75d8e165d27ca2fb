// Which kernel a layer takes. Properties are checked one after another over the rows that are
// left, so that a refusal can name the first property that no row has.
#include <cinttypes>
#include <vector>

#include "core/isa.h"
#include "core/registry.h"

namespace involute {
namespace {

using Rows = std::vector<const KernelEntry *>;

constexpr int64_t kGroup = 16; // channels are handled in groups of one AVX-512 vector

bool is_involution_family(Op op) {
    return op == Op::kInvolution || op == Op::kKernelGeneration || op == Op::kAggregation ||
           is_gradient(op);
}

bool form_fits(const KernelEntry &row, const LayerSpec &layer) {
    switch (layer.op) {
    case Op::kConv2d:
        if (row.form == Form::kWindow)
            return true;
        // The pixel rows read whole vectors of input channels.
        return layer.kernel == 1 && layer.in_channels % kGroup == 0 &&
               (row.form == Form::kStrided || (row.form == Form::kPoint && layer.stride == 1));
    case Op::kInvolution:
    case Op::kKernelGeneration:
        return row.form == (layer.hidden > 0 ? Form::kBottleneck : Form::kSingle);
    default:
        return true;
    }
}

// A row with stride 0 beside one with stride 1 is built for strides above 1 only; alone it takes
// any.
bool stride_fits(const KernelEntry &row, const LayerSpec &layer, KernelTable table) {
    if (row.stride != 0)
        return row.stride == layer.stride;
    if (layer.stride > 1)
        return true;
    for (const KernelEntry *other = table.begin(); other != &row; ++other) {
        if (other->op == row.op && other->form == row.form && other->kernel == row.kernel &&
            other->isa == row.isa && other->stride == 1)
            return false;
    }
    return true;
}

// A row for one number of channels is also built for one number of hidden blocks, that of the known
// networks: a quarter of the channels.
bool channels_fit(const KernelEntry &row, const LayerSpec &layer) {
    const auto hidden_blocks = [&row](int64_t hidden) {
        return (hidden + row.packing - 1) / row.packing;
    };
    return row.channels == 0 ||
           (row.channels == layer.in_channels &&
            (row.form != Form::kBottleneck ||
             hidden_blocks(layer.hidden) == hidden_blocks(layer.in_channels / 4)));
}

template <class Fits>
bool keep(Rows *rows, Fits fits) {
    Rows kept;
    for (const KernelEntry *row : *rows) {
        if (fits(*row))
            kept.push_back(row);
    }
    if (kept.empty())
        return false; // `rows` still tells what there would have been
    rows->swap(kept);
    return true;
}

// "3, 7": the different values of a column, in table order.
std::string values(const Rows &rows, int KernelEntry::*column) {
    std::string list;
    std::vector<int> seen;
    for (const KernelEntry *row : rows) {
        const int value = row->*column;
        bool known = false;
        for (int other : seen)
            known = known || other == value;
        if (known)
            continue;
        seen.push_back(value);
        list += (list.empty() ? "" : ", ") + std::to_string(value);
    }
    return list;
}

std::string describe(const LayerSpec &layer) {
    std::string text = "kernel " + std::to_string(layer.kernel) + ", stride " +
                       std::to_string(layer.stride) + ", " + std::to_string(layer.in_channels) +
                       (layer.op == Op::kConv2d || layer.op == Op::kDense
                            ? " -> " + std::to_string(layer.out_channels)
                            : std::string()) +
                       " channels";
    if (is_involution_family(layer.op))
        text += " in groups of " + std::to_string(layer.group_channels);
    if (is_gradient(layer.op) && layer.dilation != 1)
        text += ", dilation " + std::to_string(layer.dilation);
    if (layer.op == Op::kInvolution || layer.op == Op::kKernelGeneration)
        text += layer.hidden > 0 ? ", bottleneck of " + std::to_string(layer.hidden)
                                 : std::string(", single layer");
    return text;
}

Status narrow(KernelTable table, involute_isa isa, const LayerSpec &layer, Rows *rows) {
    const char *op = op_name(layer.op);
    const auto refuse = [op](const char *property, int64_t value, const std::string &instead) {
        return Status::error(INVOLUTE_UNSUPPORTED, "%s: %s %" PRId64 " has no row; %s", op,
                             property, value, instead.c_str());
    };
    if (!keep(rows, [&](const KernelEntry &row) { return row.op == layer.op && row.isa == isa; }))
        return Status::error(INVOLUTE_UNSUPPORTED, "%s: this library has no kernel for isa %s", op,
                             isa_name(isa));
    // Rows of a gradient with any window take any dilation, group and number of channels.
    const auto any_window = [&](const KernelEntry &row) {
        return is_gradient(row.op) && row.kernel == 0;
    };
    if (layer.dilation != 1 && !keep(rows, any_window))
        return refuse("dilation", layer.dilation, "rows exist for dilation 1");
    if (!keep(rows, [&](const KernelEntry &row) { return form_fits(row, layer); }))
        return Status::error(INVOLUTE_UNSUPPORTED, "%s: %s has no row for isa %s", op,
                             describe(layer).c_str(), isa_name(isa));
    if (!keep(rows, [&](const KernelEntry &row) {
            return row.kernel == 0 || row.kernel == layer.kernel;
        }))
        return refuse("kernel", layer.kernel,
                      "rows exist for kernel " + values(*rows, &KernelEntry::kernel));
    if (!keep(rows, [&](const KernelEntry &row) { return stride_fits(row, layer, table); }))
        return refuse("stride", layer.stride,
                      "rows exist for stride " + values(*rows, &KernelEntry::stride));
    if (is_involution_family(layer.op) && !keep(rows, [&](const KernelEntry &row) {
            return row.group_channels == 0 || row.group_channels == layer.group_channels;
        }))
        return refuse("group_channels", layer.group_channels,
                      "rows exist for groups of " + values(*rows, &KernelEntry::group_channels));
    const bool any_channels =
        layer.op == Op::kConv2d || layer.op == Op::kDense || is_gradient(layer.op);
    if (!any_channels && layer.in_channels % kGroup != 0)
        return refuse("channels", layer.in_channels, "rows take multiples of 16");
    if (!keep(rows, [&](const KernelEntry &row) { return channels_fit(row, layer); }))
        return refuse("channels", layer.in_channels,
                      "rows exist for " + values(*rows, &KernelEntry::channels) + " channels");
    if (layer.op == Op::kConv2d &&
        !keep(rows, [&](const KernelEntry &row) { return layer.out_channels % row.packing == 0; }))
        return refuse("out_channels", layer.out_channels,
                      "rows take multiples of " + values(*rows, &KernelEntry::packing));
    return Status();
}

} // namespace

Status choose_kernel(KernelTable table, involute_isa isa, const LayerSpec &layer,
                     const KernelEntry **kernel, std::string *why) {
    Rows rows;
    for (const KernelEntry &entry : table)
        rows.push_back(&entry);
    INVOLUTE_RETURN_IF_ERROR(narrow(table, isa, layer, &rows));
    *kernel = rows.front();
    if (!why)
        return Status();
    *why = std::string((*kernel)->row) + ": first row that fits " + describe(layer);
    // A better row that only the number of output channels rules out is worth telling.
    for (const KernelEntry *entry = table.begin(); entry != *kernel; ++entry) {
        if (entry->op == layer.op && entry->isa == isa && form_fits(*entry, layer) &&
            layer.op == Op::kConv2d && layer.out_channels % entry->packing != 0) {
            *why += "; not " + std::string(entry->row) + ", which needs multiples of " +
                    std::to_string(entry->packing) + " output channels";
        }
    }
    return Status();
}

} // namespace involute
