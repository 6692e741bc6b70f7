#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "lowkey/error.h"
#include "lowkey/picture.h"

using namespace lowkey;

TEST(Picture, StartsZeroedAndPacked) {
    const Picture picture(5, 3, {Sample::u16, Channels::rgba, Encoding::linear});
    EXPECT_EQ(picture.stride(), 40u);
    EXPECT_EQ(picture.size_bytes(), 120u);
    EXPECT_TRUE(std::all_of(picture.row(0), picture.row(0) + 120,
                            [](std::byte b) { return b == std::byte{0}; }));
}

TEST(Picture, CopiesAViewWithPaddedRows) {
    std::vector<std::byte> padded(3 * 10);
    for (std::size_t i = 0; i < padded.size(); ++i) padded[i] = static_cast<std::byte>(i);
    const PictureView view{padded.data(), 2, 3, 10, {Sample::u8, Channels::rgb, Encoding::encoded}};
    const Picture copy(view);
    for (int y = 0; y < 3; ++y)
        for (int i = 0; i < 6; ++i)
            EXPECT_EQ(copy.row(y)[i], padded[static_cast<std::size_t>(y * 10 + i)]);
    EXPECT_EQ(copy.view().format, view.format);
}

TEST(Picture, RefusesAbsurdSizes) {
    const auto kind_of = [](int width, int height) {
        try {
            Picture(width, height, {});
        } catch (const Error& error) {
            return error.kind;
        }
        return ErrorKind::cancelled;
    };
    EXPECT_EQ(kind_of(0, 5), ErrorKind::input);
    EXPECT_EQ(kind_of(5, -1), ErrorKind::input);
    EXPECT_EQ(kind_of(2000000, 1), ErrorKind::input);
    EXPECT_EQ(kind_of(100000, 100000), ErrorKind::input);
}

TEST(Picture, CountsChannels) {
    EXPECT_EQ(channel_count(Channels::grey_alpha), 2);
    EXPECT_EQ(color_channel_count(Channels::grey_alpha), 1);
    EXPECT_EQ(color_channel_count(Channels::rgba), 3);
    EXPECT_TRUE(has_alpha(Channels::rgba));
    EXPECT_FALSE(has_alpha(Channels::grey));
    EXPECT_EQ(bytes_per_pixel({Sample::f32, Channels::rgba, Encoding::linear}), 16u);
}
