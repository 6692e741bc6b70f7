// What happens to a cloaked photo before a stranger's recogniser sees it.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace lowkey::evaluate {

enum class Condition { clean, cloaked, jpeg85, jpeg75, half, half_jpeg75 };
inline constexpr Condition kConditions[] = {Condition::clean,  Condition::cloaked,
                                            Condition::jpeg85, Condition::jpeg75,
                                            Condition::half,   Condition::half_jpeg75};

std::string_view name_of(Condition condition);  // "clean", "half+jpeg75"
std::optional<Condition> parse_condition(std::string_view name);

// rgb: CV_8UC3. As a website does it: halved by area, then JPEG with chroma at half resolution.
// `clean` and `cloaked` leave the picture as it is.
cv::Mat degrade(const cv::Mat& rgb, Condition condition);

}  // namespace lowkey::evaluate
