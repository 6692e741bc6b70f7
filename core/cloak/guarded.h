// The libraries' faults as ours, for whatever calls networks for a person.
#pragma once

#include <c10/util/Exception.h>

#include <new>
#include <opencv2/core.hpp>
#include <stdexcept>
#include <string>

#include "cuda/out_of_memory.h"
#include "lowkey/error.h"

namespace lowkey::cloak {

// Runs `work`. No memory is something a person can mend: Error(memory) with `remedy`, a sentence.
// Everything else is a bug and says so without a trace of the libraries' insides.
template <typename Work>
auto guarded(const char* remedy, const Work& work) -> decltype(work()) {
    const auto out_of_memory = [&] {
        return Error(ErrorKind::memory, std::string("There is not enough memory. ") + remedy);
    };
    const auto fault = [](const std::string& what) {
        return std::logic_error("Internal fault of LowKey, please report it: " + what);
    };
    try {
        return work();
    } catch (const Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw out_of_memory();
    } catch (const c10::Error& error) {
        if (cuda::says_out_of_memory(error)) throw out_of_memory();
        throw fault(error.what_without_backtrace());
    } catch (const cv::Exception& error) {
        if (error.code == cv::Error::StsNoMem) throw out_of_memory();
        throw fault(error.err);
    }
}

}  // namespace lowkey::cloak
