#include "evaluate/people.h"

#include <algorithm>
#include <cstdint>
#include <random>

#include "image/file.h"
#include "lowkey/error.h"

namespace lowkey::evaluate {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> sorted_entries(const fs::path& folder) {
    std::vector<fs::path> entries;
    std::error_code problem;
    fs::directory_iterator entry(folder, problem);
    for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
        if (!entry->path().filename().string().starts_with('.')) entries.push_back(entry->path());
    }
    if (problem) {
        throw Error(ErrorKind::file, "The folder “" + folder.string() +
                                         "” cannot be read: " + problem.message() +
                                         ". Change its permissions or name another one.");
    }
    std::ranges::sort(entries);
    return entries;
}

bool is_in(Subset subset, const Person& person) {
    return subset == Subset::all || is_validation(person.name) == (subset == Subset::validation);
}

// Fisher-Yates by hand: std::shuffle differs between libraries.
std::vector<std::size_t> fixed_order(std::size_t count) {
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i) order[i] = i;
    std::mt19937_64 random(1);
    for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    return order;
}

}  // namespace

std::vector<Person> read_people(const fs::path& folder) {
    std::vector<Person> people;
    for (const fs::path& entry : sorted_entries(folder)) {
        std::error_code ignored;
        if (!fs::is_directory(entry, ignored)) continue;
        Person person{entry.filename().string(), {}};
        for (const fs::path& file : sorted_entries(entry)) {
            if (image::file_type_of_extension(file)) person.photos.push_back(file);
        }
        if (!person.photos.empty()) people.push_back(std::move(person));
    }
    if (people.empty()) {
        throw Error(ErrorKind::input, "There are no people in “" + folder.string() +
                                          "”. Give a folder that holds a folder of photos for "
                                          "each person.");
    }
    return people;
}

bool is_validation(std::string_view person) {
    // FNV-1a: the same split on every machine and library version.
    std::uint32_t hash = 2166136261U;
    for (const char letter : person) hash = (hash ^ static_cast<unsigned char>(letter)) * 16777619U;
    return (hash >> 8U) % 5 == 0;
}

Cast choose_cast(const std::vector<Person>& people, Subset subset, std::size_t subjects,
                 std::optional<std::size_t> distractors) {
    Cast cast;
    std::vector<const Person*> others;
    for (const std::size_t i : fixed_order(people.size())) {
        const Person& person = people[i];
        if (cast.subjects.size() < subjects && person.photos.size() > 1 && is_in(subset, person))
            cast.subjects.push_back(person);
        else
            others.push_back(&person);
    }
    if (cast.subjects.empty()) {
        throw Error(ErrorKind::input,
                    "Nobody there has two photos, one to cloak and one to search with. Give a "
                    "folder in which some people have two or more, or another --subset.");
    }
    const std::size_t kept = std::min(others.size(), distractors.value_or(others.size()));
    for (std::size_t i = 0; i < kept; ++i) cast.distractors.push_back(*others[i]);
    return cast;
}

}  // namespace lowkey::evaluate
