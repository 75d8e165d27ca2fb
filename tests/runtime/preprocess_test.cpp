// The two recipes against an independent computation that resizes the whole picture and then cuts;
// sizes, roundings and strides; every way to break the JSON.
#include "io/preprocess.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace involute {
namespace {

Image noise(int64_t width, int64_t height) {
    Image image;
    image.width = width, image.height = height;
    std::mt19937 random(static_cast<unsigned>(width * 1000 + height));
    for (int64_t i = 0; i < 3 * width * height; i++)
        image.rgb.push_back(static_cast<uint8_t>(random()));
    return image;
}

// The whole picture at another size, as a sum over all pixels with the weights of a tent: slow, and
// nothing like the code under test.
std::vector<double> resized(const Image &image, int64_t width, int64_t height) {
    const auto weights = [](int64_t from, int64_t to) {
        std::vector<std::vector<double>> rows;
        for (int64_t i = 0; i < to; i++) {
            const double centre = (static_cast<double>(2 * i + 1) * static_cast<double>(from)) /
                                      static_cast<double>(2 * to) -
                                  0.5;
            std::vector<double> row(static_cast<size_t>(from));
            for (int64_t tap = -1; tap <= from; tap++) {
                const double weight = 1 - std::fabs(centre - static_cast<double>(tap));
                const int64_t inside = tap < 0 ? 0 : tap == from ? from - 1 : tap;
                if (weight > 0)
                    row[static_cast<size_t>(inside)] += weight;
            }
            rows.push_back(row);
        }
        return rows;
    };
    const auto across = weights(image.width, width), down = weights(image.height, height);
    std::vector<double> result;
    for (const std::vector<double> &v : down)
        for (const std::vector<double> &u : across)
            for (size_t c = 0; c < 3; c++) {
                double sum = 0;
                for (size_t y = 0; y < v.size(); y++)
                    for (size_t x = 0; v[y] != 0 && x < u.size(); x++)
                        sum += v[y] * u[x] * image.rgb[3 * (y * u.size() + x) + c];
                result.push_back(sum);
            }
    return result;
}

std::vector<float> prepared(const Image &image, const Preprocessing &recipe, int64_t height = 0,
                            int64_t width = 0) {
    int64_t h = 0, w = 0;
    EXPECT_TRUE(preprocessed_size(recipe, height, width, &h, &w).ok());
    std::vector<float> values(static_cast<size_t>(3 * h * w), NAN);
    const int64_t strides[3] = {h * w, w, 1};
    const Status status = preprocess(image, recipe, height, width, values.data(), strides);
    EXPECT_TRUE(status.ok()) << status.message();
    return values;
}

Preprocessing plain(Preprocessing::Mode mode, int64_t short_edge, int64_t height, int64_t width) {
    Preprocessing recipe;
    recipe.mode = mode, recipe.short_edge = short_edge;
    recipe.height = height, recipe.width = width;
    for (int c = 0; c < 3; c++)
        recipe.mean[c] = 0, recipe.std[c] = 1;
    return recipe;
}

constexpr auto kCenterCrop = Preprocessing::Mode::kCenterCrop;
constexpr auto kStretch = Preprocessing::Mode::kStretch;

TEST(Preprocess, StretchIsUnroundedBilinear) {
    const struct {
        int64_t from_w, from_h, w, h;
    } cases[] = {{8, 8, 32, 32}, {33, 20, 7, 5}, {1, 1, 4, 3}, {1, 9, 5, 2}, {16, 11, 16, 11}};
    for (const auto &size : cases) {
        const Image image = noise(size.from_w, size.from_h);
        Preprocessing recipe = plain(kStretch, 256, size.h, size.w);
        const float mean[3] = {78, 100.5f, 0}, deviation[3] = {82, 0.5f, 3};
        std::copy_n(mean, 3, recipe.mean);
        std::copy_n(deviation, 3, recipe.std);
        const std::vector<float> values = prepared(image, recipe);
        const std::vector<double> expected = resized(image, size.w, size.h);
        for (size_t c = 0, i = 0; c < 3; c++)
            for (size_t pixel = 0; pixel < expected.size() / 3; pixel++, i++) {
                const double exact = (expected[3 * pixel + c] - static_cast<double>(mean[c])) /
                                     static_cast<double>(deviation[c]);
                ASSERT_NEAR(values[i], exact, 1e-6 * std::max(1.0, std::fabs(exact)))
                    << size.from_w << "x" << size.from_h << " channel " << c << " at " << pixel;
            }
    }
}

TEST(Preprocess, CenterCropIsAWindowOfTheRoundedResize) {
    const struct {
        int64_t from_w, from_h, edge, h, w, resized_w, resized_h, x, y;
    } cases[] = {
        {50, 40, 32, 28, 28, 40, 32, 6, 2},  // landscape
        {41, 67, 20, 17, 12, 20, 32, 4, 8},  // 20 * 67 / 41 is 32.68; 7.5 goes to the even 8
        {30, 30, 33, 32, 32, 33, 33, 0, 0},  // 0.5 goes to 0
        {30, 30, 35, 32, 32, 35, 35, 2, 2},  // 1.5 goes to 2
        {90, 30, 24, 24, 24, 72, 24, 24, 0}, // no margin on the short edge
        {30, 31, 16, 20, 20, 20, 20, 0, 0},  // the crop does not fit: the resize grows
        {100, 50, 10, 8, 30, 30, 15, 0, 4},  // only one edge is too small; 3.5 goes to 4
    };
    for (const auto &size : cases) {
        const Image image = noise(size.from_w, size.from_h);
        const std::vector<float> values =
            prepared(image, plain(kCenterCrop, size.edge, size.h, size.w));
        const std::vector<double> whole = resized(image, size.resized_w, size.resized_h);
        for (int64_t c = 0, i = 0; c < 3; c++)
            for (int64_t y = 0; y < size.h; y++)
                for (int64_t x = 0; x < size.w; x++, i++) {
                    const float value = values[static_cast<size_t>(i)];
                    const int64_t at = (size.y + y) * size.resized_w + size.x + x;
                    ASSERT_EQ(value, std::floor(value));
                    // Half a level, and a hair for ties that rounding errors decide.
                    ASSERT_NEAR(value, whole[static_cast<size_t>(3 * at + c)], 0.5 + 1e-9)
                        << size.from_w << "x" << size.from_h << " at " << c << "," << y << "," << x;
                }
    }
}

TEST(Preprocess, ImageNetDefaults) {
    Image image;
    image.width = 300, image.height = 260;
    for (int64_t i = 0; i < image.width * image.height; i++)
        for (const uint8_t value : {200, 100, 0})
            image.rgb.push_back(value);
    Preprocessing recipe;
    ASSERT_TRUE(parse_preprocessing("", &recipe).ok());
    const std::vector<float> values = prepared(image, recipe);
    ASSERT_EQ(values.size(), 3u * 224 * 224);
    const double expected[3] = {(200 - 123.675) / 58.395, (100 - 116.28) / 57.12, -103.53 / 57.375};
    for (size_t i = 0; i < values.size(); i++)
        ASSERT_NEAR(values[i], expected[i / (224 * 224)], 1e-6);
}

TEST(Preprocess, AnotherSizeShowsTheSameShareOfThePicture) {
    // 448 of 512 is 224 of 256; on a picture of 512 x 512 nothing is interpolated.
    const Image image = noise(512, 512);
    Preprocessing recipe = plain(kCenterCrop, 256, 224, 224);
    const std::vector<float> values = prepared(image, recipe, 448, 448);
    for (size_t y = 0; y < 448; y++)
        for (size_t x = 0; x < 448; x++)
            ASSERT_EQ(values[y * 448 + x], image.rgb[3 * ((32 + y) * 512 + 32 + x)]);
    // The larger of both ratios decides: 112 x 448 is cut from the same resize.
    const std::vector<float> wide = prepared(image, recipe, 112, 448);
    for (size_t y = 0; y < 112; y++)
        for (size_t x = 0; x < 448; x++)
            ASSERT_EQ(wide[y * 448 + x], image.rgb[3 * ((200 + y) * 512 + 32 + x)]);
    // A missing edge is the recipe's.
    int64_t h = 0, w = 0;
    ASSERT_TRUE(preprocessed_size(recipe, 0, 300, &h, &w).ok());
    EXPECT_EQ(h, 224);
    EXPECT_EQ(w, 300);
}

TEST(Preprocess, StridesAreKept) {
    const Image image = noise(9, 7);
    const Preprocessing recipe = plain(kStretch, 256, 4, 5);
    const std::vector<float> dense = prepared(image, recipe);
    std::vector<float> padded(4 * 40, -1);
    const int64_t strides[3] = {2, 40, 7}; // channels 0, 2, 4 of pixels 7 apart
    ASSERT_TRUE(preprocess(image, recipe, 0, 0, padded.data(), strides).ok());
    size_t written = 0;
    for (size_t c = 0; c < 3; c++)
        for (size_t y = 0; y < 4; y++)
            for (size_t x = 0; x < 5; x++)
                EXPECT_EQ(padded[c * 2 + y * 40 + x * 7], dense[(c * 4 + y) * 5 + x]);
    for (const float value : padded)
        written += value != -1;
    EXPECT_EQ(written, dense.size());
}

TEST(Preprocess, ExtremeShapes) {
    for (const auto &[width, height] : {std::pair<int64_t, int64_t>{1, 1}, {1, 5000}, {5000, 1}}) {
        const Image image = noise(width, height);
        for (const float value : prepared(image, plain(kCenterCrop, 1, 3, 2), 16384, 1))
            ASSERT_TRUE(value >= 0 && value <= 255);
        prepared(image, plain(kCenterCrop, 16384, 1, 1), 40, 40);
    }
}

TEST(Preprocess, SizesOutOfRange) {
    const int64_t sizes[][2] = {{-1, 10}, {10, -1}, {16385, 0}, {0, INT64_MAX}, {INT64_MIN, 0}};
    for (const auto &size : sizes) {
        int64_t h = 0, w = 0;
        const Status status = preprocessed_size({}, size[0], size[1], &h, &w);
        EXPECT_EQ(status.code(), INVOLUTE_INVALID_ARGUMENT);
        EXPECT_NE(status.message().find(std::to_string(size[0])), std::string::npos)
            << status.message();
    }
}

TEST(ParsePreprocessing, StatedValuesAreTaken) {
    Preprocessing recipe;
    ASSERT_TRUE(parse_preprocessing(R"({"mode":"center_crop","short_edge":292,"size":[256,320],
                                        "mean":[1,2.5,-3],"std":[4,5,0.5]})",
                                    &recipe)
                    .ok());
    EXPECT_EQ(recipe.mode, kCenterCrop);
    EXPECT_EQ(recipe.short_edge, 292);
    EXPECT_EQ(recipe.height, 256);
    EXPECT_EQ(recipe.width, 320);
    EXPECT_EQ(recipe.mean[1], 2.5f);
    EXPECT_EQ(recipe.mean[2], -3);
    EXPECT_EQ(recipe.std[2], 0.5f);
    // What is missing is the ImageNet recipe's, whatever `recipe` held.
    ASSERT_TRUE(parse_preprocessing(R"({"mode":"stretch","size":[32,31]})", &recipe).ok());
    EXPECT_EQ(recipe.mode, kStretch);
    EXPECT_EQ(recipe.width, 31);
    EXPECT_EQ(recipe.mean[0], 123.675f);
    EXPECT_EQ(recipe.std[2], 57.375f);
    ASSERT_TRUE(parse_preprocessing("{}", &recipe).ok());
    EXPECT_EQ(recipe.mode, kCenterCrop);
    EXPECT_EQ(recipe.short_edge, 256);
    EXPECT_EQ(recipe.height, 224);
}

