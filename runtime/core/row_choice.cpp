// Which kernel a layer takes: the first row that fits. Each row says what rules it out, so that the
// choice can be explained.
#include <vector>

#include "core/device.h"
#include "core/isa.h"
#include "core/registry.h"

namespace involute {
namespace {

constexpr int64_t kGroup = 16; // channels of a group in the specialised rows

bool is_involution_family(Op op) {
    return op == Op::kInvolution || op == Op::kKernelGeneration || op == Op::kAggregation ||
           is_gradient(op);
}

std::string size_text(const KernelSize &kernel) {
    return kernel.is_square() ? std::to_string(kernel.width)
                              : std::to_string(kernel.height) + "x" + std::to_string(kernel.width);
}

std::string describe(const LayerSpec &layer) {
    std::string text = "kernel " + size_text(layer.kernel) + ", stride " +
                       std::to_string(layer.stride) + ", " + std::to_string(layer.in_channels) +
                       (layer.op == Op::kConv2d || layer.op == Op::kDense || layer.op == Op::kLocal
                            ? " -> " + std::to_string(layer.out_channels)
                            : std::string()) +
                       " channels";
    if (is_involution_family(layer.op))
        text += " in groups of " + std::to_string(layer.group_channels);
    if (layer.groups > 1)
        text += " in " + std::to_string(layer.groups) + " groups";
    if (layer.op == Op::kInvolution || layer.op == Op::kKernelGeneration)
        text += layer.hidden > 0 ? ", bottleneck of " + std::to_string(layer.hidden)
                                 : std::string(", single layer");
    if (layer.dilation > 1)
        text += ", dilation " + std::to_string(layer.dilation);
    if (layer.upsample > 1)
        text += ", upsample " + std::to_string(layer.upsample);
    if (layer.border == Border::kClamp)
        text += ", border clamp";
    return text;
}

std::string only(const std::string &property, const std::string &values) {
    return property + " " + values + " only";
}

// A window of one tap is the same at any dilation.
bool is_dilated(const LayerSpec &layer) {
    return layer.dilation > 1 && layer.kernel.taps() > 1;
}

// These say what rules the row out, "" when it fits.
std::string misfit_of_size(const KernelEntry &row, const LayerSpec &layer) {
    if (row.kernel != 0 && !(layer.kernel.is_square() && layer.kernel.width == row.kernel))
        return only("kernel", std::to_string(row.kernel));
    if (row.stride != 0 && layer.stride != row.stride)
        return only("stride", std::to_string(row.stride));
    return "";
}

std::string misfit_of_convolution(const KernelEntry &row, const LayerSpec &layer) {
    if (row.form != Form::kPoint && row.form != Form::kStrided) {
        const std::string of_size = misfit_of_size(row, layer);
        if (!of_size.empty())
            return of_size;
    }
    if (row.channels != 0 && layer.in_channels != row.channels)
        return only("channels", std::to_string(row.channels));
    if (row.form == Form::kGrouped)
        return "";
    if (row.form == Form::kDepthwise)
        return layer.groups == layer.in_channels && layer.out_channels == layer.in_channels
                   ? ""
                   : "one channel a group only";
    if (layer.groups > 1)
        return only("groups", "1");
    if (is_dilated(layer))
        return only("dilation", "1");
    if (!layer.kernel.is_square())
        return "square kernels only";
    if (row.form != Form::kWindow) {
        if (layer.kernel.taps() > 1)
            return only("kernel", "1");
        if (row.form == Form::kPoint && layer.stride > 1)
            return only("stride", "1");
        // The pixel rows read whole vectors of input channels; on a device a warp does.
        const int64_t inputs = is_device(row.isa) ? row.packing : kGroup;
        if (layer.in_channels % inputs != 0)
            return "multiples of " + std::to_string(inputs) + " input channels only";
    }
    if (layer.out_channels % row.packing != 0)
        return "multiples of " + std::to_string(row.packing) + " output channels only";
    return "";
}

std::string misfit_of_window(const KernelEntry &row, const LayerSpec &layer) {
    const bool upsamples = row.form == Form::kUpsample, clamps = row.form == Form::kClamp;
    if (upsamples != (layer.upsample > 1))
        return upsamples ? "with an upsample only" : only("upsample", "1");
    if (clamps != (layer.border == Border::kClamp))
        return only("border", clamps ? "clamp" : "zero");
    if (row.group_channels != 0 && is_dilated(layer))
        return only("dilation", "1");
    return "";
}

std::string misfit_of_involution(const KernelEntry &row, const LayerSpec &layer) {
    if (layer.op == Op::kAggregation) {
        const std::string misfit = misfit_of_window(row, layer);
        if (!misfit.empty())
            return misfit;
    } else if (!is_gradient(layer.op) && (row.form == Form::kBottleneck) != (layer.hidden > 0)) {
        return row.form == Form::kBottleneck ? "with a bottleneck only" : "single layers only";
    }
    if (row.channels != 0 && row.channels != layer.in_channels)
        return only("channels", std::to_string(row.channels));
    if (row.group_channels == 0)
        return "";
    if (layer.group_channels != row.group_channels)
        return only("groups of", std::to_string(row.group_channels));
    if (layer.op == Op::kInvolution && is_dilated(layer))
        return only("dilation", "1");
    return "";
}

std::string misfit(const KernelEntry &row, const LayerSpec &layer) {
    if (layer.op == Op::kConv2d || layer.op == Op::kLocal)
        return misfit_of_convolution(row, layer);
    if (is_gradient(layer.op) && row.group_channels != 0 && is_dilated(layer))
        return only("dilation", "1");
    const std::string of_size = misfit_of_size(row, layer);
    if (!of_size.empty())
        return of_size;
    if (is_involution_family(layer.op))
        return misfit_of_involution(row, layer);
    if (row.group_channels != 0 && layer.in_channels % row.group_channels != 0)
        return "multiples of " + std::to_string(row.group_channels) + " channels only";
    return "";
}

// The instruction set whose kernels run on every CPU that has `isa`; AUTO: none.
involute_isa next_lower(involute_isa isa) {
    return isa == INVOLUTE_ISA_AVX512 ? INVOLUTE_ISA_AVX2
           : isa == INVOLUTE_ISA_AVX2 ? INVOLUTE_ISA_BASELINE
                                      : INVOLUTE_ISA_AUTO;
}

} // namespace

bool fits(const KernelEntry &row, const LayerSpec &layer) {
    return row.op == layer.op && misfit(row, layer).empty();
}

Status choose_kernel(KernelTable table, involute_isa isa, const LayerSpec &layer,
                     const KernelEntry **kernel, std::string *why) {
    std::string passed; // "row: what rules it out; ..."
    for (involute_isa from = isa; from != INVOLUTE_ISA_AUTO; from = next_lower(from)) {
        for (const KernelEntry &row : table) {
            if (row.op != layer.op || row.isa != from || row.call)
                continue;
            const std::string wrong = misfit(row, layer);
            if (!wrong.empty()) {
                if (from == isa)
                    passed += (passed.empty() ? "" : "; ") + std::string(row.row) + ": " + wrong;
                continue;
            }
            *kernel = &row;
            if (why)
                *why = std::string(row.row) +
                       (from == isa ? "" : " for " + std::string(isa_name(from))) +
                       ": first row that fits " + describe(layer) +
                       (passed.empty() ? "" : "; not " + passed);
            return Status();
        }
    }
    if (passed.empty())
        return Status::error(INVOLUTE_UNSUPPORTED, "%s: this library has no kernel for isa %s",
                             op_name(layer.op), isa_name(isa));
    return Status::error(INVOLUTE_UNSUPPORTED, "%s: no row for isa %s fits %s; %s",
                         op_name(layer.op), isa_name(isa), describe(layer).c_str(), passed.c_str());
}

} // namespace involute
