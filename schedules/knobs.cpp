#include "schedules/knobs.h"

#include <cstdlib>
#include <sstream>

namespace involute::schedules {

std::string set_knobs(const std::string &text, const std::vector<Knob> &knobs) {
    std::istringstream items(text);
    for (std::string item; std::getline(items, item, ',');) {
        const size_t equals = item.find('=');
        const std::string name = item.substr(0, equals);
        const Knob *knob = nullptr;
        std::string known;
        for (const Knob &k : knobs) {
            if (name == k.name) {
                knob = &k;
            }
            known += (known.empty() ? "" : ", ") + std::string(k.name);
        }
        if (knob == nullptr || equals == std::string::npos) {
            return "knob '" + item + "': expected name=value with a name of: " + known;
        }
        char *end = nullptr;
        const long value = std::strtol(item.c_str() + equals + 1, &end, 10);
        if (*end != '\0' || end == item.c_str() + equals + 1 || value < knob->low ||
            value > knob->high) {
            return "knob " + name + ": expected " + std::to_string(knob->low) + " to " +
                   std::to_string(knob->high) + ", got '" + item.substr(equals + 1) + "'";
        }
        *knob->value = static_cast<int>(value);
    }
    return "";
}

} // namespace involute::schedules
