// Creation of sessions: shapes, memory plan, kernel calls, scratch sizes, threads. All memory that
// runs will use is taken here.
#include <algorithm>
#include <cinttypes>
#include <cstring>
#include <map>

#include "core/isa.h"
#include "core/log.h"
#include "core/registered.h"
#include "core/session.h"

namespace involute {
namespace {

constexpr int32_t kMaxThreads = 1024;

Status check_options(const involute_session_options &options) {
    const struct {
        const char *name;
        int64_t value;
    } sizes[] = {{"batch", options.batch}, {"height", options.height}, {"width", options.width}};
    for (const auto &size : sizes) {
        if (size.value < 1 || size.value > kMaxSessionDimension) {
            return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                 "%s: expected 1 .. %" PRId64 ", got %" PRId64, size.name,
                                 kMaxSessionDimension, size.value);
        }
    }
    if (options.threads < 0 || options.threads > kMaxThreads) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "threads: expected 1 .. %d, or 0 for all that may be used, got %d",
                             kMaxThreads, options.threads);
    }
    if (options.simulated_threads < 0 || options.simulated_threads > kMaxThreads) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "simulated_threads: expected 1 .. %d, or 0 for none, got %d",
                             kMaxThreads, options.simulated_threads);
    }
    if (options.simulated_threads > 0 && options.threads > 1) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "threads: expected 0 or 1 beside simulated_threads, got %d",
                             options.threads);
    }
    return Status();
}

// Sums take the place of their residual where nothing needs it any more: its lines are in a cache
// that can be written at once, and the next layers find a smaller footprint. Convolutions with hand
// schedules, whatever their numbers, write each value once, right after they have read the residual
// of it.
void share_residuals(const Model &model, const std::vector<TensorLayout> &layouts,
                     std::vector<TensorLifetime> *lifetimes) {
    const Graph &graph = model.graph;
    const std::string &schedule = model.schedule;
    if (schedule != "hand" && schedule != "specialised" && schedule != "tuned")
        return;
    for (size_t i = 0; i < graph.layers.size(); ++i) {
        const LayerSpec &layer = graph.layers[i];
        if (layer.op != Op::kConv2d || layer.residual < 0 || layer.residual == layer.input)
            continue;
        const size_t from = static_cast<size_t>(layer.residual);
        const size_t to = static_cast<size_t>(layer.output);
        const bool callers = std::find(graph.inputs.begin(), graph.inputs.end(), layer.residual) !=
                             graph.inputs.end();
        if (!callers && (*lifetimes)[from].last == static_cast<int>(i) &&
            layouts[from].elements() == layouts[to].elements() &&
            layouts[from].pixel_stride == layouts[to].pixel_stride)
            (*lifetimes)[to].over = layer.residual;
    }
}

} // namespace

Status Session::create(std::shared_ptr<const Model> model, const involute_session_options &options,
                       std::unique_ptr<Session> *session) {
    return create(std::move(model), options, l2_cache_bytes(), session);
}

Status Session::create(std::shared_ptr<const Model> model, const involute_session_options &options,
                       int64_t l2_bytes, std::unique_ptr<Session> *session) {
    INVOLUTE_RETURN_IF_ERROR(check_options(options));
    std::unique_ptr<Session> built(new Session(current_allocator()));
    built->model_ = std::move(model);
    const bool simulates = options.simulated_threads > 0;
    built->threads_ = simulates || built->on_device() ? 1
                      : options.threads > 0           ? options.threads
                                                      : std::min(usable_cpus(), int{kMaxThreads});
    built->cut_for_ = {simulates ? options.simulated_threads : built->threads_, l2_bytes};
    INVOLUTE_RETURN_IF_ERROR(built->plan(options));
    INVOLUTE_RETURN_IF_ERROR(built->bind());
    built->plan_only_ = options.plan_only != 0;
    if (!built->plan_only_) {
        INVOLUTE_RETURN_IF_ERROR(built->use_schedule());
        if (built->on_device())
            INVOLUTE_RETURN_IF_ERROR(built->move_to_device());
        INVOLUTE_RETURN_IF_ERROR(built->measure(options.profile || simulates));
        INVOLUTE_RETURN_IF_ERROR(built->pool_.start(built->threads_));
    }
    built->json_ = built->describe();
    log(INVOLUTE_LOG_INFO,
        "session: batch %" PRId64 ", %" PRId64 "x%" PRId64
        ", threads %d, %zu bytes of activations, %zu of scratch",
        options.batch, options.height, options.width, built->threads_, built->arena_.bytes(),
        built->caller_scratch_ + built->worker_scratch_ * static_cast<size_t>(built->threads_ - 1));
    *session = std::move(built);
    return Status();
}

