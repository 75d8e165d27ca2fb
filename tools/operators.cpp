// The options of a single operator (--op, --channels, ...) as the descriptions that the library
// takes; part of network.h.
#include <algorithm>
#include <functional>

#include "failure.h"
#include "network.h"
#include "print.h"

namespace involute {

namespace {

struct Operator {
    const char *name;
    std::vector<std::string> keys; // which options it takes, by their JSON name
};

const std::vector<Operator> &operators() {
    static const std::vector<Operator> all = {
        {"involution",
         {"channels", "kernel", "stride", "dilation", "group_channels", "reduction", "relu"}},
        {"aggregation",
         {"channels", "kernel", "stride", "dilation", "upsample", "border", "group_channels",
          "relu"}},
        {"kernel_generation", {"channels", "kernel", "stride", "group_channels", "reduction"}},
        {"conv2d", {"channels", "out_channels", "groups", "kernel", "stride", "dilation", "relu"}},
        {"local", {"channels", "out_channels", "groups", "kernel", "stride", "dilation", "relu"}},
        {"max_pool", {"channels", "kernel", "stride"}},
        {"avg_pool", {"channels", "kernel", "stride"}},
        {"global_pool", {"channels"}},
        {"dense", {"channels", "out_channels"}},
        {"softmax", {"channels", "kernel", "group_channels"}},
        {"aggregation_grad_input", {"channels", "kernel", "stride", "dilation", "group_channels"}},
        {"aggregation_grad_weight", {"channels", "kernel", "stride", "dilation", "group_channels"}},
        {"involution_grad_input",
         {"channels", "kernel", "stride", "dilation", "group_channels", "reduction"}},
        {"local_attention", {"channels", "kernel", "dilation", "group_channels", "relu"}},
    };
    return all;
}

std::vector<std::string> operator_names() {
    std::vector<std::string> names;
    for (const Operator &op : operators())
        names.push_back(op.name);
    return names;
}

const Operator &operator_named(const std::string &name) {
    for (const Operator &op : operators())
        if (name == op.name)
            return op;
    throw Failure(kExitUsage,
                  "--op: expected one of " + joined(operator_names()) + ", found \"" + name + "\"");
}

bool takes(const Operator &op, const std::string &key) {
    return std::find(op.keys.begin(), op.keys.end(), key) != op.keys.end();
}

struct Setting {
    std::string option; // "--group-channels"
    std::string key;    // "group_channels"
    std::vector<Json> values;
};

constexpr int64_t kMaxSetting = 1 << 20; // the library's own limits are lower

Setting integers(const std::string &key, const std::vector<std::string> &values, int64_t low) {
    Setting setting{"--" + key, key, {}};
    std::replace(setting.option.begin(), setting.option.end(), '_', '-');
    for (int64_t value : parse_integers(setting.option, values, low, kMaxSetting))
        setting.values.push_back(value);
    return setting;
}

// "7" or "1x7", height before width.
Setting kernels(const std::vector<std::string> &values) {
    Setting setting{"--kernel", "kernel", {}};
    for (const std::string &text : split_list(setting.option, values)) {
        if (text.find('x') == std::string::npos) {
            setting.values.push_back(parse_integer(setting.option, text, 1, kMaxSetting));
            continue;
        }
        const Size size = parse_size(setting.option, text);
        setting.values.push_back(Json{size.height, size.width});
    }
    return setting;
}

Setting names(const std::string &key, const std::vector<std::string> &values) {
    Setting setting{"--" + key, key, {}};
    for (const std::string &text : split_list(setting.option, values))
        setting.values.push_back(text);
    return setting;
}

std::vector<Setting> parse_settings(const RawOperator &raw) {
    std::vector<Setting> settings = {integers("channels", raw.channels, 1),
                                     integers("out_channels", raw.out_channels, 1),
                                     integers("groups", raw.groups, 1),
                                     kernels(raw.kernel),
                                     integers("stride", raw.stride, 1),
                                     integers("dilation", raw.dilation, 1),
                                     integers("upsample", raw.upsample, 1),
                                     names("border", raw.border),
                                     integers("group_channels", raw.group_channels, 1),
                                     integers("reduction", raw.reduction, 0)};
    if (settings[0].values.empty())
        settings[0].values = {64};
    return settings;
}

void expand(const Operator &op, const std::vector<Setting> &settings, size_t next, Json description,
            std::vector<Json> *all) {
    if (next == settings.size()) {
        all->push_back(description);
        return;
    }
    const Setting &setting = settings[next];
    if (setting.values.empty() || !takes(op, setting.key))
        return expand(op, settings, next + 1, description, all);
    for (const Json &value : setting.values) {
        description[setting.key] = value;
        expand(op, settings, next + 1, description, all);
    }
}

} // namespace

bool operator_takes(const std::string &kind, const std::string &key) {
    return takes(operator_named(kind), key);
}

std::vector<Json> operator_descriptions(const RawOperator &raw) {
    std::vector<const Operator *> chosen;
    for (const std::string &name : split_list("--op", raw.op))
        chosen.push_back(&operator_named(name));
    const std::vector<Setting> settings = parse_settings(raw);
    const auto require_taken = [&](const std::string &option, const std::string &key) {
        if (std::none_of(chosen.begin(), chosen.end(),
                         [&](const Operator *op) { return takes(*op, key); }))
            throw Failure(kExitUsage, option + ": does not belong to --op " + joined(raw.op) +
                                          ", which takes " + joined(chosen[0]->keys));
    };
    for (const Setting &setting : settings)
        if (!setting.values.empty())
            require_taken(setting.option, setting.key);
    if (raw.relu)
        require_taken("--relu", "relu");

    std::vector<Json> all;
    for (const Operator *op : chosen) {
        Json description = {{"kind", op->name}};
        if (raw.relu && takes(*op, "relu"))
            description["relu"] = true;
        expand(*op, settings, 0, description, &all);
    }
    return all;
}

} // namespace involute
