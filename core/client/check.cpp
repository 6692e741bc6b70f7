#include "client/check.h"

#include "lowkey/error.h"
#include "protocol/codec.h"

namespace lowkey::client {

void check(const PictureView& picture, const MaskView& selection) {
    if (picture.data == nullptr || picture.width <= 0 || picture.height <= 0)
        throw Error(ErrorKind::input, "The picture has no pixels. Choose another one.");
    if (picture.width > protocol::kMaxSide || picture.height > protocol::kMaxSide ||
        protocol::pixel_bytes(protocol::shape_of(picture)) > protocol::kMaxPayloadBytes / 2)
        throw Error(ErrorKind::input, "The picture is too large. Scale it down first.");
    if (selection.data != nullptr &&
        (selection.width != picture.width || selection.height != picture.height))
        throw Error(ErrorKind::input,
                    "The selection and the picture differ in size. Make it anew.");
}

}  // namespace lowkey::client
