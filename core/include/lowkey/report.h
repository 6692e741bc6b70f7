// What was done and measured, for people and for programs.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "lowkey/picture.h"

namespace lowkey {

struct Point {
    float x = 0, y = 0;
};

// A face in pixel coordinates of the picture (pixel centres at integer + 0.5).
struct Face {
    float x = 0, y = 0, width = 0, height = 0;
    // Left eye, right eye, nose, mouth left, mouth right, as seen in the picture.
    std::array<Point, 5> landmarks;
    float score = 0;  // 0..1; 0 where the person's own region stands in for a detection
    bool from_region = false;
};

// Cosine similarity of the cloaked and the clean face's L2-normalised embeddings, -1..1; 1 before.
struct Similarity {
    std::string recogniser;
    double after = 1;
};

// Picture quality in the face box, cloaked against clean. NaN: not measured.
struct Quality {
    double lpips = 0;  // LPIPS, backbone of the pack; NaN where the pack has none
    // (1 - SSIM) / 2, 11x11 Gaussian of sigma 1.5 on RGB 0..255; NaN in a smaller box
    double dssim = 0;
    double psnr = 0;  // dB; infinity where nothing changed
    double linf = 0;  // largest change, of 1.0
    // rms of Cb, Cr (0..255) of the difference after a Gaussian of 2 % of the box
    double chroma = 0;
};

struct FaceReport {
    Face face;
    int index = 0;  // as detect() orders them
    std::vector<Similarity> similarities;
    Quality quality;
    int iterations = 0;
    double seconds = 0;
};

struct Report {
    std::string pack, device, preset;
    int strength = 0;
    std::vector<FaceReport> faces;  // those cloaked
    int faces_found = 0;
    std::vector<std::string> notes;  // what the person should know, a sentence each
    double seconds = 0;
};

std::string to_text(const Report& report);  // several lines, ends with the honest notice
std::string to_json(const Report& report);
Report report_from_json(const std::string& json);  // throws Error(input)

std::string to_json(const std::vector<Face>& faces);
std::vector<Face> faces_from_json(const std::string& json);  // throws Error(input)

}  // namespace lowkey
