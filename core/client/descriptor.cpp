#include "client/descriptor.h"

#include <unistd.h>

namespace lowkey::client {

Descriptor::~Descriptor() {
    reset();
}

void Descriptor::reset(int other) {
    if (value >= 0) close(value);
    value = other;
}

}  // namespace lowkey::client
