#pragma once

namespace lowkey::cloak {

// Physical cores that this process may use: a second thread on one core slows convolutions down.
int physical_cores();

// Sets LibTorch's and OpenCV's threads to that, unless OMP_NUM_THREADS says otherwise.
void use_physical_cores();

}  // namespace lowkey::cloak
