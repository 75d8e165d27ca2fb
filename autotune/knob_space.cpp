#include "autotune/knob_space.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <unordered_map>

namespace involute::autotune {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// "tile 6 of 14" -> "tile N of N": so few reasons are left that they can be counted.
std::string without_numbers(const std::string &reason) {
    std::string words;
    for (size_t i = 0; i < reason.size(); ++i) {
        if (!is_digit(reason[i])) {
            words += reason[i];
            continue;
        }
        words += 'N';
        while (i + 1 < reason.size() &&
               (is_digit(reason[i + 1]) ||
                (reason[i + 1] == '.' && i + 2 < reason.size() && is_digit(reason[i + 2]))))
            ++i;
    }
    return words;
}

void check(const std::vector<KnobRange> &knobs) {
    size_t combinations = 1;
    for (size_t k = 0; k < knobs.size(); ++k) {
        const KnobRange &knob = knobs[k];
        if (knob.name.empty())
            throw std::invalid_argument("a knob has no name");
        for (size_t other = 0; other < k; ++other) {
            if (knobs[other].name == knob.name)
                throw std::invalid_argument("two knobs are called " + knob.name);
        }
        if (knob.values.empty())
            throw std::invalid_argument("knob " + knob.name + " has no values");
        if (std::adjacent_find(knob.values.begin(), knob.values.end(), std::greater_equal<int>()) !=
            knob.values.end())
            throw std::invalid_argument("the values of knob " + knob.name + " do not ascend");
        if (knob.values.size() > KnobSpace::kMaxCombinations / combinations)
            throw std::invalid_argument("more than " + std::to_string(KnobSpace::kMaxCombinations) +
                                        " combinations of knobs");
        combinations *= knob.values.size();
    }
}

bool has_special_zero(const KnobRange &knob) {
    return knob.values.size() > 2 && knob.values.front() == 0;
}

} // namespace

KnobSpace::KnobSpace(std::vector<KnobRange> knobs,
                     std::function<std::string(const Point &)> violation, Point usual)
    : knobs_(std::move(knobs)) {
    check(knobs_);
    std::vector<size_t> level(knobs_.size(), 0);
    Point point;
    for (const KnobRange &knob : knobs_)
        point.push_back(knob.values.front());
    std::unordered_map<std::string, size_t> reasons;
    const size_t count = combinations();
    for (size_t number = 0; number < count; ++number) {
        const std::string reason = violation(point);
        if (reason.empty())
            legal_.push_back(static_cast<uint32_t>(number));
        else
            ++reasons[without_numbers(reason)];
        for (size_t k = knobs_.size(); k-- > 0;) { // as an odometer
            level[k] = level[k] + 1 == knobs_[k].values.size() ? 0 : level[k] + 1;
            point[k] = knobs_[k].values[level[k]];
            if (level[k] != 0)
                break;
        }
    }
    legal_.shrink_to_fit();
    rejected_.assign(reasons.begin(), reasons.end());
    std::sort(rejected_.begin(), rejected_.end(), [](const auto &a, const auto &b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });

    const int64_t index = index_of(usual);
    if (index < 0) {
        std::string why = "not among the values that are tried";
        if (number_of(usual) >= 0)
            why = violation(usual);
        throw std::invalid_argument(
            "the usual knobs are not legal: " +
            (usual.size() == knobs_.size() ? text(usual) + ": " + why : "another number of knobs"));
    }
    usual_ = static_cast<size_t>(index);
}

size_t KnobSpace::combinations() const {
    size_t product = 1;
    for (const KnobRange &knob : knobs_)
        product *= knob.values.size();
    return product;
}

Point KnobSpace::point(size_t index) const {
    size_t number = legal_.at(index);
    Point point(knobs_.size());
    for (size_t k = knobs_.size(); k-- > 0;) {
        point[k] = knobs_[k].values[number % knobs_[k].values.size()];
        number /= knobs_[k].values.size();
    }
    return point;
}

int64_t KnobSpace::number_of(const Point &point) const {
    if (point.size() != knobs_.size())
        return -1;
    int64_t number = 0;
    for (size_t k = 0; k < knobs_.size(); ++k) {
        const std::vector<int> &values = knobs_[k].values;
        const auto found = std::lower_bound(values.begin(), values.end(), point[k]);
        if (found == values.end() || *found != point[k])
            return -1;
        number = number * static_cast<int64_t>(values.size()) + (found - values.begin());
    }
    return number;
}

int64_t KnobSpace::index_of(const Point &point) const {
    const int64_t number = number_of(point);
    if (number < 0)
        return -1;
    const auto found =
        std::lower_bound(legal_.begin(), legal_.end(), static_cast<uint32_t>(number));
    return found != legal_.end() && *found == number ? found - legal_.begin() : -1;
}

std::string KnobSpace::text(const Point &point) const {
    std::string text;
    for (size_t k = 0; k < knobs_.size(); ++k)
        text += (k > 0 ? "," : "") + knobs_[k].name + "=" + std::to_string(point.at(k));
    return text;
}

Json KnobSpace::json(const Point &point) const {
    Json json = Json::object();
    for (size_t k = 0; k < knobs_.size(); ++k)
        json[knobs_[k].name] = point.at(k);
    return json;
}

int64_t KnobSpace::index_of(const Json &knobs) const {
    if (!knobs.is_object() || knobs.size() != knobs_.size())
        return -1;
    Point point;
    for (const KnobRange &knob : knobs_) {
        const auto found = knobs.find(knob.name);
        if (found == knobs.end() || !found->is_number_integer())
            return -1;
        const double value = found->get<double>(); // holds every int; others must not become one
        if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max())
            return -1;
        point.push_back(found->get<int>());
    }
    return index_of(point);
}

std::vector<double> KnobSpace::features(size_t index) const {
    const Point point = this->point(index);
    std::vector<double> features;
    features.reserve(2 * knobs_.size());
    for (size_t k = 0; k < knobs_.size(); ++k) {
        const std::vector<int> &values = knobs_[k].values;
        const auto level = std::lower_bound(values.begin(), values.end(), point[k]);
        const double steps = static_cast<double>(std::max<size_t>(values.size() - 1, 1));
        features.push_back(static_cast<double>(level - values.begin()) / steps);
    }
    for (size_t k = 0; k < knobs_.size(); ++k) {
        if (has_special_zero(knobs_[k]))
            features.push_back(point[k] == 0 ? 1 : 0);
    }
    return features;
}

} // namespace involute::autotune
