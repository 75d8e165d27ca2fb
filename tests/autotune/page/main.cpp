// Writes docs/knobs.md.
#include <fstream>

#include "autotune/spaces.h"

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    std::ofstream file(argv[1]);
    file << involute::autotune::knobs_page();
    return file.flush() ? 0 : 1;
}
