#include "cloak/problem.h"

#include <ATen/CPUGeneratorImpl.h>

#include "cloak/filters.h"

namespace lowkey::cloak {
Problem::Problem(Parts parts, const Ensemble& ensemble, model::Perceptual* perceptual)
    : parts_(std::move(parts)), ensemble_(&ensemble), perceptual_(perceptual) {
    const torch::Tensor& picture = parts_.picture;
    if (parts_.factor > 1) {
        rows_ = Banded(spline_matrix(picture.size(2), parts_.factor, picture.options()));
        columns_ = Banded(spline_matrix(picture.size(3), parts_.factor, picture.options()));
    }
    const torch::Tensor values = parts_.grey ? picture.narrow(1, 0, 1) : picture;
    lowest_ = -values;
    highest_ = 1 - values;
}

torch::Tensor Problem::start(double amplitude, uint64_t seed) const {
    const torch::Generator generator = at::detail::createCPUGenerator(seed);
    const torch::Tensor noise =
        torch::rand(lowest_.sizes(), generator, torch::TensorOptions().dtype(torch::kFloat64));
    return ((noise * 2 - 1) * amplitude).to(lowest_.options());
}

void Problem::project(torch::Tensor& coefficients, double epsilon) const {
    const torch::NoGradGuard no_gradient;
    coefficients.copy_(
        torch::minimum(torch::maximum(coefficients.clamp(-epsilon, epsilon), lowest_), highest_));
}

torch::Tensor Problem::perturbed(const torch::Tensor& coefficients) const {
    const torch::Tensor delta =
        rows_.defined() ? filter(rows_, columns_, coefficients) : coefficients;
    return (parts_.picture + delta * parts_.cover).clamp(0, 1);
}

}  // namespace lowkey::cloak
