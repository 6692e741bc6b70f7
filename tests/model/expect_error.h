// Checks that a call throws lowkey::Error of a kind, with words a person needs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "lowkey/error.h"

namespace lowkey::testing {

template <typename Call>
void expect_error(ErrorKind kind, const std::string& words, const Call& call) {
    try {
        call();
        ADD_FAILURE() << "no error; expected one that says: " << words;
    } catch (const Error& error) {
        EXPECT_EQ(error.kind, kind) << error.what();
        EXPECT_THAT(error.what(), ::testing::HasSubstr(words));
    }
}

}  // namespace lowkey::testing
