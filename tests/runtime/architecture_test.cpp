// The architecture JSON and the single-operator JSON: defaults, the canonical text, and an error
// for every way to break a rule, each naming the key, what is allowed and what was found.
#include "nets/architecture.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "nets/single_op.h"

namespace involute {
namespace {

std::string architecture_error(const std::string &text) {
    Architecture architecture;
    const Status status = parse_architecture(text, &architecture);
    EXPECT_EQ(status.code(), INVOLUTE_INVALID_ARGUMENT) << text;
    return status.message();
}

std::string operator_error(const std::string &text) {
    SingleOp op;
    const Status status = parse_single_op(text, &op);
    EXPECT_EQ(status.code(), INVOLUTE_INVALID_ARGUMENT) << text;
    return status.message();
}

std::string canonical(const std::string &text) {
    Architecture architecture;
    const Status status = parse_architecture(text, &architecture);
    EXPECT_TRUE(status.ok()) << status.message();
    return architecture_json(architecture);
}

std::string canonical_op(const std::string &text) {
    SingleOp op;
    const Status status = parse_single_op(text, &op);
    EXPECT_TRUE(status.ok()) << status.message();
    return single_op_json(op);
}

constexpr const char *kPreprocessing =
    R"({"mean":[123.675,116.28,103.53],"mode":"center_crop","short_edge":256,)"
    R"("size":[224,224],"std":[58.395,57.12,57.375]})";

TEST(Architecture, NamesAndBlocks) {
    EXPECT_EQ(network_names(), (std::vector<std::string>{
                                   "rednet26", "rednet38", "rednet50", "rednet101", "rednet152",
                                   "resnet26", "resnet38", "resnet50", "resnet101", "resnet152"}));
    for (const std::string &name : network_names()) {
        const std::string object =
            R"({"kind":")" + name.substr(0, 6) + R"(","depth":)" + name.substr(6) + "}";
        EXPECT_EQ(canonical(name), canonical(object));
    }
    Architecture architecture;
    ASSERT_TRUE(parse_architecture("rednet101", &architecture).ok());
    EXPECT_EQ(architecture.blocks, (std::array<int64_t, 4>{3, 4, 23, 3}));
}

TEST(Architecture, CanonicalTextHasEveryDefault) {
    EXPECT_EQ(canonical("rednet50"),
              std::string(R"({"kind":"rednet","depth":50,"blocks":[3,4,6,3],"classes":1000,)"
                          R"("base_channels":64,"stem_channels":64,"stem_kernel":3,"kernel":7,)"
                          R"("group_channels":16,"reduction":4,"dilation":1,"preprocessing":)") +
                  kPreprocessing + "}");
    EXPECT_EQ(canonical("resnet26"),
              std::string(R"({"kind":"resnet","depth":26,"blocks":[1,2,4,1],"classes":1000,)"
                          R"("base_channels":64,"stem_channels":64,"stem_kernel":7,)"
                          R"("preprocessing":)") +
                  kPreprocessing + "}");
}

TEST(Architecture, CanonicalTextIsAFixedPoint) {
    const std::string texts[] = {
        "rednet152", "resnet38",
        R"({"dilation":2,"reduction":0,"group_channels":8,"kernel":9,"stem_kernel":7,
            "stem_channels":16,"base_channels":24,"classes":3,"blocks":[1,1,2,1],
            "labels":["a","ü","c"],"kind":"rednet"})",
        R"({"kind":"rednet","depth":26,"blocks":[1,2,4,1],"classes":10,"base_channels":16,
            "stem_channels":32,"preprocessing":{"mode":"stretch","size":[32,32],
            "mean":[78,78,78],"std":[82,82,82]}})"};
    for (const std::string &text : texts)
        EXPECT_EQ(canonical(canonical(text)), canonical(text));
    // Blocks of a known depth are that depth, however they were given.
    EXPECT_EQ(canonical(R"({"kind":"rednet","blocks":[3,4,6,3]})"), canonical("rednet50"));
}