Status Session::plan(const involute_session_options &options) {
    const Graph &graph = model_->graph;
    INVOLUTE_RETURN_IF_ERROR(infer_layouts(graph, model_->packing(), options.batch, options.height,
                                           options.width, &layouts_));
    // All outputs exist as tensors; only those announced here can be asked for.
    const size_t output_count = options.features ? graph.outputs.size() : 1;
    std::vector<bool> consumed(graph.tensors.size(), false);
    std::vector<TensorLifetime> lifetimes(graph.tensors.size());
    for (size_t i = 0; i < lifetimes.size(); ++i) {
        lifetimes[i].bytes = layouts_[i].elements() * int64_t{sizeof(float)};
        lifetimes[i].first = -1;
    }
    for (int tensor : graph.inputs)
        lifetimes[static_cast<size_t>(tensor)].first = 0; // copied in before the first layer
    for (size_t i = 0; i < graph.layers.size(); ++i) {
        const LayerSpec &layer = graph.layers[i];
        const int step = static_cast<int>(i);
        for (int tensor : {layer.input, layer.residual, layer.kernels, layer.grad}) {
            if (tensor < 0)
                continue;
            TensorLifetime &life = lifetimes[static_cast<size_t>(tensor)];
            if (life.first < 0) {
                return Status::error(INVOLUTE_INTERNAL,
                                     "layer '%s': reads tensor %d, which no layer before it writes",
                                     layer.name.c_str(), tensor);
            }
            life.last = step;
            consumed[static_cast<size_t>(tensor)] = true;
        }
        TensorLifetime &life = lifetimes[static_cast<size_t>(layer.output)];
        if (life.first >= 0) {
            return Status::error(INVOLUTE_INTERNAL, "layer '%s': writes tensor %d a second time",
                                 layer.name.c_str(), layer.output);
        }
        life.first = life.last = step; // copied out right after the layer where that is needed
    }
    for (int tensor : graph.inputs)
        inputs_.push_back({graph.tensors[static_cast<size_t>(tensor)].name, tensor, true});
    for (size_t i = 0; i < output_count; ++i) {
        const int tensor = graph.outputs[i];
        const TensorLayout &shape = layout(tensor);
        outputs_.push_back(
            {graph.tensors[static_cast<size_t>(tensor)].name, tensor,
             !consumed[static_cast<size_t>(tensor)] && shape.pixel_stride == shape.channels()});
    }
    share_residuals(*model_, layouts_, &lifetimes);
    plan_ = plan_memory(lifetimes, on_device() ? kDeviceAlignment : int64_t{kBlockAlignment});
    INVOLUTE_RETURN_IF_ERROR(AlignedFloats::allocate(
        static_cast<size_t>(plan_.bytes) / sizeof(float), "activations", &arena_));
    if (!on_device())
        std::fill_n(arena_.data(), arena_.size(), 0.0f); // the first run touches no new pages then
    return Status();
}

Status Session::bind() {
    const Graph &graph = model_->graph;
    uses_.resize(graph.tensors.size());
    output_of_layer_.assign(graph.layers.size(), -1);
    const auto operand = [this](int tensor) {
        return tensor < 0 ? LayerOperand() : LayerOperand{&layout(tensor), host(tensor)};
    };
    for (size_t i = 0; i < graph.layers.size(); ++i) {
        const LayerSpec &layer = graph.layers[i];
        const float *reciprocals = nullptr;
        if (wants_reciprocals(layer)) {
            auto found = std::find_if(reciprocals_.begin(), reciprocals_.end(),
                                      [&](const auto &pair) { return pair.first == layer.stride; });
            if (found == reciprocals_.end()) {
                AlignedFloats table(allocator_);
                INVOLUTE_RETURN_IF_ERROR(make_reciprocals(layer.stride, &table));
                found = reciprocals_.emplace(reciprocals_.end(), layer.stride, std::move(table));
            }
            reciprocals = found->second.data(); // stays where it is when the list grows
        }
        calls_.push_back(std::make_unique<LayerCall>(*model_->layers[i].kernel));
        LayerCall *call = calls_.back().get();
        bind_layer(layer, model_->layers[i],
                   {operand(layer.input), operand(layer.residual), operand(layer.kernels),
                    operand(layer.output), operand(layer.grad)},
                   reciprocals, cut_for_, call);
        const std::pair<int, int> tensors[] = {{layer.input, call->input},
                                               {layer.residual, call->residual},
                                               {layer.kernels, call->kernels},
                                               {layer.grad, call->grad},
                                               {layer.output, call->output}};
        for (const auto &[tensor, buffer] : tensors) {
            if (tensor >= 0 && buffer >= 0)
                uses_[static_cast<size_t>(tensor)].push_back({call, buffer});
        }
        for (size_t port = 0; port < outputs_.size(); ++port) {
            if (outputs_[port].tensor == layer.output)
                output_of_layer_[i] = static_cast<int>(port);
        }
    }
    return Status();
}

