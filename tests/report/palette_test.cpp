// The colours of report/page.css: text is readable on the paper, and series are told apart in light
// and dark, by people with any of the three kinds of colour blindness too.
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

namespace {

using Colour = std::array<double, 3>; // linear red, green, blue
using Palette = std::map<std::string, Colour>;

// Light, dark by the system, dark by the button.
std::vector<Palette> palettes() {
    std::ifstream file(std::string(INVOLUTE_SOURCE_DIR) + "/report/page.css");
    std::stringstream text;
    text << file.rdbuf();
    const std::string style = text.str();
    const std::regex variable("--([a-z0-9-]+): #([0-9a-f]{6});");
    std::vector<Palette> found;
    for (std::sregex_iterator at(style.begin(), style.end(), variable), end; at != end; ++at) {
        if ((*at)[1] == "paper") // the first of each
            found.emplace_back();
        Colour colour{};
        for (size_t i = 0; i < 3; ++i) {
            const double value = std::stoi((*at)[2].str().substr(2 * i, 2), nullptr, 16) / 255.0;
            colour[i] = value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
        }
        found.back()[(*at)[1]] = colour;
    }
    return found;
}

double luminance(const Colour &colour) {
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2];
}

double contrast(const Colour &a, const Colour &b) { // as WCAG 2 has it
    const auto [low, high] = std::minmax({luminance(a), luminance(b)});
    return (high + 0.05) / (low + 0.05);
}

// Machado, Oliveira and Fernandes 2009, full severity.
using Sight = std::array<std::array<double, 3>, 3>;
const std::map<std::string, Sight> kSights = {
    {"full", {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}},
    {"protanopia",
     {{{0.152286, 1.052583, -0.204868},
       {0.114503, 0.786281, 0.099216},
       {-0.003882, -0.048116, 1.051998}}}},
    {"deuteranopia",
     {{{0.367322, 0.860646, -0.227968},
       {0.280085, 0.672501, 0.047413},
       {-0.011820, 0.042940, 0.968881}}}},
    {"tritanopia",
     {{{1.255528, -0.076749, -0.178779},
       {-0.078411, 0.930809, 0.147602},
       {0.004733, 0.691367, 0.303900}}}},
};

Colour seen(const Sight &sight, const Colour &colour) { // as CIE L*a*b*
    Colour rgb{}, xyz{};
    for (size_t i = 0; i < 3; ++i)
        for (size_t j = 0; j < 3; ++j)
            rgb[i] += sight[i][j] * colour[j];
    const double to_xyz[3][3] = {{0.4339, 0.3762, 0.1899}, // divided by the white of D65
                                 {0.2126, 0.7152, 0.0722},
                                 {0.0177, 0.1095, 0.8728}};
    for (size_t i = 0; i < 3; ++i) {
        for (size_t j = 0; j < 3; ++j)
            xyz[i] += to_xyz[i][j] * std::clamp(rgb[j], 0.0, 1.0);
        xyz[i] = xyz[i] > 0.008856 ? std::cbrt(xyz[i]) : 7.787 * xyz[i] + 16.0 / 116;
    }
    return {116 * xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])};
}

double distance(const Colour &a, const Colour &b) {
    return std::sqrt(std::pow(a[0] - b[0], 2) + std::pow(a[1] - b[1], 2) +
                     std::pow(a[2] - b[2], 2));
}

TEST(Palette, BothDarkOnesAreTheSame) {
    const std::vector<Palette> all = palettes();
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[1], all[2]);
    EXPECT_EQ(all[0].size(), all[1].size());
}

TEST(Palette, TextIsReadable) {
    for (const Palette &palette : palettes()) {
        for (const char *paper : {"paper", "wash", "accent-wash"})
            for (const char *ink : {"ink", "quiet", "accent", "bad"})
                EXPECT_GE(contrast(palette.at(paper), palette.at(ink)), 4.5) << ink << paper;
        for (const char *ink : {"code-name", "code-number"})
            EXPECT_GE(contrast(palette.at("wash"), palette.at(ink)), 4.5) << ink;
        for (int i = 0; i < 8; ++i)
            EXPECT_GE(contrast(palette.at("paper"), palette.at("s" + std::to_string(i))), 3) << i;
    }
}

TEST(Palette, SeriesAreToldApart) {
    for (const Palette &palette : palettes())
        for (const auto &[name, sight] : kSights)
            for (int i = 0; i < 8; ++i)
                for (int j = 0; j < i; ++j) {
                    const double apart = distance(seen(sight, palette.at("s" + std::to_string(i))),
                                                  seen(sight, palette.at("s" + std::to_string(j))));
                    // Most plots have four series; further ones have their marks to help.
                    EXPECT_GE(apart, i < 4 ? 25 : 12) << name << ": " << i << ", " << j;
                }
}

} // namespace
