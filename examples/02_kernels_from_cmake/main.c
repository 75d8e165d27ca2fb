/* Runs both libraries of CMakeLists.txt: reads two digits that are drawn below with the network,
 * and checks the involution against plain loops. Exit code 1 if a digit or a sum is wrong. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "digits.h"
#include "inv5.h"

enum { kSide = 32, kDrawn = 8 };
enum {
    kHeight = 20,
    kWidth = 30,
    kChannels = 32,
    kWindow = 5,
    kTaps = kWindow * kWindow,
    kGroup = 8,
    kGroups = kChannels / kGroup
};

static const char *const kRamp = " .:-=+*#%@"; /* from black to white */
/* clang-format off */
static const struct {
    int digit;
    const char *rows[kDrawn];
} kDrawings[] = {
    {3, {"  +@@#. ",
         " :#-:%- ",
         "    =%. ",
         "   -@*  ",
         "    +@= ",
         "     #+ ",
         "  :--%: ",
         "  #@%-  "}},
    {7, {"  -#@%  ",
         " .%+-@. ",
         "  . .%. ",
         "   .+%: ",
         "   %@#+ ",
         "   -%   ",
         "   #=   ",
         "  =%    "}}};
/* clang-format on */

/* 0 .. 255 */
static float shade(const char *const *rows, int y, int x) {
    return 255.f / 9.f * (float)(strchr(kRamp, rows[y][x]) - kRamp);
}

/* Stretched bilinearly to the size the network knows, then its normalisation: three equal channels
 * of (v - 78) / 82, models/README.md. */
static void stretch(const char *const *rows, float *picture) {
    for (int y = 0; y < kSide; y++)
        for (int x = 0; x < kSide; x++) {
            const float from_y = fminf(fmaxf((y + 0.5f) * kDrawn / kSide - 0.5f, 0), kDrawn - 1);
            const float from_x = fminf(fmaxf((x + 0.5f) * kDrawn / kSide - 0.5f, 0), kDrawn - 1);
            const int y0 = (int)from_y, x0 = (int)from_x;
            const int y1 = y0 + (y0 < kDrawn - 1), x1 = x0 + (x0 < kDrawn - 1);
            const float dy = from_y - (float)y0, dx = from_x - (float)x0;
            const float above = shade(rows, y0, x0) * (1 - dx) + shade(rows, y0, x1) * dx;
            const float below = shade(rows, y1, x0) * (1 - dx) + shade(rows, y1, x1) * dx;
            for (int c = 0; c < 3; c++)
                picture[(y * kSide + x) * 3 + c] = (above * (1 - dy) + below * dy - 78) / 82;
        }
}

static int read_digits(void) {
    int wrong = 0;
    float picture[kSide * kSide * 3], logits[10];
    const digits_options options = {.height = kSide, .width = kSide, .threads = 1};
    digits_state *state;
    if (digits_create(&options, &state) != 0) {
        printf("%s\n", digits_message());
        return 1;
    }
    for (size_t i = 0; i < sizeof kDrawings / sizeof kDrawings[0]; i++) {
        stretch(kDrawings[i].rows, picture);
        if (digits_run(state, picture, logits) != 0) {
            printf("%s\n", digits_message());
            return 1;
        }
        int best = 0;
        double sum = 0;
        for (int j = 1; j < 10; j++)
            best = logits[j] > logits[best] ? j : best;
        for (int j = 0; j < 10; j++)
            sum += exp(logits[j] - logits[best]);
        printf("drawn: %d, read: %d (%.0f%%)\n", kDrawings[i].digit, best, 100 / sum);
        wrong += best != kDrawings[i].digit;
    }
    digits_destroy(state);
    return wrong;
}

static void numbers(float *values, int count, float scale) { /* from -scale to scale */
    static unsigned state = 1;
    for (int i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = scale * ((float)(state >> 8) / (1 << 23) - 1);
    }
}

static float input[kHeight][kWidth][kChannels], output[kHeight][kWidth][kChannels],
    weight[kGroups][kTaps][kChannels], bias[kGroups][kTaps];

/* The paper's definition: every pixel makes the kernels that it is the centre of. */
static double involution(int y, int x, int c) {
    const int g = c / kGroup;
    double sum = 0;
    for (int ky = 0; ky < kWindow; ky++)
        for (int kx = 0; kx < kWindow; kx++) {
            const int from_y = y + ky - kWindow / 2, from_x = x + kx - kWindow / 2;
            if (from_y < 0 || from_y >= kHeight || from_x < 0 || from_x >= kWidth)
                continue;
            double kernel = bias[g][ky * kWindow + kx];
            for (int k = 0; k < kChannels; k++)
                kernel += (double)weight[g][ky * kWindow + kx][k] * input[y][x][k];
            sum += kernel * input[from_y][from_x][c];
        }
    return sum;
}

static int check_involution(void) {
    numbers(&input[0][0][0], kHeight * kWidth * kChannels, 1);
    numbers(&weight[0][0][0], kGroups * kTaps * kChannels, 0.2f);
    numbers(&bias[0][0], kGroups * kTaps, 0.2f);
    const inv5_options options = {
        .channels = kChannels, .batch = 1, .height = kHeight, .width = kWidth};
    const inv5_weights weights = {.weight = &weight[0][0][0], .bias = &bias[0][0]};
    inv5_state *state;
    if (inv5_create(&options, &weights, &state) != 0 ||
        inv5_run(state, &input[0][0][0], &output[0][0][0]) != 0) {
        printf("%s\n", inv5_message());
        return 1;
    }
    double worst = 0, largest = 0;
    for (int y = 0; y < kHeight; y++)
        for (int x = 0; x < kWidth; x++)
            for (int c = 0; c < kChannels; c++) {
                const double expected = involution(y, x, c);
                worst = fmax(worst, fabs(output[y][x][c] - expected));
                largest = fmax(largest, fabs(expected));
            }
    printf("involution on %s: %d values up to %.2f, at most %.1e from plain loops\n",
           inv5_target(state), kHeight * kWidth * kChannels, largest, worst);
    inv5_destroy(state);
    return !(largest > 0.5 && worst < 1e-5 * largest);
}

int main(void) {
    const int wrong = read_digits();
    return wrong + check_involution() == 0 ? 0 : 1;
}
