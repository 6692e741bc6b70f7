// A file descriptor with one owner.
#pragma once

namespace lowkey::client {

struct Descriptor {
    explicit Descriptor(int value = -1) : value(value) {}
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    void reset(int other = -1);
    int value;  // -1: none
};

}  // namespace lowkey::client
