// Pictures through a network: loading, classifying, the most likely classes.
#pragma once

#include <string>
#include <vector>

#include "network.h"

namespace involute {

// One label a class, from a text file with one a line.
std::vector<std::string> read_labels(const std::string &path, size_t classes);

// The picture, prepared, in channels-last memory; sets `error` instead when it cannot be read.
Tensor load_picture(const std::string &path, const Json &preprocessing, Size size,
                    std::string *error);

// Classifies pictures in groups of one shape; keeps the session while the shape stays.
class Classifier {
public:
    // Without labels, classes are called by their index.
    Classifier(const Model &model, int threads, size_t top, std::vector<std::string> labels)
        : model_(model), threads_(threads), top_(top), labels_(std::move(labels)) {}

    // Adds "top" and "ms" to the rows, one for each picture.
    void run(const std::vector<Tensor> &pictures, const std::vector<Json *> &rows);

private:
    void prepare(int64_t batch, const involute_tensor &picture);

    const Model &model_;
    const int threads_;
    const size_t top_;
    const std::vector<std::string> labels_;
    Session session_;
    int64_t batch_ = 0;
    Size size_;
    std::vector<Tensor> inputs_, outputs_;
};

} // namespace involute
