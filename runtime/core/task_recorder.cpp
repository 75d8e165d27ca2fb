#include "core/task_recorder.h"

#include <numeric>

namespace involute {

TaskRecorder::TaskRecorder(const std::vector<TaskCounts> &layers) {
    TaskCounts total;
    for (const TaskCounts &room : layers) {
        places_.push_back({total, room, {}});
        total.regions += room.regions;
        total.tasks += room.tasks;
    }
    regions_.resize(total.regions);
    tasks_.resize(total.tasks);
}

void TaskRecorder::begin_layer(size_t layer) {
    counts_ = {};
    current_ = layer < places_.size() ? &places_[layer] : nullptr;
    if (current_)
        current_->used = {};
}

double *TaskRecorder::begin_region(size_t tasks) {
    if (!current_ || counts_.regions + 1 > current_->room.regions ||
        counts_.tasks + tasks > current_->room.tasks)
        return nullptr;
    return &tasks_[current_->first.tasks + counts_.tasks];
}

void TaskRecorder::end_region(size_t tasks, double seconds) {
    if (current_ && counts_.regions < current_->room.regions) {
        regions_[current_->first.regions + counts_.regions] = {tasks, seconds};
        current_->used = {counts_.regions + 1, counts_.tasks + tasks};
    }
    ++counts_.regions;
    counts_.tasks += tasks;
}

TaskRecorder::Layer TaskRecorder::layer(size_t index) const {
    const Place &place = places_[index];
    Layer layer{regions_.data() + place.first.regions, tasks_.data() + place.first.tasks,
                place.used, 0, 0};
    for (size_t i = 0; i < layer.counts.regions; ++i)
        layer.region_seconds += layer.regions[i].seconds;
    layer.task_seconds = std::accumulate(layer.tasks, layer.tasks + layer.counts.tasks, 0.0);
    return layer;
}

} // namespace involute
