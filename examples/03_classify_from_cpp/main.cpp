// Classifies pictures: classify WEIGHTS.safetensors PICTURE... prints the class of each and its
// probability. The weights' metadata tells the architecture and how pictures are prepared.
#include <involute/involute.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

namespace inv = involute::cpp;

// Prints the class of one picture. A session serves one size; it is planned anew where that
// changes.
static inv::Result classify(inv::Network *network, const char *file) {
    inv::Picture picture;
    if (const auto loaded = picture.load(file, network->preprocessing()); !loaded)
        return loaded;
    if (const auto ready = network->prepare(1, picture.height(), picture.width()); !ready)
        return ready;
    std::vector<float> logits;
    const auto ran = network->run(picture.tensor(), &logits);
    if (!ran)
        return ran;
    const auto best = std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float logit : logits)
        sum += std::exp(double{logit} - double{*best});
    std::printf("%d %.3f\n", static_cast<int>(best - logits.begin()), 1 / sum);
    return ran;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: classify WEIGHTS.safetensors PICTURE...\n");
        return 2;
    }
    inv::Network network;
    if (const auto opened = network.open(argv[1]); !opened) {
        std::fprintf(stderr, "%s\n", opened.message());
        return 1;
    }
    int failures = 0;
    for (int i = 2; i < argc; i++) {
        if (const auto done = classify(&network, argv[i]); !done) {
            std::fprintf(stderr, "%s\n", done.message());
            failures++;
        }
    }
    return failures == 0 ? 0 : 1;
}
