#include "generators/numerics.h"

namespace involute::generators {

using namespace Halide;

Func as_image(const Func &in, const Expr &group_channels, const Expr &width) {
    const Var ci("ci"), g("g"), x("x"), y("y"), b("b");
    Func image("image");
    image(ci, g, x, y, b) = in(g * group_channels + ci, y * width + x, b);
    return image;
}

Func zero_extended(const Func &in, const Expr &width, const Expr &height) {
    return BoundaryConditions::constant_exterior(
        in, 0.f, {{Expr(), Expr()}, {Expr(), Expr()}, {0, width}, {0, height}, {Expr(), Expr()}});
}

Func border_extended(const Func &in, const Expr &row_elements, const Expr &height, const Expr &left,
                     const Expr &top) {
    const Var e("e"), y("y"), b("b");
    Func bordered("bordered");
    bordered(e, y, b) = BoundaryConditions::constant_exterior(
        in, 0.f, {{0, row_elements}, {0, height}, {Expr(), Expr()}})(e - left, y - top, b);
    return bordered;
}

Func channel_extended(const Func &in, const Expr &group_channels) {
    const Range all;
    return BoundaryConditions::constant_exterior(in, 0.f,
                                                 {{0, group_channels}, all, all, all, all});
}

} // namespace involute::generators
