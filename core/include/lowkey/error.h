// The one error type for what the user can mend. Bugs are assertions instead.
#pragma once

#include <stdexcept>
#include <string>

namespace lowkey {

enum class ErrorKind {
    no_face,    // no face found and no region given
    input,      // the picture, option or argument cannot be used
    file,       // a file cannot be read or written
    pack,       // a model pack is missing, damaged or of an unknown form
    memory,     // not enough memory
    device,     // the requested compute device is not usable
    worker,     // the worker is missing, crashed or speaks another protocol
    cancelled,  // the progress callback asked to stop
};

// what() says what happened and what to do, in one or two plain sentences, ready to be shown.
class Error : public std::runtime_error {
  public:
    Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind(kind) {}
    ErrorKind kind;
};

}  // namespace lowkey
