// How the process uses the machine.
#pragma once

namespace lowkey::cloak {

// Physical cores that this process may use: a second thread on one core slows convolutions down.
int physical_cores();

// Sets LibTorch's and OpenCV's threads to that, unless OMP_NUM_THREADS says otherwise.
void use_physical_cores();

// Every step allocates the same buffers of a few megabytes; giving them back to the system in
// between costs a third of the time, where page faults are dear three quarters. idle: megabytes
// that may lie unused.
void keep_freed_buffers(int idle = 512);

}  // namespace lowkey::cloak
