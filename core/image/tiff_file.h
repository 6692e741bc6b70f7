// A TIFF in memory behind libtiff's handle, with the last error as text.
#pragma once

#include <tiffio.h>

#include <memory>
#include <string>

#include "image/codec.h"

namespace lowkey::image {

class TiffFile {
  public:
    // Reading: the bytes must outlive this.
    explicit TiffFile(ByteSpan file);
    // Writing: bytes are appended to `output`; BigTIFF where the classic form is too small.
    TiffFile(Bytes& output, bool big);
    ~TiffFile();
    TiffFile(const TiffFile&) = delete;
    TiffFile& operator=(const TiffFile&) = delete;

    TIFF* get() const { return tiff_; }
    const std::string& problem() const;
    void close();  // flushes what is written; then get() is null

    // A tag's value, or its default where it has one.
    template <typename T>
    T tag(std::uint32_t name, T otherwise) const {
        T value = otherwise;
        return TIFFGetFieldDefaulted(tiff_, name, &value) ? value : otherwise;
    }

    struct Memory;

  private:
    void open(const char* mode);
    std::unique_ptr<Memory> memory_;
    TIFF* tiff_ = nullptr;
};

}  // namespace lowkey::image
