// See run_pictures.h. Softmax is done in double, so that probabilities add up.
#include "run_pictures.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>

#include "failure.h"

namespace involute {

namespace {

// Ties go to the lower index.
Json top_classes(const float *logits, size_t count, size_t wanted,
                 const std::vector<std::string> &labels) {
    std::vector<size_t> order(count);
    for (size_t i = 0; i < count; ++i)
        order[i] = i;
    // Whatever is not a number comes last, so that the order stays one.
    const auto key = [&](size_t i) { return std::isnan(logits[i]) ? -INFINITY : logits[i]; };
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return key(a) > key(b); });
    const double largest = static_cast<double>(logits[order[0]]);
    double sum = 0;
    for (size_t i = 0; i < count; ++i)
        sum += std::exp(static_cast<double>(logits[i]) - largest);
    Json top = Json::array();
    for (size_t rank = 0; rank < std::min(wanted, count); ++rank) {
        const size_t i = order[rank];
        top.push_back({{"index", i},
                       {"label", labels.empty() ? std::to_string(i) : labels[i]},
                       {"probability", std::exp(static_cast<double>(logits[i]) - largest) / sum}});
    }
    return top;
}

} // namespace

std::vector<std::string> read_labels(const std::string &path, size_t classes) {
    std::ifstream file(path);
    if (!file)
        throw Failure(kExitUsage, "--labels " + path + ": cannot be read: " + std::strerror(errno));
    std::vector<std::string> labels;
    for (std::string line; std::getline(file, line) && labels.size() <= classes;) {
        if (!line.empty() && line.back() == '\r')
            line.pop_back();
        labels.push_back(line);
    }
    if (file.bad() || labels.size() != classes)
        throw Failure(kExitUsage,
                      "--labels " + path + ": expected " + std::to_string(classes) +
                          " lines, one a class, found " +
                          (labels.size() > classes ? "more" : std::to_string(labels.size())));
    return labels;
}

Tensor load_picture(const std::string &path, const Json &preprocessing, Size size,
                    std::string *error) {
    const std::string recipe = preprocessing.is_object() ? preprocessing.dump() : "";
    const char *recipe_text = recipe.empty() ? nullptr : recipe.c_str();
    const auto load = [&](involute_tensor *tensor) {
        const involute_status status =
            involute_image_load(path.c_str(), recipe_text, size.height, size.width, tensor);
        // What is wrong with one picture does not stop the others; a lack of memory does.
        if (status.code != INVOLUTE_OK && exit_code_of(status.code) != kExitUsage)
            require(status, path);
        *error = status.message;
        if (error->compare(0, path.size() + 2, path + ": ") == 0)
            error->erase(0, path.size() + 2); // the row names the file
        return status.code == INVOLUTE_OK;
    };
    involute_tensor wanted = {};
    if (!load(&wanted))
        return Tensor();
    Tensor picture("input", shape_of(wanted), Order::kChannelsLast);
    involute_tensor view = picture.view();
    if (!load(&view))
        return Tensor();
    return picture;
}

void Classifier::run(const std::vector<Tensor> &pictures, const std::vector<Json *> &rows) {
    prepare(static_cast<int64_t>(pictures.size()), pictures[0].view());
    const size_t picture_size = static_cast<size_t>(pictures[0].count());
    for (size_t i = 0; i < pictures.size(); ++i)
        std::memcpy(inputs_[0].data() + i * picture_size, pictures[i].data(),
                    picture_size * sizeof(float));
    const std::vector<involute_named_tensor> inputs = named(inputs_), outputs = named(outputs_);
    const auto start = std::chrono::steady_clock::now();
    require(involute_session_run(session_.handle.get(), inputs.data(), inputs.size(),
                                 outputs.data(), outputs.size()),
            model_.label);
    const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - start;
    const size_t classes = static_cast<size_t>(outputs_[0].count()) / pictures.size();
    for (size_t i = 0; i < rows.size(); ++i) {
        (*rows[i])["top"] = top_classes(outputs_[0].data() + i * classes, classes, top_, labels_);
        (*rows[i])["ms"] = ms.count();
    }
}

void Classifier::prepare(int64_t batch, const involute_tensor &picture) {
    const Size size = {picture.shape[2], picture.shape[3]};
    if (session_.handle && batch == batch_ && size.height == size_.height &&
        size.width == size_.width)
        return;
    session_ = Session();
    session_ = create_session(model_, batch, size, threads_);
    inputs_ = make_tensors(session_.json.at("inputs"), Order::kChannelsLast);
    outputs_ = make_tensors(session_.json.at("outputs"), Order::kRowMajor);
    batch_ = batch, size_ = size;
}

} // namespace involute
