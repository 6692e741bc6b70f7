#include "model/checksum.h"

#include <glib.h>

#include <fstream>
#include <memory>
#include <vector>

#include "lowkey/error.h"

namespace lowkey::model {

std::string sha256(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    std::unique_ptr<GChecksum, decltype(&g_checksum_free)> checksum(
        g_checksum_new(G_CHECKSUM_SHA256), &g_checksum_free);
    std::vector<char> block(1 << 20);
    while (stream) {
        stream.read(block.data(), static_cast<std::streamsize>(block.size()));
        g_checksum_update(checksum.get(), reinterpret_cast<const guchar*>(block.data()),
                          static_cast<gssize>(stream.gcount()));
    }
    if (!stream.eof()) {
        throw Error(ErrorKind::pack, "The model file " + file.string() +
                                         " cannot be read. Check that it exists and that you may "
                                         "read it, or install the model pack again.");
    }
    return g_checksum_get_string(checksum.get());
}

}  // namespace lowkey::model
