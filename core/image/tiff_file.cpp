#include "image/tiff_file.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace lowkey::image {

struct TiffFile::Memory {
    ByteSpan input;
    Bytes* output = nullptr;
    std::size_t position = 0;
    std::string problem;

    std::size_t size() const { return output ? output->size() : input.size(); }
    const std::byte* data() const { return output ? output->data() : input.data(); }
};

namespace {

// The largest strip or tile that libtiff may ask memory for: hostile files claim any size.
constexpr tmsize_t kMaxAllocation = tmsize_t{1} << 32;

TiffFile::Memory& memory_of(thandle_t handle) {
    return *static_cast<TiffFile::Memory*>(handle);
}

tmsize_t read_some(thandle_t handle, void* to, tmsize_t count) {
    auto& memory = memory_of(handle);
    if (memory.position >= memory.size()) return 0;
    const auto n = std::min(static_cast<std::size_t>(count), memory.size() - memory.position);
    std::memcpy(to, memory.data() + memory.position, n);
    memory.position += n;
    return static_cast<tmsize_t>(n);
}

tmsize_t write_some(thandle_t handle, void* from, tmsize_t count) {
    auto& memory = memory_of(handle);
    if (!memory.output) return -1;
    const auto n = static_cast<std::size_t>(count);
    try {
        if (memory.position + n > memory.output->size()) memory.output->resize(memory.position + n);
    } catch (const std::exception&) {  // libtiff is C: no exception may pass through it
        memory.problem = "out of memory";
        return -1;
    }
    std::memcpy(memory.output->data() + memory.position, from, n);
    memory.position += n;
    return count;
}

toff_t seek_to(thandle_t handle, toff_t offset, int whence) {
    auto& memory = memory_of(handle);
    const std::size_t base = whence == SEEK_CUR   ? memory.position
                             : whence == SEEK_END ? memory.size()
                                                  : 0;
    memory.position = base + static_cast<std::size_t>(offset);
    return memory.position;
}

int close_nothing(thandle_t) {
    return 0;
}

toff_t size_of(thandle_t handle) {
    return memory_of(handle).size();
}

int map_nothing(thandle_t, void**, toff_t*) {
    return 0;
}

void unmap_nothing(thandle_t, void*, toff_t) {}

int keep_error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
    auto& problem = static_cast<TiffFile::Memory*>(user)->problem;
    char text[256];
    std::vsnprintf(text, sizeof text, format, arguments);
    if (problem.empty()) problem = text;
    return 1;
}

int drop_warning(TIFF*, void*, const char*, const char*, va_list) {
    return 1;
}

}  // namespace

TiffFile::TiffFile(ByteSpan file) : memory_(std::make_unique<Memory>()) {
    memory_->input = file;
    open("r");
}

TiffFile::TiffFile(Bytes& output, bool big) : memory_(std::make_unique<Memory>()) {
    memory_->output = &output;
    open(big ? "w8" : "w");
}

void TiffFile::open(const char* mode) {
    TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
    if (!options) throw std::bad_alloc();
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, memory_.get());
    TIFFOpenOptionsSetWarningHandlerExtR(options, drop_warning, memory_.get());
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, kMaxAllocation);
    tiff_ = TIFFClientOpenExt("picture", mode, memory_.get(), read_some, write_some, seek_to,
                              close_nothing, size_of, map_nothing, unmap_nothing, options);
    TIFFOpenOptionsFree(options);
}

TiffFile::~TiffFile() {
    close();
}

void TiffFile::close() {
    if (tiff_) TIFFClose(tiff_);
    tiff_ = nullptr;
}

const std::string& TiffFile::problem() const {
    return memory_->problem;
}

}  // namespace lowkey::image