Status Session::move_to_device() {
    device_ = DeviceMirror(model_->isa);
    INVOLUTE_RETURN_IF_ERROR(device_.add(arena_.data(), arena_.size(), "activations"));
    for (const auto &[stride, table] : reciprocals_) {
        INVOLUTE_RETURN_IF_ERROR(device_.add(table.data(), table.size(), "reciprocals"));
        INVOLUTE_RETURN_IF_ERROR(device_.upload(table.data(), table.size()));
    }
    for (const auto &layer : calls_)
        INVOLUTE_RETURN_IF_ERROR(layer->call.move_to_device(device_, model_->device));
    return Status();
}

// Kernels of another schedule take the place of the library's own; what `specialised` has no rows
// and `tuned` no knobs for stays.
Status Session::use_schedule() {
    const char *schedule = model_->schedule.c_str();
    if (model_->schedule == "hand" && !has_kernels_for_calls())
        return Status();
    const bool by_hand = model_->schedule == "hand";
    const bool may_stay = model_->schedule == "specialised" || model_->schedule == "tuned";
    for (size_t i = 0; i < calls_.size(); ++i) {
        const KernelEntry &row = *model_->layers[i].kernel;
        const bool own = std::strcmp(row.schedule, schedule) == 0;
        KernelCall &call = calls_[i]->call;
        const std::string text = call.text();
        const KernelEntry *kernel =
            by_hand ? kernel_for_call(row, text.c_str())
                    : registered_kernel(row.row, row.isa, schedule, text.c_str());
        if (kernel)
            call.use(*kernel);
        else if (!by_hand && (own || !may_stay))
            return Status::error(INVOLUTE_UNAVAILABLE,
                                 "layer '%.100s': no kernel of schedule %s was registered for row "
                                 "%s, isa %s and call %s",
                                 model_->graph.layers[i].name.c_str(), schedule, row.row,
                                 isa_name(row.isa), text.c_str());
    }
    return Status();
}

// Each distinct call runs once on the zeroed tensors, alone and with scratch from the heap; what it
// wanted at once is what the arenas get, so that no run allocates. The same holds for the tasks
// that a profile records.
Status Session::measure(bool profile) {
    std::map<std::string, TaskCounts> measured;
    std::vector<TaskCounts> counts;
    for (size_t i = 0; i < calls_.size(); ++i) {
        const auto [entry, first] = measured.try_emplace(calls_[i]->call.signature());
        if (first) {
            KernelContext context(nullptr, 2, allocator_);
            TaskRecorder counter;
            context.set_measuring(true);
            context.set_recorder(&counter);
            INVOLUTE_RETURN_IF_ERROR(
                calls_[i]->call.invoke(&context, model_->graph.layers[i].name));
            const size_t outside = context.arenas()[0].high_water();
            const size_t inside = context.arenas()[1].high_water();
            caller_scratch_ = std::max(caller_scratch_, outside + inside);
            worker_scratch_ = std::max(worker_scratch_, inside);
            entry->second = counter.counts();
        }
        counts.push_back(entry->second);
    }
    if (on_device())
        INVOLUTE_RETURN_IF_ERROR(device_.synchronise()); // a launch may fail late
    context_ = std::make_unique<KernelContext>(&pool_, static_cast<size_t>(threads_), allocator_);
    for (size_t slot = 0; slot < context_->arenas().size(); ++slot) {
        INVOLUTE_RETURN_IF_ERROR(
            context_->arenas()[slot].reserve(slot == 0 ? caller_scratch_ : worker_scratch_));
    }
    if (profile) {
        seconds_.assign(calls_.size(), 0.0);
        int64_t spare = 0;
        for (size_t i = 0; i < calls_.size(); ++i) {
            const int residual = overwritten_residual(i);
            spare = std::max(spare, residual >= 0 ? layout(residual).elements() : 0);
        }
        INVOLUTE_RETURN_IF_ERROR(
            AlignedFloats::allocate(static_cast<size_t>(spare), "residuals to repeat", &spare_));
        recorder_ = TaskRecorder(counts);
        context_->set_recorder(&recorder_);
    }
    return Status();
}

} // namespace involute
