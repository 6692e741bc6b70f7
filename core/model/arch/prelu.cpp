#include "model/arch/prelu.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "model/each_width.h"

namespace lowkey::model {
namespace {

// BFloat16 by its bits: c10's own conversions keep the compiler from using vectors.
struct Half {
    uint16_t bits;
};

inline float wide(float value) {
    return value;
}
inline float wide(Half value) {
    return std::bit_cast<float>(static_cast<uint32_t>(value.bits) << 16);
}
inline void store(float& place, float value) {
    place = value;
}
inline void store(Half& place, float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    const uint32_t nearest = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    const bool number = (bits & 0x7FFFFFFF) <= 0x7F800000;
    place.bits = static_cast<uint16_t>(number ? nearest : 0x7FC0U);
}

constexpr auto kLast = torch::MemoryFormat::ChannelsLast;
constexpr int64_t kGrain = 32768;  // values, as in ATen's own kernels

// Below: places from begin to end, all of them channels last. Sums and products stand for branches,
// which would keep the compiler from using vectors.

template <typename T>
LOWKEY_EACH_WIDTH void values(int64_t begin, int64_t end, int64_t channels, const T* __restrict x,
                              const float* __restrict slopes, T* __restrict y) {
    for (int64_t row = begin * channels; row < end * channels; row += channels)
        for (int64_t c = 0; c < channels; ++c) {
            const float value = wide(x[row + c]);
            const float above = value > 0 ? value : 0, below = value > 0 ? 0 : value;
            store(y[row + c], above + below * slopes[c]);
        }
}

template <typename T>
LOWKEY_EACH_WIDTH void gradient(int64_t begin, int64_t end, int64_t channels, const T* __restrict x,
                                const float* __restrict slopes, const T* __restrict above,
                                T* __restrict below) {
    for (int64_t row = begin * channels; row < end * channels; row += channels)
        for (int64_t c = 0; c < channels; ++c) {
            const float is_above = wide(x[row + c]) > 0 ? 1 : 0;
            const float slope = is_above + (1 - is_above) * slopes[c];
            store(below[row + c], wide(above[row + c]) * slope);
        }
}

template <typename T>
LOWKEY_EACH_WIDTH void slopes_gradient(int64_t begin, int64_t end, int64_t channels,
                                       const T* __restrict x, const T* __restrict above,
                                       float* __restrict sums) {
    for (int64_t row = begin * channels; row < end * channels; row += channels)
        for (int64_t c = 0; c < channels; ++c) {
            const float value = wide(x[row + c]);
            sums[c] += wide(above[row + c]) * (value > 0 ? 0 : value);
        }
}

// The parts that threads share: the same whatever the number of threads.
struct Parts {
    int64_t places, size, count;
    explicit Parts(const torch::Tensor& x)
        : places(x.numel() / x.size(1)),
          size(std::max<int64_t>(1, kGrain / x.size(1))),
          count((places + size - 1) / size) {}
    // work(part, begin, end): the places of one part.
    template <typename Work>
    void each(const Work& work) const {
        at::parallel_for(0, count, 1, [&](int64_t first, int64_t last) {
            for (int64_t part = first; part < last; ++part)
                work(part, part * size, std::min(places, (part + 1) * size));
        });
    }
};

template <typename T>
T* data_of(const torch::Tensor& tensor) {
    return static_cast<T*>(tensor.data_ptr());
}

template <typename T>
torch::Tensor values_of(const torch::Tensor& x, const torch::Tensor& slopes) {
    torch::Tensor y = torch::empty_like(x, kLast);
    Parts(x).each([&](int64_t, int64_t begin, int64_t end) {
        values(begin, end, x.size(1), data_of<T>(x), data_of<float>(slopes), data_of<T>(y));
    });
    return y;
}

struct Gradients {
    torch::Tensor of_x, of_slopes;  // the latter undefined where nobody asks for it
};

template <typename T>
Gradients gradients_of(const torch::Tensor& x, const torch::Tensor& slopes,
                       const torch::Tensor& above) {
    Gradients result{torch::empty_like(x, kLast), {}};
    const Parts parts(x);
    const int64_t channels = x.size(1);
    torch::Tensor sums;
    if (slopes.requires_grad()) sums = torch::zeros({parts.count, channels});
    float* const first_sum = sums.defined() ? data_of<float>(sums) : nullptr;
    parts.each([&](int64_t part, int64_t begin, int64_t end) {
        const T *xs = data_of<T>(x), *gs = data_of<T>(above);
        gradient(begin, end, channels, xs, data_of<float>(slopes), gs, data_of<T>(result.of_x));
        if (first_sum != nullptr)
            slopes_gradient(begin, end, channels, xs, gs, first_sum + part * channels);
    });
    if (sums.defined()) result.of_slopes = sums.sum(0);
    return result;
}

bool in_bfloat16(const torch::Tensor& x) {
    return x.scalar_type() == torch::kBFloat16;
}

struct FastPrelu : torch::autograd::Function<FastPrelu> {
    static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                                 const torch::Tensor& slopes) {
        context->save_for_backward({x, slopes});
        return in_bfloat16(x) ? values_of<Half>(x, slopes) : values_of<float>(x, slopes);
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list above) {
        const auto saved = context->get_saved_variables();
        const torch::Tensor &x = saved[0], &slopes = saved[1];
        if (torch::GradMode::is_enabled()) {  // a gradient that will itself be differentiated
            const torch::Tensor slope =
                torch::where(x > 0, torch::ones_like(x), slopes.to(x.dtype()).view({1, -1, 1, 1}));
            torch::Tensor of_slopes;
            if (slopes.requires_grad()) of_slopes = (above[0] * x.clamp_max(0)).sum({0, 2, 3});
            return {above[0] * slope, of_slopes};
        }
        const torch::Tensor dense = above[0].contiguous(kLast);
        const Gradients both = in_bfloat16(x) ? gradients_of<Half>(x, slopes, dense)
                                              : gradients_of<float>(x, slopes, dense);
        return {both.of_x, both.of_slopes};
    }
};

}  // namespace

torch::Tensor parametric_relu(const torch::Tensor& x, const torch::Tensor& slopes) {
    const bool known = x.scalar_type() == torch::kFloat || in_bfloat16(x);
    const bool plain = x.device().is_cpu() && known && x.dim() == 4 && x.is_contiguous(kLast) &&
                       slopes.scalar_type() == torch::kFloat && slopes.is_contiguous() &&
                       slopes.numel() == x.size(1);
    if (x.requires_grad() && plain) return FastPrelu::apply(x, slopes);
    return torch::prelu(x, slopes.to(x.scalar_type()));  // LibTorch 2.0 wants them alike
}

}  // namespace lowkey::model
