// What happens to pixels and selections between GEGL and the client; GEGL only, no GIMP.
#include "shared/transfer.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowkey/error.h"

namespace lowkey::gimp {
namespace {

constexpr int kWidth = 40, kHeight = 90;  // more than one band of rows

Buffer grey_layer(std::uint8_t value) {
    const GeglRectangle extent{0, 0, kWidth, kHeight};
    Buffer buffer(gegl_buffer_new(&extent, babl_format("Y' u8")));
    std::vector<std::uint8_t> pixels(std::size_t{kWidth} * kHeight, value);
    gegl_buffer_set(buffer.get(), nullptr, 0, nullptr, pixels.data(), kWidth);
    return buffer;
}

void set_pixel(GeglBuffer* buffer, int x, int y, std::uint8_t value) {
    const GeglRectangle place{x, y, 1, 1};
    gegl_buffer_set(buffer, &place, 0, nullptr, &value, 1);
}

std::uint8_t pixel(GeglBuffer* buffer, int x, int y) {
    const GeglRectangle place{x, y, 1, 1};
    std::uint8_t value = 0;
    gegl_buffer_get(buffer, &place, 1.0, nullptr, &value, 1, GEGL_ABYSS_NONE);
    return value;
}

Selection selection_of(const GeglRectangle& selected) {
    const GeglRectangle extent{0, 0, kWidth, kHeight};
    const Buffer mask(gegl_buffer_new(&extent, babl_format("Y u8")));
    std::vector<std::uint8_t> on(
        static_cast<std::size_t>(selected.width) * static_cast<std::size_t>(selected.height), 255);
    gegl_buffer_set(mask.get(), &selected, 0, nullptr, on.data(), selected.width);
    return read_selection(mask.get(), 0, 0, kWidth, kHeight);
}

class Transfer : public ::testing::Test {
  protected:
    Transfer()
        : layer_(grey_layer(100)),
          form_(form_of(gegl_buffer_get_format(layer_.get()))),
          before_(read(layer_.get(), form_)),
          after_(read(layer_.get(), form_)) {
        after_.row(80)[5] = std::byte{120};
    }

    Buffer layer_;
    Form form_;
    Picture before_, after_;
};

TEST_F(Transfer, WritesWhatDiffersAndNothingElse) {
    set_pixel(layer_.get(), 7, 80, 33);  // of someone else, meanwhile, in the same row
    const Rect changed = write_changes(layer_.get(), form_, before_.view(), after_.view());
    EXPECT_EQ(changed, (Rect{5, 80, 1, 1}));
    EXPECT_EQ(pixel(layer_.get(), 5, 80), 120);
    EXPECT_EQ(pixel(layer_.get(), 7, 80), 33);
}

TEST_F(Transfer, DoesNotWriteOverWhatWasPaintedMeanwhile) {
    set_pixel(layer_.get(), 5, 80, 33);
    EXPECT_THROW(write_changes(layer_.get(), form_, before_.view(), after_.view()), Error);
    EXPECT_EQ(pixel(layer_.get(), 5, 80), 33);
}

TEST_F(Transfer, DoesNotWriteIntoALayerOfAnotherSize) {
    const GeglRectangle larger{0, 0, kWidth + 1, kHeight};
    const Buffer grown(gegl_buffer_new(&larger, babl_format("Y' u8")));
    EXPECT_THROW(write_changes(grown.get(), form_, before_.view(), after_.view()), Error);
}

TEST(SelectionOfALayer, HoldsItsPixelsOnly) {
    const Selection selection = selection_of({10, 20, 5, 6});
    EXPECT_FALSE(selection.everything());
    EXPECT_EQ(selection.bounds, (Rect{10, 20, 5, 6}));
    EXPECT_TRUE(selection.holds(14, 25));
    EXPECT_FALSE(selection.holds(15, 25));
    EXPECT_FALSE(selection.holds(-1, 20));
    EXPECT_FALSE(selection.holds(14, kHeight));
}

TEST(SelectionOfALayer, OfEverythingIsAsGoodAsNone) {
    EXPECT_TRUE(selection_of({0, 0, kWidth, kHeight}).everything());
    EXPECT_FALSE(selection_of({0, 0, kWidth, kHeight - 1}).everything());
}

}  // namespace
}  // namespace lowkey::gimp

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    gegl_init(nullptr, nullptr);
    return RUN_ALL_TESTS();
}