TEST(ParsePreprocessing, EveryBrokenRuleIsNamed) {
    const struct {
        std::string text, message;
    } cases[] = {
        {R"({"mode":"crop"})", "mode must be \"center_crop\" or \"stretch\", found \"crop\""},
        {R"({"mode":1})", "mode must be a string, found 1"},
        {R"({"short_edge":0})", "short_edge must be an integer from 1 to 16384, found 0"},
        {R"({"short_edge":16385})", "found 16385"},
        {R"({"short_edge":256.5})", "found 256.5"},
        {R"({"mode":"stretch","short_edge":256})", "unknown key \"short_edge\"; stretch has mode"},
        {R"({"size":224})", "size must be an array of 2 integers from 1 to 16384, found 224"},
        {R"({"size":[224]})", "found [224]"},
        {R"({"size":[224,0]})", "found [224,0]"},
        {R"({"size":[224,18446744073709551615]})", "size must be"},
        {R"({"mean":[1,2]})", "mean must be an array of 3 numbers"},
        {R"({"mean":[1,2,"3"]})", "found [1,2,\"3\"]"},
        {R"({"mean":[1,2,1e300]})", "mean must be"},
        {R"({"std":[1,0,1]})", "std must be an array of 3 numbers from 1e-06 to 1e+06, found"},
        {R"({"std":[1,-1,1]})", "found [1,-1,1]"},
        {R"({"std":null})", "found null"},
        {R"({"crop":1})",
         "unknown key \"crop\"; center_crop has mode, size, mean, std, short_edge"},
        {R"({"size":[1,1],"size":[2,2]})", "key \"size\" is there twice"},
        {R"([])", "must be a JSON object, found []"},
        {R"({)", "not valid JSON"},
        {" ", "not valid JSON"},
        {R"({"mean":)" + std::string(100000, '[') + std::string(100000, ']') + "}",
         "must not be nested deeper than"},
    };
    for (const auto &broken : cases) {
        Preprocessing recipe;
        recipe.short_edge = 77;
        const Status status = parse_preprocessing(broken.text, &recipe);
        const std::string text = broken.text.substr(0, 100);
        EXPECT_EQ(status.code(), INVOLUTE_INVALID_ARGUMENT) << text;
        EXPECT_EQ(status.message().rfind("preprocessing: ", 0), 0u) << status.message();
        EXPECT_NE(status.message().find(broken.message), std::string::npos)
            << text << "\n  said: " << status.message() << "\n  expected: " << broken.message;
        EXPECT_EQ(recipe.short_edge, 77) << "an error leaves the recipe alone";
    }
}

} // namespace
} // namespace involute
