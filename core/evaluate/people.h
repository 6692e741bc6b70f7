// A folder of people, a folder of photos each, and which part each of them plays.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lowkey::evaluate {

struct Person {
    std::string name;                           // of the folder
    std::vector<std::filesystem::path> photos;  // sorted, at least one
};

// Everybody who has a picture file, sorted by name. Throws Error(file) if the folder cannot be read
// and Error(input) if it holds nobody.
std::vector<Person> read_people(const std::filesystem::path& folder);

// A fifth of the people, by a hash of the name: people are split, never the photos of one person.
// The default pack's networks are trained on the others.
bool is_validation(std::string_view person);

enum class Subset { all, training, validation };

struct Cast {
    std::vector<Person> subjects;  // two photos or more: the first is cloaked, the second a probe
    std::vector<Person> distractors;  // everybody else in the gallery, by their first photo
};

// Subjects come from the subset, distractors from everybody else. Both are drawn in a fixed random
// order, so that a smaller draw is part of a larger one. Throws Error(input) if nobody can be a
// subject.
Cast choose_cast(const std::vector<Person>& people, Subset subset, std::size_t subjects,
                 std::optional<std::size_t> distractors = {});

}  // namespace lowkey::evaluate
