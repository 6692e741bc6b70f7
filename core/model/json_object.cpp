#include "model/json_object.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "lowkey/error.h"

namespace lowkey::model {
namespace {

std::string range(double low, double high) {
    std::ostringstream text;
    text << low << " to " << high;
    return text.str();
}

}  // namespace

JsonObject::JsonObject(const nlohmann::json& value, std::string where)
    : value_(value), where_(std::move(where)) {
    if (!value_.is_object()) fail("must be a JSON object");
}

void JsonObject::fail(const std::string& what) const {
    throw Error(ErrorKind::pack, where_ + ": " + what +
                                     ". Install the model pack again, or a pack made for this "
                                     "version of LowKey.");
}

const nlohmann::json* JsonObject::find(const std::string& key) {
    used_.insert(key);
    const auto found = value_.find(key);
    return found == value_.end() ? nullptr : &*found;
}

const nlohmann::json& JsonObject::need(const std::string& key) {
    const auto* found = find(key);
    if (!found) fail("\"" + key + "\" is missing");
    return *found;
}

const nlohmann::json& JsonObject::raw(const std::string& key) {
    return need(key);
}

std::string JsonObject::text(const std::string& key) {
    const auto& value = need(key);
    auto text = value.is_string() ? value.get<std::string>() : std::string();
    // Shown in terminals and dialogs, and used as file names.
    const bool control =
        std::ranges::any_of(text, [](unsigned char c) { return c < 32 || c == 127; });
    if (text.empty() || control) fail("\"" + key + "\" must be a text without control characters");
    return text;
}

std::string JsonObject::text(const std::string& key, const std::string& fallback) {
    return find(key) ? text(key) : fallback;
}

bool JsonObject::boolean(const std::string& key, bool fallback) {
    const auto* value = find(key);
    if (!value) return fallback;
    if (!value->is_boolean()) fail("\"" + key + "\" must be true or false");
    return value->get<bool>();
}

double JsonObject::number(const std::string& key, double low, double high) {
    const auto& value = need(key);
    const double number = value.is_number() ? value.get<double>() : std::nan("");
    if (!(number >= low && number <= high)) {
        fail("\"" + key + "\" must be a number from " + range(low, high));
    }
    return number;
}

double JsonObject::number(const std::string& key, double low, double high, double fallback) {
    return find(key) ? number(key, low, high) : fallback;
}

int JsonObject::integer(const std::string& key, int low, int high) {
    const double value = number(key, low, high);
    if (value != std::floor(value)) fail("\"" + key + "\" must be a whole number");
    return static_cast<int>(value);
}

int JsonObject::integer(const std::string& key, int low, int high, int fallback) {
    return find(key) ? integer(key, low, high) : fallback;
}

std::vector<int> JsonObject::integers(const std::string& key, std::size_t count, int low, int high,
                                      const std::vector<int>& fallback) {
    const auto* list = find(key);
    if (!list) return fallback;
    std::vector<int> values;
    if (list->is_array() && list->size() == count) {
        for (const auto& item : *list) {
            const double value = item.is_number() ? item.get<double>() : std::nan("");
            if (!(value >= low && value <= high && value == std::floor(value))) break;
            values.push_back(static_cast<int>(value));
        }
    }
    if (values.size() != count) {
        fail("\"" + key + "\" must be a list of " + std::to_string(count) + " whole numbers from " +
             range(low, high));
    }
    return values;
}

std::vector<double> JsonObject::channels(const std::string& key, double low, double high) {
    const auto& value = need(key);
    std::vector<double> values;
    if (value.is_number()) {
        values.assign(3, value.get<double>());
    } else if (value.is_array() && value.size() == 3) {
        for (const auto& item : value) {
            if (item.is_number()) values.push_back(item.get<double>());
        }
    }
    bool good = values.size() == 3;
    for (const double number : values) good = good && number >= low && number <= high;
    if (!good) fail("\"" + key + "\" must be one or three numbers from " + range(low, high));
    return values;
}

JsonObject JsonObject::object(const std::string& key) {
    return JsonObject(need(key), where_ + ": \"" + key + "\"");
}

std::vector<JsonObject> JsonObject::objects(const std::string& key) {
    const auto& list = need(key);
    if (!list.is_array()) fail("\"" + key + "\" must be a list");
    std::vector<JsonObject> result;
    for (const auto& item : list) {
        result.emplace_back(
            item, where_ + ": \"" + key + "\" entry " + std::to_string(result.size() + 1));
    }
    return result;
}

void JsonObject::finish() const {
    for (const auto& [key, value] : value_.items()) {
        if (!used_.contains(key)) fail("the key \"" + key + "\" is unknown");
    }
}

}  // namespace lowkey::model
