// How long a list of tasks takes on several workers that begin with a part of their own and then
// take from the others: the way in which the threads of a session share a parallel loop.
#pragma once

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace involute {

// Time until the last of `tasks` (seconds, in the order of their indices) has ended on `workers` >=
// 1 workers. Each takes the first task of its own part, or the last of the next part that has one.
inline double list_makespan(const std::vector<double> &tasks, int workers) {
    struct Part {
        size_t first, end;
    };
    const size_t count = static_cast<size_t>(workers);
    std::vector<Part> parts;
    for (size_t worker = 0; worker < count; ++worker)
        parts.push_back({tasks.size() * worker / count, tasks.size() * (worker + 1) / count});
    using Free = std::pair<double, size_t>; // since when, worker
    std::priority_queue<Free, std::vector<Free>, std::greater<Free>> free;
    for (size_t worker = 0; worker < count; ++worker)
        free.push({0.0, worker});
    double end = 0;
    for (size_t taken = 0; taken < tasks.size(); ++taken) {
        const auto [time, worker] = free.top();
        free.pop();
        size_t from = worker;
        while (parts[from].first == parts[from].end)
            from = (from + 1) % count;
        const size_t task = from == worker ? parts[from].first++ : --parts[from].end;
        end = std::max(end, time + tasks[task]);
        free.push({time + tasks[task], worker});
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