TEST(Architecture, StatedValuesAreTaken) {
    Architecture a;
    ASSERT_TRUE(parse_architecture(
                    R"({"kind":"rednet","blocks":[1,2,3,4],"classes":5,"base_channels":32,
                        "stem_channels":48,"stem_kernel":7,"kernel":5,"group_channels":8,
                        "reduction":2,"dilation":3,"labels":["a","b","c","d","e"]})",
                    &a)
                    .ok());
    EXPECT_TRUE(a.involution);
    EXPECT_EQ(a.blocks, (std::array<int64_t, 4>{1, 2, 3, 4}));
    EXPECT_EQ(a.classes, 5);
    EXPECT_EQ(a.base_channels, 32);
    EXPECT_EQ(a.stem_channels, 48);
    EXPECT_EQ(a.stem_kernel, 7);
    EXPECT_TRUE(a.stem_kernel_set);
    EXPECT_EQ(a.kernel, 5);
    EXPECT_EQ(a.group_channels, 8);
    EXPECT_EQ(a.reduction, 2);
    EXPECT_EQ(a.dilation, 3);
    EXPECT_EQ(a.labels.size(), 5u);
    EXPECT_EQ(a.stage_channels(3), 256);
    EXPECT_EQ(a.hidden(64), 32);
    EXPECT_EQ(a.group(64), 8);
}

TEST(Architecture, NoGroupSizeIsOneGroupOfAllChannels) {
    Architecture a;
    ASSERT_TRUE(parse_architecture(R"({"kind":"rednet","depth":26,"group_channels":0})", &a).ok());
    EXPECT_EQ(a.group(32), 32);
    EXPECT_EQ(a.group(512), 512);
    EXPECT_NE(architecture_json(a).find("\"group_channels\":0"), std::string::npos);
}

TEST(Architecture, EveryBrokenRuleIsNamed) {
    const struct {
        const char *members; // after "kind": "rednet"
        const char *message;
    } cases[] = {
        {R"("depth":34)", "architecture: depth must be 26, 38, 50, 101 or 152 (or give blocks "
                          "instead), found 34"},
        {R"("depth":"50")", "architecture: depth must be an integer"},
        {R"("depth":50.0)", "found 50.0"},
        {R"("classes":10)", "architecture: depth (26, 38, 50, 101, 152) or blocks (4 integers)"},
        {R"("blocks":[1,2,3])", "architecture: blocks must be an array of 4 integers from 1 to "
                                "1000, found [1,2,3]"},
        {R"("blocks":[1,2,0,1])", "found [1,2,0,1]"},
        {R"("blocks":[1,2,"4",1])", "blocks must be an array of 4 integers"},
        {R"("blocks":4)", "found 4"},
        {R"("depth":50,"blocks":[3,4,6,4])", "blocks must be left out or those of depth 50, "
                                             "[3,4,6,3], found [3,4,6,4]"},
        {R"("depth":50,"classes":0)",
         "architecture: classes must be an integer from 1 to 1000000, found 0"},
        {R"("depth":50,"classes":1000001)", "found 1000001"},
        {R"("depth":50,"classes":18446744073709551615)", "found 18446744073709551615"},
        {R"("depth":50,"classes":1e99)", "classes must be an integer"},
        {R"("depth":50,"classes":null)", "found null"},
        {R"("depth":50,"base_channels":-16)", "base_channels must be an integer from 1 to 4096"},
        {R"("depth":50,"base_channels":4112)", "found 4112"},
        {R"("depth":50,"base_channels":24)",
         "architecture: base_channels must be a multiple of group_channels = 16, found 24"},
        {R"("depth":50,"group_channels":1,"base_channels":6)",
         "base_channels must be a multiple of reduction = 4, found 6"},
        {R"("depth":50,"stem_channels":48)",
         "stem_channels must be a multiple of 2 * group_channels = 32, found 48"},
        {R"("depth":50,"stem_channels":6,"group_channels":1)",
         "stem_channels must be a multiple of 2 * reduction = 8, found 6"},
        {R"("depth":50,"stem_channels":33)", "stem_channels must be even, found 33"},
        {R"("depth":50,"stem_channels":0)", "stem_channels must be an integer from 1 to 8192"},
        {R"("depth":50,"stem_kernel":4)", "stem_kernel must be an odd integer from 1 to 255"},
        {R"("depth":50,"kernel":6)", "kernel must be an odd integer from 1 to 255, found 6"},
        {R"("depth":50,"kernel":257)", "found 257"},
        {R"("depth":50,"kernel":-7)", "found -7"},
        {R"("depth":50,"kernel":true)", "found true"},
        {R"("depth":50,"group_channels":-1)", "group_channels must be an integer from 0"},
        {R"("depth":50,"reduction":-1)", "reduction must be an integer from 0"},
        {R"("depth":50,"dilation":0)", "dilation must be an integer from 1 to 4096, found 0"},
        {R"("depth":50,"dilation":4097)", "found 4097"},
        {R"("depth":50,"labels":"cat")", "labels must be an array of strings, found \"cat\""},
        {R"("depth":50,"classes":2,"labels":["cat",7])", "found 7 at place 1"},
        {R"("depth":50,"classes":2,"labels":["cat"])",
         "labels must have one string a class (classes = 2), found 1"},
        {R"("depth":50,"labels":[])", "labels must have one string a class (classes = 1000)"},
        {R"("depth":50,"preprocessing":[1])", "preprocessing must be an object, found [1]"},
        {R"("depth":50,"preprocessing":{"crop":1})", "preprocessing: unknown key \"crop\""},
        {R"("depth":50,"preprocessing":{"size":[0,1]})", "preprocessing: size must be an array"},
        {R"("depth":50,"Kernel":7)", "architecture: unknown key \"Kernel\"; a rednet has kind"},
        {R"("depth":50,"depth":26)", "architecture: key \"depth\" is there twice"},
    };
    for (const auto &broken : cases) {
        const std::string text = std::string(R"({"kind":"rednet",)") + broken.members + "}";
        const std::string message = architecture_error(text);
        EXPECT_NE(message.find(broken.message), std::string::npos)
            << text << "\n  said: " << message << "\n  expected: " << broken.message;
    }
}

