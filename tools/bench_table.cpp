#include "bench_table.h"

#include <memory>

#include "print.h"
#include "system_info.h"

namespace involute {

namespace {

std::string share_text(const Json &fraction) {
    return fraction.is_null() ? "-" : percent(fraction.get<double>());
}

std::string operator_text(const Json &row) {
    std::string text = row.at("op").get<std::string>();
    const std::pair<const char *, const char *> parts[] = {
        {"channels", " c"}, {"out_channels", "->"},   {"kernel", " k"},   {"stride", " s"},
        {"dilation", " d"}, {"group_channels", " g"}, {"reduction", " r"}};
    for (const auto &[key, mark] : parts)
        if (row.contains(key))
            text +=
                mark + (row.at(key).is_array() ? row.at(key)[0].dump() + "x" + row.at(key)[1].dump()
                                               : row.at(key).dump());
    if (row.value("groups", 1) > 1)
        text += " " + row.at("groups").dump() + " groups";
    if (row.value("upsample", 1) > 1)
        text += " up" + row.at("upsample").dump();
    if (row.value("border", "zero") == "clamp")
        text += " clamp";
    return text + (row.value("relu", false) ? " relu" : "");
}

std::string printed_networks(const std::vector<Json> &rows) {
    Table table({"<model or op", "size", "batch", "threads", "isa", "schedule", "images/s", "ms",
                 "of FMA peak", "peak MB"});
    for (const Json &row : rows)
        if (!row.contains("layer"))
            table.row({bench_name(row), row.at("size").get<std::string>(),
                       std::to_string(row.at("batch").get<int64_t>()),
                       std::to_string(row.at("threads").get<int64_t>()),
                       row.at("isa").get<std::string>(), row.at("schedule").get<std::string>(),
                       fixed(row.at("images_per_s").get<double>(), 1),
                       significant(row.at("ms_median").get<double>(), 4),
                       share_text(row.at("peak_fraction")),
                       fixed(row.at("peak_rss_mb").get<double>(), 0)});
    return table.text();
}

// The layers of one network, with a line for all of them together.
class LayerTable {
public:
    void add(const Json &row) {
        line(row.at("layer").get<std::string>(), row);
        for (const char *key : {"macs", "computed_macs", "bytes", "ms_median", "share", "regions",
                                "wait_ms", "cold_ms", "pooling_ms", "first_ms"})
            if (!row.at(key).is_null())
                sums_[key] = sums_.value(key, 0.0) + row.at(key).get<double>();
    }

    std::string text() {
        const double computed = sums_.at("computed_macs").get<double>();
        sums_["row"] = "";
        sums_["peak_fraction"] = nullptr;
        sums_["tail"] = computed > 0 ? 1 - sums_.at("macs").get<double>() / computed : 0;
        for (const char *key : {"cold_ms", "pooling_ms"})
            if (!sums_.contains(key))
                sums_[key] = nullptr;
        line("all layers", sums_);
        return table_.text();
    }

private:
    void line(const std::string &name, const Json &row) {
        const auto ms = [&](const char *key) {
            return row.at(key).is_null() ? "-" : fixed(row.at(key).get<double>(), 4);
        };
        table_.row(
            {name, row.at("row").get<std::string>(), fixed(row.at("macs").get<double>() / 1e6, 2),
             fixed(row.at("bytes").get<double>() / 1e6, 2), ms("ms_median"),
             percent(row.at("share").get<double>()),
             row.at("macs") == 0 ? "-" : share_text(row.at("peak_fraction")),
             percent(row.at("tail").get<double>()), fixed(row.at("regions").get<double>(), 0),
             ms("wait_ms"), ms("cold_ms"), ms("pooling_ms"), ms("first_ms")});
    }

    Table table_{{"<layer", "<row", "MMACs", "MB", "ms", "share", "of FMA peak", "tail", "regions",
                  "wait", "cold", "pool", "first"}};
    Json sums_ = Json::object();
};

} // namespace

std::string bench_name(const Json &row) {
    return row.contains("model") ? row.at("model").get<std::string>() : operator_text(row);
}

std::string bench_heading(const Json &row) {
    return bench_name(row) + ", " + row.at("size").get<std::string>() + ", batch " +
           row.at("batch").dump() + ", " + row.at("isa").get<std::string>();
}

std::string printed_measurements(const std::vector<Json> &rows) {
    const bool emulated = !rows.empty() && rows.front().value("emulated", false);
    std::string text = (emulated ? std::string(kEmulated) + "\n" : "") + printed_networks(rows);
    std::unique_ptr<LayerTable> layers;
    const auto close = [&] {
        if (layers)
            text += layers->text();
        layers.reset();
    };
    std::string heading;
    for (const Json &row : rows) {
        if (!row.contains("layer")) {
            close();
            heading = bench_heading(row) + ", " + row.at("threads").dump() + " threads";
            continue;
        }
        if (!layers) {
            text += "\n" + heading + "\n";
            layers = std::make_unique<LayerTable>();
        }
        layers->add(row);
    }
    close();
    return text;
}

} // namespace involute
