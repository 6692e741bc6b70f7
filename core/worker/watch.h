// Notices that the client has gone, also in the middle of a computation.
#pragma once

#include <atomic>
#include <thread>

namespace lowkey::worker {

class ClientWatch {
  public:
    // `input`: the descriptor whose hang-up means that the client has gone.
    explicit ClientWatch(int input);
    ~ClientWatch();
    ClientWatch(const ClientWatch&) = delete;
    ClientWatch& operator=(const ClientWatch&) = delete;

    bool gone() const { return gone_; }

  private:
    void watch(int input);

    int stop_;  // eventfd
    std::atomic<bool> gone_ = false;
    std::thread thread_;
};

}  // namespace lowkey::worker