TEST(Architecture, ResNetHasNoInvolution) {
    EXPECT_NE(architecture_error(R"({"kind":"resnet","depth":50,"kernel":7})")
                  .find("unknown key \"kernel\"; a resnet has"),
              std::string::npos);
    EXPECT_NE(architecture_error(R"({"kind":"resnet","depth":50,"stem_kernel":3})")
                  .find("stem_kernel must be 7 for a resnet, found 3"),
              std::string::npos);
    EXPECT_EQ(canonical(R"({"kind":"resnet","depth":50,"stem_kernel":7})"), canonical("resnet50"));
    // Nothing has to fall into groups.
    canonical(R"({"kind":"resnet","depth":50,"base_channels":10,"stem_channels":7})");
}

TEST(Architecture, TextThatIsNone) {
    EXPECT_NE(architecture_error("rednet51").find("unknown name \"rednet51\"; known are rednet26"),
              std::string::npos);
    for (const char *text : {"", "  ", "{", "[]", "{\"kind\":\"rednet\",}", "\"rednet50\""})
        EXPECT_EQ(architecture_error(text).rfind("architecture: ", 0), 0u) << text;
    EXPECT_NE(architecture_error("[1]").find("must be a JSON object, found [1]"),
              std::string::npos);
    EXPECT_NE(architecture_error(R"({"kind":"mobilenet","depth":50})")
                  .find("kind must be \"rednet\" or \"resnet\", found \"mobilenet\""),
              std::string::npos);
    EXPECT_NE(architecture_error(R"({"depth":50})").find("found nothing"), std::string::npos);
    const std::string deep(200000, '[');
    EXPECT_LT(architecture_error(deep).size(), 500u);
    // Well-formed, so that only the cap keeps it from the printer of messages.
    const std::string closed = deep + std::string(200000, ']');
    for (const std::string &text :
         {closed, R"({"kind":)" + closed + "}",
          R"({"kind":"rednet","depth":50,"preprocessing":{"size":)" + closed + "}}"})
        EXPECT_NE(architecture_error(text).find("must not be nested deeper than 32 levels"),
                  std::string::npos);
    EXPECT_LT(
        architecture_error("{\"" + std::string(100000, 'k') + "\":1,\"kind\":\"rednet\"}").size(),
        500u);
}

