#include "cloak/machine.h"

#include <ATen/Parallel.h>
#include <malloc.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <opencv2/core.hpp>
#include <set>
#include <string>

namespace lowkey::cloak {

int physical_cores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 1;
    std::set<std::string> cores;  // hyper-threads of one core share one list of siblings
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &allowed)) continue;
        std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                           "/topology/thread_siblings_list");
        std::string siblings;
        if (!std::getline(file, siblings)) siblings = std::to_string(cpu);
        cores.insert(siblings);
    }
    return std::max(1, static_cast<int>(cores.size()));
}

void use_physical_cores() {
    if (std::getenv("OMP_NUM_THREADS") == nullptr) at::set_num_threads(physical_cores());
    cv::setNumThreads(at::get_num_threads());  // does not heed the variable by itself
}

void keep_freed_buffers(int idle) {
    // Larger blocks, such as a whole photo, still go back at once.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, idle << 20);
}

}  // namespace lowkey::cloak
