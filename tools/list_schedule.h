// How long a list of tasks takes on several workers that take the next one whenever they are free:
// the way in which the threads of a session share a parallel loop.
#pragma once

#include <algorithm>
#include <functional>
#include <queue>
#include <vector>

namespace involute {

// Time until the last of `tasks` (times, taken in this order) has ended on `workers` >= 1 workers.
inline double list_makespan(const std::vector<double> &tasks, int workers) {
    std::priority_queue<double, std::vector<double>, std::greater<double>> free_at;
    for (int worker = 0; worker < workers; ++worker)
        free_at.push(0);
    double end = 0;
    for (double task : tasks) {
        const double done = free_at.top() + task;
        free_at.pop();
        free_at.push(done);
        end = std::max(end, done);
    }
    return end;
}

// What a layer takes on `workers` workers: its serial part and region after region.
struct Prediction {
    double work = 0;    // serial part and all tasks
    double seconds = 0; // until the last has ended

    // Share of the workers' time that is work, 1 where there is none.
    double balance(int workers) const {
        return seconds > 0 ? work / (workers * seconds) : 1;
    }
};

// `region[i]` is that of task i; tasks of a region stand together.
template <class Integer>
Prediction predict(double serial, const std::vector<Integer> &region,
                   const std::vector<double> &tasks, int workers) {
    Prediction result{serial, serial};
    for (size_t first = 0, end = 0; first < tasks.size(); first = end) {
        while (end < tasks.size() && region[end] == region[first])
            result.work += tasks[end++];
        const auto at = [&](size_t i) { return tasks.begin() + static_cast<std::ptrdiff_t>(i); };
        result.seconds += list_makespan({at(first), at(end)}, workers);
    }
    return result;
}

} // namespace involute
