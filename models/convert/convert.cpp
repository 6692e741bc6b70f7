#include "convert/convert.h"

#include <array>

#include "convert/op_list.h"
#include "lowkey/error.h"
#include "model/arch/network.h"
#include "model/checksum.h"
#include "model/lpips_network.h"
#include "model/manifest.h"

namespace lowkey::convert {
namespace {

using model::Manifest;
using model::PackFile;
using model::RecogniserEntry;
using model::Tensors;

// One layer of the op list with its arrays: a convolution (or linear layer), the normalisation
// after it, and the slope of a PReLU.
struct Layer {
    torch::Tensor weight, bias;
    std::vector<torch::Tensor> bn;  // weight, bias, running mean, running variance
    torch::Tensor slope;
};

// The networks are chains of layers: the order of the operations is the order of the modules.
std::vector<Layer> layers_of(const OpList& list) {
    std::vector<Layer> layers;
    const auto array = [&](const std::string& name) { return list.arrays.at(name); };
    for (const auto& op : list.operations) {
        if (op.kind == "conv" || op.kind == "fc") {
            layers.push_back({array(op.inputs[1]), {}, {}, {}});
            if (op.inputs.size() > 2) layers.back().bias = array(op.inputs[2]);
        } else if (op.kind == "bn") {
            for (int i = 1; i <= 4; ++i) layers.back().bn.push_back(array(op.inputs[i]));
        } else if (op.kind == "prelu") {
            layers.back().slope = array(op.inputs[1]);
        }
    }
    return layers;
}

// "conv"/"bn" name the two modules inside `prefix`.
void add_layer(Tensors& tensors, const std::string& conv, const std::string& bn,
               const std::string& prelu, const Layer& layer) {
    tensors[conv + ".weight"] = layer.weight;
    tensors[bn + ".weight"] = layer.bn.at(0);
    tensors[bn + ".bias"] = layer.bn.at(1);
    // Our convolutions before a normalisation have no bias: bn(y + b) = bn'(y) with mean' = mean -
    // b.
    tensors[bn + ".running_mean"] =
        layer.bias.defined() ? layer.bn.at(2) - layer.bias : layer.bn.at(2);
    tensors[bn + ".running_var"] = layer.bn.at(3);
    if (layer.slope.defined()) tensors[prelu + ".weight"] = layer.slope;
}

// stem, [stem_depthwise,] blocks of three layers, then `tail`.
Tensors name_layers(const std::vector<Layer>& layers, const std::vector<std::string>& head,
                    const std::vector<std::string>& tail) {
    Tensors tensors;
    const auto add = [&](const std::string& name, const Layer& layer) {
        add_layer(tensors, name + ".conv", name + ".bn", name + ".prelu", layer);
    };
    std::size_t next = 0;
    for (const auto& name : head) add(name, layers.at(next++));
    constexpr std::array kParts{"expand", "depthwise", "project"};
    for (int block = 0; next + tail.size() < layers.size(); ++block) {
        for (const auto* part : kParts) {
            add("blocks." + std::to_string(block) + "." + part, layers.at(next++));
        }
    }
    for (const auto& name : tail) add(name, layers.at(next++));
    return tensors;
}

Tensors mobilefacenet_tensors(const OpList& list) {
    auto tensors =
        name_layers(layers_of(list), {"stem", "stem_depthwise"}, {"head", "global", "embedding"});
    // A linear layer over one position is a 1x1 convolution.
    auto& embedding = tensors.at("embedding.conv.weight");
    embedding = embedding.view({embedding.size(0), embedding.size(1), 1, 1});
    return tensors;
}

Tensors mobileface_v2_tensors(const OpList& list) {
    auto layers = layers_of(list);
    const auto last = layers.back();
    layers.pop_back();
    auto tensors = name_layers(layers, {"stem"}, {});
    add_layer(tensors, "embedding", "embedding_bn", "", last);
    return tensors;
}

Tensors lpips_tensors(const OpList& list) {
    // torchvision's numbers of the fire modules of SqueezeNet 1.1.
    constexpr std::array kFire{3, 4, 6, 7, 9, 10, 11, 12};
    constexpr std::array kParts{"squeeze", "expand1x1", "expand3x3"};
    Tensors tensors;
    const auto add = [&](const std::string& name, int index) {
        const auto from = "c" + std::to_string(index);
        tensors[name + ".weight"] = list.arrays.at(from + "w");
        tensors[name + ".bias"] = list.arrays.at(from + "b");
    };
    int index = 0;
    add("features.0", index++);
    for (const int fire : kFire) {
        for (const auto* part : kParts) {
            add("features." + std::to_string(fire) + "." + part, index++);
        }
    }
    for (int i = 0; i < 7; ++i) {
        const auto name = "lin" + std::to_string(i);
        tensors[name + ".weight"] = list.arrays.at(name);
    }
    return tensors;
}

struct Source {
    const char* name;
    nlohmann::json architecture;
    Tensors (*tensors)(const OpList&);
    face::CropGeometry crop;
    double deviation;
    const char *licence, *source;
};

std::vector<Source> sources() {
    const auto mobilefacenet = [](double eps) {
        return nlohmann::json{{"name", "mobilefacenet"}, {"embedding", 128}, {"bn_eps", eps}};
    };
    // The ncnn files have their eps inside the variances, and a scale of six digits.
    return {
        {"insightface_y1",
         mobilefacenet(0),
         mobilefacenet_tensors,
         {},
         1 / 0.007812,
         "non-commercial research",
         "InsightFace, MobileFaceNet y1 (MS1M), ncnn form"},
        {"graykey",
         mobilefacenet(0),
         mobilefacenet_tensors,
         {},
         1 / 0.007813,
         "none stated",
         "GrayKey, MobileFaceNet, ncnn form"},
        {"xiaoccer",
         mobilefacenet(1e-5),
         mobilefacenet_tensors,
         {96, 112, 8, 0, 1},
         128,
         "none stated",
         "Xiaoccer, MobileFaceNet (CASIA-WebFace)"},
        {"mobileface_v2",
         {{"name", "mobileface_v2"}, {"embedding", 256}, {"bn_eps", 1e-3}},
         mobileface_v2_tensors,
         {},
         128,
         "MIT",
         "becauseofAI/MobileFace, identification V2"},
    };
}

PackFile write_weights(const std::filesystem::path& out, const std::string& name,
                       torch::nn::Module& network, Tensors tensors, model::Storage storage) {
    const PackFile file{name + ".safetensors", {}, {}, {}};
    model::load_weights(network, std::move(tensors), name);  // a wrong mapping fails here
    model::write_safetensors(out / file.file, model::weights_of(network, storage));
    auto written = file;
    written.sha256 = model::sha256(out / file.file);
    return written;
}

}  // namespace

void convert_pack(const std::filesystem::path& shared_models, const std::filesystem::path& out,
                  model::Storage storage) {
    std::error_code failed;
    std::filesystem::create_directories(out, failed);
    Manifest manifest{"shared",
                      "various, see each network; not for redistribution",
                      "third-party networks of ../shared/models",
                      {},
                      {},
                      {}};
    for (const auto& source : sources()) {
        RecogniserEntry entry;
        entry.name = source.name;
        entry.architecture = source.architecture;
        entry.crop = source.crop;
        entry.preprocessing.deviation.fill(source.deviation);
        auto network =
            model::make_network(source.architecture, {source.crop.width, source.crop.height});
        entry.weights =
            write_weights(out, source.name, *network,
                          source.tensors(read_op_list(shared_models / source.name)), storage);
        entry.weights.licence = source.licence;
        entry.weights.source = source.source;
        manifest.recognisers.push_back(entry);
    }
    model::LpipsNetwork perceptual("squeeze", 1);
    manifest.perceptual = {
        "squeeze", 1,
        write_weights(out, "lpips_squeeze", perceptual,
                      lpips_tensors(read_op_list(shared_models / "lpips_squeeze")), storage)};
    manifest.perceptual->weights.licence = "BSD-2-Clause";
    manifest.perceptual->weights.source = "LPIPS v0.1 (Zhang et al., CVPR 2018), SqueezeNet 1.1";

    constexpr auto kDetector = "yunet_n_640_640.onnx";
    std::filesystem::copy_file(shared_models / kDetector, out / kDetector,
                               std::filesystem::copy_options::overwrite_existing, failed);
    if (failed) {
        throw Error(ErrorKind::file, "The detector " + (shared_models / kDetector).string() +
                                         " cannot be copied: " + failed.message() +
                                         ". Choose another folder for the pack.");
    }
    // Shared material is read-only; a pack should be removable and replaceable.
    std::filesystem::permissions(out / kDetector, std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add, failed);
    manifest.detector = {
        "yunet", {kDetector, model::sha256(out / kDetector), "Apache-2.0", "OpenCV Zoo, YuNet"}};
    model::write_manifest(out, manifest);
}

}  // namespace lowkey::convert
