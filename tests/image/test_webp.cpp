#include <webp/decode.h>
#include <webp/encode.h>

#include "fixture.h"

using namespace lowkey;
using namespace lowkey::image;
using namespace lowkey::image::testing;

namespace {

class WebP : public FileTest {
  protected:
    FileInfo info_ = [] {
        FileInfo info;
        info.type = FileType::webp;
        return info;
    }();
};

}  // namespace

TEST_F(WebP, LosslessStaysLosslessBitForBitAlsoUnderTransparency) {
    for (const Channels channels : {Channels::rgb, Channels::rgba}) {
        Picture picture = gradient(37, 23, Sample::u8, channels);
        if (channels == Channels::rgba) picture.row(3)[4 * 5 + 3] = std::byte{0};
        write(path("a.webp"), picture.view(), info_, Exif::drop);
        const LoadedPicture loaded = read(path("a.webp"));
        EXPECT_TRUE(loaded.info.lossless);
        EXPECT_TRUE(same_bits(loaded.picture.view(), picture.view()));
        write(path("b.webp"), loaded.picture.view(), loaded.info, Exif::keep);
        EXPECT_TRUE(same_bits(read(path("b.webp")).picture.view(), picture.view()));
    }
}

TEST_F(WebP, LossyStaysLossyAndNear) {
    info_.quality = 90;
    const Picture picture = gradient(64, 48, Sample::u8, Channels::rgb);
    write(path("a.webp"), picture.view(), info_, Exif::drop);
    const LoadedPicture loaded = read(path("a.webp"));
    EXPECT_FALSE(loaded.info.lossless);
    write(path("b.webp"), loaded.picture.view(), loaded.info, Exif::keep);
    const LoadedPicture again = read(path("b.webp"));
    EXPECT_FALSE(again.info.lossless);
    EXPECT_LT(largest_difference(again.picture.view(), picture.view()), 0.08);
}

TEST_F(WebP, ProfileIsKeptByteForByte) {
    info_.icc_profile = make_profile(2.2);
    write(path("a.webp"), gradient(8, 8, Sample::u8, Channels::rgb).view(), info_, Exif::drop);
    const LoadedPicture loaded = read(path("a.webp"));
    EXPECT_EQ(loaded.info.icc_profile, info_.icc_profile);
    write(path("b.webp"), loaded.picture.view(), loaded.info, Exif::keep);
    EXPECT_EQ(read(path("b.webp")).info.icc_profile, info_.icc_profile);
}

TEST_F(WebP, GreyAndDeepPicturesAreWrittenAsColour) {
    write(path("a.webp"), gradient(16, 16, Sample::u16, Channels::grey).view(), info_, Exif::drop);
    const LoadedPicture loaded = read(path("a.webp"));
    EXPECT_EQ(loaded.picture.format().channels, Channels::rgb);
    EXPECT_EQ(sample_at(loaded.picture.view(), 7, 7, 0), sample_at(loaded.picture.view(), 7, 7, 2));
}

TEST_F(WebP, TooLargeForTheFormatIsAnInputError) {
    const Picture wide(17000, 2, {Sample::u8, Channels::rgb, Encoding::encoded});
    EXPECT_EQ(error_of([&] { write(path("a.webp"), wide.view(), info_, Exif::drop); }).kind,
              ErrorKind::input);
    EXPECT_TRUE(files().empty());
}

TEST_F(WebP, EveryTruncationIsAnError) {
    write(path("a.webp"), gradient(60, 40, Sample::u8, Channels::rgb).view(), info_, Exif::drop);
    const Bytes whole = load_bytes(path("a.webp"));
    for (std::size_t length = 1; length + 2 < whole.size(); length += 1 + whole.size() / 61) {
        save_bytes(path("cut.webp"),
                   Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
        EXPECT_THROW(read(path("cut.webp")), Error) << length << " of " << whole.size();
    }
}