TEST(SingleOp, DefaultsOfEveryKind) {
    const struct {
        const char *text, *canonical;
    } cases[] = {
        {R"({"kind":"involution","channels":64})",
         R"({"kind":"involution","channels":64,"kernel":7,"stride":1,"dilation":1,)"
         R"("group_channels":16,"reduction":4,"relu":false,"norm":false})"},
        {R"({"kind":"aggregation","channels":64})",
         R"({"kind":"aggregation","channels":64,"kernel":7,"stride":1,"dilation":1,)"
         R"("upsample":1,"border":"zero",)"
         R"("group_channels":16,"relu":false,"norm":false})"},
        {R"({"kind":"kernel_generation","channels":64,"reduction":0})",
         R"({"kind":"kernel_generation","channels":64,"kernel":7,"stride":1,)"
         R"("group_channels":16,"reduction":0})"},
        {R"({"kind":"conv2d","channels":8,"out_channels":24})",
         R"({"kind":"conv2d","channels":8,"out_channels":24,"groups":1,"kernel":3,"stride":1,)"
         R"("dilation":1,)"
         R"("relu":false,"bias":true,"residual":false})"},
        {R"({"kind":"conv2d","channels":8})",
         R"({"kind":"conv2d","channels":8,"out_channels":8,"groups":1,"kernel":3,"stride":1,)"
         R"("dilation":1,)"
         R"("relu":false,"bias":true,"residual":false})"},
        {R"({"kind":"max_pool","channels":8})",
         R"({"kind":"max_pool","channels":8,"kernel":3,"stride":1})"},
        {R"({"kind":"avg_pool","channels":8})",
         R"({"kind":"avg_pool","channels":8,"kernel":2,"stride":2})"},
        {R"({"kind":"avg_pool","channels":8,"stride":3})",
         R"({"kind":"avg_pool","channels":8,"kernel":3,"stride":3})"},
        {R"({"kind":"avg_pool","channels":8,"kernel":4})",
         R"({"kind":"avg_pool","channels":8,"kernel":4,"stride":4})"},
        {R"({"kind":"global_pool","channels":8})", R"({"kind":"global_pool","channels":8})"},
        {R"({"kind":"aggregation_grad_weight","channels":64,"dilation":2})",
         R"({"kind":"aggregation_grad_weight","channels":64,"kernel":7,"stride":1,"dilation":2,)"
         R"("group_channels":16})"},
        {R"({"kind":"local_attention","channels":64})",
         R"({"kind":"local_attention","channels":64,"kernel":7,"dilation":1,)"
         R"("group_channels":16,"relu":false,"bias":true})"},
        {R"({"kind":"dense","channels":8,"bias":false})",
         R"({"kind":"dense","channels":8,"out_channels":8,"bias":false})"},
    };
    for (const auto &op : cases) {
        EXPECT_EQ(canonical_op(op.text), op.canonical);
        EXPECT_EQ(canonical_op(op.canonical), op.canonical);
    }
}

TEST(SingleOp, EveryBrokenRuleIsNamed) {
    const struct {
        const char *text, *message;
    } cases[] = {
        {R"({"kind":"lstm","channels":8})",
         "operator: kind must be one of rednet, resnet, involution, aggregation"},
        {R"({"channels":8})", "found nothing"},
        {R"({"kind":"dense"})", "channels must be an integer from 1 to 131072, found nothing"},
        {R"({"kind":"dense","channels":0})", "channels must be an integer from 1"},
        {R"({"kind":"dense","channels":8,"out_channels":131073})", "found 131073"},
        {R"({"kind":"dense","channels":8,"kernel":1})", "unknown key \"kernel\"; dense has kind"},
        {R"({"kind":"max_pool","channels":8,"kernel":2})", "kernel must be an odd integer"},
        {R"({"kind":"max_pool","channels":8,"stride":257})", "stride must be an integer from 1 to"},
        {R"({"kind":"avg_pool","channels":8,"kernel":2,"stride":3})",
         "stride must be the kernel (2) of an avg_pool, found 3"},
        {R"({"kind":"conv2d","channels":8,"relu":1})", "relu must be true or false, found 1"},
        {R"({"kind":"conv2d","channels":8,"bias":"no"})", "bias must be true or false"},
        {R"({"kind":"conv2d","channels":8,"residual":null})", "residual must be true or false"},
        {R"({"kind":"conv2d","channels":8,"norm":true})", "unknown key \"norm\""},
        {R"({"kind":"involution","channels":40})",
         "channels must be a multiple of group_channels = 16, found 40"},
        {R"({"kind":"involution","channels":48,"reduction":5})",
         "channels must be a multiple of reduction = 5, found 48"},
        {R"({"kind":"involution","channels":48,"dilation":0})", "dilation must be an integer"},
        {R"({"kind":"involution","channels":48,"norm":1})", "norm must be true or false"},
        {R"({"kind":"aggregation","channels":48,"reduction":4})", "unknown key \"reduction\""},
        {R"({"kind":"local_attention","channels":40})",
         "channels must be a multiple of group_channels = 16, found 40"},
        {R"({"kind":"local_attention","channels":48,"kernel":4})",
         "kernel must be an odd integer from 1 to"},
        {R"({"kind":"local_attention","channels":48,"kernel":[3,5]})",
         "kernel must be an odd integer from 1 to"},
        {R"({"kind":"local_attention","channels":48,"stride":2})",
         "unknown key \"stride\"; local_attention has kind, channels, kernel, dilation"},
        {R"({"kind":"local_attention","channels":48,"bias":0})", "bias must be true or false"},
        {R"({"kind":"involution","channels":48)", "operator: not valid JSON"},
    };
    for (const auto &broken : cases) {
        const std::string message = operator_error(broken.text);
        EXPECT_NE(message.find(broken.message), std::string::npos)
            << broken.text << "\n  said: " << message << "\n  expected: " << broken.message;
    }
}

} // namespace
} // namespace involute
