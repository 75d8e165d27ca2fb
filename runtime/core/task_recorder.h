// The times of the parallel loops and tasks of a session that profiles, layer by layer. All memory
// is taken before the first run; recording costs two looks at the clock a task.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace involute {

// Parallel loops of more than one task ("regions") and their tasks. A loop of one task is none: the
// loops inside it are what threads share; loops inside a task of a region belong to the task.
struct TaskCounts {
    size_t regions = 0, tasks = 0;
};

class TaskRecorder {
public:
    struct Region {
        size_t tasks = 0;
        double seconds = 0; // from its begin to its end, on the thread that began it
    };
    struct Layer {
        const Region *regions;
        const double *tasks; // seconds, region after region, in the order of the indices
        TaskCounts counts;
        double region_seconds, task_seconds; // sums
    };

    // Without room: only counts, as one layer.
    TaskRecorder() = default;
    // Room for what each layer will need.
    explicit TaskRecorder(const std::vector<TaskCounts> &layers);

    // Forgets what was recorded for `layer`; what follows belongs to it.
    void begin_layer(size_t layer);
    // Where the seconds of `tasks` tasks go, by index; nullptr where there is no room.
    double *begin_region(size_t tasks);
    void end_region(size_t tasks, double seconds);

    const TaskCounts &counts() const {
        return counts_;
    }
    Layer layer(size_t index) const;

private:
    struct Place {
        TaskCounts first, room, used;
    };
    std::vector<Place> places_; // by layer
    std::vector<Region> regions_;
    std::vector<double> tasks_;
    Place *current_ = nullptr;
    TaskCounts counts_; // since the last begin_layer
};

} // namespace involute
