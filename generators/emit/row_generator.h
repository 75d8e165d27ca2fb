// What the Generator classes of all ops share: the parameters of a row, the memory layout that
// docs/kernel-interface.md promises, and the choice of schedule.
#pragma once

#include <string>
#include <type_traits>

#include "Halide.h"
#include "generators/emit/bound_call.h"
#include "generators/emit/search.h"
#include "schedules/arm/schedules.h"
#include "schedules/gpu/schedules.h"
#include "schedules/knobs.h"
#include "schedules/naive/schedules.h"
#include "schedules/own/schedules.h"
#include "schedules/x86/schedules.h"

namespace involute::emit {

// Promises for a dense tensor: dimension 0 contiguous, minima 0.
void promise_packed(Halide::OutputImageParam tensor, const Halide::Expr &packing, int dimensions);

// Promises for a tensor of any strides but the first: minima 0.
void promise_zero_based(Halide::OutputImageParam tensor);

// Promises for (k, p, b): pixels hold whole multiples of `values`, 64-byte aligned.
void promise_pixels(Halide::OutputImageParam tensor, int values);

// Promises for (ci, g, x, ...): groups of `group_channels` neighbours, 64-byte aligned pixels.
void promise_groups(Halide::OutputImageParam tensor, int group_channels, int dimensions);

// Estimates for autoschedulers, extents innermost first.
void estimate(Halide::OutputImageParam tensor, const std::vector<int> &extents);

// GeneratorParams: the columns of generators/inventory.def, the schedule and its knobs.
template <typename T>
class RowGenerator : public Halide::Generator<T> {
public:
    Halide::GeneratorParam<std::string> form{"form", ""};
    Halide::GeneratorParam<int> kernel{"kernel", 1};                  // 0: run time
    Halide::GeneratorParam<int> stride{"stride", 1};                  // 0: run time
    Halide::GeneratorParam<int> group_channels{"group_channels", 16}; // 0: run time
    Halide::GeneratorParam<int> channels{"channels", 0};              // 0: run time
    // Of the input, for rows of one size only; 0: run time.
    Halide::GeneratorParam<int> images{"images", 0};
    Halide::GeneratorParam<int> map_height{"map_height", 0};
    Halide::GeneratorParam<int> map_width{"map_width", 0};
    Halide::GeneratorParam<int> packing{"packing", 16}; // NR
    Halide::GeneratorParam<std::string> isa{"isa", "avx2"};
    Halide::GeneratorParam<std::string> schedule_name{"schedule", "hand"};
    Halide::GeneratorParam<std::string> knob_text{"knobs", ""};
    Halide::GeneratorParam<std::string> call{"call", ""}; // "": any; emit/bound_call.h

protected:
    using Tensor2 = Halide::Buffer<float, 2>;
    using Tensor3 = Halide::Buffer<float, 3>;
    using Tensor4 = Halide::Buffer<float, 4>;
    using Tensor5 = Halide::Buffer<float, 5>;
    using Tensor6 = Halide::Buffer<float, 6>;

    struct NoKnobs {};

