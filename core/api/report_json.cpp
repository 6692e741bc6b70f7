#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "lowkey/error.h"
#include "lowkey/report.h"

namespace lowkey {
namespace {

using nlohmann::json;

// JSON has neither infinity (the PSNR of an unchanged face) nor NaN (a measure that could not be
// taken): both become null.
json number(double value) {
    return std::isfinite(value) ? json(value) : json(nullptr);
}

double number_or(const json& value, double stands_for_null) {
    return value.is_null() ? stands_for_null : value.get<double>();
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

json encode(const Face& face) {
    json landmarks = json::array();
    for (const Point& point : face.landmarks) landmarks.push_back({point.x, point.y});
    return {{"x", face.x},
            {"y", face.y},
            {"width", face.width},
            {"height", face.height},
            {"landmarks", std::move(landmarks)},
            {"score", face.score},
            {"from_region", face.from_region}};
}

Face decode_face(const json& value) {
    Face face;
    face.x = value.at("x").get<float>();
    face.y = value.at("y").get<float>();
    face.width = value.at("width").get<float>();
    face.height = value.at("height").get<float>();
    face.score = value.at("score").get<float>();
    face.from_region = value.at("from_region").get<bool>();
    const json& landmarks = value.at("landmarks");
    for (std::size_t i = 0; i < face.landmarks.size(); ++i)
        face.landmarks[i] = {landmarks.at(i).at(0).get<float>(),
                             landmarks.at(i).at(1).get<float>()};
    return face;
}

json encode(const FaceReport& face) {
    json similarities = json::array();
    for (const Similarity& s : face.similarities)
        similarities.push_back({{"recogniser", s.recogniser}, {"after", number(s.after)}});
    return {{"index", face.index},
            {"face", encode(face.face)},
            {"similarities", std::move(similarities)},
            {"quality",
             {{"lpips", number(face.quality.lpips)},
              {"dssim", number(face.quality.dssim)},
              {"psnr", number(face.quality.psnr)},
              {"linf", number(face.quality.linf)},
              {"chroma", number(face.quality.chroma)}}},
            {"iterations", face.iterations},
            {"seconds", face.seconds}};
}

FaceReport decode_face_report(const json& value) {
    FaceReport face;
    face.index = value.at("index").get<int>();
    face.face = decode_face(value.at("face"));
    for (const json& s : value.at("similarities"))
        face.similarities.push_back(
            {s.at("recogniser").get<std::string>(), number_or(s.at("after"), kNaN)});
    const json& quality = value.at("quality");
    face.quality.lpips = number_or(quality.at("lpips"), kNaN);
    face.quality.dssim = number_or(quality.at("dssim"), kNaN);
    face.quality.psnr = number_or(quality.at("psnr"), kInfinity);
    face.quality.linf = number_or(quality.at("linf"), kNaN);
    face.quality.chroma = number_or(quality.at("chroma"), kNaN);
    face.iterations = value.at("iterations").get<int>();
    face.seconds = value.at("seconds").get<double>();
    return face;
}

// A recogniser or pack name may come from a file name that is no UTF-8: replaced, not thrown on.
std::string dump(const json& value) {
    return value.dump(2, ' ', false, json::error_handler_t::replace);
}

template <typename Decode>
auto decode_text(const std::string& text, Decode decode) {
    try {
        return decode(json::parse(text));
    } catch (const json::exception& problem) {
        throw Error(
            ErrorKind::input,
            std::string("The report cannot be read: it is not of the form LowKey writes (") +
                problem.what() + "). Make it anew.");
    }
}

}  // namespace

std::string to_json(const Report& report) {
    json faces = json::array();
    for (const FaceReport& face : report.faces) faces.push_back(encode(face));
    return dump({{"pack", report.pack},
                 {"device", report.device},
                 {"preset", report.preset},
                 {"strength", report.strength},
                 {"faces_found", report.faces_found},
                 {"faces", std::move(faces)},
                 {"notes", report.notes},
                 {"seconds", report.seconds}});
}

Report report_from_json(const std::string& text) {
    return decode_text(text, [](const json& value) {
        Report report;
        report.pack = value.at("pack").get<std::string>();
        report.device = value.at("device").get<std::string>();
        report.preset = value.at("preset").get<std::string>();
        report.strength = value.at("strength").get<int>();
        report.faces_found = value.at("faces_found").get<int>();
        for (const json& face : value.at("faces")) report.faces.push_back(decode_face_report(face));
        report.notes = value.at("notes").get<std::vector<std::string>>();
        report.seconds = value.at("seconds").get<double>();
        return report;
    });
}

std::string to_json(const std::vector<Face>& faces) {
    json list = json::array();
    for (const Face& face : faces) list.push_back(encode(face));
    return dump(list);
}

std::vector<Face> faces_from_json(const std::string& text) {
    return decode_text(text, [](const json& value) {
        std::vector<Face> faces;
        for (const json& face : value) faces.push_back(decode_face(face));
        return faces;
    });
}

}  // namespace lowkey
