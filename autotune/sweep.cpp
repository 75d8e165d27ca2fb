#include "autotune/sweep.h"

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

#include "autotune/strategy.h"

namespace involute::autotune {

namespace {

constexpr double kRejected = std::numeric_limits<double>::infinity();

// Calls `read`; the JSON library's errors become ours.
template <typename Read>
auto checked(const std::string &what, const Read &read) {
    try {
        return read();
    } catch (const Json::exception &error) {
        throw std::invalid_argument("sweep: " + what + ": " + error.what());
    }
}

int integer(const Json &json) {
    if (!json.is_number_integer() || json.get<double>() < std::numeric_limits<int>::min() ||
        json.get<double>() > std::numeric_limits<int>::max())
        throw std::invalid_argument("sweep: " + json.dump() + " is no value of a knob");
    return json.get<int>();
}

double cost_of(const Json &json) {
    if (json.is_null())
        return kRejected;
    if (!json.is_number() || !(json.get<double>() > 0))
        throw std::invalid_argument("sweep: " + json.dump() + " is no cost");
    return json.get<double>();
}

std::vector<KnobRange> knobs_of(const Json &json) {
    std::vector<KnobRange> knobs;
    for (const Json &knob : json) {
        KnobRange range;
        range.name = knob.at("name").get<std::string>();
        for (const Json &value : knob.at("values"))
            range.values.push_back(integer(value));
        knobs.push_back(std::move(range));
    }
    return knobs;
}

std::map<Point, double> points_of(const Json &json, size_t knobs) {
    std::map<Point, double> points;
    for (const Json &entry : json) {
        if (!entry.is_array() || entry.size() != knobs + 1)
            throw std::invalid_argument("sweep: " + entry.dump() + " is no point of " +
                                        std::to_string(knobs) + " knobs and a cost");
        Point point;
        for (size_t k = 0; k < knobs; ++k)
            point.push_back(integer(entry[k]));
        if (!points.emplace(std::move(point), cost_of(entry[knobs])).second)
            throw std::invalid_argument("sweep: " + entry.dump() + " is a point's second cost");
    }
    return points;
}

} // namespace

double Sweep::best() const {
    return *std::min_element(costs.begin(), costs.end());
}

Sweep read_sweep(const std::string &json_text) {
    const Json json = checked("no JSON", [&] { return Json::parse(json_text); });
    return checked("not as described", [&] {
        std::vector<KnobRange> knobs = knobs_of(json.at("knobs"));
        const std::map<Point, double> points = points_of(json.at("points"), knobs.size());
        Point usual;
        for (const Json &value : json.at("usual"))
            usual.push_back(integer(value));
        const auto violation = [&](const Point &point) -> std::string {
            return points.count(point) > 0 ? "" : "not recorded";
        };
        Sweep sweep{KnobSpace(std::move(knobs), violation, std::move(usual)), {}, json.at("key")};
        if (!sweep.key.is_object())
            throw std::invalid_argument("sweep: key is no object");
        if (sweep.space.size() != points.size())
            throw std::invalid_argument("sweep: a point has a value that its knob has not");
        for (size_t index = 0; index < sweep.space.size(); ++index)
            sweep.costs.push_back(points.at(sweep.space.point(index)));
        return sweep;
    });
}

std::string sweep_text(const Sweep &sweep) {
    Json knobs = Json::array();
    for (const KnobRange &knob : sweep.space.knobs())
        knobs.push_back({{"name", knob.name}, {"values", knob.values}});
    std::string text = "{\"key\": " + sweep.key.dump() + ",\n\"knobs\": " + knobs.dump() +
                       ",\n\"usual\": " + Json(sweep.space.point(sweep.space.usual())).dump() +
                       ",\n\"points\": [";
    for (size_t index = 0; index < sweep.space.size(); ++index) {
        Json point = sweep.space.point(index);
        point.push_back(sweep.costs[index]); // infinity becomes null as text
        text += (index > 0 ? ",\n" : "\n") + point.dump();
    }
    return text + "\n]}\n";
}

size_t Replay::trials_to(double cost) const {
    const auto reached = [&](double after) { return after <= cost; };
    const auto found = std::find_if(best.begin(), best.end(), reached);
    return found == best.end() ? 0 : static_cast<size_t>(found - best.begin()) + 1;
}

Replay replay(const Sweep &sweep, const std::string &strategy, uint64_t seed, size_t trials,
              size_t batch) {
    const auto search = make_strategy(strategy, sweep.space, {sweep.space.usual()}, seed);
    Replay replay;
    double best = kRejected;
    while (replay.best.size() < trials) {
        const std::vector<size_t> points =
            search->propose(std::min(batch, trials - replay.best.size()));
        if (points.empty())
            break;
        for (size_t point : points) {
            search->tell(point, sweep.costs[point]);
            best = std::min(best, sweep.costs[point]);
            replay.best.push_back(best);
        }
    }
    return replay;
}

} // namespace involute::autotune