    // Hands the op to the schedule that was asked for. The hand schedule also takes what `knobs_of`
    // returns, or NoKnobs; `cut`: run-time sizes of a task. On a device it takes DeviceKnobs,
    // unless the op is scheduled there on its own: NoKnobs.
    template <typename DeviceKnobs = schedules::gpu::MapKnobs, typename Op, typename KnobsOf,
              typename... Cut>
    void schedule_by_name(Op &op, const KnobsOf &knobs_of, const Cut &...cut) {
        if (!call.value().empty()) {
            bind_call(*this, call.value());
        }
        if constexpr (!std::is_same_v<DeviceKnobs, NoKnobs>) {
            if (on_device()) {
                schedule_on_device(op, DeviceKnobs());
                return;
            }
        }
        apply_schedule(op, knobs_of, cut...);
        note_loop_nest(this->get_pipeline());
    }
    // Generic rows take every legal shape at run time.
    bool generic() const {
        return group_channels.value() == 0;
    }
    // Channels of a group, in estimates of generic rows those of the known networks.
    int group() const {
        return generic() ? 16 : group_channels.value();
    }
    bool one_size() const {
        return map_height.value() != 0;
    }
    // The constant of a row that has one, else the argument.
    static Halide::Expr constant_or(int constant, const Halide::Expr &argument) {
        return constant != 0 ? Halide::Expr(constant) : argument;
    }
    // The number of images.
    void fix_images(Halide::OutputImageParam tensor) const {
        if (images.value() != 0) {
            tensor.dim(tensor.dimensions() - 1).set_bounds(0, images.value());
        }
    }
    // (ci, g, x, y, b) of one size.
    void fix_map(Halide::OutputImageParam tensor, int step) const {
        const int width = (map_width.value() + step - 1) / step;
        const int height = (map_height.value() + step - 1) / step;
        fix_images(tensor);
        if (one_size()) {
            tensor.dim(2).set_bounds(0, width);
            tensor.dim(3).set_bounds(0, height);
        }
        if (channels.value() != 0) {
            tensor.dim(2).set_stride(channels.value());
        }
        if (one_size() && channels.value() != 0) {
            tensor.dim(3).set_stride(width * channels.value());
            tensor.dim(4).set_stride(height * width * channels.value());
        }
    }
    // (ci, g, x, ...)
    void promise_map(Halide::OutputImageParam tensor) const {
        if (generic()) {
            promise_zero_based(tensor);
        } else {
            promise_groups(tensor, group(), tensor.dimensions());
        }
    }
    int taps() const {
        return kernel.value() * kernel.value();
    }
    schedules::Machine machine() const {
        return schedules::machine_of(isa.value());
    }

    // Kernels of devices have schedules of their own: `args` are what follows the op there, the
    // last one its knobs.
    bool on_device() const {
        return isa.value() == "cuda" || isa.value() == "opencl";
    }
    // With what `knobs=` changes; a user error where they are impossible.
    template <typename Knobs>
    Knobs device_knobs(Knobs chosen) const {
        std::string error = schedules::set_knobs(knob_text.value(), chosen.list());
        if (error.empty()) {
            error = chosen.violation();
        }
        if (!error.empty()) {
            throw Halide::CompileError(error);
        }
        return chosen;
    }
    template <typename Op, typename Knobs, typename... Stages>
    void schedule_on_device(Op &op, Knobs knobs, Stages &&...stages) {
        if (schedule_name.value() != "hand") {
            throw Halide::CompileError("schedule " + schedule_name.value() +
                                       ": devices have hand schedules only");
        }
        knobs = device_knobs(knobs);
        schedules::gpu::schedule(op, stages..., knobs);
        note_loop_nest(this->get_pipeline());
    }

    // The defaults of this row and ISA with what `knobs=` changes; a user error where they are
    // impossible.
    template <typename Knobs>
    Knobs knobs() const {
        return changed(Knobs::defaults(machine(), packing.value()));
    }
    template <typename Knobs>
    Knobs changed(Knobs chosen) const {
        std::string error = schedules::set_knobs(knob_text.value(), chosen.list());
        if (error.empty()) {
            error = chosen.violation(machine(), packing.value());
        }
        if (!error.empty()) {
            throw Halide::CompileError(error);
        }
        return chosen;
    }

private:
    template <typename Op, typename KnobsOf, typename... Cut>
    void apply_schedule(Op &op, const KnobsOf &knobs_of, const Cut &...cut) {
        const std::string &name = schedule_name.value();
        if (name == "naive") {
            schedules::naive::schedule(op);
        } else if (name == "own") {
            schedules::own::schedule(op, machine(), cut...);
        } else if (name != "hand" && name != "specialised" && name != "tuned") {
            autoschedule(this->get_pipeline(), this->get_target());
        } else {
            const auto by_hand = [&](const auto &...rest) {
                machine().arm ? schedules::arm::schedule(op, rest...)
                              : schedules::x86::schedule(op, rest...);
            };
            if constexpr (std::is_same_v<KnobsOf, NoKnobs>) {
                by_hand(machine(), cut...);
            } else {
                by_hand(knobs_of(), machine(), cut...);
            }
        }
    }
};

} // namespace involute::emit
